//! `aws_kms_key` and `aws_kms_alias`: what KMS tells of a key.

use super::{DataSource, Finding, Named, shown, wrong};
use crate::resource::KeyRef;
use crate::schema::{AttrType, Attribute, Schema};
use crate::value::Value;
use std::sync::Arc;

/// A key of KMS (KMS, `DescribeKey`).
///
/// | attribute | element of `KeyMetadata` |
/// |---|---|
/// | `id`, `arn`, `aws_account_id` | `KeyId`, `Arn`, `AWSAccountId` |
/// | `creation_date`, `deletion_date`, `valid_to` | `CreationDate`, `DeletionDate`, `ValidTo` |
/// | `pending_deletion_window_in_days` | `PendingDeletionWindowInDays` |
/// | `cloud_hsm_cluster_id`, `custom_key_store_id` | `CloudHsmClusterId`, `CustomKeyStoreId` |
/// | `xks_key_configuration` | `XksKeyConfiguration` |
/// | `customer_master_key_spec`, `key_spec` | `CustomerMasterKeySpec`, `KeySpec` |
/// | `description`, `enabled`, `origin` | `Description`, `Enabled`, `Origin` |
/// | `expiration_model` | `ExpirationModel` |
/// | `key_manager`, `key_state`, `key_usage` | `KeyManager`, `KeyState`, `KeyUsage` |
/// | `multi_region`, `multi_region_configuration` | `MultiRegion`, `MultiRegionConfiguration` |
#[derive(Debug)]
pub struct KmsKey;

const REGIONAL_KEY: AttrType = AttrType::Object(&[
    Attribute::computed("arn", AttrType::String, "The ARN of the key."),
    Attribute::computed("region", AttrType::String, "The Region of the key."),
]);

static KEY: Schema = Schema {
    attributes: &[
        Attribute::required(
            "key_id",
            AttrType::String,
            "The key: its id, its ARN, an alias (alias/name), or the ARN of an alias. A key of \
             another account by an ARN only.",
        ),
        Attribute::optional(
            "grant_tokens",
            AttrType::LIST_OF_STRING,
            "Tokens of grants so new that KMS does not know them everywhere yet; up to 10.",
        ),
        Attribute::computed("id", AttrType::String, "The id of the key, whatever it was named by."),
        Attribute::computed("arn", AttrType::String, "The ARN of the key."),
        Attribute::computed("aws_account_id", AttrType::String, "The account that has the key."),
        Attribute::computed(
            "cloud_hsm_cluster_id",
            AttrType::String,
            "The CloudHSM cluster that holds the key's material; empty where none does.",
        ),
        Attribute::computed(
            "creation_date",
            AttrType::String,
            "When the key was made: 2026-04-01T12:00:00Z.",
        ),
        Attribute::computed(
            "custom_key_store_id",
            AttrType::String,
            "The custom key store that the key is in; empty where it is in none.",
        ),
        Attribute::computed(
            "customer_master_key_spec",
            AttrType::String,
            "The same as `key_spec`, under its old name.",
        ),
        Attribute::computed(
            "deletion_date",
            AttrType::String,
            "When the key will be deleted; null unless `key_state` is PendingDeletion.",
        ),
        Attribute::computed(
            "description",
            AttrType::String,
            "What the key is for, in its owner's words.",
        ),
        Attribute::computed(
            "enabled",
            AttrType::Bool,
            "Whether the key can be used: whether `key_state` is Enabled.",
        ),
        Attribute::computed(
            "expiration_model",
            AttrType::String,
            "Whether imported material expires: KEY_MATERIAL_EXPIRES or \
             KEY_MATERIAL_DOES_NOT_EXPIRE. Empty where `origin` is not EXTERNAL.",
        ),
        Attribute::computed(
            "key_manager",
            AttrType::String,
            "Who keeps the key: AWS, as with alias/aws/s3, or CUSTOMER.",
        ),
        Attribute::computed(
            "key_spec",
            AttrType::String,
            "The kind of the key. S3 takes SYMMETRIC_DEFAULT only.",
        ),
        Attribute::computed(
            "key_state",
            AttrType::String,
            "Enabled, Disabled, PendingDeletion, PendingImport, Unavailable, and a few more. S3 \
             can use the key while it is Enabled.",
        ),
        Attribute::computed(
            "key_usage",
            AttrType::String,
            "What the key may do. S3 takes ENCRYPT_DECRYPT only.",
        ),
        Attribute::computed(
            "multi_region",
            AttrType::Bool,
            "Whether the key is one of several in several Regions that have the same material.",
        ),
        Attribute::computed(
            "multi_region_configuration",
            AttrType::List(&AttrType::Object(&[
                Attribute::computed(
                    "multi_region_key_type",
                    AttrType::String,
                    "Whether this key is the PRIMARY or a REPLICA.",
                ),
                Attribute::computed(
                    "primary_key",
                    AttrType::List(&REGIONAL_KEY),
                    "The primary key: one.",
                ),
                Attribute::computed(
                    "replica_keys",
                    AttrType::List(&REGIONAL_KEY),
                    "The replicas of the primary key.",
                ),
            ])),
            "The keys that have the same material: one object, or none where `multi_region` is \
             false.",
        ),
        Attribute::computed(
            "origin",
            AttrType::String,
            "Where the key's material comes from: AWS_KMS, EXTERNAL (imported), AWS_CLOUDHSM or \
             EXTERNAL_KEY_STORE.",
        ),
        Attribute::computed(
            "pending_deletion_window_in_days",
            AttrType::Number,
            "How many days after its last replica a primary key will be deleted; 0 unless \
             `key_state` is PendingReplicaDeletion.",
        ),
        Attribute::computed(
            "valid_to",
            AttrType::String,
            "When imported material expires; null where it does not.",
        ),
        Attribute::computed(
            "xks_key_configuration",
            AttrType::List(&AttrType::Object(&[Attribute::computed(
                "id",
                AttrType::String,
                "The id of the external key.",
            )])),
            "The key outside of AWS that stands behind this one: one object, or none.",
        ),
    ],
    blocks: &[],
};

impl DataSource for KmsKey {
    fn name(&self) -> &'static str {
        "aws_kms_key"
    }

    fn schema(&self) -> &'static Schema {
        &KEY
    }

    fn description(&self) -> &'static str {
        "A key of KMS in the provider's Region: what it is, whose it is, and whether it can be \
         used. Needs kms:DescribeKey."
    }

    fn example(&self) -> &'static str {
        r#"
data "aws_kms_key" "logs" {
  key_id = "alias/logs"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = "acme-logs"

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = data.aws_kms_key.logs.arn
    }
  }
}
"#
    }

    fn validate(&self, arguments: &Value) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(key) = arguments.get("key_id")
            && key.as_str().is_some_and(|text| KeyRef::parse(text).is_none())
        {
            let detail = format!(
                "{} does not name a key of KMS. A key is named by its id (a UUID), its ARN, \
                 `alias/name`, or the ARN of an alias.",
                shown(key)
            );
            findings.push(wrong("key_id", "Invalid KMS key", detail));
        }
        let tokens = arguments.get("grant_tokens").and_then(Value::as_items).unwrap_or_default();
        let fits = |token: &Value| token.as_str().is_none_or(|it| (1..=8192).contains(&it.len()));
        if tokens.len() > 10 {
            let detail = format!("KMS takes up to 10 grant tokens, not {}.", tokens.len());
            findings.push(wrong("grant_tokens", "Too many grant tokens", detail));
        } else if tokens.iter().any(|token| token.is_null() || !fits(token)) {
            let detail = "A grant token has 1 to 8192 characters, as CreateGrant gave it.";
            findings.push(wrong("grant_tokens", "Invalid grant token", detail.to_owned()));
        }
        findings
    }

    fn named(&self, arguments: &Value) -> Option<Named> {
        arguments.get("key_id")?.as_str().map(|key| Named::Key(Arc::clone(key)))
    }
}

/// An alias of a key (KMS, `DescribeKey` by the alias).
///
/// `ListAliases` is not asked: it gives all aliases of the account, page by page, and needs a
/// permission more. An alias is always in its key's account and Region, so that the answer about
/// the key tells the alias's ARN too.
#[derive(Debug)]
pub struct KmsAlias;

static ALIAS: Schema = Schema {
    attributes: &[
        Attribute::required(
            "name",
            AttrType::String,
            "The alias with its alias/ in front, such as alias/logs, or alias/aws/s3 for the key \
             that AWS keeps for S3.",
        ),
        Attribute::computed("arn", AttrType::String, "The ARN of the alias."),
        Attribute::computed("id", AttrType::String, "The same as `arn`."),
        Attribute::computed(
            "target_key_arn",
            AttrType::String,
            "The ARN of the key that the alias points to now.",
        ),
        Attribute::computed(
            "target_key_id",
            AttrType::String,
            "The id of the key that the alias points to now.",
        ),
    ],
    blocks: &[],
};

impl DataSource for KmsAlias {
    fn name(&self) -> &'static str {
        "aws_kms_alias"
    }

    fn schema(&self) -> &'static Schema {
        &ALIAS
    }

    fn description(&self) -> &'static str {
        "An alias of the account in the provider's Region, and the key that it points to. Needs \
         kms:DescribeKey on that key."
    }

    fn example(&self) -> &'static str {
        r#"
data "aws_kms_alias" "logs" {
  name = "alias/logs"
}

output "key" {
  value = data.aws_kms_alias.logs.target_key_arn
}
"#
    }

    fn validate(&self, arguments: &Value) -> Vec<Finding> {
        let Some(value) = arguments.get("name") else { return Vec::new() };
        let Some(name) = value.as_str() else { return Vec::new() };
        if KeyRef::parse(name).is_some() && name.starts_with("alias/") {
            return Vec::new();
        }
        let aliased = format!("alias/{name}");
        let mend = if name.starts_with("arn:") {
            " Give the name alone; `data \"aws_kms_key\"` takes an ARN.".to_owned()
        } else if KeyRef::parse(&aliased).is_some() && !value.is_sensitive() {
            format!(" Did you mean {aliased:?}?")
        } else {
            String::new()
        };
        let detail = format!(
            "{} is not the name of an alias: alias/ and then 1 to 250 letters, digits, /, _ or \
             -.{mend}",
            shown(value)
        );
        vec![wrong("name", "Invalid alias", detail)]
    }

    fn named(&self, arguments: &Value) -> Option<Named> {
        arguments.get("name")?.as_str().map(|alias| Named::Key(Arc::clone(alias)))
    }
}
