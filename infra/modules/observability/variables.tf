variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "environment" {
  description = "The environment's name, as its tag says it."
  type        = string
}

variable "aws" {
  description = "Where this is: partition, region and account."
  type        = object({ partition = string, region = string, account_id = string })
}

variable "metric_namespace" {
  description = "The namespace of this environment's own metrics, for the list's Guildhall."
  type        = string
}

variable "names" {
  description = "What the placeholders of infra/metrics.json and of the dashboard stand for here."
  type        = map(string)
}

variable "log_groups" {
  description = "The log groups that metric filters look at: access, functions and gamesims, each by a key that is known beforehand."
  type        = map(map(string))
}

variable "alarm_emails" {
  description = "Who hears of alarms by mail; each has to confirm once."
  type        = set(string)
}

variable "budget_usd" {
  description = "What a month may cost, in US dollars."
  type        = number
}
