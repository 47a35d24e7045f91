variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "aws" {
  description = "Where this is: partition, region and account."
  type        = object({ partition = string, region = string, account_id = string })
}

variable "stream_arns" {
  description = "The streams to carry, by table."
  type        = map(string)
}

variable "mapping" {
  description = "The function that makes events of changes, with the settings of infra/streams.json; null where there is none."
  type = object({
    alias_arn             = string
    event_source          = string
    detail_type_path      = string
    batch_size            = number
    batching_window_s     = number
    events_per_change_max = number
    filter                = map(any)
  })

  validation {
    condition     = try(var.mapping.events_per_change_max <= 10, true)
    error_message = "A bus takes ten events at once, so one change makes ten at most."
  }
}

variable "archive_days" {
  description = "For how long events can be replayed, in days."
  type        = number
}
