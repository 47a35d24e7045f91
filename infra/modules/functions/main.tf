# One function for each route of infra/routes.json, with a role of its own. What a function may do is what its endpoint declares
# there, and nothing else: the actions on the tables, the secrets, and lines in its own log.

locals {
  names     = { for route in var.routes : route.name => "${var.prefix}-${route.name}" }
  functions = { for route in var.routes : route.name => route }
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_158: Logs name ids and hold no secret; the service's own encryption is enough.
  # checkov:skip=CKV_AWS_338: How long lines are kept is a setting of the environment; a year of every request is not worth its price.
  for_each = local.functions

  name              = "/aws/lambda/${local.names[each.key]}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "this" {
  for_each = local.functions

  name = local.names[each.key]
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  for_each = local.functions

  name = "declared"
  role = aws_iam_role.this[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Effect = "Allow"
        Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
        # The star stands for the streams of this one group.
        Resource = ["${aws_cloudwatch_log_group.this[each.key].arn}:*"]
      }],
      [for grant in each.value.tables : {
        Effect   = "Allow"
        Action   = grant.actions
        Resource = [var.table_arns[grant.table]]
      }],
      [for secret in each.value.secrets : {
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [var.secret_arns[secret]]
      }],
    )
  })
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_117: A network of its own would put a NAT and its price between functions and DynamoDB, which they reach under IAM over TLS.
  # checkov:skip=CKV_AWS_116: API Gateway and the scheduler wait for the answer; nothing is left behind that a queue could hold.
  # checkov:skip=CKV_AWS_272: What runs is named by its key in a versioned bucket that only the deployer writes.
  # checkov:skip=CKV_AWS_50: Traces are a setting of the environment (var.tracing).
  # checkov:skip=CKV_AWS_115: Functions that hash passwords have a reserve (var.reserved_concurrency); for the others one would be a ceiling.
  # checkov:skip=CKV_AWS_173: The environment holds names and ARNs; the secrets themselves are read from Secrets Manager.
  for_each = local.functions

  function_name                  = local.names[each.key]
  description                    = "${each.value.method} ${each.value.path}"
  role                           = aws_iam_role.this[each.key].arn
  package_type                   = "Zip"
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = ["arm64"]
  memory_size                    = each.value.memory_mb
  timeout                        = each.value.timeout_s
  reserved_concurrent_executions = lookup(var.reserved_concurrency, each.key, -1)
  publish                        = true
  s3_bucket                      = var.releases_bucket
  s3_key                         = "${var.release}/functions/${each.key}.zip"

  environment {
    variables = merge(var.environment, { for secret in each.value.secrets : "${secret}_SECRET" => var.secret_arns[secret] })
  }

  logging_config {
    # Lines are JSON already; the other format would wrap them once more.
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.this[each.key].name
  }

  tracing_config {
    mode = var.tracing
  }

  depends_on = [aws_iam_role_policy.this]

  lifecycle {
    # A rollout publishes the next code and shifts the alias to it (infra/deploy); Terraform only knows the first.
    ignore_changes = [s3_key, s3_object_version]
  }
}

resource "aws_lambda_alias" "live" {
  for_each = local.functions

  name             = "live"
  description      = "What the API calls; rollouts shift it."
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = aws_lambda_function.this[each.key].version

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}
