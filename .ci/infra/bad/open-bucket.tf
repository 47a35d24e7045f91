# refused by rules: a bucket whose public access is not blocked
resource "aws_s3_bucket" "this" {
  bucket = "players"
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = false
  ignore_public_acls      = true
  restrict_public_buckets = true
}
