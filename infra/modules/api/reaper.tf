# The reaper's schedule. It calls the function itself, with the event that API Gateway would make of an operator's request.

locals {
  reap_event = jsondecode(replace(
  file("${path.module}/../../reap-event.json"), "assumed-role/guildhall-operator/", "assumed-role/${var.prefix}-operator/"))
}

resource "aws_scheduler_schedule" "reap" {
  # checkov:skip=CKV_AWS_297: The event is public knowledge; there is nothing to keep from the service that stores it.
  name                = "${var.prefix}-reap"
  description         = "Cleans up after dead game sims."
  schedule_expression = "rate(1 minute)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.functions["reap-fleet"].alias_arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode(local.reap_event)

    # The next call comes in a minute and does the same.
    retry_policy {
      maximum_retry_attempts       = 0
      maximum_event_age_in_seconds = 60
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name = "${var.prefix}-scheduler"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.aws.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "reap"
  role = aws_iam_role.scheduler.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [var.functions["reap-fleet"].alias_arn]
    }]
  })
}
