# refused by rules: a managed policy allows what it likes
resource "aws_iam_role_policy_attachment" "this" {
  role       = "function"
  policy_arn = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
}
