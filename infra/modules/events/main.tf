# Domain events: what changes in the tables with a stream goes to a function (infra/streams.json), which makes events of it and
# puts them on a bus of our own, where whoever wants to know puts a rule. No request waits for it and none can fail by it. What
# cannot be told is tried again, by itself in the end, and then its place in the stream is kept in a queue.

resource "aws_cloudwatch_event_bus" "this" {
  name        = "${var.prefix}-${var.stream.bus}"
  description = "What happened to characters and sessions."
}

resource "aws_cloudwatch_event_archive" "this" {
  name             = "${var.prefix}-events"
  description      = "Replays what a consumer has missed."
  event_source_arn = aws_cloudwatch_event_bus.this.arn
  retention_days   = var.archive_days
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.prefix}-event-dead-letters"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = toset(var.stream.tables)

  event_source_arn = var.stream_arns[each.key]
  function_name    = var.function.alias_arn
  # One that is made anew begins with what the stream still has, which is the last 24 hours: twice rather than never.
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = var.stream.batch_size
  maximum_batching_window_in_seconds = var.stream.batching_window_s
  parallelization_factor             = var.stream.parallelization_factor
  maximum_retry_attempts             = var.stream.maximum_retry_attempts
  bisect_batch_on_function_error     = true
  function_response_types            = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.dead_letters.arn
    }
  }

  depends_on = [aws_iam_role_policy.forward]
}

resource "aws_iam_role_policy" "forward" {
  name = "forward"
  role = var.function.role
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
        Resource = [for table in var.stream.tables : var.stream_arns[table]]
      },
      { Effect = "Allow", Action = ["events:PutEvents"], Resource = [aws_cloudwatch_event_bus.this.arn] },
      { Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.dead_letters.arn] },
    ]
  })
}
