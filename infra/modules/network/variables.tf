variable "prefix" {
  description = "What names begin with."
  type        = string
}

variable "cidr" {
  description = "The addresses of the network, a /16 to /20."
  type        = string
}

variable "zones" {
  description = "The ids of the availability zones that game sims run in, in a fixed order: a zone that AWS adds must not move a subnet."
  type        = list(string)

  validation {
    condition     = length(distinct(var.zones)) >= 2
    error_message = "A fleet needs two zones at least."
  }
}

variable "game_ports" {
  description = "The first and the last UDP port of a game sim: one per shard."
  type        = object({ first = number, last = number })
}
