//! A KMS key, and what names one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Account, Region, and key id or alias.
pub(super) type Place = (String, String, String);

/// The alias that every account has in every Region without asking.
pub(super) const AWS_MANAGED_ALIAS: &str = "alias/aws/s3";

/// Whether a KMS key can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// It can.
    Enabled,
    /// It was switched off.
    Disabled,
    /// It will be deleted, and cannot be used any more.
    PendingDeletion,
}

impl KeyState {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion => "PendingDeletion",
        }
    }
}

/// A KMS key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) account: String,
    /// With their `alias/`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) aliases: BTreeSet<String>,
    pub(super) state: KeyState,
    pub(super) spec: String,
    pub(super) usage: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) description: String,
    /// Seconds since the epoch.
    pub(super) created: i64,
    /// Seconds since the epoch; only while deletion is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deletion: Option<i64>,
    /// Nobody may describe it, as by its key policy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) denied: bool,
    /// There is no such key, though somebody may name one: it is never made unasked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) missing: bool,
    /// Made and kept by AWS; never stored, since it always exists.
    #[serde(skip)]
    pub(super) aws_managed: bool,
}

impl Key {
    pub(super) fn new(id: &str, region: &str, account: &str) -> Self {
        Self {
            id: id.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            aliases: BTreeSet::new(),
            state: KeyState::Enabled,
            spec: "SYMMETRIC_DEFAULT".to_owned(),
            usage: "ENCRYPT_DECRYPT".to_owned(),
            description: String::new(),
            created: Timestamp::now().as_second(),
            deletion: None,
            denied: false,
            missing: false,
            aws_managed: false,
        }
    }

    pub(super) fn aws_managed(region: &str, account: &str) -> Self {
        Self {
            aliases: BTreeSet::from([AWS_MANAGED_ALIAS.to_owned()]),
            description: "Default key that protects my S3 objects when no other key is defined"
                .to_owned(),
            // The day S3 began to encrypt everything; nothing hangs on it.
            created: 1_672_876_800,
            aws_managed: true,
            ..Self::new(&derived_id(AWS_MANAGED_ALIAS, region, account), region, account)
        }
    }

    pub(super) fn arn(&self) -> String {
        arn("kms", &self.region, &self.account, &format!("key/{}", self.id))
    }

    pub(super) fn is_symmetric(&self) -> bool {
        self.spec == "SYMMETRIC_DEFAULT" && self.usage == "ENCRYPT_DECRYPT"
    }

    pub(super) fn is_multi_region(&self) -> bool {
        self.id.starts_with("mrk-")
    }

    pub(super) fn place(&self) -> Place {
        (self.account.clone(), self.region.clone(), self.id.clone())
    }
}

/// An ARN in the partition that the Region belongs to.
pub(super) fn arn(service: &str, region: &str, account: &str, resource: &str) -> String {
    let partition = if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    };
    format!("arn:{partition}:{service}:{region}:{account}:{resource}")
}

/// A key id that is the same every time the same alias is seeded, so that two runs of a demonstration look alike.
pub(super) fn derived_id(alias: &str, region: &str, account: &str) -> String {
    // FNV-1a: the hashers of the standard library promise no stable results.
    let seed = [alias, region, account]
        .join("\n")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let bytes = fastrand::Rng::with_seed(seed).u128(..).to_be_bytes();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// What a text names: a key or an alias, in a Region of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyReference {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) name: KeyName,
}

/// The last part of a [`KeyReference`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeyName {
    Id(String),
    /// With its `alias/`.
    Alias(String),
}

impl KeyReference {
    /// Reads a key id, key ARN, alias name or alias ARN; what the text leaves out is `region` and `account`.
    pub(super) fn parse(text: &str, region: &str, account: &str) -> Option<Self> {
        let (region, account, resource) = if text.starts_with("arn:") {
            let mut parts = text.splitn(6, ':').skip(2);
            if parts.next() != Some("kms") {
                return None;
            }
            (parts.next()?, parts.next()?, parts.next()?)
        } else {
            (region, account, text)
        };
        let is_name = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte))
        };
        let id = if text.starts_with("arn:") { resource.strip_prefix("key/") } else { Some(text) };
        let name = match (resource.strip_prefix("alias/"), id) {
            (Some(alias), _) if is_name(alias) => KeyName::Alias(resource.to_owned()),
            (None, Some(id)) if is_name(id) && !id.contains('/') => KeyName::Id(id.to_owned()),
            (Some(_) | None, _) => return None,
        };
        Some(Self { account: account.to_owned(), region: region.to_owned(), name })
    }
}
