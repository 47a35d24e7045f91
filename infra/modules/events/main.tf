# Domain events: what changed in the tables with a stream goes through a pipe to a bus of our own, where whoever wants to know
# puts a rule. No request waits for it and none can fail by it. Where infra/streams.json names a function, it makes events of
# the changes; without one the change itself is the event.

locals {
  enriched    = var.mapping != null
  source_name = local.enriched ? var.mapping.event_source : "guildhall"

  # A bus takes ten events at once, and a pipe hands it nothing at all if a batch has become more.
  bus_events_max = 10
  batch_size     = local.enriched ? min(var.mapping.batch_size, floor(local.bus_events_max / var.mapping.events_per_change_max)) : local.bus_events_max
  filters        = local.enriched ? { for table, pattern in var.mapping.filter : table => pattern if pattern != null } : {}
}

resource "aws_cloudwatch_event_bus" "this" {
  name        = "${var.prefix}-events"
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

resource "aws_pipes_pipe" "this" {
  for_each = var.stream_arns

  name        = "${var.prefix}-${each.key}"
  description = "Changes of ${each.key}, as events."
  role_arn    = aws_iam_role.pipes.arn
  source      = each.value
  enrichment  = local.enriched ? var.mapping.alias_arn : null
  target      = aws_cloudwatch_event_bus.this.arn

  source_parameters {
    dynamodb_stream_parameters {
      # A pipe that is made anew begins with what the stream still has, which is the last 24 hours: twice rather than never.
      starting_position                  = "TRIM_HORIZON"
      batch_size                         = local.batch_size
      maximum_batching_window_in_seconds = try(var.mapping.batching_window_s, 1)
      maximum_retry_attempts             = 10
      on_partial_batch_item_failure      = "AUTOMATIC_BISECT"
      parallelization_factor             = 1

      dead_letter_config {
        arn = aws_sqs_queue.dead_letters.arn
      }
    }

    dynamic "filter_criteria" {
      for_each = contains(keys(local.filters), each.key) ? [local.filters[each.key]] : []

      content {
        filter {
          pattern = jsonencode(filter_criteria.value)
        }
      }
    }
  }

  target_parameters {
    eventbridge_event_bus_parameters {
      source      = local.source_name
      detail_type = local.enriched ? var.mapping.detail_type_path : "${each.key}.changed"
    }
  }

  depends_on = [aws_iam_role_policy.pipes]
}

resource "aws_iam_role" "pipes" {
  name = "${var.prefix}-pipes"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "pipes.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.aws.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "pipes" {
  name = "carry-changes"
  role = aws_iam_role.pipes.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Effect   = "Allow"
          Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
          Resource = values(var.stream_arns)
        },
        { Effect = "Allow", Action = ["events:PutEvents"], Resource = [aws_cloudwatch_event_bus.this.arn] },
        { Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.dead_letters.arn] },
      ],
      local.enriched ? [{ Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = [var.mapping.alias_arn] }] : [],
    )
  })
}
