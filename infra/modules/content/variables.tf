variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "bucket_name" {
  description = "The bucket's name, unique in the world."
  type        = string
}

variable "api_domain" {
  description = "The host of the API."
  type        = string
}

variable "domain" {
  description = "A host name of our own with its certificate (in us-east-1, as CloudFront asks), or null for CloudFront's."
  type        = object({ name = string, certificate_arn = string })
  default     = null
}

variable "price_class" {
  description = "From which of CloudFront's places players are served."
  type        = string
}

variable "force_destroy" {
  description = "Whether the bucket may be destroyed with what is in it."
  type        = bool
}
