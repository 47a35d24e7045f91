# refused by terraform: role_arn: scheduler is no ARN
resource "aws_scheduler_schedule" "this" {
  schedule_expression = "rate(1 minute)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:aws:lambda:us-east-1:123456789012:function:reap-fleet"
    role_arn = "scheduler"
  }
}
