# The keys exist, and Terraform does not know them.

mock_provider "aws" {}

variables {
  prefix               = "guildhall-test"
  names                = ["GUILDHALL_ACCESS_KEY", "GUILDHALL_SEALING_KEY"]
  recovery_window_days = 30
}

run "keys" {
  command = apply

  assert {
    condition = alltrue([for version in aws_secretsmanager_secret_version.first :
    version.secret_string == null && version.secret_binary == null && version.secret_string_wo == null])
    error_message = "No key is in the state: neither by an argument that is kept nor by the write-only one."
  }

  assert {
    condition     = alltrue([for version in aws_secretsmanager_secret_version.first : version.secret_string_wo_version == 1])
    error_message = "Terraform writes the first key once; the later ones are rotations."
  }

  assert {
    condition     = { for name, secret in aws_secretsmanager_secret.this : name => secret.name } == { GUILDHALL_ACCESS_KEY = "guildhall-test-access-key", GUILDHALL_SEALING_KEY = "guildhall-test-sealing-key" }
    error_message = "A secret is called after the variable that it stands for."
  }
}
