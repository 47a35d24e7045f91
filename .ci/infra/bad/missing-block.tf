# refused by terraform: At least 1 "flexible_time_window" blocks are required
resource "aws_scheduler_schedule" "this" {
  schedule_expression = "rate(1 minute)"

  target {
    arn      = "arn:aws:lambda:us-east-1:123456789012:function:reap-fleet"
    role_arn = "arn:aws:iam::123456789012:role/scheduler"
  }
}
