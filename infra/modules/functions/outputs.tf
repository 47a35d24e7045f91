output "functions" {
  description = "Of each route: the function's name, its alias, its role and what API Gateway calls."
  value = { for name, alias in aws_lambda_alias.live : name => {
    function_name = alias.function_name
    alias         = alias.name
    alias_arn     = alias.arn
    invoke_arn    = alias.invoke_arn
    role          = aws_iam_role.this[name].id
  } }
}

output "log_groups" {
  description = "The log group of each route."
  value       = { for name, group in aws_cloudwatch_log_group.this : name => group.name }
}

output "codedeploy_app" {
  description = "The application whose deployment groups are the routes."
  value       = aws_codedeploy_app.this.name
}
