# Changes go through pipes to the bus, and what cannot is kept.

mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-north-1:123456789012:queue" }
  }
  mock_resource "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:eu-north-1:123456789012:event-bus/bus" }
  }
}

variables {
  prefix       = "guildhall-test"
  aws          = { partition = "aws", region = "eu-north-1", account_id = "123456789012" }
  stream_arns  = { characters = "arn:aws:dynamodb:eu-north-1:123456789012:table/characters/stream/1", sessions = "arn:aws:dynamodb:eu-north-1:123456789012:table/sessions/stream/1" }
  archive_days = 7
  mapping      = null
}

run "raw" {
  command = apply

  assert {
    condition = jsonencode({ for table, pipe in aws_pipes_pipe.this : table => [pipe.source, pipe.target, pipe.enrichment,
      pipe.target_parameters[0].eventbridge_event_bus_parameters[0].detail_type,
      pipe.source_parameters[0].dynamodb_stream_parameters[0].dead_letter_config[0].arn] }) == jsonencode({
      characters = ["arn:aws:dynamodb:eu-north-1:123456789012:table/characters/stream/1", "arn:aws:events:eu-north-1:123456789012:event-bus/bus", null, "characters.changed", "arn:aws:sqs:eu-north-1:123456789012:queue"]
    sessions = ["arn:aws:dynamodb:eu-north-1:123456789012:table/sessions/stream/1", "arn:aws:events:eu-north-1:123456789012:event-bus/bus", null, "sessions.changed", "arn:aws:sqs:eu-north-1:123456789012:queue"] })
    error_message = "Each stream has a pipe to the bus, with a queue for what it cannot carry."
  }

  assert {
    condition     = alltrue([for pipe in aws_pipes_pipe.this : pipe.source_parameters[0].dynamodb_stream_parameters[0].batch_size == 10])
    error_message = "A batch is what a bus takes."
  }
}

run "mapped" {
  command = apply

  variables {
    mapping = {
      alias_arn = "arn:aws:lambda:eu-north-1:123456789012:function:map:live", event_source = "guildhall", detail_type_path = "$.type", batch_size = 100, batching_window_s = 2, events_per_change_max = 4
      filter    = { characters = { eventName = ["INSERT"] }, sessions = null }
    }
  }

  assert {
    condition = alltrue([for pipe in aws_pipes_pipe.this : pipe.enrichment == "arn:aws:lambda:eu-north-1:123456789012:function:map:live" &&
      pipe.target_parameters[0].eventbridge_event_bus_parameters[0].detail_type == "$.type" &&
    pipe.source_parameters[0].dynamodb_stream_parameters[0].batch_size == 2])
    error_message = "The function makes the events, each says its own type, and a batch is never more than a bus takes."
  }

  assert {
    condition = (aws_pipes_pipe.this["characters"].source_parameters[0].filter_criteria[0].filter[0].pattern == jsonencode({ eventName = ["INSERT"] }) &&
    length(aws_pipes_pipe.this["sessions"].source_parameters[0].filter_criteria) == 0)
    error_message = "A filter is for the table that it names."
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.pipes.policy).Statement : [
      for pair in setproduct(statement.Action, statement.Resource) : join(" ", pair)] if !startswith(statement.Action[0], "dynamodb:")])) == toset([
    "events:PutEvents arn:aws:events:eu-north-1:123456789012:event-bus/bus", "sqs:SendMessage arn:aws:sqs:eu-north-1:123456789012:queue", "lambda:InvokeFunction arn:aws:lambda:eu-north-1:123456789012:function:map:live"])
    error_message = "Pipes read the streams, call the function, and write to the bus and the queue."
  }
}

run "too_many_events" {
  command = plan

  variables {
    mapping = {
      alias_arn = "arn:aws:lambda:eu-north-1:123456789012:function:map:live", event_source = "guildhall", detail_type_path = "$.type", batch_size = 1, batching_window_s = 2, events_per_change_max = 11
      filter    = {}
    }
  }

  expect_failures = [var.mapping]
}
