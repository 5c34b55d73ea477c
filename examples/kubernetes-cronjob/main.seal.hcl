# What the pods compare with. Put your own configuration here.

sealform {
  backend "local" {
    path = "/var/lib/sealform-kubernetes/sealform.state.json"
  }
}

provider "aws" {
  region = "eu-west-1"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "tenants" {
  for_each = toset([for n in range(1, 21) : format("acme-tenant-%02d", n)])
  bucket   = each.key

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:eu-west-1:123456789012:key/6f1c1a52-2c3e-4d0b-9a57-0a4f1d9b7e21"
    }
    bucket_key_enabled = true
  }
}
