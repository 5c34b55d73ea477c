vault_account = "444455556666"

teams = {
  payments = {
    buckets   = 3
    algorithm = "aws:kms:dsse"
    key       = "arn:aws:kms:eu-west-1:123456789012:key/0b8a3f52-7d6e-4c1f-8a90-5e2d7c4b1a36"
  }
  search = {
    buckets = 5
  }
  website = {
    buckets   = 2
    algorithm = "AES256"
  }
}
