# A bucket that nobody outside sees: no public access, no access lists, encrypted, and TLS or nothing.

resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_18: Access logs of a bucket that only roles of this project reach would cost more than they tell; CloudTrail has who changed it.
  # checkov:skip=CKV_AWS_144: What is here is rebuilt (releases, content) or short-lived (checkpoints); a copy elsewhere has no reader.
  # checkov:skip=CKV_AWS_145: The service's own key encrypts for nothing; a key of ours would add a call to KMS to every checkpoint.
  # checkov:skip=CKV2_AWS_62: Nobody waits for objects.
  # checkov:skip=CKV_AWS_21: Versioning is a setting (var.versioned): a checkpoint is overwritten each second, and no version of it is ever wanted back.
  # checkov:skip=CKV2_AWS_61: Its rules are below, for each bucket its own (var.expire_days).
  bucket        = var.name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = var.versioned ? "Enabled" : "Suspended"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  # checkov:skip=CKV_AWS_300: The first rule does it; checkov does not see it beside rules that are generated.
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "unfinished-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  dynamic "rule" {
    for_each = var.expire_days

    content {
      id     = "expire-${trimsuffix(rule.key, "/")}"
      status = "Enabled"

      filter {
        prefix = rule.key
      }

      expiration {
        days = rule.value
      }
    }
  }

  dynamic "rule" {
    for_each = var.versioned ? [var.former_versions_days] : []

    content {
      id     = "former-versions"
      status = "Enabled"

      filter {}

      noncurrent_version_expiration {
        noncurrent_days = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      var.reader_distribution_arn == null ? [] : [{
        Sid       = "DistributionReads"
        Effect    = "Allow"
        Principal = { Service = "cloudfront.amazonaws.com" }
        Action    = ["s3:GetObject"]
        Resource  = ["${aws_s3_bucket.this.arn}/*"]
        Condition = { StringEquals = { "AWS:SourceArn" = var.reader_distribution_arn } }
      }],
    )
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}
