output "bucket" {
  description = "The bucket's name."
  value       = module.bucket.name
}

output "domain" {
  description = "Where content is."
  value       = var.domain == null ? aws_cloudfront_distribution.this.domain_name : var.domain.name
}

output "distribution_id" {
  description = "The distribution's id, which its metrics carry."
  value       = aws_cloudfront_distribution.this.id
}
