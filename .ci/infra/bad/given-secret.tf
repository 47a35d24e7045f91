# refused by rules: a secret that is given has to be ephemeral
variable "access_key" {
  type      = string
  sensitive = true
}
