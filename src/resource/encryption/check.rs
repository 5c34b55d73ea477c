//! What is wrong with what is declared, as far as that alone tells.

use super::name::{bucket_name_doubt, bucket_name_fault, is_directory_bucket, region_of_zone};
use super::{ALGORITHM, BLOCKED, BUCKET_KEY, DEFAULT_BLOCK, KEY, Rule, block};
use crate::diag::{Severity, did_you_mean};
use crate::resource::Finding;
use crate::resource::data::{is_known_region, region_fault, region_hint};
use crate::resource::kms_key::{KeyRef, account_hint, is_account, is_region};
use crate::value::Value;
use std::sync::Arc;

const ALGORITHMS: [&str; 3] = ["AES256", "aws:kms", "aws:kms:dsse"];
const CHECKSUMS: [&str; 5] = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"];
const BLOCKABLE: [&str; 2] = ["NONE", "SSE-C"];

/// Collects what is found.
struct Check<'a> {
    declared: &'a Value,
    rule: Rule<'a>,
    /// It is a directory bucket.
    directory: bool,
    /// The Region that the name of a directory bucket tells.
    zone: Option<String>,
    findings: Vec<Finding>,
}

pub(super) fn check(declared: &Value) -> Vec<Finding> {
    let bucket = declared.get("bucket").and_then(Value::as_str);
    let directory = bucket.is_some_and(|bucket| is_directory_bucket(bucket));
    let rule = Rule::of(declared);
    let zone = bucket.and_then(|bucket| region_of_zone(bucket));
    let mut check = Check { declared, rule, directory, zone, findings: Vec::new() };
    if let Some(bucket) = bucket {
        check.bucket(bucket);
    }
    check.owner();
    check.region();
    check.checksum();
    check.algorithm();
    check.key();
    check.bucket_key();
    check.blocked();
    check.findings
}

/// The key that AWS manages for S3 in one account does nothing for the buckets of another.
pub(super) fn aws_managed_of_another(account: &str, owner: &str) -> String {
    format!(
        "The key is the one that AWS manages for S3 in the account {account}, and the bucket belongs \
         to {owner}. Nobody can let another account use it: S3 would accept it, and every upload \
         would fail. Leave the key out to have that of the bucket's own account, or name a key of \
         your own by its ARN."
    )
}

impl<'a> Check<'a> {
    fn found(&mut self, severity: Severity, path: &[&str], summary: &'static str, detail: String) {
        let path = path.iter().collect();
        self.findings.push(Finding { severity, path, summary, detail });
    }

    fn wrong(&mut self, path: &[&str], summary: &'static str, detail: impl Into<String>) {
        self.found(Severity::Error, path, summary, detail.into());
    }

    fn warn(&mut self, path: &[&str], summary: &'static str, detail: impl Into<String>) {
        self.found(Severity::Warning, path, summary, detail.into());
    }

    fn text(&self, name: &str) -> Option<&'a Arc<str>> {
        self.declared.get(name).and_then(Value::as_str)
    }

    fn bucket(&mut self, bucket: &str) {
        if let Some(reason) = bucket_name_fault(bucket) {
            self.wrong(&["bucket"], "Invalid bucket name", format!("{bucket:?}: {reason}."));
        } else if let Some(doubt) = bucket_name_doubt(bucket) {
            let detail = format!(
                "{bucket:?} {doubt}. Only buckets from before March 2018 in us-east-1 have such \
                 names; S3 makes none today."
            );
            self.warn(&["bucket"], "Unusual bucket name", detail);
        } else if let Some(region) = self.zone.clone().filter(|region| !is_known_region(region)) {
            let detail = format!(
                "The zone in the name {bucket:?} is one of {region}, which is not among the Regions \
                 that are known here.{} If it is a new one, all is well.",
                region_hint(&region)
            );
            self.warn(&["bucket"], "Unknown Region", detail);
        }
    }

    fn owner(&mut self) {
        let Some(owner) = self.text("expected_bucket_owner") else { return };
        let path = ["expected_bucket_owner"];
        if self.directory {
            let detail = "S3 takes no expected owner for a directory bucket: it answers 501 \
                          NotImplemented. No other account can reach one anyway. Remove it.";
            self.wrong(&path, "Owner of a directory bucket", detail);
        } else if !is_account(owner) {
            let detail = format!(
                "{owner:?} is not an account: an account id has 12 digits.{}",
                account_hint(owner)
            );
            self.wrong(&path, "Invalid account id", detail);
        }
    }

    fn region(&mut self) {
        let fault = self.declared.get("region").and_then(|it| region_fault("region", it));
        self.findings.extend(fault);
        if let (Some(declared), Some(zone)) = (self.text("region"), self.zone.clone())
            && **declared != *zone
        {
            let detail = format!(
                "`region` says {declared:?}, and a directory bucket is where the zone in its name \
                 is, which here is one of {zone}. Correct one of the two, or remove `region`."
            );
            self.wrong(&["region"], "Bucket in another Region", detail);
        }
    }

    /// The Region that the bucket is in, as far as what is declared tells.
    fn place(&self) -> Option<&str> {
        let declared = || self.text("region").map(|it| &**it).filter(|it| is_region(it));
        self.zone.as_deref().or_else(declared)
    }

    fn checksum(&mut self) {
        let Some(checksum) = self.text("checksum_algorithm") else { return };
        let why = match &**checksum {
            "MD5" if self.directory => " S3 takes no Content-MD5 for a directory bucket.",
            "MD5" => " Content-MD5 is sent or not as the SDK sees fit.",
            _ => "",
        };
        self.one_of(&["checksum_algorithm"], "checksum algorithm", checksum, &CHECKSUMS, why);
    }

    fn algorithm(&mut self) {
        let Some(algorithm) = self.rule.algorithm else { return };
        let why = match algorithm {
            "aws:fsx" => {
                " It is how S3 access points that are attached to a file system of FSx encrypt, \
                 and FSx sets it; no bucket takes it as its default."
            }
            "aws:backup" => {
                " It is how AWS Backup encrypts what it keeps, and AWS Backup sets it; no bucket \
                 takes it as its default."
            }
            "aws:kms:dsse" if self.directory => {
                let detail = "S3 has no two layers of encryption (aws:kms:dsse) for a directory \
                              bucket. Say \"aws:kms\", with a key of your own, or \"AES256\".";
                self.wrong(&ALGORITHM, "Unsupported by directory buckets", detail);
                return;
            }
            _ => "",
        };
        self.one_of(&ALGORITHM, "encryption algorithm", algorithm, &ALGORITHMS, why);
    }

    fn key(&mut self) {
        let Some(key) = self.rule.key else {
            if self.directory && self.rule.algorithm == Some("aws:kms") && self.says_no_key() {
                let detail = "A directory bucket with aws:kms needs a key of your own, by its id \
                              or ARN: the key that AWS manages, which no key would mean, is not \
                              supported there.";
                self.wrong(&["rule", DEFAULT_BLOCK], "Missing KMS key", detail);
            }
            return;
        };
        if self
            .rule
            .algorithm
            .is_some_and(|it| ALGORITHMS.contains(&it) && !it.starts_with("aws:kms"))
        {
            let detail = "AES256 encrypts with keys of S3 and takes no key of KMS. Say \
                          `sse_algorithm = \"aws:kms\"`, or remove the key.";
            self.wrong(&KEY, "Key without KMS", detail);
            return;
        }
        let named = match KeyRef::read(key) {
            Ok(named) => named,
            Err(why) => {
                // A part of something sensitive would be shown.
                let why = if self.key_is_secret() { "is of no such form".to_owned() } else { why };
                let detail = format!(
                    "{key:?} does not name a key of KMS: it {why}. A key is named by its id (a \
                     UUID), its ARN, `alias/name`, or the ARN of an alias."
                );
                self.wrong(&KEY, "Invalid KMS key", detail);
                return;
            }
        };
        if self.directory {
            self.key_of_directory(named);
        } else if named.name.starts_with("alias/aws/") && !named.is_aws_managed() {
            let detail = format!(
                "{key:?} is managed by AWS for another service, which alone may use it. S3 takes \
                 alias/aws/s3, or a key of your own."
            );
            self.wrong(&KEY, "Key of another service", detail);
        } else if named.scope.is_none() && named.is_alias() && !named.is_aws_managed() {
            let detail = format!(
                "{key:?} is looked up in the account of whoever writes an object. Where that is \
                 another account than the bucket's, the object is encrypted with a key of the \
                 wrong account, or not written at all. Give the ARN of the key."
            );
            self.warn(&KEY, "Alias without an account", detail);
        } else if named.scope.is_none() && !named.is_alias() {
            let detail = format!(
                "{key:?} is a bare id. Services that deliver to the bucket, such as VPC flow logs, \
                 refuse it (LogDestination undeliverable), and another account takes it for a key \
                 of its own. Give the ARN of the key."
            );
            self.warn(&KEY, "Key without an account", detail);
        }
        self.place_of_key(named);
    }

    /// Whether the ARN of a key can be right for a bucket that is where it is, and whose it is.
    fn place_of_key(&mut self, named: KeyRef<'a>) {
        let Some(scope) = named.scope else { return };
        let secret = self.key_is_secret();
        let show = |text: &'a str| if secret { "(sensitive)" } else { text };
        let (its_region, account) = (scope.region, scope.account);
        if let Some(region) = self.place().filter(|region| *region != its_region) {
            let end = if self.directory {
                "S3 refuses it"
            } else {
                "S3 would accept it, and every upload would fail"
            };
            let mend = if named.is_multi_region() {
                "It is a multi-Region key: name its replica there."
            } else {
                "Name a key of the bucket's Region."
            };
            let detail = format!(
                "The key is in {}, and the bucket in {region}: {end}. {mend}",
                show(its_region)
            );
            self.wrong(&KEY, "KMS key in another Region", detail);
        }
        if let Some(owner) = self.text("expected_bucket_owner").filter(|it| ***it != *account)
            && named.is_aws_managed()
            && !self.directory
        {
            let detail = aws_managed_of_another(show(account), owner);
            self.wrong(&KEY, "AWS managed key of another account", detail);
        }
    }

    /// Whether it is certain that no key is named, and not only unknown.
    fn says_no_key(&self) -> bool {
        block(self.declared, "rule")
            .and_then(|rule| block(rule, DEFAULT_BLOCK)?.get("kms_master_key_id"))
            .is_none_or(|key| key.is_null() || key.as_str().is_some())
    }

    fn key_is_secret(&self) -> bool {
        block(self.declared, "rule").is_some_and(|rule| rule.any(&Value::is_sensitive))
    }

    fn key_of_directory(&mut self, named: KeyRef<'_>) {
        let why = if named.is_aws_managed() {
            "A directory bucket does not take the key that AWS manages (aws/s3). Give a key of \
             your own, by its id or ARN."
        } else if named.is_alias() {
            "A directory bucket takes no alias. Give the key itself, by its id or ARN."
        } else {
            return;
        };
        self.wrong(&KEY, "Unsupported by directory buckets", why);
    }

    fn bucket_key(&mut self) {
        if self.directory && self.rule.bucket_key == Some(false) {
            let detail = "Bucket Keys are always on for a directory bucket; S3 accepts `false` \
                          and leaves them on. Remove it, or say `true`.";
            self.wrong(&BUCKET_KEY, "Unsupported by directory buckets", detail);
        }
    }

    fn blocked(&mut self) {
        let declared =
            block(self.declared, "rule").and_then(|it| it.get("blocked_encryption_types"));
        let Some(items) = declared.and_then(Value::as_items) else { return };
        if self.directory {
            let detail = "A directory bucket takes no blocked encryption types: it never takes \
                          SSE-C anyway. Remove the attribute.";
            self.wrong(&BLOCKED, "Unsupported by directory buckets", detail);
            return;
        }
        let types: Vec<&Arc<str>> = items.iter().filter_map(Value::as_str).collect();
        for blocked in &types {
            self.one_of(&BLOCKED, "encryption type to block", blocked, &BLOCKABLE, "");
        }
        if types.len() > 1 && types.iter().any(|it| &***it == "NONE") {
            let detail = "NONE blocks nothing, so that it stands alone. Say [\"SSE-C\"] to block, \
                          or [\"NONE\"] to unblock.";
            self.wrong(&BLOCKED, "Contradicting values", detail);
        }
    }

    fn one_of(
        &mut self,
        path: &[&str],
        what: &str,
        given: &str,
        known: &[&'static str],
        why: &str,
    ) {
        if known.contains(&given) {
            return;
        }
        let hint = known.iter().find(|it| it.eq_ignore_ascii_case(given)).map_or_else(
            || did_you_mean(given, known.iter().copied()),
            |it| format!(" Did you mean {it:?}?"),
        );
        let hint = if why.is_empty() { hint } else { String::new() };
        let detail = format!("{given:?} is no {what}.{why}{hint} Known are {}.", known.join(", "));
        self.wrong(path, "Unsupported value", detail);
    }
}
