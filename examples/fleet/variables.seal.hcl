variable "teams" {
  description = "The teams, each with how many data buckets it has and how they are encrypted"
  type = map(object({
    buckets   = number
    algorithm = optional(string, "aws:kms")
    key       = optional(string)
  }))

  validation {
    condition     = alltrue([for team in values(var.teams) : team.buckets > 0])
    error_message = "A team without buckets is left out."
  }
}

variable "vault_account" {
  description = "The account of the vault"
  type        = string

  validation {
    condition     = length(var.vault_account) == 12
    error_message = "An account has 12 digits."
  }
}
