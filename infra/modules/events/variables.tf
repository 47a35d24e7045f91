variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "stream" {
  description = "What infra/streams.json says."
  type = object({
    bus                    = string
    tables                 = list(string)
    batch_size             = number
    batching_window_s      = number
    parallelization_factor = number
    maximum_retry_attempts = number
  })
}

variable "stream_arns" {
  description = "The ARN of the stream of each table that has one."
  type        = map(string)
}

variable "function" {
  description = "The function that makes events of changes: its alias and its role."
  type        = object({ alias_arn = string, role = string })
}

variable "archive_days" {
  description = "For how long events can be replayed, in days."
  type        = number
}
