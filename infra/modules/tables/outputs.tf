output "arns" {
  description = "The ARN of each table, by its name in infra/tables.json."
  value       = { for name, table in aws_dynamodb_table.this : name => table.arn }
}

output "stream_arns" {
  description = "The ARN of the stream of each table that has one."
  value       = { for name, table in aws_dynamodb_table.this : name => table.stream_arn if local.tables[name].stream_view_type != null }
}
