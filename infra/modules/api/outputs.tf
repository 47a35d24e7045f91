output "id" {
  description = "The API's id, which its metrics carry."
  value       = aws_apigatewayv2_api.this.id
}

output "url" {
  description = "The base URL, without a slash at its end."
  value       = trimsuffix(aws_apigatewayv2_stage.default.invoke_url, "/")
}

output "gamesim_invoke_arns" {
  description = "What a game sim may call."
  value       = local.invoke_arns.gamesim
}

output "access_log_group" {
  description = "Where access logs are."
  value       = aws_cloudwatch_log_group.access.name
}
