# Whatever bucket there is under a prefix is kept encrypted, also one that was made by hand a minute ago.

provider "aws" {
  region = "eu-west-1"
}

variable "prefix" {
  type    = string
  default = "acme-"
}

data "aws_s3_buckets" "all" {
  prefix  = var.prefix
  exclude = ["${var.prefix}public-*"]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "existing" {
  for_each = data.aws_s3_buckets.all.names
  bucket   = each.key

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
    bucket_key_enabled = true
  }
}

output "buckets" {
  value = length(data.aws_s3_buckets.all.names)
}
