provider "aws" {
  region = "eu-west-1"
}

# A key of our own, and a Bucket Key so that KMS is asked once for many objects.
resource "aws_s3_bucket_server_side_encryption_configuration" "audit_log" {
  bucket = "acme-audit-log"

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:eu-west-1:123456789012:key/6f1c1a52-2c3e-4d0b-9a57-0a4f1d9b7e21"
    }
    bucket_key_enabled       = true
    blocked_encryption_types = ["SSE-C"]
  }

  lifecycle {
    prevent_destroy = true
  }
}

# The keys of S3 are enough here, which is what every bucket starts with.
resource "aws_s3_bucket_server_side_encryption_configuration" "website" {
  bucket = "acme-website"

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

output "audit_log_key" {
  description = "The key that new audit logs are encrypted with"
  value       = aws_s3_bucket_server_side_encryption_configuration.audit_log.rule[0].apply_server_side_encryption_by_default[0].kms_master_key_id
}
