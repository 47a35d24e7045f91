variable "prefix" {
  description = "What names begin with; a function is called PREFIX-ROUTE."
  type        = string
}

variable "aws" {
  description = "Where this is: partition, region and account."
  type        = object({ partition = string, region = string, account_id = string })
}

variable "routes" {
  description = "The routes of infra/routes.json."
  type = list(object({
    name      = string
    method    = string
    path      = string
    memory_mb = number
    timeout_s = number
    secrets   = list(string)
    tables    = list(object({ table = string, actions = list(string) }))
  }))
}

variable "table_arns" {
  description = "The ARN of each table, by its name in infra/tables.json."
  type        = map(string)
}

variable "secret_arns" {
  description = "The ARN of each secret, by its name in infra/routes.json."
  type        = map(string)
}

variable "environment" {
  description = "What every function finds in its environment. No secrets: this is in the state."
  type        = map(string)
}

variable "releases_bucket" {
  description = "The bucket with RELEASE/functions/ROUTE.zip."
  type        = string
}

variable "release" {
  description = "The release that a function starts with when it is created; rollouts bring the later ones."
  type        = string
}

variable "reserved_concurrency" {
  description = "How many calls of a function run at most at one time, by route; the others share the account's."
  type        = map(number)

  validation {
    condition     = alltrue([for name in keys(var.reserved_concurrency) : contains(var.routes[*].name, name)])
    error_message = "Only routes of infra/routes.json have a reserve."
  }
}

variable "log_retention_days" {
  description = "How long lines are kept, in days."
  type        = number
}

variable "tracing" {
  description = "Active makes X-Ray trace a sample of the calls; PassThrough only what a caller traces."
  type        = string
}

variable "deployment_config" {
  description = "How CodeDeploy shifts calls."
  type        = string
  default     = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
}

variable "alarm_actions" {
  description = "Whom alarms tell: ARNs of topics."
  type        = list(string)
}

variable "rollback_alarms" {
  description = "The names of the alarms of the whole environment that take a rollout back."
  type        = list(string)
}
