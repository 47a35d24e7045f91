# Every alarm of infra/metrics.json rings where it should, about this environment.

mock_provider "aws" {
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-north-1:123456789012:guildhall-test-alarms" }
  }
}

variables {
  prefix           = "guildhall-test"
  environment      = "test"
  aws              = { partition = "aws", region = "eu-north-1", account_id = "123456789012" }
  metric_namespace = "Guildhall/test"
  alarm_emails     = ["ops@example.org"]
  budget_usd       = 100
  names = {
    region                  = "eu-north-1"
    api_id                  = "api123"
    stage                   = "$default"
    fleet                   = "main"
    function_prefix         = "guildhall-test-"
    table_prefix            = "guildhall-test-"
    dead_letter_queue       = "guildhall-test-dead-letters"
    event_dead_letter_queue = "guildhall-test-event-dead-letters"
    distribution_id         = "E1"
    access_log_group        = "access"
    gamesim_log_group       = "gamesims"
  }
  log_groups = { access = { api = "access" }, functions = { a = "function-a", b = "function-b" }, gamesims = { fleet = "gamesims" } }
}

run "alarms" {
  command = apply

  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(
    fileexists("../../metrics.json") ? jsondecode(file("../../metrics.json")).alarms[*].name : [])
    error_message = "Every alarm of the list is there."
  }

  assert {
    condition = alltrue(flatten([for alarm in aws_cloudwatch_metric_alarm.this : [
      length([for query in alarm.metric_query : query if query.return_data]) == 1,
    contains(alarm.alarm_actions, "arn:aws:sns:eu-north-1:123456789012:guildhall-test-alarms")]]))
    error_message = "An alarm judges one thing, and somebody hears of it."
  }

  assert {
    condition = alltrue(flatten([for alarm in aws_cloudwatch_metric_alarm.this : [for query in alarm.metric_query : [for metric in query.metric : [
    metric.namespace != "Guildhall", !strcontains(jsonencode(metric.dimensions), "$${")]]]]))
    error_message = "An alarm looks at this environment's metrics, and no placeholder is left."
  }

  assert {
    condition     = alltrue([for filter in aws_cloudwatch_log_metric_filter.this : one(filter.metric_transformation).namespace == "Guildhall/test"])
    error_message = "Metrics that are read from logs are this environment's own."
  }

  assert {
    condition     = alltrue([for dashboard in aws_cloudwatch_dashboard.this : jsondecode(dashboard.dashboard_body) != null && !strcontains(dashboard.dashboard_body, "\"Guildhall\"")])
    error_message = "The dashboard is JSON about this environment."
  }

  assert {
    condition     = one(aws_budgets_budget.this.cost_filter).values == tolist(["user:Environment$test"]) && aws_budgets_budget.this.limit_amount == "100"
    error_message = "The budget is of this environment's tag."
  }
}
