//! Settings, Region, credentials, account, certificates.

use super::{LOGS, OTHER_ACCOUNT, REGION, Settings, at, aws, start, target, to, world};
use crate::provider::aws::{AssumeRole, Aws, SCHEMA};
use crate::provider::{ErrorKind, Provider as _};
use crate::sandbox::{DEFAULT_ACCOUNT, World};
use crate::value::{Fields, Type, Value};
use std::io::Write as _;
use std::time::Duration;

fn strings(texts: &[&str]) -> Value {
    Value::set(Type::String, texts.iter().map(|text| Value::from(*text)).collect())
}

fn block<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::list(Type::Any, vec![Value::object(fields)])
}

#[test]
fn settings_are_read_from_what_the_schema_allows() {
    let value = Value::object([
        ("region", Value::from(REGION)),
        ("profile", Value::Null(Type::String)),
        ("assume_role", block([("role_arn", Value::from("arn:aws:iam::123456789012:role/r"))])),
        ("endpoints", block([("s3", Value::from("http://localhost:9000"))])),
        ("max_retries", Value::from(3)),
        ("read_timeout", Value::from("2.5").convert(&Type::Number).unwrap()),
        ("allowed_account_ids", strings(&[DEFAULT_ACCOUNT])),
        ("insecure", Value::Bool(true)),
    ]);
    for (name, _) in value.as_fields().unwrap().iter() {
        assert!(SCHEMA.attribute(name).is_some() || SCHEMA.block(name).is_some(), "{name}");
    }
    let settings = Settings::from_value(&value).unwrap();
    assert_eq!(settings.region.as_deref(), Some(REGION));
    assert_eq!(settings.assume_role.as_ref().unwrap().session_name, None);
    assert_eq!(settings.endpoints.s3.as_deref(), Some("http://localhost:9000"));
    assert_eq!((settings.max_retries, settings.insecure), (Some(3), true));
    assert_eq!(settings.read_timeout, Some(Duration::from_millis(2500)));
    assert_eq!(settings.allowed_account_ids, [DEFAULT_ACCOUNT.to_owned()].into());
    let text = serde_json::to_string(&settings).unwrap();
    assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
    assert_eq!(Settings::from_value(&Value::Object(Fields::default())), Ok(Settings::default()));
}

#[test]
fn each_wrong_setting_is_told_at_its_place() {
    let number = |text: &str| Value::from(text).convert(&Type::Number).unwrap();
    let value = Value::object([
        ("region", Value::from("Europe")),
        ("profile", Value::from("")),
        (
            "assume_role",
            block([("role_arn", Value::from("role/r")), ("session_name", Value::from("a b"))]),
        ),
        ("endpoints", block([("sts", Value::from("localhost:9000").sensitive())])),
        ("max_retries", number("1.5")),
        ("connect_timeout", number("0")),
        ("read_timeout", number("3601")),
        ("allowed_account_ids", strings(&["12"])),
        ("forbidden_account_ids", strings(&["34"])),
    ]);
    let faults = Settings::from_value(&value).unwrap_err();
    let shown: Vec<String> = faults.iter().map(|(path, text)| format!("{path}: {text}")).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    region: "Europe" is not the name of a Region: one looks like eu-west-1.
    profile: "" is empty: remove the attribute to say nothing.
    assume_role.session_name: "a b" is no name for a session: 2 to 64 letters, digits or any of _=,.@-.
    assume_role.role_arn: "role/r" is not the ARN of a role: one looks like arn:aws:iam::123456789012:role/name.
    endpoints.sts: The (sensitive) value is not the URL of a service: one looks like https://s3.example.com:9000.
    max_retries: 1.5 is not a whole number from 0 to 100.
    connect_timeout: 0 is not a number of seconds above 0 and up to 3600.
    read_timeout: 3601 is not a number of seconds above 0 and up to 3600.
    allowed_account_ids: "12" is not an account: an account id has 12 digits.
    forbidden_account_ids: "34" is not an account: an account id has 12 digits.
    forbidden_account_ids: Beside `allowed_account_ids`, which allows no other account, it says nothing. Remove one of the two.
    "#);
}

/// A slip, or a Region that is younger than this program, or one of a store.
#[test]
fn a_region_that_is_not_known_is_doubted_where_it_is_to_be_of_aws() {
    let read = |region: &str, more: &[(&'static str, Value)]| {
        let fields = [("region", Value::from(region))].into_iter().chain(more.iter().cloned());
        Settings::from_value(&Value::object(fields)).unwrap().doubt()
    };
    let store = ("endpoints", block([("s3", Value::from("http://localhost:9000"))]));
    assert_eq!(read("eu-west-1", &[]), None);
    assert_eq!(read("garage", &[store]), None);
    for (region, hint) in
        [("eu-wset-1", "Did you mean \"eu-west-1\"?"), ("garage", "another store")]
    {
        let (path, detail) = read(region, &[]).unwrap();
        assert_eq!(path.to_string(), "region");
        assert!(detail.contains(hint), "{detail}");
    }
    let accounts = Value::object([("allowed_account_ids", strings(&["12345678901"]))]);
    let faults = Settings::from_value(&accounts).unwrap_err();
    assert!(faults[0].1.contains("write it in quotes"), "{faults:?}");
}

#[tokio::test]
async fn a_role_of_another_account_is_assumed_once() {
    let world = World::in_memory();
    world.seed_bucket("theirs", REGION, OTHER_ACCOUNT).unwrap();
    world.seed_bucket("afar", "us-west-2", OTHER_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let own = to(&sandbox);
    assert_eq!(own.read(&target("theirs")).await.unwrap_err().kind, ErrorKind::Denied);
    let role = AssumeRole {
        role_arn: format!("arn:aws:iam::{OTHER_ACCOUNT}:role/keeper"),
        session_name: None,
        external_id: Some("x".to_owned()),
    };
    for skip_credentials_validation in [false, true] {
        let before = sandbox.requests().get("AssumeRole").copied().unwrap_or_default();
        let assumed = aws(Settings {
            assume_role: Some(role.clone()),
            allowed_account_ids: [OTHER_ACCOUNT.to_owned()].into(),
            skip_credentials_validation,
            ..at(&sandbox.endpoint())
        });
        assumed.connect("aws").await.unwrap();
        for bucket in ["theirs", "afar", "theirs"] {
            assumed.read(&target(bucket)).await.unwrap();
        }
        assert_eq!(assumed.account("aws").await.unwrap().as_deref(), Some(OTHER_ACCOUNT));
        assert_eq!(sandbox.requests().get("AssumeRole"), Some(&(before + 1)));
    }
    assert_eq!(sandbox.requests().get("GetCallerIdentity"), Some(&3));
}

#[tokio::test]
async fn a_role_that_is_refused_is_told_once() {
    let sandbox = start(&world()).await;
    let role_arn = "arn:aws:iam::123456789012:user/none".to_owned();
    let role = AssumeRole { role_arn, session_name: None, external_id: None };
    let aws = aws(Settings { assume_role: Some(role), ..at(&sandbox.endpoint()) });
    let error = aws.connect("aws").await.unwrap_err();
    assert!(error.detail.starts_with("The role arn:aws:iam::123456789012:user/none"), "{error}");
    assert!(error.detail.contains("ValidationError"), "{error}");
    assert_eq!(aws.read(&target(LOGS)).await.unwrap_err(), error);
    assert_eq!(sandbox.requests().get("AssumeRole"), Some(&1));
    assert_eq!(sandbox.requests().get("GetBucketEncryption"), None);
}

#[tokio::test]
async fn only_allowed_accounts_are_worked_on() {
    let sandbox = start(&world()).await;
    let aws = aws(Settings {
        allowed_account_ids: [OTHER_ACCOUNT.to_owned()].into(),
        ..at(&sandbox.endpoint())
    });
    let error = aws.read(&target(LOGS)).await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::Configuration, "Account not allowed"));
    assert!(error.detail.contains(DEFAULT_ACCOUNT) && error.detail.contains(OTHER_ACCOUNT));
    assert_eq!(sandbox.requests().get("GetBucketEncryption"), None);
}

#[tokio::test]
async fn providers_are_kept_apart() {
    let world = world();
    world.seed_bucket("theirs", REGION, OTHER_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let own = at(&sandbox.endpoint());
    let other = Settings { sandbox_account: Some(OTHER_ACCOUNT.to_owned()), ..own.clone() };
    let aws = Aws::new([("aws".into(), own), ("aws.other".into(), other)].into());
    let mut theirs = target("theirs");
    assert_eq!(aws.read(&theirs).await.unwrap_err().kind, ErrorKind::Denied);
    theirs.provider = "aws.other".into();
    aws.read(&theirs).await.unwrap();
    assert_eq!(aws.region("aws.other").as_deref(), Some(REGION));
    assert_eq!(aws.connect("aws.none").await.unwrap_err().summary, "Unknown provider");
}

#[tokio::test]
async fn a_profile_that_is_not_there_is_told() {
    let aws = aws(Settings {
        region: Some(REGION.to_owned()),
        profile: Some("sealform-no-such-profile".to_owned()),
        ..Settings::default()
    });
    let error = aws.connect("aws").await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::Configuration, "Profile not found"));
    assert!(error.detail.contains("sealform-no-such-profile"), "{error}");
}

#[tokio::test]
async fn a_bad_bundle_of_certificates_is_told() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let settings =
        |path: &str| Settings { custom_ca_bundle: Some(path.to_owned()), ..at("http://localhost") };
    let mut expect = Vec::new();
    for text in ["", "no PEM\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        file.write_all(text.as_bytes()).unwrap();
        expect.push(aws(settings(&path)).connect("aws").await.unwrap_err());
    }
    expect.push(aws(settings("/nowhere/ca.pem")).connect("aws").await.unwrap_err());
    let env = Settings { ca_bundle_env: Some("/nowhere".to_owned()), ..at("http://localhost") };
    expect.push(aws(env).connect("aws").await.unwrap_err());
    let details: Vec<String> =
        expect.iter().map(|error| error.detail.replace(&path, "FILE")).collect();
    assert!(expect.iter().all(|error| error.summary == "Invalid certificate bundle"));
    insta::assert_snapshot!(details.join("\n"), @r#"
    "FILE", which `custom_ca_bundle` names, holds no certificate. It must be a file of certificates in PEM form (-----BEGIN CERTIFICATE-----).
    "FILE", which `custom_ca_bundle` names, holds no certificate. It must be a file of certificates in PEM form (-----BEGIN CERTIFICATE-----).
    "FILE", which `custom_ca_bundle` names, holds a bad certificate: invalid peer certificate: BadEncoding. It must be a file of certificates in PEM form (-----BEGIN CERTIFICATE-----).
    "/nowhere/ca.pem", which `custom_ca_bundle` names, cannot be read: No such file or directory. It must be a file of certificates in PEM form (-----BEGIN CERTIFICATE-----).
    "/nowhere", which AWS_CA_BUNDLE names, cannot be read: No such file or directory. It must be a file of certificates in PEM form (-----BEGIN CERTIFICATE-----).
    "#);
}

#[tokio::test]
async fn connecting_asks_nobody() {
    let sandbox = start(&world()).await;
    to(&sandbox).connect("aws").await.unwrap();
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn the_sandbox_never_speaks_to_aws() {
    for service in ["s3", "kms", "sts", "cloudtrail"] {
        let mut settings = at("http://127.0.0.1:1");
        match service {
            "s3" => settings.endpoints.s3 = None,
            "kms" => settings.endpoints.kms = None,
            "sts" => settings.endpoints.sts = None,
            _ => settings.endpoints.cloudtrail = None,
        }
        let error = aws(settings).connect("aws").await.unwrap_err();
        assert_eq!(error.summary, "Missing endpoint");
    }
}
