variable "name" {
  description = "The bucket's name, unique in the world."
  type        = string
}

variable "versioned" {
  description = "Whether an object that is overwritten or deleted can be had back for a while."
  type        = bool
}

variable "former_versions_days" {
  description = "For how long, in days."
  type        = number
  default     = 30
}

variable "expire_days" {
  description = "After how many days objects go, by prefix."
  type        = map(number)
  default     = {}
}

variable "force_destroy" {
  description = "Whether the bucket may be destroyed with what is in it."
  type        = bool
  default     = false
}

variable "reader_distribution_arn" {
  description = "The CloudFront distribution that may read, if one may."
  type        = string
  default     = null
}
