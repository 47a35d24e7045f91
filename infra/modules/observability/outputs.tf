output "topic_arn" {
  description = "Where alarms are told."
  value       = aws_sns_topic.alarms.arn
}

output "rollback_alarms" {
  description = "The names of the alarms that take a rollout back."
  value       = [for name, index in local.alarms : aws_cloudwatch_metric_alarm.this[name].alarm_name if local.list.alarms[index].rolls_back]
}
