# refused by rules: secret_string is kept in the state
resource "aws_secretsmanager_secret_version" "this" {
  secret_id     = "access-key"
  secret_string = "0123456789"
}
