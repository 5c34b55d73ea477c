//! What `provider "aws"` may say, and the same as plain data.

use crate::addr::AttrPath;
use crate::resource::data::{is_known_region, region_hint};
use crate::resource::{account_hint, is_account};
use crate::schema::{AttrType, Attribute, NestedBlock, Schema, Usage};
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

const fn optional(name: &'static str, ty: AttrType, description: &'static str) -> Attribute {
    Attribute::open(name, ty, Usage::Optional, description)
}

/// What the block `provider "aws"` is for.
pub const DESCRIPTION: &str = "Which account and Region, and how S3 is spoken to. What is not said \
                               comes from where every AWS tool takes it: environment, shared files, \
                               SSO, web identity, roles. Several blocks are told apart by `alias`, \
                               and a resource says `provider = aws.name`.";

/// A configuration that uses it.
pub const EXAMPLE: &str = r#"
provider "aws" {
  alias  = "vault"
  region = "eu-west-1"

  assume_role {
    role_arn = "arn:aws:iam::444455556666:role/sealform"
  }
}
"#;

/// What the block `provider "aws"` may hold.
pub static SCHEMA: Schema = Schema {
    attributes: &[
        optional(
            "region",
            AttrType::String,
            "The Region to start from, such as eu-west-1. Where nothing is said: AWS_REGION, the \
             profile, or the machine's own. A bucket in another Region is found all the same.",
        ),
        optional(
            "profile",
            AttrType::String,
            "The profile of the shared AWS files whose credentials are used, even where the \
             environment has credentials too.",
        ),
        optional(
            "s3_use_path_style",
            AttrType::Bool,
            "Whether the bucket stands in the path of a URL (true, the default) or in its host. \
             In the path, all buckets share a few connections.",
        ),
        optional(
            "custom_ca_bundle",
            AttrType::String,
            "A file of PEM certificates that are trusted instead of the system's. Where nothing \
             is said: AWS_CA_BUNDLE.",
        ),
        optional(
            "insecure",
            AttrType::Bool,
            "Whether to accept any certificate. Whoever is on the way can then read and change \
             everything: for trying things only.",
        ),
        optional(
            "max_retries",
            AttrType::Number,
            "How often a request is repeated that failed in passing or was told to slow down, \
             from 0 to 100. 7 where nothing is said.",
        ),
        optional(
            "connect_timeout",
            AttrType::Number,
            "How many seconds a connection may take to open, up to 3600. 5 where nothing is said.",
        ),
        optional(
            "read_timeout",
            AttrType::Number,
            "How many seconds one attempt of a request may take, up to 3600. 15 where nothing is \
             said.",
        ),
        optional(
            "allowed_account_ids",
            AttrType::SET_OF_STRING,
            "The 12-digit ids of the accounts that may be worked on. With credentials of any \
             other nothing is read or changed. Not beside `forbidden_account_ids`.",
        ),
        optional(
            "forbidden_account_ids",
            AttrType::SET_OF_STRING,
            "The 12-digit ids of accounts that must not be worked on. With credentials of one of \
             them nothing is read or changed. Not beside `allowed_account_ids`.",
        ),
        optional(
            "owner_check",
            AttrType::Bool,
            "Whether every request for a bucket names the account of the credentials as the owner \
             that is expected, so that S3 refuses it where the bucket belongs to somebody else. An \
             `expected_bucket_owner` that is declared counts either way; a directory bucket takes \
             no owner. true where nothing is said; at an S3 that is not that of AWS, only where \
             `endpoints` has an STS beside it that tells the account.",
        ),
        optional(
            "preflight",
            AttrType::Bool,
            "Whether a plan asks KMS for every key that is named: that it exists, is enabled, and \
             can encrypt for S3 (true, the default). `apply` of a saved plan asks once more before it \
             writes.",
        ),
        optional(
            "skip_credentials_validation",
            AttrType::Bool,
            "Whether to go without looking for credentials before the first request.",
        ),
    ],
    blocks: &[
        NestedBlock {
            name: "assume_role",
            schema: &ASSUME_ROLE,
            required: false,
            description: "The role to act in.",
        },
        NestedBlock {
            name: "endpoints",
            schema: &ENDPOINTS,
            required: false,
            description: "Where the services are, if not at AWS. AWS_ENDPOINT_URL and \
                          AWS_ENDPOINT_URL_S3 say the same for what is not given here.",
        },
    ],
};

static ASSUME_ROLE: Schema = Schema {
    attributes: &[
        Attribute::open("role_arn", AttrType::String, Usage::Required, "The ARN of the role."),
        optional(
            "session_name",
            AttrType::String,
            "What the session is called in CloudTrail. sealform where nothing is said.",
        ),
        optional(
            "external_id",
            AttrType::String,
            "What the role's trust policy asks for as sts:ExternalId.",
        ),
    ],
    blocks: &[],
};

static ENDPOINTS: Schema = Schema {
    attributes: &[
        optional("s3", AttrType::String, "The URL of S3."),
        optional("kms", AttrType::String, "The URL of KMS."),
        optional("sts", AttrType::String, "The URL of STS."),
        optional(
            "cloudtrail",
            AttrType::String,
            "The URL of CloudTrail, which `drift -blame` asks.",
        ),
    ],
    blocks: &[],
};

/// One configured `provider "aws"`, as plain data that a plan file can carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The Region to start from.
    pub region: Option<String>,
    /// The profile of the shared files.
    pub profile: Option<String>,
    /// The role to act in.
    pub assume_role: Option<AssumeRole>,
    /// Where the services are.
    pub endpoints: Endpoints,
    /// Whether buckets stand in the path; they do where nothing is said.
    pub s3_use_path_style: Option<bool>,
    /// A file of certificates to trust instead of the system's.
    pub custom_ca_bundle: Option<String>,
    /// Whether to accept any certificate.
    pub insecure: bool,
    /// How often a request is repeated.
    pub max_retries: Option<u32>,
    /// How long a connection may take to open.
    pub connect_timeout: Option<Duration>,
    /// How long one attempt of a request may take.
    pub read_timeout: Option<Duration>,
    /// The accounts that may be worked on; any where empty.
    pub allowed_account_ids: BTreeSet<String>,
    /// The accounts that must not be worked on.
    pub forbidden_account_ids: BTreeSet<String>,
    /// Whether buckets are expected to belong to the account of the credentials; they are where
    /// nothing is said, unless S3 is not that of AWS.
    pub owner_check: Option<bool>,
    /// Whether a plan asks for the KMS keys that are named.
    pub preflight: bool,
    /// Whether to go without looking for credentials up front.
    pub skip_credentials_validation: bool,
    /// The value of `AWS_CA_BUNDLE`, which the SDK does not read.
    pub ca_bundle_env: Option<String>,
    /// Whether the endpoints are the embedded ones: made-up credentials, nothing read from the
    /// environment, from shared files, or from the machine.
    pub sandbox: bool,
    /// The account that the embedded endpoint takes the credentials for.
    pub sandbox_account: Option<String>,
}

/// The role to act in (STS, `AssumeRole`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssumeRole {
    /// `RoleArn`.
    pub role_arn: String,
    /// `RoleSessionName`.
    pub session_name: Option<String>,
    /// `ExternalId`.
    pub external_id: Option<String>,
}

/// URLs of services, where they are not at AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Endpoints {
    /// S3.
    pub s3: Option<String>,
    /// KMS.
    pub kms: Option<String>,
    /// STS.
    pub sts: Option<String>,
    /// `CloudTrail`.
    pub cloudtrail: Option<String>,
}

impl Endpoints {
    /// All of them in one place.
    pub fn all_at(url: &str) -> Self {
        let url = || Some(url.to_owned());
        Self { s3: url(), kms: url(), sts: url(), cloudtrail: url() }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            region: None,
            profile: None,
            assume_role: None,
            endpoints: Endpoints::default(),
            s3_use_path_style: None,
            custom_ca_bundle: None,
            insecure: false,
            max_retries: None,
            connect_timeout: None,
            read_timeout: None,
            allowed_account_ids: BTreeSet::new(),
            forbidden_account_ids: BTreeSet::new(),
            owner_check: None,
            preflight: true,
            skip_credentials_validation: false,
            ca_bundle_env: None,
            sandbox: false,
            sandbox_account: None,
        }
    }
}

impl Settings {
    /// Reads an object that was decoded by [`SCHEMA`]. All faults are reported, each with its
    /// place.
    pub fn from_value(value: &Value) -> Result<Self, Vec<(AttrPath, String)>> {
        let mut reader = Reader { faults: Vec::new() };
        let settings = Self {
            region: reader.text(value, &["region"], region_fault),
            profile: reader.text(value, &["profile"], empty_fault),
            assume_role: block(value, "assume_role").and_then(|role| reader.role(role)),
            endpoints: block(value, "endpoints").map_or_else(Endpoints::default, |endpoints| {
                let mut url =
                    |name| reader.text_of(endpoints, &["endpoints", name], name, url_fault);
                Endpoints {
                    s3: url("s3"),
                    kms: url("kms"),
                    sts: url("sts"),
                    cloudtrail: url("cloudtrail"),
                }
            }),
            s3_use_path_style: value.get("s3_use_path_style").and_then(Value::as_bool),
            custom_ca_bundle: reader.text(value, &["custom_ca_bundle"], empty_fault),
            insecure: flag(value, "insecure"),
            max_retries: reader
                .number(value, "max_retries", "a whole number from 0 to 100", |n| *n <= 100),
            connect_timeout: reader.seconds(value, "connect_timeout"),
            read_timeout: reader.seconds(value, "read_timeout"),
            allowed_account_ids: reader.accounts(value, "allowed_account_ids"),
            forbidden_account_ids: reader.accounts(value, "forbidden_account_ids"),
            owner_check: value.get("owner_check").and_then(Value::as_bool),
            preflight: flag_or(value, "preflight", true),
            skip_credentials_validation: flag(value, "skip_credentials_validation"),
            ca_bundle_env: None,
            sandbox: false,
            sandbox_account: None,
        };
        reader.one_of_both(value);
        if reader.faults.is_empty() { Ok(settings) } else { Err(reader.faults) }
    }

    /// What may be a slip though it can be meant so, with its place. A store that is not AWS calls
    /// its Regions as it likes.
    pub fn doubt(&self) -> Option<(AttrPath, String)> {
        let region = self.region.as_deref().filter(|it| !is_known_region(it))?;
        if self.endpoints.s3.is_some() {
            return None;
        }
        let detail = format!(
            "{region:?} is not among the Regions of AWS that are known here.{} If it is a new one, \
             or that of another store, all is well.",
            region_hint(region)
        );
        Some((AttrPath::from_iter(["region"]), detail))
    }
}

fn block<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name)?.as_items()?.first()
}

fn flag(value: &Value, name: &str) -> bool {
    flag_or(value, name, false)
}

fn flag_or(value: &Value, name: &str, default: bool) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(default)
}

/// Collects what is wrong while reading on.
struct Reader {
    faults: Vec<(AttrPath, String)>,
}

impl Reader {
    fn fault(&mut self, path: &[&str], detail: String) {
        self.faults.push((path.iter().collect(), detail));
    }

    fn text(
        &mut self,
        value: &Value,
        path: &[&str],
        fault: fn(&str) -> Option<&'static str>,
    ) -> Option<String> {
        self.text_of(value, path, path.last()?, fault)
    }

    fn text_of(
        &mut self,
        object: &Value,
        path: &[&str],
        name: &str,
        fault: fn(&str) -> Option<&'static str>,
    ) -> Option<String> {
        let value = object.get(name)?;
        let text = value.as_str()?;
        if let Some(reason) = fault(text) {
            self.fault(path, format!("{} {reason}.", shown(value)));
        }
        Some(text.to_string())
    }

    fn role(&mut self, role: &Value) -> Option<AssumeRole> {
        let mut text = |name, fault| self.text_of(role, &["assume_role", name], name, fault);
        let session_name = text("session_name", session_fault);
        let external_id = text("external_id", empty_fault);
        let role_arn = text("role_arn", role_fault)?;
        Some(AssumeRole { role_arn, session_name, external_id })
    }

    fn number<T: FromStr>(
        &mut self,
        value: &Value,
        name: &str,
        wanted: &str,
        allowed: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let value = value.get(name)?;
        let number = value.as_number()?;
        let read = number.to_string().parse().ok().filter(allowed);
        if read.is_none() {
            self.fault(&[name], format!("{} is not {wanted}.", shown(value)));
        }
        read
    }

    fn seconds(&mut self, value: &Value, name: &str) -> Option<Duration> {
        let wanted = "a number of seconds above 0 and up to 3600";
        // What rounds to no time at all is none.
        let allowed = |seconds: &f64| (0.001..=3600.0).contains(seconds);
        self.number(value, name, wanted, allowed).map(Duration::from_secs_f64)
    }

    fn accounts(&mut self, value: &Value, name: &str) -> BTreeSet<String> {
        let items = value.get(name).and_then(Value::as_items);
        let mut accounts = BTreeSet::new();
        for item in items.unwrap_or_default() {
            match item.as_str() {
                Some(account) if is_account(account) => {
                    accounts.insert(account.to_string());
                }
                Some(_) | None => {
                    let hint = item.as_str().map_or("", |text| account_hint(text));
                    let detail = format!(
                        "{} is not an account: an account id has 12 digits.{hint}",
                        shown(item)
                    );
                    self.fault(&[name], detail);
                }
            }
        }
        if name == "allowed_account_ids" && items.is_some_and(<[Value]>::is_empty) {
            let detail =
                "An empty set allows no account at all. Name one, or remove the attribute.";
            self.fault(&[name], detail.to_owned());
        }
        accounts
    }

    /// As in Terraform, accounts are either allowed or forbidden.
    fn one_of_both(&mut self, value: &Value) {
        let given = |name| value.get(name).is_some_and(|it: &Value| !it.is_null());
        if given("allowed_account_ids") && given("forbidden_account_ids") {
            let detail = "Beside `allowed_account_ids`, which allows no other account, it says \
                          nothing. Remove one of the two.";
            self.fault(&["forbidden_account_ids"], detail.to_owned());
        }
    }
}

/// The value as a message may show it.
fn shown(value: &Value) -> String {
    let open = |text: &dyn Display| text.to_string();
    if value.is_sensitive() {
        return "The (sensitive) value".to_owned();
    }
    match (value.as_str(), value.as_number()) {
        (Some(text), _) => format!("{text:?}"),
        (None, Some(number)) => open(number),
        (None, None) => "The value".to_owned(),
    }
}

fn empty_fault(text: &str) -> Option<&'static str> {
    text.is_empty().then_some("is empty: remove the attribute to say nothing")
}

fn region_fault(text: &str) -> Option<&'static str> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (text.is_empty() || !text.bytes().all(allowed))
        .then_some("is not the name of a Region: one looks like eu-west-1")
}

fn role_fault(text: &str) -> Option<&'static str> {
    let mut parts = text.splitn(6, ':');
    let fits = parts.next() == Some("arn")
        && parts.next().is_some_and(|partition| partition.starts_with("aws"))
        && parts.next() == Some("iam")
        && parts.next() == Some("")
        && parts.next().is_some_and(is_account)
        && parts.next().is_some_and(|name| name.starts_with("role/") && name.len() > 5);
    (!fits)
        .then_some("is not the ARN of a role: one looks like arn:aws:iam::123456789012:role/name")
}

/// STS, `AssumeRole`, `RoleSessionName`: 2 to 64 of these characters.
fn session_fault(text: &str) -> Option<&'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_=,.@-".contains(&byte);
    (!(2..=64).contains(&text.len()) || !text.bytes().all(allowed))
        .then_some("is no name for a session: 2 to 64 letters, digits or any of _=,.@-")
}

fn url_fault(text: &str) -> Option<&'static str> {
    let fits = text.parse::<hyper::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    });
    (!fits).then_some("is not the URL of a service: one looks like https://s3.example.com:9000")
}
