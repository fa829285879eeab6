variable "environment" {
  description = "The environment that the network is for: its name is part of every name here."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.environment))
    error_message = "At most 20 lower-case letters, digits and '-', beginning with a letter."
  }
}

variable "region" {
  description = "Region of the network, such as eu-central-1."
  type        = string
}

variable "cidr" {
  description = "Addresses of the network: a private range, /16 to /20."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr)) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "A range of IPv4 addresses from /16 to /20, such as 10.20.0.0/16."
  }
}

variable "zones" {
  description = "Availability zones, 2 or 3: each gets a private and a public subnet."
  type        = list(string)

  validation {
    condition     = contains([2, 3], length(distinct(var.zones))) && length(distinct(var.zones)) == length(var.zones)
    error_message = "Two or three different zones, such as [\"eu-central-1a\", \"eu-central-1b\"]."
  }
}

variable "nat_per_zone" {
  description = "A NAT gateway in each zone, so that a lost one stops no other. Otherwise one serves all."
  type        = bool
  default     = true
}
