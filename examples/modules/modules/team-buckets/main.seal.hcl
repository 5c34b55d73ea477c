variable "team" {
  description = "The team that owns the buckets"
  type        = string

  validation {
    condition     = length(var.team) <= 20
    error_message = "The name of a team is part of its buckets' names: at most 20 characters."
  }
}

variable "buckets" {
  type = set(string)
}

variable "strict" {
  description = "Two layers of encryption, and none by keys of clients"
  type        = bool
  default     = false
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = var.buckets
  bucket   = "acme-${var.team}-${each.key}"

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.strict ? "aws:kms:dsse" : "aws:kms"
      kms_master_key_id = "alias/${var.team}"
    }
    # S3 has no bucket keys where there are two layers.
    bucket_key_enabled       = !var.strict
    blocked_encryption_types = var.strict ? ["SSE-C"] : null
  }

  lifecycle {
    precondition {
      condition     = can(regex("^[a-z0-9-]+$", each.key))
      error_message = "The name ${each.key} cannot be part of a bucket's name."
    }
  }
}

output "buckets" {
  value = [for it in aws_s3_bucket_server_side_encryption_configuration.this : it.bucket]
}
