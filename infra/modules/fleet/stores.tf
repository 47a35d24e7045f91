# What game sims leave behind: checkpoints, recordings, progress that could not be written, and their log.

module "bucket" {
  source = "../bucket"

  name          = var.bucket_name
  versioned     = false
  force_destroy = var.force_destroy
  # A checkpoint is of use for as long as its session; a recording for as long as somebody may ask what happened. Content stays:
  # recordings are played with it.
  expire_days = { "checkpoints/" = 2, "recordings/" = 30 }
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.prefix}-dead-letters"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_158: Logs name ids and hold no secret; the service's own encryption is enough.
  # checkov:skip=CKV_AWS_338: How long lines are kept is a setting of the environment.
  name              = local.log_group
  retention_in_days = var.log_retention_days
}
