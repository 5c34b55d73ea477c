//! What `backend "s3"` may say, as plain data.

use crate::provider::aws::{self, AssumeRole, Endpoints, Sealing};
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a lock holds without being renewed, where nothing is said.
const LEASE: Duration = Duration::from_mins(1);
/// What the keys of states of workspaces begin with, where nothing is said.
const PREFIX: &str = "env:";

/// How a state is kept on S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The bucket.
    pub bucket: String,
    /// The key of the object, in the default workspace.
    pub key: String,
    /// What the keys of all other workspaces begin with.
    pub workspace_key_prefix: String,
    /// Where S3 is, and with whose credentials it is spoken to.
    pub aws: aws::Settings,
    /// How the objects are encrypted.
    pub sealing: Sealing,
    /// Whether there is a lock.
    pub use_lockfile: bool,
    /// How long a lock holds without being renewed.
    pub lease: Duration,
}

impl Settings {
    /// Reads the arguments of the block. All faults are told, each behind the argument's name.
    pub fn from_arguments(
        arguments: &BTreeMap<Arc<str>, Value>,
    ) -> Result<Self, Vec<(String, String)>> {
        let mut reader = Reader { arguments, faults: Vec::new() };
        let bucket = reader.required("bucket");
        let key = reader.required("key");
        let kms_key = reader.text("kms_key_id");
        let sealing = match (reader.flag("encrypt"), kms_key) {
            (Some(false), Some(_)) => {
                let detail = "`kms_key_id` asks for encryption with a key, and `encrypt` for none.";
                reader.fault("encrypt", detail);
                Sealing::AsBucket
            }
            (_, Some(key)) => Sealing::Kms(key),
            (Some(false), None) => Sealing::AsBucket,
            (Some(true) | None, None) => Sealing::Aes256,
        };
        let role = |name: &str, reader: &mut Reader<'_>| reader.text_in("assume_role", name);
        let role_arn = role("role_arn", &mut reader);
        if role_arn.is_none() && arguments.contains_key("assume_role") {
            reader.fault("assume_role", "It needs `role_arn`.");
        }
        let assume_role = role_arn.map(|role_arn| AssumeRole {
            role_arn,
            session_name: role("session_name", &mut reader),
            external_id: role("external_id", &mut reader),
        });
        let endpoint = reader.text("endpoint");
        let endpoints = Endpoints {
            s3: reader.text_in("endpoints", "s3").or(endpoint),
            sts: reader.text_in("endpoints", "sts"),
            ..Endpoints::default()
        };
        let settings = aws::Settings {
            region: reader.text("region"),
            profile: reader.text("profile"),
            assume_role,
            // A store of one's own has buckets in the path most often; with AWS both go.
            s3_use_path_style: reader.flag("use_path_style"),
            endpoints,
            custom_ca_bundle: reader.text("custom_ca_bundle"),
            insecure: reader.flag("insecure").unwrap_or(false),
            max_retries: reader.number("max_retries", 0, 100).and_then(|n| u32::try_from(n).ok()),
            skip_credentials_validation: reader
                .flag("skip_credentials_validation")
                .unwrap_or(false),
            ..aws::Settings::default()
        };
        let prefix = reader.text("workspace_key_prefix");
        let prefix = prefix.as_deref().map_or(PREFIX, |prefix| prefix.trim_matches('/')).to_owned();
        if prefix.is_empty() {
            reader.fault("workspace_key_prefix", "It needs something besides slashes.");
        }
        let lease = reader.number("lock_lease", 3, 3_600).map_or(LEASE, Duration::from_secs);
        let use_lockfile = reader.flag("use_lockfile").unwrap_or(true);
        if key.as_deref().is_some_and(|key| key.starts_with('/') || key.ends_with('/')) {
            reader.fault("key", "A key neither begins nor ends with a slash.");
        }
        match (bucket, key) {
            (Some(bucket), Some(key)) if reader.faults.is_empty() => Ok(Self {
                bucket,
                key,
                workspace_key_prefix: prefix,
                aws: settings,
                sealing,
                use_lockfile,
                lease,
            }),
            (Some(_) | None, Some(_) | None) => Err(reader.faults),
        }
    }

    /// The key of the state of a workspace.
    pub(super) fn key_of(&self, workspace: &str) -> String {
        if workspace == crate::state::DEFAULT_WORKSPACE {
            self.key.clone()
        } else {
            format!("{}/{workspace}/{}", self.workspace_key_prefix, self.key)
        }
    }
}

struct Reader<'a> {
    arguments: &'a BTreeMap<Arc<str>, Value>,
    faults: Vec<(String, String)>,
}

impl Reader<'_> {
    fn fault(&mut self, name: &str, detail: impl Into<String>) {
        self.faults.push((name.to_owned(), detail.into()));
    }

    /// An argument that is given: null is as if it were not.
    fn given(&self, name: &str) -> Option<Value> {
        self.arguments.get(name).filter(|value| !value.is_null()).cloned()
    }

    fn required(&mut self, name: &str) -> Option<String> {
        let text = self.text(name);
        if text.is_none() && self.faults.iter().all(|(of, _)| of != name) {
            let detail = format!(
                "It must be given: in the block, or by `sealform init -backend-config={name}=VALUE`."
            );
            self.fault(name, detail);
        }
        text
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let value = self.given(name)?;
        let text = value.as_str().map(ToString::to_string).filter(|text| !text.is_empty());
        if text.is_none() {
            self.fault(name, "It must be a string that is not empty.");
        }
        text
    }

    fn text_in(&mut self, name: &str, inner: &str) -> Option<String> {
        let object = self.given(name)?;
        let value = object.get(inner).filter(|value| !value.is_null())?;
        let text = value.as_str().map(ToString::to_string).filter(|text| !text.is_empty());
        if text.is_none() {
            self.fault(name, format!("`{inner}` must be a string that is not empty."));
        }
        text
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.given(name)?;
        // What a flag gives is text.
        let truth = value.as_bool().or_else(|| match value.as_str().map(|text| &**text) {
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) | None => None,
        });
        if truth.is_none() {
            self.fault(name, "It must be true or false.");
        }
        truth
    }

    fn number(&mut self, name: &str, least: u64, most: u64) -> Option<u64> {
        let value = self.given(name)?;
        let text = value.as_number().map(ToString::to_string);
        let text = text.or_else(|| value.as_str().map(ToString::to_string));
        let number = text.and_then(|text| text.parse().ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.fault(name, format!("It must be a whole number from {least} to {most}."));
        }
        number
    }
}
