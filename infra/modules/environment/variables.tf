variable "environment" {
  description = "The environment's name: names of things begin with guildhall-NAME, so it is unique in the account."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}$", var.environment))
    error_message = "A name has 2 to 16 small letters, digits and hyphens, the first of them a letter."
  }
}

variable "disposable" {
  description = "Whether the environment may be destroyed with everything in it. If not, tables are protected and buckets have to be emptied first."
  type        = bool
}

variable "release" {
  description = "The release that a function starts with when it is created. `make deploy` brings later ones."
  type        = string
}

variable "gamesim_release" {
  description = "The release that game sims run."
  type        = string
}

variable "gamesim_sha256" {
  description = "The SHA-256 of that release's gamesim."
  type        = string
}

variable "web_origins" {
  description = "The origins of pages that may call the API."
  type        = list(string)
  default     = []
}

variable "operator_principals" {
  description = "ARNs of who may take the operator's role and, to redrive dead letters, the game sims'."
  type        = list(string)
  default     = []
}

variable "throttle" {
  description = "Requests per second of the whole API, and how many may come at once."
  type        = object({ rate_per_s = number, burst = number })
  default     = { rate_per_s = 2000, burst = 4000 }
}

variable "route_throttles" {
  description = "Routes with a throttle of their own: what anyone may call and what costs a hash."
  type        = map(object({ rate_per_s = number, burst = number }))
  default = {
    register-account = { rate_per_s = 20, burst = 40 }
    login-account    = { rate_per_s = 100, burst = 200 }
  }
}

variable "reserved_concurrency" {
  description = "How many calls of a function run at most at one time; so passwords that are hashed take no other function's place."
  type        = map(number)
  default     = {}
}

variable "instance_type" {
  description = "What game sims run on, arm64."
  type        = string
  default     = "c7g.large"
}

variable "fleet_size" {
  description = "Least and most game sims; what is not given is what infra/scaling.json says."
  type        = object({ min = optional(number), max = optional(number) })
  default     = {}
}

variable "cidr" {
  description = "The addresses of the network."
  type        = string
  default     = "10.64.0.0/16"
}

variable "zones" {
  description = "The ids of the availability zones that game sims run in, in a fixed order. They offer the instance type."
  type        = list(string)
}

variable "content_domain" {
  description = "A host name of our own for content with its certificate (in us-east-1), or null."
  type        = object({ name = string, certificate_arn = string })
  default     = null
}

variable "price_class" {
  description = "From which of CloudFront's places players are served."
  type        = string
  default     = "PriceClass_100"
}

variable "log_retention_days" {
  description = "How long log lines are kept, in days."
  type        = number
  default     = 30
}

variable "event_archive_days" {
  description = "For how long domain events can be replayed, in days."
  type        = number
  default     = 7
}

variable "tracing" {
  description = "Active makes X-Ray trace a sample of the functions' calls; PassThrough only what a caller traces."
  type        = string
  default     = "PassThrough"
}

variable "traces_endpoint" {
  description = "Where functions and game sims send spans over OTLP, or null."
  type        = string
  default     = null
}

variable "traces_ratio" {
  description = "Which part of all traces is kept, 0 to 1: of a session, everybody keeps all or nothing."
  type        = number
  default     = 1

  validation {
    condition     = var.traces_ratio >= 0 && var.traces_ratio <= 1
    error_message = "A part of all is from 0 to 1."
  }
}

variable "alarm_emails" {
  description = "Who hears of alarms by mail."
  type        = set(string)
  default     = []
}

variable "budget_usd" {
  description = "What a month may cost, in US dollars."
  type        = number
}
