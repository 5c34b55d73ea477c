# What the expressions of the corpus may refer to. A variable without a value is unknown.

variable "any" {}

variable "string" {
  type = string
}

variable "number" {
  type = number
}

variable "bool" {
  type = bool
}

variable "list" {
  type = list(string)
}

variable "set" {
  type = set(string)
}

variable "map" {
  type = map(string)
}

variable "object" {
  type = object({ a = string, b = number })
}

variable "tuple" {
  type = tuple([string, number])
}

locals {
  secret  = sensitive("s3cret")
  secrets = sensitive(["a", "b"])
  mixed   = [sensitive("a"), "b"]
  partly  = [var.string, "known"]
}
