//! What is wrong with what is declared, as the live world tells: where the bucket is, what it is
//! encrypted with already, and what KMS says of the keys.

use super::check::aws_managed_of_another;
use super::name::is_directory_bucket;
use super::{KEY, Rule};
use crate::diag::Severity;
use crate::resource::kms_key::KeyRef;
use crate::resource::{Facts, Finding, Key, KeyAnswer};
use crate::value::Value;

pub(super) fn look_over(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let text = |name: &str| facts.declared.get(name).and_then(Value::as_str).map(|it| &**it);
    if let (Some(wanted), Some(region)) = (text("region"), facts.region)
        && wanted != region
    {
        findings.push(Finding {
            severity: Severity::Error,
            path: ["region"].iter().collect(),
            summary: "Bucket in another Region",
            detail: format!(
                "`region` says {wanted:?}, and the bucket is in {region}. Correct one of \
                 the two; without `region`, the bucket is followed to where it is."
            ),
        });
    }
    let desired = Rule::of(facts.desired);
    let directory = text("bucket").is_some_and(is_directory_bucket);
    if directory {
        findings.extend(directory_faults(facts, &desired));
    }
    let found = key_faults(facts, &desired, directory);
    findings.extend(found.into_iter().map(|(severity, summary, detail)| Finding {
        severity,
        path: KEY.iter().collect(),
        summary,
        detail,
    }));
    findings
}

/// What is wrong with the key that is wanted, as KMS tells of it.
fn key_faults(facts: &Facts<'_>, desired: &Rule<'_>, directory: bool) -> Vec<Fault> {
    let Some(name) = desired.key.filter(|_| desired.uses_kms()) else { return Vec::new() };
    let Some(answer) = (facts.key)(name) else { return Vec::new() };
    let secret = crate::resource::leaf(facts.desired, &KEY.iter().collect())
        .is_some_and(Value::is_sensitive);
    let shown = if secret { "(sensitive)" } else { name };
    let named = KeyRef::parse(name);
    let live = Rule::of(facts.live);
    let owner = facts.declared.get("expected_bucket_owner").and_then(Value::as_str);
    let bucket = Bucket {
        region: facts.region,
        owner: owner.map(|it| &**it).or(facts.account),
        // What is in use is known to work, or not to, by whoever uses it.
        in_use: live.uses_kms() && facts.names.same(live.key, Some(name)),
        end: if directory {
            "S3 refuses it."
        } else {
            "S3 would accept it, and every upload would fail."
        },
    };
    match answer {
        KeyAnswer::Found(key) => {
            // The name as it is declared, and the key that it stands for.
            let plain = secret || *key.arn == *name;
            let it = if plain { format!("{shown:?}") } else { format!("{shown:?} ({})", key.arn) };
            let replica = KeyRef::parse(&key.arn).is_some_and(|it| it.is_multi_region());
            let mut found = bucket.useless(&it, key);
            found.extend(bucket.elsewhere(&it, &key.region, replica));
            found.extend(bucket.others(&it, named, key));
            found
        }
        KeyAnswer::Missing(why) => {
            let place = facts.region.map(|it| format!(" in {it}")).unwrap_or_default();
            let detail =
                format!("KMS has no key {shown:?}{place}: {} {}", stopped(why), bucket.end);
            vec![(Severity::Error, "KMS key not found", detail)]
        }
        // That it is untold is told once for all of them, by whoever makes the plan. Where the key is
        // and whose it is, its ARN tells.
        KeyAnswer::Untold(_) => {
            let of_arn = named.filter(|_| !secret).and_then(|it| Some((it, it.scope?)));
            of_arn.map_or_else(Vec::new, |(named, scope)| {
                let it = format!("{shown:?}");
                let mut found = Vec::new();
                found.extend(bucket.elsewhere(&it, scope.region, named.is_multi_region()));
                found.extend(bucket.lent(&it, named, scope.account));
                found
            })
        }
    }
}

/// A text with a stop at its end.
fn stopped(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// What a directory bucket refuses because of what it has been encrypted with, or because of what
/// is ignored.
fn directory_faults(facts: &Facts<'_>, desired: &Rule<'_>) -> Option<Finding> {
    let finding = |summary, detail| {
        Some(Finding { severity: Severity::Error, path: KEY.iter().collect(), summary, detail })
    };
    if !desired.uses_kms() {
        return None;
    }
    let Some(wanted) = desired.key else {
        let detail = "A directory bucket with aws:kms needs a key of your own. None is left once \
                      `ignore_changes` is heeded: do not ignore the key.";
        return finding("Missing KMS key", detail.to_owned());
    };
    let live = Rule::of(facts.live);
    let recorded = facts.recorded.map(Rule::of);
    let first = live.own_key(facts.names);
    let first = first.or_else(|| recorded.and_then(|rule| rule.own_key(facts.names)))?;
    if facts.names.same(Some(first), Some(wanted)) {
        return None;
    }
    let hidden = [facts.live, facts.desired].iter().any(|it| it.any(&Value::is_sensitive));
    let (first, wanted) = if hidden { ("(sensitive)", "(sensitive)") } else { (first, wanted) };
    finding(
        "Second key of a directory bucket",
        format!(
            "A directory bucket has one customer managed key for its whole lifetime, and this one \
             has had {first}. S3 refuses {wanted}. Name the first key, or make another bucket."
        ),
    )
}

/// Something wrong with a key.
type Fault = (Severity, &'static str, String);

/// What of a bucket decides whether a key is of use to it.
struct Bucket<'a> {
    region: Option<&'a str>,
    /// The account that it is expected to belong to.
    owner: Option<&'a str>,
    /// The key is what encrypts it already.
    in_use: bool,
    /// What S3 does with a key that is of no use.
    end: &'static str,
}

impl Bucket<'_> {
    /// The key is of no use to any bucket.
    fn useless(&self, it: &str, key: &Key) -> Vec<Fault> {
        let Key { state, deletion_date, usage, spec, .. } = key;
        let mut found = Vec::new();
        let mut wrong = |summary, detail: String| {
            found.push((Severity::Error, summary, format!("{detail} {}", self.end)));
        };
        match &**state {
            "Enabled" => {}
            "PendingDeletion" => {
                let when =
                    deletion_date.as_deref().map(|it| format!(" on {it}")).unwrap_or_default();
                let detail = format!(
                    "{it} is to be deleted{when}, and cannot be used any more. What is encrypted \
                     with it is lost with it: cancel the deletion in KMS if anything is."
                );
                wrong("KMS key pending deletion", detail);
            }
            "Disabled" => {
                wrong("KMS key disabled", format!("{it} is disabled. Enable it in KMS."));
            }
            state => {
                let detail = format!("{it} is in the state {state}; only an enabled key encrypts.");
                wrong("KMS key not usable", detail);
            }
        }
        // What a store does not tell of its keys is not wrong.
        let told_otherwise = |told: &str, right: &str| !told.is_empty() && told != right;
        if told_otherwise(usage, "ENCRYPT_DECRYPT") {
            let detail = format!("{it} is for {usage}. S3 takes keys for ENCRYPT_DECRYPT only.");
            wrong("KMS key of another use", detail);
        } else if told_otherwise(spec, "SYMMETRIC_DEFAULT") {
            let detail = format!("{it} is a key of the kind {spec}. S3 takes symmetric keys only.");
            wrong("KMS key not symmetric", detail);
        }
        found
    }

    /// A key of this Region is elsewhere.
    fn elsewhere(&self, it: &str, key_region: &str, replica: bool) -> Option<Fault> {
        let region = self.region.filter(|region| *region != key_region)?;
        let mend = if replica {
            "It is a multi-Region key: name its replica there."
        } else {
            "Name a key of the bucket's Region."
        };
        let end = self.end;
        let detail = format!("{it} is in {key_region}, and the bucket in {region}. {mend} {end}");
        Some((Severity::Error, "KMS key in another Region", detail))
    }

    /// A key that KMS has told about is another account's.
    fn others(&self, it: &str, named: Option<KeyRef<'_>>, key: &Key) -> Option<Fault> {
        let account = Some(&*key.account).filter(|account| !account.is_empty())?;
        let owner = self.owner.filter(|owner| *owner != account)?;
        let by_arn = named.filter(|named| named.scope.is_some());
        if key.aws_managed && by_arn.is_some() {
            let detail = aws_managed_of_another(account, owner);
            return Some((Severity::Error, "AWS managed key of another account", detail));
        }
        if let Some(named) = by_arn {
            return self.lent(it, named, account);
        }
        let detail = format!(
            "{it} belongs to account {account}, and the bucket to {owner}: a name without an \
             account is looked up in that of whoever writes an object, so that objects get another \
             key, or are not written at all. Give the ARN of the key."
        );
        Some((Severity::Error, "KMS key of another account", detail))
    }

    /// A key that its ARN names is another account's: whether uploads may use it cannot be told.
    fn lent(&self, it: &str, named: KeyRef<'_>, account: &str) -> Option<Fault> {
        let owner = self.owner.filter(|owner| *owner != account && !self.in_use)?;
        let alias = if named.is_alias() {
            " Name the key by its own ARN, not by that of an alias: across accounts S3 takes nothing \
             else."
        } else {
            ""
        };
        let detail = format!(
            "{it} belongs to account {account}, and the bucket to {owner}. Its key policy must let \
             the bucket's account use it, or uploads fail.{alias}"
        );
        Some((Severity::Warning, "KMS key of another account", detail))
    }
}
