# Who may call what operators call. Nobody may take the role until an environment names principals.

resource "aws_iam_role" "operator" {
  count = length(var.operator_principals) > 0 ? 1 : 0

  name                 = "${var.prefix}-operator"
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.operator_principals }
    }]
  })
}

resource "aws_iam_role_policy" "operator" {
  count = length(aws_iam_role.operator)

  name = "call-operator-routes"
  role = aws_iam_role.operator[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["execute-api:Invoke"]
      Resource = local.invoke_arns.operator
    }]
  })
}

locals {
  # A path parameter is a star in the ARN that API Gateway asks IAM about.
  invoke_arns = { for role in ["gamesim", "operator"] : role => [
    for route in var.routes :
    "${aws_apigatewayv2_api.this.execution_arn}/${aws_apigatewayv2_stage.default.name}/${route.method}${replace(route.path, "/\\{[^}]+\\}/", "*")}"
    if route.role == role
  ] }
}
