# refused by rules: a wildcard resource without a condition
resource "aws_iam_role_policy" "this" {
  name = "declared"
  role = "function"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Effect = "Deny", Action = "s3:*", Resource = ["*"] }],
      [for action in ["s3:GetObject"] : { Effect = "Allow", Action = [action], Resource = "*" }],
      [{ Effect = "Allow", Action = ["s3:PutObject"], Resource = ["arn:aws:s3:::x"], Condition = { Bool = { "aws:SecureTransport" = "true" } } }],
    )
  })
}
