# refused by terraform: Inappropriate value for attribute "memory_size": a number is required
resource "aws_lambda_function" "this" {
  function_name = "login-account"
  role          = "arn:aws:iam::123456789012:role/login-account"
  memory_size   = "much"
}
