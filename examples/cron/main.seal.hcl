# What the nightly run compares with. Put your own configuration here.

sealform {
  backend "local" {
    path = "/var/lib/sealform/sealform.state.json"
  }
}

provider "aws" {
  region = "eu-west-1"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  for_each = toset(["app", "audit"])
  bucket   = "acme-${each.key}-logs"

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:eu-west-1:123456789012:key/6f1c1a52-2c3e-4d0b-9a57-0a4f1d9b7e21"
    }
    bucket_key_enabled       = true
    blocked_encryption_types = ["SSE-C"]
  }
}

# Who is told at once. Nobody, until /etc/sealform/environment says SEALFORM_VAR_webhook=https://…
variable "webhook" {
  description = "An incoming webhook of Slack's."
  type        = string
  sensitive   = true
  default     = null
}

notify "chat" {
  url          = var.webhook
  format       = "slack"
  min_severity = "medium"
}
