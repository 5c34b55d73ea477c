# One module for each team: its buckets under its own key, and a check of all of them together.

variable "teams" {
  description = "The buckets of each team"
  type = map(object({
    buckets = set(string)
    strict  = optional(bool, false)
  }))
  default = {
    analytics = { buckets = ["events", "reports"] }
    payments  = { buckets = ["ledger"], strict = true }
  }
}

provider "aws" {
  region = "eu-west-1"
}

data "aws_caller_identity" "current" {}

module "team" {
  source   = "./modules/team-buckets"
  for_each = var.teams

  team    = each.key
  buckets = each.value.buckets
  strict  = each.value.strict
}

# Was called `bookkeeping` once: what is recorded is taken over, nothing is reset.
moved {
  from = module.bookkeeping
  to   = module.team["payments"]
}

check "account" {
  assert {
    condition     = length(data.aws_caller_identity.current.account_id) == 12
    error_message = "The credentials are of no account."
  }
}

output "buckets" {
  value = { for name, team in module.team : name => team.buckets }
}

output "account" {
  value = data.aws_caller_identity.current.account_id
}
