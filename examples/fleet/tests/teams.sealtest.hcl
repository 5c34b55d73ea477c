# `sealform test` runs these on a sandbox in memory: no AWS account, nothing left behind.

variables {
  vault_account = "444455556666"
  teams = {
    payments = { buckets = 2, key = "alias/payments" }
    search   = { buckets = 1, algorithm = "AES256" }
  }
}

run "names_and_encrypts_the_buckets" {
  command = plan

  assert {
    condition     = output.buckets_by_team["payments"] == ["acme-data-payments-01", "acme-data-payments-02"]
    error_message = "The buckets of payments are ${jsonencode(output.buckets_by_team["payments"])}."
  }

  assert {
    condition     = length(aws_s3_bucket_server_side_encryption_configuration.replica) == 2
    error_message = "Buckets of teams with a key have a replica, and no others."
  }
}

run "encrypts_them" {
  assert {
    condition = alltrue([
      for name, it in aws_s3_bucket_server_side_encryption_configuration.data :
      one(it.rule).bucket_key_enabled == startswith(name, "payments")
    ])
    error_message = "Bucket Keys are for KMS, and for KMS always."
  }
}

run "grows" {
  command = plan

  variables {
    teams = { payments = { buckets = length(run.encrypts_them.buckets_by_team["payments"]) + 1 } }
  }

  assert {
    condition     = length(output.buckets_by_team["payments"]) == 3
    error_message = "A third bucket is missing."
  }
}

run "refuses_a_team_without_buckets" {
  command = plan

  variables {
    teams = { idle = { buckets = 0 } }
  }

  expect_failures = [var.teams]
}
