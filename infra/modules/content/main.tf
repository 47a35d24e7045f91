# Content close to the players: a bucket for what is published as files, and the API's content routes, behind one distribution.
# The bucket is closed; the distribution alone reads it, and signs what it asks (origin access control).

module "bucket" {
  source = "../bucket"

  name                    = var.bucket_name
  versioned               = true
  force_destroy           = var.force_destroy
  reader_distribution_arn = aws_cloudfront_distribution.this.arn
}

data "aws_cloudfront_cache_policy" "optimized" {
  name = "Managed-CachingOptimized"
}

data "aws_cloudfront_response_headers_policy" "public" {
  name = "Managed-CORS-and-SecurityHeadersPolicy"
}

resource "aws_cloudfront_origin_access_control" "bucket" {
  name                              = var.bucket_name
  description                       = "Signs what the distribution asks of the bucket."
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "this" {
  # checkov:skip=CKV_AWS_68: Content is public and cached; there is nothing here that a firewall of requests could protect.
  # checkov:skip=CKV2_AWS_47: The same: no Java and no WAF.
  # checkov:skip=CKV_AWS_86: A log of who read public content would be data about players that nobody needs.
  # checkov:skip=CKV_AWS_310: The bucket has no second one to fail over to, and clients hold what they have read.
  # checkov:skip=CKV_AWS_374: Players are everywhere.
  # checkov:skip=CKV_AWS_305: There is no page to show at the root.
  # checkov:skip=CKV2_AWS_42: An environment with a domain of its own brings its certificate (var.domain).
  # checkov:skip=CKV_AWS_174: CloudFront's own certificate comes with its own policy; with var.domain it is TLS 1.2.
  comment         = "${var.prefix} content"
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.price_class
  aliases         = var.domain == null ? [] : [var.domain.name]

  origin {
    origin_id                = "bucket"
    domain_name              = module.bucket.domain
    origin_access_control_id = aws_cloudfront_origin_access_control.bucket.id
  }

  origin {
    origin_id   = "api"
    domain_name = var.api_domain

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id           = "bucket"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "https-only"
    compress                   = true
    cache_policy_id            = data.aws_cloudfront_cache_policy.optimized.id
    response_headers_policy_id = data.aws_cloudfront_response_headers_policy.public.id
  }

  # The routes say themselves for how long their answers hold.
  ordered_cache_behavior {
    path_pattern               = "/v1/content*"
    target_origin_id           = "api"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "https-only"
    compress                   = true
    cache_policy_id            = data.aws_cloudfront_cache_policy.optimized.id
    response_headers_policy_id = data.aws_cloudfront_response_headers_policy.public.id
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.domain == null
    acm_certificate_arn            = var.domain == null ? null : var.domain.certificate_arn
    ssl_support_method             = var.domain == null ? null : "sni-only"
    minimum_protocol_version       = var.domain == null ? null : "TLSv1.2_2021"
  }
}
