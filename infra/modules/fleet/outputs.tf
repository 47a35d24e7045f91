output "group" {
  description = "The autoscaling group's name."
  value       = aws_autoscaling_group.this.name
}

output "fleet" {
  description = "What the fleet is called in its metrics."
  value       = local.scaling.fleet
}

output "bucket" {
  description = "The bucket of checkpoints and recordings."
  value       = module.bucket.name
}

output "dead_letter_queue" {
  description = "Where progress is that could not be written."
  value       = aws_sqs_queue.dead_letters.name
}

output "log_group" {
  description = "Where the game sims' log is."
  value       = aws_cloudwatch_log_group.this.name
}
