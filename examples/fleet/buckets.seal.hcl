locals {
  # One entry a bucket: "payments-01" and so on.
  buckets = merge([
    for team, settings in var.teams : {
      for n in range(1, settings.buckets + 1) :
      format("%s-%02d", team, n) => merge(settings, { team = team })
    }
  ]...)
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  for_each = local.buckets
  bucket   = "acme-data-${each.key}"

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = each.value.algorithm
      kms_master_key_id = each.value.key
    }
    bucket_key_enabled = startswith(each.value.algorithm, "aws:kms")
  }
}

# The same in the other Region, for the teams that have a key.
resource "aws_s3_bucket_server_side_encryption_configuration" "replica" {
  for_each = { for name, bucket in local.buckets : name => bucket if bucket.key != null }
  provider = aws.us
  bucket   = "acme-replica-${each.key}"

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
    bucket_key_enabled = true
  }

  depends_on = [aws_s3_bucket_server_side_encryption_configuration.data]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "vault" {
  count                 = 2
  provider              = aws.vault
  bucket                = "acme-vault-${count.index}"
  expected_bucket_owner = var.vault_account

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:eu-west-1:${var.vault_account}:key/c2d4e6f8-1a3b-4c5d-8e7f-9a0b1c2d3e4f"
    }
    bucket_key_enabled       = true
    blocked_encryption_types = ["SSE-C"]
  }

  lifecycle {
    prevent_destroy = true
  }
}

output "buckets_by_team" {
  description = "The names of the data buckets of each team"
  value = {
    for name, bucket in local.buckets :
    bucket.team => "acme-data-${name}"...
  }
}
