# Each function gets what its endpoint declares in infra/routes.json, and nothing else.

mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-north-1:123456789012:log-group:mocked" }
  }
}

# Two whose roles are told apart; the others share a name that is made up.
override_resource {
  target = aws_iam_role.this["login-account"]
  values = { arn = "arn:aws:iam::123456789012:role/one" }
}

override_resource {
  target = aws_iam_role.this["list-characters"]
  values = { arn = "arn:aws:iam::123456789012:role/another" }
}

variables {
  prefix               = "guildhall-test"
  aws                  = { partition = "aws", region = "eu-north-1", account_id = "123456789012" }
  routes               = jsondecode(file("../../routes.json")).routes
  table_arns           = { for table in jsondecode(file("../../tables.json")).tables : table.name => "arn:aws:dynamodb:eu-north-1:123456789012:table/${table.name}" }
  secret_arns          = { for secret in distinct(flatten(jsondecode(file("../../routes.json")).routes[*].secrets)) : secret => "arn:aws:secretsmanager:eu-north-1:123456789012:secret:${secret}" }
  environment          = { GUILDHALL_TABLE_PREFIX = "guildhall-test-" }
  releases_bucket      = "releases"
  release              = "r1"
  reserved_concurrency = { login-account = 7 }
  log_retention_days   = 7
  tracing              = "PassThrough"
  alarm_actions        = ["arn:aws:sns:eu-north-1:123456789012:alarms"]
  rollback_alarms      = ["guildhall-test-api-5xx"]
}

run "what_routes_declare" {
  command = apply

  assert {
    condition     = length(var.routes) > 40 && toset(keys(aws_lambda_function.this)) == toset(var.routes[*].name)
    error_message = "Each route has a function, and each function a route."
  }

  assert {
    condition = alltrue([for route in var.routes : toset(flatten([
      for statement in jsondecode(aws_iam_role_policy.this[route.name].policy).Statement :
      [for pair in setproduct(statement.Action, statement.Resource) : join(" ", concat([statement.Effect], pair))]
      ])) == toset(concat(
      ["Allow logs:CreateLogStream arn:aws:logs:eu-north-1:123456789012:log-group:mocked:*", "Allow logs:PutLogEvents arn:aws:logs:eu-north-1:123456789012:log-group:mocked:*"],
      flatten([for grant in route.tables : [for action in grant.actions : "Allow ${action} arn:aws:dynamodb:eu-north-1:123456789012:table/${grant.table}"]]),
      [for secret in route.secrets : "Allow secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-north-1:123456789012:secret:${secret}"],
    ))])
    error_message = "A policy is exactly what the route declares."
  }

  # What IAM takes of a role's inline policies, in characters; the ARNs of a test are short, AWS's have up to 90.
  assert {
    condition     = length(aws_iam_role_policy.rollouts.policy) + 90 * length(var.routes) < 10240
    error_message = "The policy of rollouts is too long."
  }

  assert {
    condition     = alltrue([for name, function in aws_lambda_function.this : function.role == aws_iam_role.this[name].arn && aws_iam_role_policy.this[name].role == aws_iam_role.this[name].id])
    error_message = "A function has its own role, and the role its own policy."
  }

  assert {
    condition = alltrue([for route in var.routes : toset(keys(aws_lambda_function.this[route.name].environment[0].variables)) == toset(
    concat(keys(var.environment), [for secret in route.secrets : "${secret}_SECRET"]))])
    error_message = "A function is told where the secrets are that it declares, and of no others."
  }

  assert {
    condition     = alltrue([for name, function in aws_lambda_function.this : function.s3_key == "r1/functions/${name}.zip" && function.architectures == tolist(["arm64"])])
    error_message = "A function is created with its own code, for ARM."
  }

  assert {
    condition     = aws_lambda_function.this["login-account"].reserved_concurrent_executions == 7 && aws_lambda_function.this["list-characters"].reserved_concurrent_executions == -1
    error_message = "A reserve is what the environment says, and none where it says nothing."
  }
}

run "rollouts" {
  command = plan

  variables {
    routes               = [for route in jsondecode(file("../../routes.json")).routes : route if route.group == "health"]
    reserved_concurrency = {}
  }

  assert {
    condition = alltrue([for name, group in aws_codedeploy_deployment_group.this :
      group.deployment_config_name == "CodeDeployDefault.LambdaCanary10Percent5Minutes" &&
      contains(group.auto_rollback_configuration[0].events, "DEPLOYMENT_STOP_ON_ALARM") &&
      group.alarm_configuration[0].enabled &&
    group.alarm_configuration[0].alarms == toset(["guildhall-test-${name}-errors", "guildhall-test-api-5xx"])])
    error_message = "A tenth for five minutes, and back where an alarm rings."
  }
}

run "a_reserve_for_nobody" {
  command = plan

  variables {
    routes               = [for route in jsondecode(file("../../routes.json")).routes : route if route.group == "health"]
    reserved_concurrency = { no-such-route = 1 }
  }

  expect_failures = [var.reserved_concurrency]
}
