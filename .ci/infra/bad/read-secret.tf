# refused by rules: what is read here is kept in the state
data "aws_secretsmanager_secret_version" "this" {
  secret_id = "access-key"
}
