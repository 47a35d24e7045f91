# One whole environment in one region. Environments differ in what they pass in here and in nothing else.

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

locals {
  prefix  = "guildhall-${var.environment}"
  tags    = { Project = "guildhall", Environment = var.environment }
  routes  = jsondecode(file("${path.module}/../../routes.json")).routes
  scaling = jsondecode(file("${path.module}/../../scaling.json"))

  aws = {
    partition  = data.aws_partition.current.partition
    region     = data.aws_region.current.region
    account_id = data.aws_caller_identity.current.account_id
  }

  # Names that the whole world shares.
  bucket = { for name in ["content", "sessions", "releases"] : name => "${local.prefix}-${name}-${local.aws.account_id}" }

  # One port per shard, from this one on (PORTS_PER_GAMESIM_MAX).
  game_ports       = { first = 7000, last = 7063 }
  metric_namespace = "${local.scaling.metric_namespace}/${var.environment}"
  secrets          = toset(flatten(local.routes[*].secrets))

  traces = var.traces_endpoint == null ? {} : {
    OTEL_EXPORTER_OTLP_ENDPOINT = var.traces_endpoint
    OTEL_TRACES_SAMPLER_ARG     = tostring(var.traces_ratio)
  }

  # The function that makes events of changes is one like the others, though no route leads to it.
  stream = jsondecode(file("${path.module}/../../streams.json"))
  functions = concat(local.routes, [{
    name      = local.stream.function
    method    = "Changes of"
    path      = join(", ", local.stream.tables)
    memory_mb = local.stream.memory_mb
    timeout_s = local.stream.timeout_s
    secrets   = []
    tables    = []
  }])
}

module "releases" {
  source = "../bucket"

  name          = local.bucket.releases
  versioned     = true
  force_destroy = var.disposable
}

module "tables" {
  source = "../tables"

  prefix              = "${local.prefix}-"
  deletion_protection = !var.disposable
}

module "secrets" {
  source = "../secrets"

  prefix               = local.prefix
  names                = local.secrets
  recovery_window_days = var.disposable ? 0 : 30
}

module "functions" {
  source = "../functions"

  prefix               = local.prefix
  aws                  = local.aws
  routes               = local.functions
  table_arns           = module.tables.arns
  secret_arns          = module.secrets.arns
  releases_bucket      = module.releases.name
  release              = var.release
  reserved_concurrency = var.reserved_concurrency
  log_retention_days   = var.log_retention_days
  tracing              = var.tracing
  alarm_actions        = [module.observability.topic_arn]
  rollback_alarms      = module.observability.rollback_alarms

  environment = merge({
    GUILDHALL_TABLE_PREFIX  = "${local.prefix}-"
    GUILDHALL_GAMESIM_ROLE  = "${local.prefix}-gamesim"
    GUILDHALL_OPERATOR_ROLE = "${local.prefix}-operator"
    GUILDHALL_EVENT_BUS     = "${local.prefix}-${local.stream.bus}"

    # All authorities in one file. Without it, a cold start reads every file of the folder beside it, too.
    SSL_CERT_FILE = "/etc/pki/tls/certs/ca-bundle.crt"
  }, local.traces)
}

module "api" {
  source = "../api"

  prefix              = local.prefix
  aws                 = local.aws
  routes              = local.routes
  functions           = module.functions.functions
  web_origins         = var.web_origins
  throttle            = var.throttle
  route_throttles     = var.route_throttles
  operator_principals = var.operator_principals
  log_retention_days  = var.log_retention_days
}

module "content" {
  source = "../content"

  prefix        = local.prefix
  bucket_name   = local.bucket.content
  api_domain    = "${module.api.id}.execute-api.${local.aws.region}.amazonaws.com"
  domain        = var.content_domain
  price_class   = var.price_class
  force_destroy = var.disposable
}

module "network" {
  source = "../network"

  prefix     = local.prefix
  cidr       = var.cidr
  zones      = var.zones
  game_ports = local.game_ports
}

module "fleet" {
  source = "../fleet"

  prefix              = local.prefix
  tags                = local.tags
  aws                 = local.aws
  releases            = { name = module.releases.name, arn = module.releases.arn }
  release             = var.gamesim_release
  release_sha256      = var.gamesim_sha256
  instance_type       = var.instance_type
  size                = var.fleet_size
  subnet_ids          = module.network.subnet_ids
  security_group_id   = module.network.gamesim_security_group_id
  game_ports          = local.game_ports
  api_url             = module.api.url
  invoke_arns         = module.api.gamesim_invoke_arns
  operator_principals = var.operator_principals
  metric_namespace    = local.metric_namespace
  traces              = local.traces
  bucket_name         = local.bucket.sessions
  force_destroy       = var.disposable
  log_retention_days  = var.log_retention_days
  rollback_alarms     = module.observability.rollback_alarms
}

module "events" {
  source = "../events"

  prefix       = local.prefix
  stream       = local.stream
  stream_arns  = module.tables.stream_arns
  function     = module.functions.functions[local.stream.function]
  archive_days = var.event_archive_days
}

module "observability" {
  source = "../observability"

  prefix           = local.prefix
  environment      = var.environment
  aws              = local.aws
  metric_namespace = local.metric_namespace
  alarm_emails     = var.alarm_emails
  budget_usd       = var.budget_usd

  names = {
    region                  = local.aws.region
    api_id                  = module.api.id
    stage                   = "$default"
    fleet                   = local.scaling.fleet
    function_prefix         = "${local.prefix}-"
    table_prefix            = "${local.prefix}-"
    dead_letter_queue       = module.fleet.dead_letter_queue
    event_dead_letter_queue = module.events.dead_letter_queue
    distribution_id         = module.content.distribution_id
    access_log_group        = module.api.access_log_group
    gamesim_log_group       = module.fleet.log_group
  }

  log_groups = {
    access    = { api = module.api.access_log_group }
    gamesims  = { fleet = module.fleet.log_group }
    functions = { for route in local.functions : route.name => module.functions.log_groups[route.name] }
  }
}
