# `make deploy` writes these into release.auto.tfvars.json; the others are in main.tf, where reviews see them.

variable "release" {
  description = "The latest release; functions that are created start with it."
  type        = string
}

variable "gamesim_release" {
  description = "The release that game sims run, if it is not the latest."
  type        = string
  default     = null
}

variable "gamesim_sha256" {
  description = "The SHA-256 of the game sim that they run."
  type        = string
}

variable "alarm_emails" {
  description = "Who hears of alarms by mail."
  type        = set(string)
  default     = []
}

variable "operator_principals" {
  description = "ARNs of who may take the operator's role and, to redrive dead letters, the game sims'."
  type        = list(string)
  default     = []
}

variable "web_origins" {
  description = "The origins of pages that may call the API, for example https://play.example.org."
  type        = list(string)
  default     = []
}
