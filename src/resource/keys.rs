//! What KMS says of the keys that settings name.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A key as settings name it, from where it is named: an alias or a bare id means the Region of the
/// bucket and the account of whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName {
    /// The address of the provider that asks.
    pub provider: Arc<str>,
    /// The Region of the bucket.
    pub region: Arc<str>,
    /// The name: an id, an alias, or the ARN of either.
    pub name: Arc<str>,
}

/// A key (KMS, `DescribeKey`, `KeyMetadata`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// `Arn`.
    pub arn: Arc<str>,
    /// `AWSAccountId`. Empty where it is not told.
    pub account: Arc<str>,
    /// The Region in its ARN.
    pub region: Arc<str>,
    /// `KeyState`; `Enabled` is the only good one.
    pub state: Arc<str>,
    /// `DeletionDate` as RFC 3339, while it is pending.
    pub deletion_date: Option<Arc<str>>,
    /// `KeyUsage`; `ENCRYPT_DECRYPT` is the only good one. Empty where it is not told.
    pub usage: Arc<str>,
    /// `KeySpec`; `SYMMETRIC_DEFAULT` is the only good one. Empty where it is not told.
    pub spec: Arc<str>,
    /// `KeyManager` is `AWS`.
    pub aws_managed: bool,
}

/// What asking for a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAnswer {
    /// It is this one.
    Found(Key),
    /// KMS says that there is none; why, in sentences.
    Missing(String),
    /// It cannot be told: no permission, no answer. Why, in sentences.
    Untold(String),
}

/// All that was asked for in a run, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(BTreeMap<KeyName, KeyAnswer>);

impl Keys {
    /// Notes an answer.
    pub fn insert(&mut self, name: KeyName, answer: KeyAnswer) {
        self.0.insert(name, answer);
    }

    /// What was answered, if it was asked for.
    pub fn get(&self, name: &KeyName) -> Option<&KeyAnswer> {
        self.0.get(name)
    }

    /// All answers, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&KeyName, &KeyAnswer)> {
        self.0.iter()
    }
}
