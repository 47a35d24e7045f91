# No bucket is public, whatever it is for.

mock_provider "aws" {
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::guildhall-test-sessions" }
  }
}

variables {
  name        = "guildhall-test-sessions"
  versioned   = false
  expire_days = { "checkpoints/" = 2, "recordings/" = 30 }
}

run "closed" {
  command = apply

  assert {
    condition = (aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy &&
    aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets)
    error_message = "Public access is blocked in all four ways."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "What is stored is encrypted."
  }

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : [statement.Effect, statement.Condition]] == [
    ["Deny", { Bool = { "aws:SecureTransport" = "false" } }]]
    error_message = "Nobody is let in by the policy, and nobody without TLS."
  }

  assert {
    condition = { for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.filter[0].prefix => rule.expiration[0].days if length(rule.expiration) > 0 } == {
    "checkpoints/" = 2, "recordings/" = 30 }
    error_message = "Objects go when they are told to, and others stay."
  }
}

run "read_by_a_distribution" {
  command = apply

  variables {
    versioned               = true
    reader_distribution_arn = "arn:aws:cloudfront::123456789012:distribution/E1"
  }

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : [statement.Principal, statement.Action, statement.Condition] if statement.Effect == "Allow"] == [
    [{ Service = "cloudfront.amazonaws.com" }, ["s3:GetObject"], { StringEquals = { "AWS:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/E1" } }]]
    error_message = "The one distribution reads, and does nothing else."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Former versions are kept."
  }
}
