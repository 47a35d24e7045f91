variable "prefix" {
  description = "What the physical names of the tables begin with, with its hyphen."
  type        = string
}

variable "deletion_protection" {
  description = "Whether a table can only be deleted once this has been taken back."
  type        = bool
}
