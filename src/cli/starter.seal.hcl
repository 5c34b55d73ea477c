# The default encryption of S3 buckets, as it is to be.
# A block of this type can be copied from a Terraform configuration unchanged.

provider "aws" {
  region = "eu-west-1"
}

variable "bucket" {
  type        = string
  description = "The bucket to encrypt"
  default     = "my-first-sealed-bucket"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "first" {
  bucket = var.bucket

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
      # Without a key here, S3 takes the one that AWS manages, alias/aws/s3.
      # kms_master_key_id = "arn:aws:kms:eu-west-1:111122223333:key/…"
    }
    bucket_key_enabled = true
  }
}
