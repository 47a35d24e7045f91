# refused by rules: a second way to a function
resource "aws_lambda_function_url" "this" {
  function_name      = "login-account"
  authorization_type = "NONE"
}
