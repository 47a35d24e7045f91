# Every route of infra/routes.json is there, whoever may call it is who it says, and nothing else gets in.

mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-north-1:123456789012:log-group:mocked" }
  }
  mock_resource "aws_apigatewayv2_api" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-north-1:123456789012:api123" }
  }
}

variables {
  prefix              = "guildhall-test"
  aws                 = { partition = "aws", region = "eu-north-1", account_id = "123456789012" }
  routes              = jsondecode(file("../../routes.json")).routes
  web_origins         = ["https://play.example.org"]
  throttle            = { rate_per_s = 100, burst = 200 }
  route_throttles     = { login-account = { rate_per_s = 5, burst = 10 } }
  operator_principals = ["arn:aws:iam::123456789012:role/somebody"]
  log_retention_days  = 7
  functions = { for route in jsondecode(file("../../routes.json")).routes : route.name => {
    function_name = "guildhall-test-${route.name}", alias = "live", alias_arn = "arn:aws:lambda:eu-north-1:123456789012:function:${route.name}:live", invoke_arn = "arn:aws:apigateway:eu-north-1:lambda:path/${route.name}"
  } }
}

run "routes" {
  command = apply

  assert {
    condition = { for name, route in aws_apigatewayv2_route.this : name => [route.route_key, route.authorization_type] } == {
    for route in var.routes : route.name => ["${route.method} ${route.path}", route.authorization == "iam" ? "AWS_IAM" : "NONE"] }
    error_message = "Each route is there under its method and path, signed where it has to be."
  }

  assert {
    condition     = alltrue([for name, route in aws_apigatewayv2_route.this : startswith(split(" ", route.route_key)[1], "/internal/") == (route.authorization_type == "AWS_IAM")])
    error_message = "What lives under /internal is signed."
  }

  assert {
    condition = alltrue([for route in var.routes :
      aws_apigatewayv2_route.this[route.name].target == "integrations/${aws_apigatewayv2_integration.this[route.name].id}" &&
      aws_apigatewayv2_integration.this[route.name].integration_uri == "arn:aws:apigateway:eu-north-1:lambda:path/${route.name}" &&
    aws_apigatewayv2_integration.this[route.name].payload_format_version == "2.0"])
    error_message = "A route leads to its own function, with events of version 2."
  }

  assert {
    condition = alltrue([for name, permission in aws_lambda_permission.this :
    permission.function_name == "guildhall-test-${name}" && permission.qualifier == "live" && permission.source_arn == "arn:aws:execute-api:eu-north-1:123456789012:api123/*/*"])
    error_message = "This API, and no other one, may call the alias that rollouts shift."
  }

  assert {
    condition = (toset(output.gamesim_invoke_arns) == toset([for route in var.routes :
      "arn:aws:execute-api:eu-north-1:123456789012:api123/$default/${route.method}${replace(route.path, "/\\{[a-z_]+\\}/", "*")}" if route.role == "gamesim"]) &&
    length(output.gamesim_invoke_arns) > 5 && !anytrue([for arn in output.gamesim_invoke_arns : strcontains(arn, "/v1/")]))
    error_message = "A game sim may call what is the game sims', and nothing else."
  }

  assert {
    condition = toset(jsondecode(aws_iam_role_policy.operator[0].policy).Statement[0].Resource) == toset([for route in var.routes :
    "arn:aws:execute-api:eu-north-1:123456789012:api123/$default/${route.method}${replace(route.path, "/\\{[a-z_]+\\}/", "*")}" if route.role == "operator"])
    error_message = "An operator may call what is the operators', and nothing else."
  }

  assert {
    condition = (aws_apigatewayv2_stage.default.default_route_settings[0].throttling_rate_limit == 100 &&
      { for settings in aws_apigatewayv2_stage.default.route_settings : settings.route_key => settings.throttling_rate_limit } ==
    { "POST /v1/auth/login" = 5 })
    error_message = "The stage is throttled, and the login by itself."
  }

  assert {
    condition = (aws_apigatewayv2_api.this.cors_configuration[0].allow_origins == toset(["https://play.example.org"]) &&
    aws_apigatewayv2_api.this.cors_configuration[0].allow_headers == toset(jsondecode(file("../../cors.json")).allow_headers))
    error_message = "What pages may send is in infra/cors.json, which pages may is the environment's."
  }

  # What API Gateway would write, with numbers for what are numbers, is JSON.
  assert {
    condition = jsondecode(replace(replace(aws_apigatewayv2_stage.default.access_log_settings[0].format,
    "/:\\$context[.A-Za-z]+/", ":1"), "/\\$context[.A-Za-z]+/", "x")) != null
    error_message = "A line of the access log is an object in JSON."
  }
}

run "the_reaper" {
  command = plan

  assert {
    condition = (jsondecode(aws_scheduler_schedule.reap.target[0].input).requestContext.authorizer.iam.userArn ==
      "arn:aws:sts::000000000000:assumed-role/guildhall-test-operator/schedule" &&
      jsondecode(aws_scheduler_schedule.reap.target[0].input).rawPath == "/internal/fleet/reap" &&
    aws_scheduler_schedule.reap.target[0].arn == "arn:aws:lambda:eu-north-1:123456789012:function:reap-fleet:live")
    error_message = "The schedule calls the reaper as this environment's operator."
  }
}

run "no_page_by_default" {
  command = plan

  variables {
    web_origins         = []
    operator_principals = []
  }

  assert {
    condition     = length(aws_apigatewayv2_api.this.cors_configuration) == 0 && length(aws_iam_role.operator) == 0
    error_message = "Without origins no page may call, and without principals nobody is an operator."
  }
}

run "any_page" {
  command = plan

  variables {
    web_origins = ["*"]
  }

  expect_failures = [var.web_origins]
}

run "an_open_internal_route" {
  command = plan

  variables {
    routes    = [{ name = "x", method = "POST", path = "/internal/x", authorization = "none", role = null, timeout_s = 1 }]
    functions = { x = { function_name = "x", alias = "live", alias_arn = "arn:aws:lambda:eu-north-1:123456789012:function:x:live", invoke_arn = "x" }, reap-fleet = { function_name = "x", alias = "live", alias_arn = "arn:aws:lambda:eu-north-1:123456789012:function:x:live", invoke_arn = "x" } }
  }

  expect_failures = [var.routes]
}
