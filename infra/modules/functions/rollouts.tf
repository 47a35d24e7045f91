# Rollouts: a tenth of the calls for five minutes, then all; back at once if an alarm rings.

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.functions

  alarm_name          = "${local.names[each.key]}-errors"
  alarm_description   = "${each.key} crashed or took too long. docs/OPERATIONS.md, \"Read an alarm\"."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = local.names[each.key], Resource = "${local.names[each.key]}:live" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
}

resource "aws_codedeploy_app" "this" {
  name             = "${var.prefix}-functions"
  compute_platform = "Lambda"
}

resource "aws_codedeploy_deployment_group" "this" {
  for_each = local.functions

  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = each.key
  deployment_config_name = var.deployment_config
  service_role_arn       = aws_iam_role.rollouts.arn

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }

  alarm_configuration {
    enabled = true
    alarms  = concat([aws_cloudwatch_metric_alarm.errors[each.key].alarm_name], var.rollback_alarms)
  }
}

resource "aws_iam_role" "rollouts" {
  name = "${var.prefix}-rollouts"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codedeploy.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "rollouts" {
  name = "shift-aliases"
  role = aws_iam_role.rollouts.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"]
        Resource = [for name in keys(local.functions) : aws_lambda_function.this[name].arn]
      },
      {
        Effect = "Allow"
        Action = ["cloudwatch:DescribeAlarms"]
        # The alarms of this environment; one by one they would not fit into a policy.
        Resource = ["arn:${var.aws.partition}:cloudwatch:${var.aws.region}:${var.aws.account_id}:alarm:${var.prefix}-*"]
      },
    ]
  })
}
