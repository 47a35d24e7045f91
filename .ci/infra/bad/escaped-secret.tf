# refused by terraform: Invalid use of ephemeral value
ephemeral "random_password" "this" {
  length = 32
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id     = "access-key"
  secret_string = ephemeral.random_password.this.result
}
