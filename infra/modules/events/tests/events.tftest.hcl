# Changes go to the function of infra/streams.json, and what it cannot tell is kept.

mock_provider "aws" {
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-north-1:123456789012:queue" }
  }
  mock_resource "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:eu-north-1:123456789012:event-bus/bus" }
  }
}

variables {
  prefix       = "guildhall-test"
  stream       = jsondecode(file("../../streams.json"))
  stream_arns  = { for table in jsondecode(file("../../tables.json")).tables : table.name => "arn:aws:dynamodb:eu-north-1:123456789012:table/${table.name}/stream/1" if table.stream_view_type != null }
  function     = { alias_arn = "arn:aws:lambda:eu-north-1:123456789012:function:forward:live", role = "forward" }
  archive_days = 7
}

run "forwarded" {
  command = apply

  assert {
    condition     = tomap({ for table, mapping in aws_lambda_event_source_mapping.this : table => mapping.event_source_arn }) == var.stream_arns
    error_message = "Every stream is forwarded, and every table to forward has one."
  }

  assert {
    condition = alltrue([for mapping in aws_lambda_event_source_mapping.this :
      mapping.function_name == "arn:aws:lambda:eu-north-1:123456789012:function:forward:live" &&
      contains(mapping.function_response_types, "ReportBatchItemFailures") && mapping.bisect_batch_on_function_error &&
    mapping.maximum_retry_attempts >= 0 && mapping.destination_config[0].on_failure[0].destination_arn == "arn:aws:sqs:eu-north-1:123456789012:queue"])
    error_message = "One change that cannot be told holds the others back for a while, and then goes to the queue by itself."
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.forward.policy).Statement : [
      for pair in setproduct(statement.Action, statement.Resource) : join(" ", pair)]])) == toset(concat(
      flatten([for arn in values(var.stream_arns) : [
      for action in ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"] : "dynamodb:${action} ${arn}"]]),
    ["events:PutEvents arn:aws:events:eu-north-1:123456789012:event-bus/bus", "sqs:SendMessage arn:aws:sqs:eu-north-1:123456789012:queue"]))
    error_message = "It reads the streams, and writes to the bus and the queue."
  }
}
