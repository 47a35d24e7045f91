variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "tags" {
  description = "What instances and volumes are tagged with: a group's own tags do not come from the provider's defaults."
  type        = map(string)
}

variable "aws" {
  description = "Where this is: partition, region and account."
  type        = object({ partition = string, region = string, account_id = string })
}

variable "releases" {
  description = "The bucket with RELEASE/gamesim."
  type        = object({ name = string, arn = string })
}

variable "operator_principals" {
  description = "ARNs of who may take the game sims' role, to redrive dead letters."
  type        = list(string)
}

variable "release" {
  description = "The release that game sims run; another one refreshes the group."
  type        = string
}

variable "release_sha256" {
  description = "The SHA-256 of that release's gamesim, in hexadecimal."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.release_sha256))
    error_message = "A SHA-256 has 64 hexadecimal digits."
  }
}

variable "instance_type" {
  description = "What game sims run on; of the architecture below."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64, as the release was built."
  type        = string
  default     = "arm64"
}

variable "size" {
  description = "Least and most game sims; null is what infra/scaling.json says."
  type        = object({ min = optional(number), max = optional(number) })
}

variable "subnet_ids" {
  description = "A subnet of each zone."
  type        = list(string)
}

variable "security_group_id" {
  description = "The security group of game sims."
  type        = string
}

variable "game_ports" {
  description = "The first and the last UDP port of a game sim: one per shard."
  type        = object({ first = number, last = number })
}

variable "api_url" {
  description = "The API's base URL."
  type        = string
}

variable "invoke_arns" {
  description = "What a game sim may call of the API."
  type        = list(string)
}

variable "metric_namespace" {
  description = "Where game sims publish their metrics."
  type        = string
}

variable "traces" {
  description = "What game sims find in their environment about traces: OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_TRACES_SAMPLER_ARG, or nothing."
  type        = map(string)
}

variable "bucket_name" {
  description = "The bucket of checkpoints and recordings, unique in the world."
  type        = string
}

variable "force_destroy" {
  description = "Whether the bucket may be destroyed with what is in it."
  type        = bool
}

variable "log_retention_days" {
  description = "How long lines are kept, in days."
  type        = number
}

variable "rollback_alarms" {
  description = "The names of the alarms that take a refresh back."
  type        = list(string)
}
