//! A bucket, as S3 keeps it.

use super::trail::Event;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a bucket encrypts new objects with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Algorithm {
    #[serde(rename = "AES256")]
    Aes256,
    #[serde(rename = "aws:kms")]
    Kms,
    #[serde(rename = "aws:kms:dsse")]
    KmsDsse,
}

impl Algorithm {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms => "aws:kms",
            Self::KmsDsse => "aws:kms:dsse",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Aes256, Self::Kms, Self::KmsDsse].into_iter().find(|known| known.name() == text)
    }
}

/// A bucket's default encryption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Encryption {
    pub(super) algorithm: Algorithm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    pub(super) bucket_key: bool,
    pub(super) sse_c_blocked: bool,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) region: String,
    pub(super) account: String,
    /// As `ListBuckets` shows it.
    pub(super) created: String,
    pub(super) encryption: Encryption,
    /// The id of the one customer managed key that a directory bucket may ever use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) only_key: Option<String>,
    /// Every operation on it is refused, as by a bucket policy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) denied: bool,
    /// Every account may do everything with it, as by a bucket policy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) shared: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tags: BTreeMap<String, String>,
    /// The index document of its website, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) website: Option<String>,
    /// Further elements of its encryption's rule, as XML: what S3 may learn tomorrow. A Put replaces
    /// the whole configuration, and drops them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) tomorrow: String,
    /// The last calls on its encryption, the latest at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) events: Vec<Event>,
}

impl Bucket {
    pub(super) fn new(name: &str, region: &str, account: &str) -> Self {
        let directory = is_directory_bucket(name);
        Self {
            name: name.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            created: format!("{:.3}", Timestamp::now()),
            encryption: Encryption {
                algorithm: Algorithm::Aes256,
                key: None,
                bucket_key: directory,
                // As new general purpose buckets have it since April 2026.
                sse_c_blocked: !directory,
            },
            only_key: None,
            denied: false,
            shared: false,
            tags: BTreeMap::new(),
            website: None,
            tomorrow: String::new(),
            events: Vec::new(),
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        is_directory_bucket(&self.name)
    }
}

/// The suffix alone tells the kind of bucket.
pub(super) fn is_directory_bucket(name: &str) -> bool {
    name.ends_with("--x-s3")
}

/// The rule for new buckets. `legacy` is what us-east-1 once allowed: such buckets live on, but none is made.
pub(super) fn is_bucket_name(name: &str, legacy: bool) -> bool {
    let allowed = |byte: u8| match byte {
        b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => true,
        b'A'..=b'Z' | b'_' => legacy,
        _ => false,
    };
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let longest = if legacy { 255 } else { 63 };
    let bytes = name.as_bytes();
    (3..=longest).contains(&bytes.len())
        && bytes.iter().copied().all(allowed)
        && (legacy || (edge(bytes.first()) && edge(bytes.last()) && !name.contains("..")))
}
