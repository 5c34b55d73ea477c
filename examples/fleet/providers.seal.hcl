sealform {
  required_version = ">= 0.1"

  backend "local" {
    path = "state/fleet.state.json"
  }
}

# Two Regions, and an account of its own for what must outlive everything.
provider "aws" {
  region = "eu-west-1"
}

provider "aws" {
  alias  = "us"
  region = "us-east-1"
}

provider "aws" {
  alias  = "vault"
  region = "eu-west-1"

  assume_role {
    role_arn     = "arn:aws:iam::${var.vault_account}:role/sealform"
    session_name = "sealform"
  }
}
