use super::*;
use crate::diag::Severity;
use crate::resource::{Key, KeyAnswer, KeyName, Keys};
use proptest::collection::vec;
use proptest::prelude::*;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn live(algorithm: &str, key: Option<&str>, bucket_key: bool, blocked: &[&str]) -> Value {
    BucketEncryption::live(algorithm, key, bucket_key, blocked.iter().map(|it| (*it).into()))
}

fn declared(rule: &[(&'static str, Value)], default: &[(&'static str, Value)]) -> Value {
    let default = Value::object(default.iter().cloned());
    let rule = rule.iter().cloned().chain([(DEFAULT_BLOCK, Value::list(Type::Any, vec![default]))]);
    Value::object([
        ("bucket", Value::from("logs")),
        ("rule", Value::list(Type::Any, vec![Value::object(rule)])),
    ])
}

fn differences(before: &Value, after: &Value) -> Vec<AttrPath> {
    BucketEncryption.differences(before, after, &KeyNames::default())
}

fn weakening(before: &Value, after: &Value) -> Option<String> {
    BucketEncryption.weakening(before, after, &KeyNames::default())
}

fn names(paths: &[AttrPath]) -> Vec<String> {
    paths.iter().map(|path| path.steps().last().unwrap().to_string()).collect()
}

#[test]
fn what_is_not_declared_stays_or_is_as_s3_sets_it() {
    let declared = declared(&[], &[("sse_algorithm", Value::from("AES256"))]);
    let live = live("AES256", None, false, &["SSE-C"]);
    let desired = BucketEncryption.desired(&declared, &live);
    assert_eq!(differences(&live, &desired), []);
}

#[test]
fn none_and_nothing_unblock() {
    for blocked in [vec![], vec![Value::from("NONE")]] {
        let declared = declared(
            &[("blocked_encryption_types", Value::set(Type::String, blocked))],
            &[("sse_algorithm", Value::from("AES256"))],
        );
        let before = live("AES256", None, false, &["SSE-C"]);
        let after = BucketEncryption.desired(&declared, &before);
        let paths = differences(&before, &after);
        assert_eq!(names(&paths), ["blocked_encryption_types"]);
        assert_eq!(weakening(&before, &after).as_deref(), Some("SSE-C blocked → SSE-C allowed"));
        let unblocked = live("AES256", None, false, &[]);
        assert_eq!(differences(&unblocked, &after), []);
    }
}

#[test]
fn weakening_follows_whose_key_it_is() {
    let (s3, aws, own) = (
        live("AES256", None, false, &[]),
        live("aws:kms", None, false, &[]),
        live("aws:kms", Some(KEY), false, &[]),
    );
    let dsse = live("aws:kms:dsse", Some(KEY), false, &[]);
    assert_eq!(weakening(&own, &aws).unwrap(), "customer managed key → AWS managed key");
    assert_eq!(weakening(&aws, &s3).unwrap(), "AWS managed key → SSE-S3");
    assert_eq!(weakening(&dsse, &own).unwrap(), "two layers → one layer");
    assert_eq!(weakening(&s3, &own), None);
    assert_eq!(weakening(&own, &own), None);
}

#[test]
fn an_algorithm_of_tomorrow_differs_from_todays() {
    let tomorrow = live("aws:kms:v9", Some(KEY), true, &[]);
    let today = live("aws:kms", Some(KEY), true, &[]);
    assert_eq!(names(&differences(&tomorrow, &today)), ["sse_algorithm"]);
    assert_eq!(
        weakening(&tomorrow, &today).unwrap(),
        "aws:kms:v9, which this version does not know → customer managed key"
    );
}

/// Its Bucket Key cannot be turned off, so a reset that expects it off never ends.
#[test]
fn a_directory_bucket_keeps_its_bucket_key_when_it_is_reset() {
    let name = "logs--usw2-az1--x-s3";
    let fresh = live("AES256", None, true, &[]);
    let after = BucketEncryption.reset(name, &live("aws:kms", Some(KEY), true, &[]));
    assert_eq!(differences(&after, &fresh), []);
    assert_eq!(differences(&fresh, &BucketEncryption.reset(name, &fresh)), []);
}

#[test]
fn where_there_is_no_default_there_is_nothing_to_reset() {
    let nothing = Value::object([("rule", Value::NULL)]);
    let after = BucketEncryption.reset("logs", &nothing);
    assert_eq!(differences(&nothing, &after), []);
}

#[test]
fn each_wrong_value_is_found_at_its_attribute() {
    let object = declared(
        &[("blocked_encryption_types", Value::set(Type::String, vec![Value::from("SSE")]))],
        &[("sse_algorithm", Value::from("aes256")), ("kms_master_key_id", Value::from("k"))],
    );
    let object = Value::Object(
        object
            .as_fields()
            .unwrap()
            .with("bucket", Value::from("arn:aws:s3:::logs"))
            .with("checksum_algorithm", Value::from("MD5"))
            .with("expected_bucket_owner", Value::from("12")),
    );
    let found: Vec<String> = BucketEncryption
        .validate(&object)
        .iter()
        .map(|finding| finding.path.steps().last().unwrap().to_string())
        .collect();
    assert_eq!(
        found,
        [
            "bucket",
            "expected_bucket_owner",
            "checksum_algorithm",
            "sse_algorithm",
            "kms_master_key_id",
            "blocked_encryption_types"
        ]
    );
}

/// What is declared of a bucket: attributes of the resource, of the rule, of its default.
fn of_bucket(
    bucket: &str,
    own: &[(&'static str, Value)],
    rule: &[(&'static str, Value)],
    default: &[(&'static str, Value)],
) -> Value {
    let declared = declared(rule, default);
    let fields = declared.as_fields().unwrap().with("bucket", Value::from(bucket));
    Value::Object(own.iter().fold(fields, |fields, (name, value)| fields.with(name, value.clone())))
}

const DIRECTORY: &str = "logs--euw1-az1--x-s3";
const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn text(value: &str) -> Value {
    Value::from(value)
}

fn blocked(types: &[&str]) -> Value {
    Value::set(Type::String, types.iter().map(|it| text(it)).collect())
}

/// The findings of a declared object, each as its summary; warnings in brackets.
fn summaries(declared: &Value) -> Vec<String> {
    let findings = BucketEncryption.validate(declared);
    let summary = |it: Finding| match it.severity {
        Severity::Error => it.summary.to_owned(),
        Severity::Warning => format!("({})", it.summary),
    };
    findings.into_iter().map(summary).collect()
}

#[test]
fn what_s3_takes_and_refuses_for_each_kind_of_bucket() {
    let alias_arn = "arn:aws:kms:eu-west-1:111122223333:alias/x";
    let only_directory = "Unsupported by directory buckets";
    // Algorithm, key, and what is found: of a general purpose bucket, of a directory bucket.
    for (algorithm, key, general, directory) in [
        ("AES256", None, None, None),
        ("AES256", Some(""), None, None),
        ("AES256", Some(ID), Some("Key without KMS"), Some("Key without KMS")),
        ("aws:kms", None, None, Some("Missing KMS key")),
        ("aws:kms", Some(""), None, Some("Missing KMS key")),
        ("aws:kms", Some(KEY), None, None),
        ("aws:kms", Some(ID), Some("(Key without an account)"), None),
        ("aws:kms", Some("alias/x"), Some("(Alias without an account)"), Some(only_directory)),
        ("aws:kms", Some(alias_arn), None, Some(only_directory)),
        ("aws:kms", Some("alias/aws/s3"), None, Some(only_directory)),
        ("aws:kms", Some("alias/aws/ebs"), Some("Key of another service"), Some(only_directory)),
        ("aws:kms", Some("x"), Some("Invalid KMS key"), Some("Invalid KMS key")),
        ("aws:kms:dsse", None, None, Some(only_directory)),
        ("aws:kms:dsse", Some(KEY), None, Some(only_directory)),
        ("aws:fsx", None, Some("Unsupported value"), Some("Unsupported value")),
        ("aws:backup", Some(ID), Some("Unsupported value"), Some("Unsupported value")),
        ("aes256", None, Some("Unsupported value"), Some("Unsupported value")),
    ] {
        let key = key.map(|key| ("kms_master_key_id", text(key)));
        let default: Vec<_> =
            [("sse_algorithm", text(algorithm))].into_iter().chain(key.clone()).collect();
        for (bucket, expected) in [("logs", general), (DIRECTORY, directory)] {
            let found = summaries(&of_bucket(bucket, &[], &[], &default));
            let row = format!("{bucket} {algorithm} {key:?}: {found:?}");
            assert_eq!(found.first().map(String::as_str), expected, "{row}");
        }
    }
}

#[test]
fn what_else_directory_buckets_refuse() {
    let default = [("sse_algorithm", text("AES256"))];
    let owner = ("expected_bucket_owner", text("111122223333"));
    let unsupported = "Unsupported by directory buckets";
    for (own, rule, expected) in [
        (vec![owner], vec![], "Owner of a directory bucket"),
        (vec![], vec![("bucket_key_enabled", Value::Bool(false))], unsupported),
        (vec![], vec![("blocked_encryption_types", blocked(&["SSE-C"]))], unsupported),
        (vec![], vec![("blocked_encryption_types", blocked(&[]))], unsupported),
        (vec![("checksum_algorithm", text("MD5"))], vec![], "Unsupported value"),
    ] {
        assert_eq!(summaries(&of_bucket(DIRECTORY, &own, &rule, &default)), [expected]);
    }
    let fine = [("bucket_key_enabled", Value::Bool(true))];
    assert!(summaries(&of_bucket(DIRECTORY, &[], &fine, &default)).is_empty());
}

#[test]
fn what_is_blocked_contradicts_nothing() {
    let default = [("sse_algorithm", text("AES256"))];
    for (types, expected) in [
        (blocked(&["NONE", "SSE-C"]), vec!["Contradicting values"]),
        (blocked(&["SSE"]), vec!["Unsupported value"]),
        (blocked(&["NONE"]), vec![]),
        (blocked(&["SSE-C"]), vec![]),
        (blocked(&[]), vec![]),
    ] {
        let rule = [("blocked_encryption_types", types)];
        assert_eq!(summaries(&of_bucket("logs", &[], &rule, &default)), expected);
    }
}

#[test]
fn every_message_says_why() {
    let detail = |declared: &Value| BucketEncryption.validate(declared)[0].detail.clone();
    let with = |bucket: &str, algorithm: &str, key: &str| {
        let default = [("sse_algorithm", text(algorithm)), ("kms_master_key_id", text(key))];
        detail(&of_bucket(bucket, &[], &[], &default))
    };
    for (message, why) in [
        (with("logs", "aws:fsx", ""), "FSx sets it"),
        (with("logs", "aws:backup", ""), "AWS Backup sets it"),
        (with("logs", "aws:kms", "alias/x"), "whoever writes an object"),
        (with("logs", "aws:kms", ID), "LogDestination undeliverable"),
        (with("logs", "AES256", ID), "takes no key of KMS"),
        (with("My_Logs", "AES256", ""), "before March 2018"),
        (with(DIRECTORY, "aws:kms", ""), "key of your own"),
        (with("logs", "aws:kms", "arn:aws:s3:::x"), "not of KMS"),
    ] {
        assert!(message.contains(why), "{message}");
    }
}

/// A secret is taken out of a message as a whole; parts of it would stay.
#[test]
fn a_part_of_a_sensitive_key_is_not_told() {
    let key = text("arn:aws:secretservice:eu-west-1:111122223333:key/x").sensitive();
    let default = [("sse_algorithm", text("aws:kms")), ("kms_master_key_id", key)];
    let found = BucketEncryption.validate(&of_bucket("logs", &[], &[], &default));
    let rest = found[0].detail.replace("arn:aws:secretservice:eu-west-1:111122223333:key/x", "");
    assert!(!rest.contains("secretservice"), "{rest}");
}

#[test]
fn an_empty_key_is_none() {
    let default = [("sse_algorithm", text("aws:kms")), ("kms_master_key_id", text(""))];
    let live = live("aws:kms", None, false, &[]);
    let desired = BucketEncryption.desired(&of_bucket("logs", &[], &[], &default), &live);
    assert_eq!(differences(&live, &desired), []);
    assert!(crate::resource::leaf(&desired, &super::KEY.iter().collect()).unwrap().is_null());
}

#[test]
fn what_is_ignored_leaves_a_rule_that_s3_takes() {
    let key_path: AttrPath = super::KEY.iter().collect();
    let algorithm: AttrPath = ALGORITHM.iter().collect();
    let own = live("aws:kms", Some(KEY), true, &[]);
    let plain = live("AES256", None, false, &[]);
    let other = live("aws:kms", Some("alias/other"), true, &[]);
    // What is ignored, wanted and live, and the algorithm and key that come of it.
    for (ignored, wanted, live, expected) in [
        (&algorithm, &own, &plain, ("AES256", None)),
        (&algorithm, &plain, &own, ("aws:kms", Some(KEY))),
        (&algorithm, &other, &own, ("aws:kms", Some("alias/other"))),
        (&key_path, &other, &own, ("aws:kms", Some(KEY))),
        (&key_path, &plain, &own, ("AES256", None)),
        (&key_path, &own, &plain, ("aws:kms", None)),
    ] {
        let kept = BucketEncryption.keeping(wanted.clone(), live, &|path| path == ignored);
        let rule = Rule::of(&kept);
        assert_eq!((rule.algorithm.unwrap(), rule.key), expected, "{ignored}");
    }
}

/// What KMS says of a key that is fine, and of one changed by `change`.
fn key(change: impl FnOnce(&mut Key)) -> KeyAnswer {
    let mut key = Key {
        arn: KEY.into(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        state: "Enabled".into(),
        deletion_date: None,
        usage: "ENCRYPT_DECRYPT".into(),
        spec: "SYMMETRIC_DEFAULT".into(),
        aws_managed: false,
    };
    change(&mut key);
    KeyAnswer::Found(key)
}

fn looked_over(declared: &Value, live: &Value, answer: &KeyAnswer) -> Vec<(Severity, String)> {
    looked_over_by(None, declared, live, answer)
}

/// As [`looked_over`], with the account of the credentials.
fn looked_over_by(
    account: Option<&str>,
    declared: &Value,
    live: &Value,
    answer: &KeyAnswer,
) -> Vec<(Severity, String)> {
    let desired = BucketEncryption.desired(declared, live);
    let facts = Facts {
        declared,
        desired: &desired,
        live,
        recorded: None,
        region: Some("eu-west-1"),
        account,
        names: &KeyNames::default(),
        key: &|_| Some(answer),
    };
    let found = BucketEncryption.look_over(&facts);
    found.into_iter().map(|it| (it.severity, format!("{}: {}", it.summary, it.detail))).collect()
}

#[test]
fn a_key_that_no_upload_could_use_is_an_error_and_says_why() {
    let own = ("expected_bucket_owner", text("444455556666"));
    let declared = |name: &str, own: &[(&'static str, Value)]| {
        let default = [("sse_algorithm", text("aws:kms")), ("kms_master_key_id", text(name))];
        of_bucket("logs", own, &[], &default)
    };
    let (by_arn, by_alias) = (declared(KEY, &[]), declared("alias/x", &[]));
    let (shared, lent) = (declared(KEY, std::slice::from_ref(&own)), declared("alias/x", &[own]));
    let (error, warning) = (Severity::Error, Severity::Warning);
    let elsewhere = |key: &mut Key| key.region = "us-east-1".into();
    let replica = |key: &mut Key| {
        key.region = "us-east-1".into();
        key.arn =
            "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab".into();
    };
    let pending = |key: &mut Key| {
        key.state = "PendingDeletion".into();
        key.deletion_date = Some("2026-12-24T00:00:00Z".into());
    };
    let live = live("AES256", None, false, &[]);
    for (declared, answer, expected) in [
        (&by_arn, key(|_| {}), None),
        (&by_alias, key(|_| {}), None),
        (&by_arn, KeyAnswer::Untold("denied".into()), None),
        (&by_arn, KeyAnswer::Missing("no such key".into()), Some((error, "KMS key not found"))),
        (&by_arn, key(pending), Some((error, "2026-12-24"))),
        (&by_arn, key(|key| key.state = "Disabled".into()), Some((error, "Enable it"))),
        (&by_arn, key(|key| key.state = "PendingImport".into()), Some((error, "PendingImport"))),
        (&by_arn, key(|key| key.spec = "RSA_2048".into()), Some((error, "symmetric keys only"))),
        (&by_arn, key(|key| key.usage = "SIGN_VERIFY".into()), Some((error, "SIGN_VERIFY"))),
        // A store that tells less.
        (&by_arn, key(|key| key.usage = "".into()), None),
        (&by_arn, key(|key| key.spec = "".into()), None),
        (&shared, key(|key| key.account = "".into()), None),
        (&by_arn, key(elsewhere), Some((error, "and the bucket in eu-west-1"))),
        (&by_arn, key(replica), Some((error, "name its replica"))),
        (&shared, key(|_| {}), Some((warning, "key policy"))),
        (&lent, key(|_| {}), Some((error, "another key"))),
    ] {
        let found = looked_over(declared, &live, &answer);
        match expected {
            None => assert_eq!(found, [], "{answer:?}"),
            Some((severity, why)) => {
                let [(found, text)] = found.as_slice() else { panic!("{answer:?}: {found:?}") };
                assert!(*found == severity && text.contains(why), "{found:?} {text}");
            }
        }
    }
}

/// Whose the bucket is, the provider's credentials tell where nothing is declared.
#[test]
fn a_key_of_another_account_is_doubted_and_that_of_aws_is_refused() {
    let declared = |name: &str| {
        let default = [("sse_algorithm", text("aws:kms")), ("kms_master_key_id", text(name))];
        of_bucket("logs", &[], &[], &default)
    };
    let alias_arn = "arn:aws:kms:eu-west-1:111122223333:alias/x";
    let elsewhere = KEY.replace("eu-west-1", "us-east-1");
    let (plain, own) = (live("AES256", None, false, &[]), live("aws:kms", Some(KEY), false, &[]));
    let untold = KeyAnswer::Untold("denied".into());
    let (error, warning) = (Severity::Error, Severity::Warning);
    let (theirs, ours) = (Some("444455556666"), Some("111122223333"));
    for (account, name, live, answer, expected) in [
        (ours, KEY, &plain, key(|_| {}), None),
        (None, KEY, &plain, key(|_| {}), None),
        (theirs, KEY, &plain, key(|_| {}), Some((warning, "key policy"))),
        (theirs, KEY, &plain, untold.clone(), Some((warning, "key policy"))),
        (theirs, alias_arn, &plain, key(|_| {}), Some((warning, "by its own ARN"))),
        // What is in use is no news.
        (theirs, KEY, &own, key(|_| {}), None),
        (theirs, KEY, &own, untold.clone(), None),
        (theirs, KEY, &own, key(|key| key.aws_managed = true), Some((error, "manages for S3"))),
        (ours, KEY, &plain, key(|key| key.aws_managed = true), None),
        // Its ARN tells where a key is that KMS says nothing of.
        (ours, &elsewhere, &plain, untold, Some((error, "is in us-east-1"))),
    ] {
        let found = looked_over_by(account, &declared(name), live, &answer);
        match expected {
            None => assert_eq!(found, [], "{account:?} {name} {answer:?}"),
            Some((severity, why)) => {
                let [(found, text)] = found.as_slice() else { panic!("{answer:?}: {found:?}") };
                assert!(*found == severity && text.contains(why), "{found:?} {text}");
            }
        }
    }
}

#[test]
fn a_directory_bucket_has_one_key_for_its_lifetime() {
    let other = "arn:aws:kms:eu-west-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab";
    let default = [("sse_algorithm", text("aws:kms")), ("kms_master_key_id", text(other))];
    let declared = of_bucket(DIRECTORY, &[], &[], &default);
    let answer = KeyAnswer::Untold(String::new());
    let first = live("aws:kms", Some(KEY), true, &[]);
    let found = looked_over(&declared, &first, &answer);
    assert!(found[0].1.starts_with("Second key of a directory bucket"), "{found:?}");
    let none = live("AES256", None, true, &[]);
    assert_eq!(looked_over(&declared, &none, &answer), []);
}

#[test]
fn the_region_that_is_declared_is_the_one_that_answers() {
    let default = [("sse_algorithm", text("AES256"))];
    let plain = live("AES256", None, false, &[]);
    let answer = KeyAnswer::Untold(String::new());
    for (region, found) in [("eu-west-1", 0), ("us-east-1", 1)] {
        let declared = of_bucket("logs", &[("region", text(region))], &[], &default);
        assert!(summaries(&declared).is_empty());
        assert_eq!(looked_over(&declared, &plain, &answer).len(), found, "{region}");
    }
    let declared = of_bucket("logs", &[("region", text("Ireland"))], &[], &default);
    assert_eq!(summaries(&declared), ["Invalid Region"]);
}

/// The zone in the name of a directory bucket tells its Region; of any other, `region` does.
#[test]
fn a_key_is_in_the_region_that_is_declared_or_that_the_zone_tells() {
    let (ireland, oregon) = ("eu-west-1", "us-west-2");
    let there = KEY.replace(ireland, oregon);
    let in_oregon = "logs--usw2-az1--x-s3";
    let replica = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";
    let (bucket, key) = ("Bucket in another Region", "KMS key in another Region");
    for (name, region, arn, expected) in [
        (in_oregon, None, &*there, vec![]),
        (in_oregon, Some(oregon), &there, vec![]),
        (in_oregon, Some(ireland), &there, vec![bucket]),
        (in_oregon, None, KEY, vec![key]),
        (in_oregon, None, replica, vec![key]),
        (in_oregon, None, ID, vec![]),
        ("logs--usw9-az1--x-s3", None, ID, vec!["(Unknown Region)"]),
        ("logs", None, KEY, vec![]),
        ("logs", Some(ireland), KEY, vec![]),
        ("logs", Some(oregon), KEY, vec![key]),
        ("logs", Some("eu-wset-1"), ID, vec!["(Unknown Region)", "(Key without an account)"]),
    ] {
        let region = region.map(|region| ("region", text(region)));
        let default = [("sse_algorithm", text("aws:kms")), ("kms_master_key_id", text(arn))];
        let own: Vec<_> = region.into_iter().collect();
        let declared = of_bucket(name, &own, &[], &default);
        assert_eq!(summaries(&declared), expected, "{name} {own:?} {arn}");
        if arn == replica {
            let found = BucketEncryption.validate(&declared);
            assert!(found[0].detail.contains("name its replica"), "{}", found[0].detail);
        }
    }
}

#[test]
fn a_slip_in_a_region_or_an_account_is_told_with_what_may_be_meant() {
    let default = [("sse_algorithm", text("AES256"))];
    for (name, value, part) in [
        ("region", "eu-wset-1", "Did you mean \"eu-west-1\"?"),
        ("region", "eu-west", "one looks like eu-west-1"),
        ("expected_bucket_owner", "12345678901", "write it in quotes"),
        ("expected_bucket_owner", "acme", "12 digits"),
    ] {
        let found =
            BucketEncryption.validate(&of_bucket("logs", &[(name, text(value))], &[], &default));
        let [found] = found.as_slice() else { panic!("{value}: {found:?}") };
        assert!(found.detail.contains(part), "{}", found.detail);
    }
    // The key that AWS manages in one account is nothing to another.
    let key = "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3";
    let default = [("sse_algorithm", text("aws:kms")), ("kms_master_key_id", text(key))];
    for (owner, expected) in
        [("111122223333", vec![]), ("444455556666", vec!["AWS managed key of another account"])]
    {
        let own = [("expected_bucket_owner", text(owner))];
        assert_eq!(summaries(&of_bucket("logs", &own, &[], &default)), expected);
    }
}

/// The names of the keys, as KMS told of each.
fn told(answers: &[(&str, KeyAnswer)]) -> KeyNames {
    let (provider, region): (Arc<str>, Arc<str>) = ("aws".into(), "eu-west-1".into());
    let mut keys = Keys::default();
    for (name, answer) in answers {
        let name = KeyName {
            provider: Arc::clone(&provider),
            region: Arc::clone(&region),
            name: (*name).into(),
        };
        keys.insert(name, answer.clone());
    }
    KeyNames::of(&keys, &provider, Some(&region), answers.iter().map(|(name, _)| (*name).into()))
}

#[test]
fn a_key_that_aws_manages_is_one_whatever_it_is_called() {
    let managed = told(&[(KEY, key(|key| key.aws_managed = true))]);
    let (by_arn, by_default) =
        (live("aws:kms", Some(KEY), false, &[]), live("aws:kms", None, false, &[]));
    assert_eq!(BucketEncryption.differences(&by_arn, &by_default, &managed), []);
    assert_eq!(BucketEncryption.weakening(&by_arn, &by_default, &managed), None);
    assert_eq!(BucketEncryption.notes(&by_arn, &by_default, false, &managed), [""; 0]);
    let own = told(&[(KEY, key(|_| {}))]);
    assert_eq!(
        BucketEncryption.weakening(&by_arn, &by_default, &own).unwrap(),
        "customer managed key → AWS managed key"
    );
}

#[test]
fn the_key_that_is_left_behind_is_named_and_what_a_reset_leaves_is_told() {
    let own = live("aws:kms", Some(KEY), false, &["SSE-C"]);
    let plain = live("AES256", None, false, &["SSE-C"]);
    let keys = KeyNames::default();
    let notes = BucketEncryption.notes(&own, &plain, false, &keys);
    assert!(matches!(notes.as_slice(), [note] if note.contains(KEY)), "{notes:?}");
    let notes = BucketEncryption.notes(&own, &plain, true, &keys);
    assert!(matches!(notes.as_slice(), [_, note] if note.contains("SSE-C")), "{notes:?}");
    // By another name it is the same key.
    let by_id = live("aws:kms", Some(ID), false, &["SSE-C"]);
    assert_eq!(BucketEncryption.notes(&own, &by_id, false, &keys), [""; 0]);
}

/// Settings that a bucket may have, or that may be wanted.
fn any_settings() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![None, Some(KEY), Some(ID), Some("alias/x")]);
    let algorithm = prop::sample::select(vec!["AES256", "aws:kms", "aws:kms:dsse", "aws:new"]);
    (algorithm, key, any::<bool>(), any::<bool>()).prop_map(|(algorithm, key, flag, blocks)| {
        let key = key.filter(|_| algorithm.starts_with("aws:kms"));
        live(algorithm, key, flag, if blocks { &["SSE-C"] } else { &[] })
    })
}

proptest! {
    #[test]
    fn whatever_is_ignored_a_key_stands_only_with_kms(
        wanted in any_settings(),
        live in any_settings(),
        ignored in vec(prop::sample::select(vec![
            ALGORITHM.to_vec(),
            super::KEY.to_vec(),
            BUCKET_KEY.to_vec(),
            BLOCKED.to_vec(),
        ]), 0..4),
    ) {
        let paths: Vec<AttrPath> = ignored.iter().map(|path| path.iter().collect()).collect();
        let kept = BucketEncryption.keeping(wanted.clone(), &live, &|path| paths.contains(path));
        let rule = Rule::of(&kept);
        prop_assert!(rule.key.is_none() || rule.uses_kms(), "{kept:?}");
        if paths.is_empty() {
            prop_assert_eq!(differences(&kept, &wanted), []);
        }
        // What stays as it is cannot be both better and worse than it was.
        let keys = KeyNames::default();
        prop_assert_eq!(BucketEncryption.weakening(&live, &live, &keys), None);
        prop_assert_eq!(BucketEncryption.differences(&live, &live, &keys), []);
        prop_assert_eq!(differences(&live, &wanted).len(), differences(&wanted, &live).len());
    }
}
