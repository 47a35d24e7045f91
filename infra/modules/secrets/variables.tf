variable "prefix" {
  description = "What the names of the secrets begin with."
  type        = string
}

variable "names" {
  description = "The secrets, by the name of the variable that a function reads them under, for example GUILDHALL_ACCESS_KEY."
  type        = set(string)
}

variable "recovery_window_days" {
  description = "For how long a deleted secret can be brought back, in days: 0, or 7 to 30."
  type        = number
}
