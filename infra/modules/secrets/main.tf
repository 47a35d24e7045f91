# The keys that functions sign, seal and derive with. Each is one secret: {"keys": [{"id": "1", "key": "BASE64"}, …]}, 32 bytes
# each, of which the first is used and the others are still understood (docs/OPERATIONS.md, "Rotate keys").
#
# The first key of each is made here and never kept: an ephemeral value goes into a write-only argument, so that neither the
# plan nor the state has it. Its version stays 1, so that Terraform never writes again, whatever a rotation has stored since.

ephemeral "random_password" "first" {
  for_each = var.names

  length  = 64
  special = false
}

resource "aws_secretsmanager_secret" "this" {
  # checkov:skip=CKV_AWS_149: The AWS-managed key of Secrets Manager is free, and only roles that may read the secret can use it.
  # checkov:skip=CKV2_AWS_57: A rotation has three steps with rollouts between them; a schedule that does not know of rollouts would lock players out.
  for_each = var.names

  name                    = "${var.prefix}-${lower(replace(trimprefix(each.key, "GUILDHALL_"), "_", "-"))}"
  description             = "Read as ${each.key} by the functions that declare it."
  recovery_window_in_days = var.recovery_window_days
}

resource "aws_secretsmanager_secret_version" "first" {
  for_each = var.names

  secret_id = aws_secretsmanager_secret.this[each.key].id
  # The digest of 64 random characters (381 bits) is 32 bytes.
  secret_string_wo = jsonencode({
    keys = [{ id = "1", key = base64sha256(ephemeral.random_password.first[each.key].result) }]
  })
  secret_string_wo_version = 1
}
