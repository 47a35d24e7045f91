variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "aws" {
  description = "Where this is: partition, region and account."
  type        = object({ partition = string, region = string, account_id = string })
}

variable "routes" {
  description = "The routes of infra/routes.json."
  type = list(object({
    name          = string
    method        = string
    path          = string
    authorization = string
    role          = string
    timeout_s     = number
  }))

  validation {
    condition     = alltrue([for route in var.routes : contains(["none", "bearer", "iam"], route.authorization)])
    error_message = "A route's authorization is none, bearer or iam."
  }

  validation {
    condition     = alltrue([for route in var.routes : startswith(route.path, "/internal/") == (route.authorization == "iam")])
    error_message = "What lives under /internal is signed, and nothing else is."
  }
}

variable "functions" {
  description = "The function of each route, as the module functions gives them."
  type        = map(object({ function_name = string, alias = string, alias_arn = string, invoke_arn = string }))
}

variable "web_origins" {
  description = "The origins of pages that may call the API, for example https://play.example.org. None, no page may."
  type        = list(string)

  validation {
    condition     = !contains(var.web_origins, "*")
    error_message = "Name the origins: a star would let every page act for its visitor."
  }
}

variable "throttle" {
  description = "Requests per second of the whole API, and how many may come at once."
  type        = object({ rate_per_s = number, burst = number })
}

variable "route_throttles" {
  description = "Routes with a throttle of their own, by name."
  type        = map(object({ rate_per_s = number, burst = number }))
}

variable "operator_principals" {
  description = "ARNs of who may take the operator's role."
  type        = list(string)
}

variable "log_retention_days" {
  description = "How long access logs are kept, in days."
  type        = number
}
