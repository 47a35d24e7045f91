# The HTTP API: the routes of infra/routes.json, each to the alias of its function. What is in bodies the functions judge, since
# this kind of API has no validation of its own. The signature on /internal is judged here.

locals {
  cors   = jsondecode(file("${path.module}/../../cors.json"))
  routes = { for route in var.routes : route.name => route }
  keys   = { for name, route in local.routes : name => "${route.method} ${route.path}" }

  # docs/OPERATIONS.md and the metric filters of infra/metrics.json know these fields. What is always there and a number stands
  # without quotes; what API Gateway writes as a hyphen where no function was called has to stand in them.
  access_log = {
    text = {
      requestId         = "$context.requestId"
      traceparent       = "-"
      time              = "$context.requestTime"
      ip                = "$context.identity.sourceIp"
      method            = "$context.httpMethod"
      path              = "$context.path"
      routeKey          = "$context.routeKey"
      integrationMs     = "$context.integrationLatency"
      integrationStatus = "$context.integration.status"
      error             = "$context.error.message"
      userArn           = "$context.identity.userArn"
    }
    number = {
      status    = "$context.status"
      bytes     = "$context.responseLength"
      latencyMs = "$context.responseLatency"
    }
  }
  access_log_format = "{${join(",", concat(
    [for name, value in local.access_log.text : "\"${name}\":\"${value}\""],
    [for name, value in local.access_log.number : "\"${name}\":${value}"],
  ))}}"
}

resource "aws_apigatewayv2_api" "this" {
  name          = var.prefix
  description   = "Guildhall"
  protocol_type = "HTTP"

  dynamic "cors_configuration" {
    for_each = length(var.web_origins) > 0 ? [local.cors] : []

    content {
      allow_origins  = var.web_origins
      allow_methods  = cors_configuration.value.allow_methods
      allow_headers  = cors_configuration.value.allow_headers
      expose_headers = cors_configuration.value.expose_headers
      max_age        = cors_configuration.value.max_age_s
    }
  }
}

resource "aws_apigatewayv2_integration" "this" {
  for_each = local.routes

  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = var.functions[each.key].invoke_arn
  payload_format_version = "2.0"
  # The function's own limit ends it first, with an answer of ours.
  timeout_milliseconds = min(30000, (each.value.timeout_s + 1) * 1000)
}

resource "aws_apigatewayv2_route" "this" {
  # checkov:skip=CKV_AWS_309: Players show a token, which the function verifies with the account's row; what lives under /internal is signed.
  for_each = local.routes

  api_id             = aws_apigatewayv2_api.this.id
  route_key          = local.keys[each.key]
  authorization_type = each.value.authorization == "iam" ? "AWS_IAM" : "NONE"
  target             = "integrations/${aws_apigatewayv2_integration.this[each.key].id}"
}

resource "aws_lambda_permission" "this" {
  for_each = local.routes

  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = var.functions[each.key].function_name
  qualifier     = var.functions[each.key].alias
  principal     = "apigateway.amazonaws.com"
  # Stage and route of this one API; which route leads here is decided above.
  source_arn = "${aws_apigatewayv2_api.this.execution_arn}/*/*"
}

resource "aws_cloudwatch_log_group" "access" {
  # checkov:skip=CKV_AWS_158: Access logs name addresses and paths and hold no secret; the service's own encryption is enough.
  # checkov:skip=CKV_AWS_338: How long lines are kept is a setting of the environment.
  name              = "/aws/apigateway/${var.prefix}"
  retention_in_days = var.log_retention_days
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    # Metrics by route are paid for, six for each: the access log has the same and more.
    detailed_metrics_enabled = false
    throttling_rate_limit    = var.throttle.rate_per_s
    throttling_burst_limit   = var.throttle.burst
  }

  dynamic "route_settings" {
    for_each = var.route_throttles

    content {
      route_key                = local.keys[route_settings.key]
      detailed_metrics_enabled = false
      throttling_rate_limit    = route_settings.value.rate_per_s
      throttling_burst_limit   = route_settings.value.burst
    }
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = local.access_log_format
  }

  depends_on = [aws_apigatewayv2_route.this]
}
