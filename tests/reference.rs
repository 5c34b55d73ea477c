//! The reference pages say what the schemas say. `SEALFORM_UPDATE=1 cargo test --test reference`
//! writes them anew.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails where something is not as it expects"
)]

use sealform::provider::aws;
use sealform::resource;
use sealform::schema::reference;
use std::path::Path;

#[track_caller]
fn compare(file: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("SEALFORM_UPDATE").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "{file} is out of date: run with SEALFORM_UPDATE=1");
}

#[test]
fn of_the_resource_types() {
    assert_eq!(resource::TYPES.len(), 1, "a page for each");
    let page = reference(
        resource::TYPES[0].name(),
        "The default encryption of a bucket: how S3 encrypts new objects that ask for nothing \
         else. The names are those of the Terraform AWS provider, so that a block can be copied \
         over unchanged. `for_each`, `count`, `depends_on`, `provider` and `lifecycle { \
         prevent_destroy, ignore_changes }` stand beside them.",
        r#"
resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = "acme-logs"

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:eu-west-1:111122223333:key/…"
    }
    bucket_key_enabled       = true
    blocked_encryption_types = ["SSE-C"]
  }
}
"#,
        resource::TYPES[0].schema(),
    );
    compare("src/resource/README.md", &page);
}

#[test]
fn of_the_provider() {
    let page = reference(
        "provider \"aws\"",
        "Which account and Region, and how S3 is spoken to. What is not said comes from where \
         every AWS tool takes it: environment, shared files, SSO, web identity, roles. Several \
         blocks are told apart by `alias`, and a resource says `provider = aws.name`.",
        r#"
provider "aws" {
  alias  = "vault"
  region = "eu-west-1"

  assume_role {
    role_arn = "arn:aws:iam::444455556666:role/sealform"
  }
}
"#,
        &aws::SCHEMA,
    );
    compare("src/provider/README.md", &page);
}

#[test]
fn of_the_functions() {
    compare("src/eval/functions/README.md", &sealform::eval::functions::reference());
}
