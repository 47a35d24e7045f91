# The bucket is closed, and CloudFront alone reads it.

mock_provider "aws" {
  mock_resource "aws_cloudfront_distribution" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:distribution/E1" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::guildhall-test-content" }
  }
}

variables {
  prefix        = "guildhall-test"
  bucket_name   = "guildhall-test-content"
  api_domain    = "api123.execute-api.eu-north-1.amazonaws.com"
  price_class   = "PriceClass_100"
  force_destroy = false
}

run "behind_cloudfront" {
  command = apply

  assert {
    condition = alltrue([for origin in aws_cloudfront_distribution.this.origin :
      origin.origin_id == "bucket" ? origin.origin_access_control_id == aws_cloudfront_origin_access_control.bucket.id :
    origin.domain_name == var.api_domain && one(origin.custom_origin_config).origin_protocol_policy == "https-only"])
    error_message = "The bucket is asked with a signature, the API over TLS."
  }

  assert {
    condition = alltrue([for behavior in concat(aws_cloudfront_distribution.this.default_cache_behavior, aws_cloudfront_distribution.this.ordered_cache_behavior) :
    behavior.viewer_protocol_policy == "https-only" && toset(behavior.allowed_methods) == toset(["GET", "HEAD"])])
    error_message = "Content is read, over TLS, and nothing else."
  }
}
