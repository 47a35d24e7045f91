# refused by terraform: The argument "role" is required
resource "aws_lambda_function" "this" {
  function_name = "login-account"
}
