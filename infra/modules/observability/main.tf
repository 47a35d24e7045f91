# Alarms, metric filters and the dashboard of infra/metrics.json, and what it may cost. Metrics of the namespace that the list
# calls Guildhall are this environment's own.

locals {
  path    = "${path.module}/../../metrics.json"
  none    = jsonencode({ log_metrics = [], alarms = [] })
  list    = jsondecode(fileexists(local.path) ? file(local.path) : local.none)
  alarms  = { for index, alarm in local.list.alarms : alarm.name => index }
  filters = { for index, filter in local.list.log_metrics : filter.name => index }

  # Which alarms there are is known before the API has an id; what they look at is not.
  filled     = jsondecode(fileexists(local.path) ? templatefile(local.path, var.names) : local.none)
  namespaces = { Guildhall = var.metric_namespace }
  dashboard  = "${path.module}/../../dashboards/cloudwatch.json"

  filtered_logs = merge([for name, index in local.filters : {
    for key, group in var.log_groups[local.list.log_metrics[index].log] : "${name}/${key}" => { index = index, group = group }
  }]...)
}

resource "aws_sns_topic" "alarms" {
  # checkov:skip=CKV_AWS_26: An alarm's text holds no secret, and CloudWatch may not use the service's own key.
  name = "${var.prefix}-alarms"
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
      Action    = ["sns:Publish"]
      Resource  = [aws_sns_topic.alarms.arn]
      Condition = { StringEquals = { "aws:SourceAccount" = var.aws.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.filtered_logs

  name           = split("/", each.key)[0]
  log_group_name = each.value.group
  pattern        = local.filled.log_metrics[each.value.index].pattern

  metric_transformation {
    namespace     = lookup(local.namespaces, local.list.log_metrics[each.value.index].namespace, local.list.log_metrics[each.value.index].namespace)
    name          = local.list.log_metrics[each.value.index].name
    value         = local.list.log_metrics[each.value.index].value
    unit          = local.list.log_metrics[each.value.index].unit
    default_value = local.list.log_metrics[each.value.index].default
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = "${local.list.alarms[each.value].description}. docs/OPERATIONS.md, \"Read an alarm\"."
  comparison_operator = local.list.alarms[each.value].comparison
  threshold           = local.list.alarms[each.value].threshold
  evaluation_periods  = local.list.alarms[each.value].evaluation_periods
  datapoints_to_alarm = local.list.alarms[each.value].datapoints_to_alarm
  treat_missing_data  = local.list.alarms[each.value].treat_missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  dynamic "metric_query" {
    for_each = local.list.alarms[each.value].metrics

    content {
      id          = metric_query.value.id
      return_data = local.list.alarms[each.value].expression == null

      metric {
        namespace   = lookup(local.namespaces, metric_query.value.namespace, metric_query.value.namespace)
        metric_name = metric_query.value.name
        dimensions  = local.filled.alarms[each.value].metrics[metric_query.key].dimensions
        period      = local.list.alarms[each.value].period_s
        stat        = metric_query.value.statistic
      }
    }
  }

  dynamic "metric_query" {
    for_each = local.list.alarms[each.value].expression == null ? [] : [local.list.alarms[each.value].expression]

    content {
      id          = "judged"
      label       = each.key
      expression  = metric_query.value
      return_data = true
    }
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  count = fileexists(local.dashboard) ? 1 : 0

  dashboard_name = var.prefix
  dashboard_body = replace(templatefile(local.dashboard, var.names), "\"Guildhall\"", "\"${var.metric_namespace}\"")
}

# What this environment costs, by its tag; the tag has to be activated once for the account's bills.
resource "aws_budgets_budget" "this" {
  name         = var.prefix
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.budget_usd)
  limit_unit   = "USD"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:Environment$%s", var.environment)]
  }

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      notification_type         = notification.key
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      comparison_operator       = "GREATER_THAN"
      subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
    }
  }

  depends_on = [aws_sns_topic_policy.alarms]
}
