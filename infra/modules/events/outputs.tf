output "bus_name" {
  description = "The bus that consumers put rules on."
  value       = aws_cloudwatch_event_bus.this.name
}

output "dead_letter_queue" {
  description = "Where changes are that could not be carried."
  value       = aws_sqs_queue.dead_letters.name
}
