# refused by rules: a wildcard action: dynamodb:*
resource "aws_iam_role_policy" "this" {
  name = "declared"
  role = "function"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["dynamodb:*"], Resource = ["arn:aws:dynamodb:us-east-1:123456789012:table/accounts"] }]
  })
}
