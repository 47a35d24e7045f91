# refused by rules: GUILDHALL_ACCESS_KEY would be in the function's environment
resource "aws_lambda_function" "this" {
  function_name = "login-account"
  role          = "arn:aws:iam::123456789012:role/login-account"

  environment {
    variables = merge({ A = "b" }, { GUILDHALL_ACCESS_KEY = "0123456789" })
  }
}
