# refused by rules: a function that more than one caller may invoke
resource "aws_lambda_permission" "this" {
  action        = "lambda:InvokeFunction"
  function_name = "login-account"
  principal     = "apigateway.amazonaws.com"
}
