//! The data sources against the embedded endpoint, through real HTTP.

use crate::provider::aws::tests::{KEY, LOGS, OTHER_ACCOUNT, REGION, at, aws, start, to, world};
use crate::provider::aws::{AssumeRole, Aws, Settings};
use crate::provider::{ErrorKind, Provider as _, ProviderError, Query};
use crate::resource::data;
use crate::sandbox::{DEFAULT_ACCOUNT, FaultKind, Faults, KeyState, Options, Sandbox, World};
use crate::value::{Fields, Type, Value, to_json};

type Given<'a> = &'a [(&'a str, Value)];

/// The arguments as the engine gives them: null where nothing is given.
fn query<const N: usize>(ty: &str, given: [(&str, Value); N]) -> Query {
    let schema = data::find(ty).unwrap().schema();
    let given: Fields = given.into_iter().collect();
    let arguments = schema.attributes.iter().filter(|it| it.is_settable()).map(|it| {
        (it.name, given.get(it.name).cloned().unwrap_or_else(|| Value::Null(it.ty.ty())))
    });
    Query { ty: ty.into(), provider: "aws".into(), arguments: Value::object(arguments) }
}

async fn ask<const N: usize>(
    aws: &Aws,
    ty: &str,
    given: [(&str, Value); N],
) -> Result<Value, ProviderError> {
    let answer = aws.query(&query(ty, given)).await;
    if let Ok(answer) = &answer {
        assert_eq!(answer.ty(), data::find(ty).unwrap().schema().object_type(), "{ty}");
        assert!(answer.is_wholly_known());
    }
    answer
}

fn json(value: &Value) -> serde_json::Value {
    to_json(value)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).unwrap().as_str().unwrap()
}

fn set(texts: &[&str]) -> Value {
    Value::set(Type::String, texts.iter().map(|text| Value::from(*text)).collect())
}

fn map<const N: usize>(entries: [(&str, &str); N]) -> Value {
    Value::map(
        Type::String,
        entries.map(|(key, value)| (key, Value::from(value))).into_iter().collect(),
    )
}

fn names(answer: &Value) -> Vec<String> {
    let names = answer.get("names").unwrap().as_items().unwrap();
    names.iter().map(|name| name.as_str().unwrap().to_string()).collect()
}

#[tokio::test]
async fn the_caller_is_asked_for_once() {
    let sandbox = start(&world()).await;
    let own = to(&sandbox);
    let answer = ask(&own, "aws_caller_identity", []).await.unwrap();
    insta::assert_snapshot!(json(&answer), @r#"{"account_id":"123456789012","arn":"arn:aws:iam::123456789012:user/sandbox","id":"123456789012","user_id":"AIDA123456789012SEAL"}"#);
    assert_eq!(ask(&own, "aws_caller_identity", []).await.unwrap(), answer);
    assert_eq!(own.account("aws").await.unwrap().as_deref(), Some(DEFAULT_ACCOUNT));
    assert_eq!(sandbox.requests().get("GetCallerIdentity"), Some(&1));
    let role_arn = format!("arn:aws:iam::{OTHER_ACCOUNT}:role/keeper");
    let role = AssumeRole { role_arn, session_name: None, external_id: None };
    let assumed = aws(Settings { assume_role: Some(role), ..at(&sandbox.endpoint()) });
    let answer = ask(&assumed, "aws_caller_identity", []).await.unwrap();
    assert_eq!(text(&answer, "arn"), "arn:aws:sts::999988887777:assumed-role/keeper/sealform");
}

#[tokio::test]
async fn a_region_is_told_without_a_request() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    let answer = ask(&aws, "aws_region", []).await.unwrap();
    insta::assert_snapshot!(json(&answer), @r#"{"description":"Europe (Ireland)","endpoint":"ec2.eu-west-1.amazonaws.com","id":"eu-west-1","name":"eu-west-1","region":"eu-west-1"}"#);
    let cases = [
        ("name", "cn-north-1"),
        ("region", "cn-north-1"),
        ("endpoint", "ec2.cn-north-1.amazonaws.com.cn"),
    ];
    for (argument, value) in cases {
        let answer = ask(&aws, "aws_region", [(argument, Value::from(value))]).await.unwrap();
        assert_eq!(text(&answer, "description"), "China (Beijing)");
        assert_eq!(text(&answer, "endpoint"), "ec2.cn-north-1.amazonaws.com.cn");
        assert_eq!(text(&answer, "name"), text(&answer, "region"));
    }
    let answer = ask(&aws, "aws_region", [("name", Value::from("eu-west-9"))]).await.unwrap();
    assert_eq!(text(&answer, "description"), "eu-west-9");
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_key_is_told_by_each_of_its_names() {
    let world = world();
    world.seed_key("alias/app", REGION, DEFAULT_ACCOUNT).unwrap();
    world.seed_key("mrk-1234abcd12ab34cd56ef1234567890ab", REGION, DEFAULT_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    let key = |name: &str| query("aws_kms_key", [("key_id", Value::from(name))]);
    let by_alias = ask(&aws, "aws_kms_key", [("key_id", Value::from("alias/app"))]).await.unwrap();
    assert_eq!(text(&by_alias, "key_id"), "alias/app");
    let id = text(&by_alias, "id").to_owned();
    let place = format!("arn:aws:kms:{REGION}:{DEFAULT_ACCOUNT}");
    for name in [id.clone(), format!("{place}:key/{id}"), format!("{place}:alias/app")] {
        let answer = aws.query(&key(&name)).await.unwrap();
        assert_eq!(text(&answer, "key_id"), name);
        assert_eq!(answer.get("arn"), by_alias.get("arn"));
        assert_eq!(text(&answer, "id"), id);
    }
    let answer = aws.query(&key(KEY)).await.unwrap();
    let mut shown = json(&answer);
    let created = shown["creation_date"].take();
    assert!(
        created.as_str().unwrap().len() == 20 && created.as_str().unwrap().ends_with('Z'),
        "{created}"
    );
    insta::assert_snapshot!(serde_json::to_string_pretty(&shown).unwrap(), @r#"
    {
      "arn": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
      "aws_account_id": "123456789012",
      "cloud_hsm_cluster_id": "",
      "creation_date": null,
      "custom_key_store_id": "",
      "customer_master_key_spec": "SYMMETRIC_DEFAULT",
      "deletion_date": null,
      "description": "",
      "enabled": true,
      "expiration_model": "",
      "grant_tokens": null,
      "id": "1234abcd-12ab-34cd-56ef-1234567890ab",
      "key_id": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
      "key_manager": "CUSTOMER",
      "key_spec": "SYMMETRIC_DEFAULT",
      "key_state": "Enabled",
      "key_usage": "ENCRYPT_DECRYPT",
      "multi_region": false,
      "multi_region_configuration": [],
      "origin": "AWS_KMS",
      "pending_deletion_window_in_days": 0,
      "valid_to": null,
      "xks_key_configuration": []
    }
    "#);

    let mrk = "mrk-1234abcd12ab34cd56ef1234567890ab";
    world.set_key_state(mrk, REGION, DEFAULT_ACCOUNT, KeyState::PendingDeletion).unwrap();
    let answer = ask(&aws, "aws_kms_key", [("key_id", Value::from(mrk))]).await.unwrap();
    assert_eq!(
        (answer.get("enabled"), text(&answer, "key_state")),
        (Some(&Value::Bool(false)), "PendingDeletion")
    );
    assert!(text(&answer, "deletion_date") > text(&answer, "creation_date"));
    insta::assert_snapshot!(json(answer.get("multi_region_configuration").unwrap()), @r#"[{"multi_region_key_type":"PRIMARY","primary_key":[{"arn":"arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab","region":"eu-west-1"}],"replica_keys":[]}]"#);
    assert_eq!(sandbox.requests().get("DescribeKey"), Some(&6));
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test]
async fn an_alias_is_told_with_one_request() {
    let world = world();
    world.seed_key("alias/app", REGION, DEFAULT_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    for name in ["alias/app", "alias/aws/s3"] {
        let alias = ask(&aws, "aws_kms_alias", [("name", Value::from(name))]).await.unwrap();
        let key = ask(&aws, "aws_kms_key", [("key_id", Value::from(name))]).await.unwrap();
        assert_eq!(alias.get("target_key_arn"), key.get("arn"));
        assert_eq!(alias.get("target_key_id"), key.get("id"));
        assert_eq!(text(&alias, "arn"), format!("arn:aws:kms:{REGION}:{DEFAULT_ACCOUNT}:{name}"));
        assert_eq!(alias.get("id"), alias.get("arn"));
    }
    assert_eq!(sandbox.requests(), [("DescribeKey", 4)].into());
}

#[tokio::test]
async fn what_kms_refuses_is_told() {
    let world = world();
    for number in 0..150 {
        world.seed_key(&format!("alias/app-{number}"), REGION, DEFAULT_ACCOUNT).unwrap();
    }
    world.seed_key("alias/zebra", REGION, DEFAULT_ACCOUNT).unwrap();
    assert!(world.deny_key(KEY, REGION, DEFAULT_ACCOUNT).unwrap());
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    let mut told = Vec::new();
    for name in [
        "alias/zebar",
        "00000000-12ab-34cd-56ef-1234567890ab",
        "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        KEY,
        "arn:aws:kms:eu-west-1:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "alias/no spaces",
    ] {
        let error = ask(&aws, "aws_kms_key", [("key_id", Value::from(name))]).await.unwrap_err();
        assert!(error.code.is_some() || error.kind == ErrorKind::Invalid);
        told.push(format!("{:?} {error}", error.kind).replace(&sandbox.endpoint(), "KMS"));
    }
    let error = ask(&aws, "aws_kms_alias", [("name", Value::from("app"))]).await.unwrap_err();
    told.push(format!("{:?} {error}", error.kind));
    insta::assert_snapshot!(told.join("\n"), @r#"
    NotFound Alias not found: There is no alias "alias/zebar" at KMS. Correct the name, or ask a provider of the alias's Region. Did you mean "alias/zebra"?
    NotFound Key not found: There is no key "00000000-12ab-34cd-56ef-1234567890ab" at KMS. Correct it, or ask a provider of the key's Region. A key of another account is named by its ARN.
    NotFound Key not found: "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" is in us-east-1, and the provider works in eu-west-1. Ask a provider whose `region` is us-east-1.
    Denied Access denied: The credentials may not do kms:DescribeKey on the key "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab": neither the key's policy nor one of the caller allows it, or there is no such key in another account. The service says AccessDeniedException: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: kms:DescribeKey on resource: arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access.
    Denied Access denied: The credentials may not do kms:DescribeKey on the key "arn:aws:kms:eu-west-1:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab": neither the key's policy nor one of the caller allows it, or there is no such key in another account. The service says AccessDeniedException: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: kms:DescribeKey on resource: arn:aws:kms:eu-west-1:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access.
    Invalid Invalid KMS key: "alias/no spaces" does not name a key of KMS. A key is named by its id (a UUID), its ARN, `alias/name`, or the ARN of an alias.
    Invalid Invalid alias: "app" is not the name of an alias: alias/ and then 1 to 250 letters, digits, /, _ or -. Did you mean "alias/app"?
    "#);
}

#[tokio::test]
async fn a_bucket_is_found_in_whatever_region() {
    let world = world();
    world.seed_bucket("afar", "us-west-2", DEFAULT_ACCOUNT).unwrap();
    world.seed_bucket("theirs", REGION, OTHER_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    let bucket =
        async |name: &str| ask(&aws, "aws_s3_bucket", [("bucket", Value::from(name))]).await;
    let answer = bucket(LOGS).await.unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json(&answer)).unwrap(), @r#"
    {
      "arn": "arn:aws:s3:::logs",
      "bucket": "logs",
      "bucket_domain_name": "logs.s3.amazonaws.com",
      "bucket_region": "eu-west-1",
      "bucket_regional_domain_name": "logs.s3.eu-west-1.amazonaws.com",
      "hosted_zone_id": "Z1BKCTXD74EZPE",
      "id": "logs",
      "region": "eu-west-1",
      "website_domain": null,
      "website_endpoint": null
    }
    "#);
    let afar = bucket("afar").await.unwrap();
    assert_eq!(text(&afar, "region"), "us-west-2");
    assert_eq!(text(&afar, "bucket_regional_domain_name"), "afar.s3.us-west-2.amazonaws.com");
    // The second time its Region is known.
    bucket("afar").await.unwrap();
    assert_eq!(
        sandbox.requests(),
        [("GetCallerIdentity", 1), ("HeadBucket", 4), ("GetBucketWebsite", 3)].into()
    );
    let mut told = Vec::new();
    for name in ["nowhere", "theirs", "fast--euw1-az1--x-s3", "arn:aws:s3:::logs"] {
        let error = bucket(name).await.unwrap_err();
        told.push(format!("{:?} {error}", error.kind).replace(&sandbox.endpoint(), "S3"));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    NotFound Bucket not found: There is no bucket "nowhere" at S3. Correct the name, or make the bucket first: only its encryption is kept here.
    Denied Access denied: The credentials may not do s3:ListBucket on the bucket "theirs": no policy allows it, or one denies it. Or the bucket does not belong to the account 123456789012, that of the credentials, which is expected where nothing is declared: name its owner in `expected_bucket_owner`, or set `owner_check = false` in the provider.
    Invalid Invalid bucket name: "fast--euw1-az1--x-s3": this is a directory bucket; only general purpose buckets are read.
    Invalid Invalid bucket name: "arn:aws:s3:::logs": this is an ARN; give the name of the bucket alone.
    "#);
}

/// A world with buckets enough for three pages.
fn fleet() -> World {
    let world = World::in_memory();
    for number in 0..2100 {
        let region = if number % 3 == 0 { "us-west-2" } else { REGION };
        world.seed_bucket(&format!("app-{number:04}"), region, DEFAULT_ACCOUNT).unwrap();
    }
    for name in ["acme-logs", "acme-tmp-1", "acme-tmp-2", "fast--euw1-az1--x-s3"] {
        world.seed_bucket(name, REGION, DEFAULT_ACCOUNT).unwrap();
    }
    world.seed_bucket("theirs", REGION, OTHER_ACCOUNT).unwrap();
    world
}

#[tokio::test]
async fn buckets_are_listed_to_the_last_page() {
    let sandbox = start(&fleet()).await;
    let aws = to(&sandbox);
    let answer = ask(&aws, "aws_s3_buckets", []).await.unwrap();
    assert_eq!(names(&answer).len(), 2103);
    assert_eq!(sandbox.requests(), [("ListBuckets", 3)].into());
    let buckets = answer.get("buckets").unwrap();
    let mut shown = json(buckets.get("app-0003").unwrap());
    assert_eq!(shown["creation_date"].take().as_str().unwrap().len(), 20);
    insta::assert_snapshot!(shown, @r#"{"arn":"arn:aws:s3:::app-0003","creation_date":null,"name":"app-0003","region":"us-west-2"}"#);
    assert!(buckets.as_fields().unwrap().keys().map(ToString::to_string).eq(names(&answer)));
}

#[tokio::test]
async fn buckets_are_chosen_by_what_is_asked() {
    let sandbox = start(&fleet()).await;
    let aws = to(&sandbox);
    let cases: [(Given<'_>, &[&str]); 6] = [
        (
            &[("prefix", Value::from("app-000")), ("region", Value::from("us-west-2"))],
            &["app-0000", "app-0003", "app-0006", "app-0009"],
        ),
        (
            &[("name_regex", Value::from("^app-.*77$")), ("prefix", Value::from("app-1"))],
            &[
                "app-1077", "app-1177", "app-1277", "app-1377", "app-1477", "app-1577", "app-1677",
                "app-1777", "app-1877", "app-1977",
            ],
        ),
        (&[("prefix", Value::from("acme")), ("exclude", set(&["acme-tmp-*"]))], &["acme-logs"]),
        (
            &[("prefix", Value::from("acme")), ("exclude", set(&["acme-logs", "*-2"]))],
            &["acme-tmp-1"],
        ),
        (&[("prefix", Value::from("nothing"))], &[]),
        (&[("region", Value::from("eu-central-1"))], &[]),
    ];
    for (given, expected) in cases {
        let mut query = query("aws_s3_buckets", []);
        for (name, value) in given {
            let fields = query.arguments.as_fields().unwrap().with(name, value.clone());
            query.arguments = Value::Object(fields);
        }
        let answer = aws.query(&query).await.unwrap();
        assert_eq!(names(&answer), expected, "{given:?}");
        for (name, value) in given {
            assert_eq!(answer.get(name), Some(value));
        }
    }
    assert_eq!(sandbox.requests().len(), 1, "{:?}", sandbox.requests());
}

#[tokio::test]
async fn buckets_are_chosen_by_their_tags() {
    let world = fleet();
    for (name, tags) in [
        ("app-0000", vec![("team", "blue"), ("env", "prod")]),
        ("app-0001", vec![("team", "blue"), ("env", "dev")]),
        ("app-0002", vec![("team", "red"), ("env", "prod")]),
        ("app-0003", vec![("team", "blue"), ("env", "prod"), ("more", "")]),
    ] {
        assert!(world.tag_bucket(name, tags).unwrap());
    }
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    let tagged = async |prefix: &str, tags| {
        ask(&aws, "aws_s3_buckets", [("prefix", Value::from(prefix)), ("tags", tags)]).await
    };
    let answer = tagged("app-00", map([("team", "blue"), ("env", "prod")])).await.unwrap();
    assert_eq!(names(&answer), ["app-0000", "app-0003"]);
    assert_eq!(
        sandbox.requests(),
        [("GetCallerIdentity", 1), ("ListBuckets", 1), ("GetBucketTagging", 100)].into()
    );
    assert_eq!(names(&tagged("app-000", map([("more", "")])).await.unwrap()), ["app-0003"]);
    assert_eq!(names(&tagged("app-000", map([("Team", "blue")])).await.unwrap()).len(), 0);
    // No tags at all leave nothing out, and ask nobody.
    let before = sandbox.requests()["GetBucketTagging"];
    assert_eq!(names(&tagged("app-000", map([])).await.unwrap()).len(), 10);
    assert_eq!(sandbox.requests()["GetBucketTagging"], before);

    world.deny_bucket("app-0005").unwrap();
    world.deny_bucket("app-0007").unwrap();
    let error = tagged("app-000", map([("team", "blue")])).await.unwrap_err();
    insta::assert_snapshot!(format!("{:?} {error}", error.kind), @r#"Denied Access denied: The credentials may not do s3:GetBucketTagging on the bucket "app-0005": no policy allows it, or one denies it. Or the bucket does not belong to the account 123456789012, that of the credentials, which is expected where nothing is declared: name its owner in `expected_bucket_owner`, or set `owner_check = false` in the provider. The service says AccessDenied: Access Denied. The same question failed for 1 more. Or leave buckets out by `exclude`."#);
}

#[tokio::test]
async fn questions_survive_faults() {
    let world = world();
    world.tag_bucket(LOGS, [("a", "b")]).unwrap();
    for kind in [FaultKind::SlowDown, FaultKind::InternalError, FaultKind::Reset] {
        let faults = Some(Faults { kind, rate: 0.4, seed: 7 });
        let options = Options { faults, ..Options::default() };
        let sandbox = Sandbox::start(world.clone(), options).await.unwrap();
        let aws = aws(Settings { max_retries: Some(20), ..at(&sandbox.endpoint()) });
        for _ in 0..5 {
            ask(&aws, "aws_kms_key", [("key_id", Value::from(KEY))]).await.unwrap();
            ask(&aws, "aws_s3_bucket", [("bucket", Value::from(LOGS))]).await.unwrap();
            ask(&aws, "aws_s3_buckets", [("tags", map([("a", "b")]))]).await.unwrap();
        }
        ask(&aws, "aws_caller_identity", []).await.unwrap();
        assert_eq!(aws.throttled() > 0, kind == FaultKind::SlowDown);
    }
}

#[tokio::test]
async fn throttling_of_kms_is_counted_and_told() {
    let faults = Some(Faults { kind: FaultKind::SlowDown, rate: 1.0, seed: 7 });
    let options = Options { faults, ..Options::default() };
    let sandbox = Sandbox::start(world(), options).await.unwrap();
    let aws = aws(Settings { max_retries: Some(1), ..at(&sandbox.endpoint()) });
    let error = ask(&aws, "aws_kms_key", [("key_id", Value::from(KEY))]).await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::Throttled, "Too many requests"));
    assert_eq!(aws.throttled(), 2);
    let error = ask(&aws, "aws_s3_buckets", []).await.unwrap_err();
    assert_eq!((error.kind, aws.throttled()), (ErrorKind::Throttled, 4));
    let error = ask(&aws, "aws_caller_identity", []).await.unwrap_err();
    assert_eq!((error.kind, aws.throttled()), (ErrorKind::Throttled, 6));
}

#[tokio::test]
async fn no_secret_is_in_an_answer_or_in_an_error() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    let secret = |text: &str| Value::from(text).sensitive();
    let answer = ask(&aws, "aws_s3_bucket", [("bucket", secret(LOGS))]).await.unwrap();
    for (name, value) in answer.as_fields().unwrap().iter() {
        assert!(value.is_sensitive(), "{name}");
    }
    let hidden = "nowhere-to-be-found";
    let error = ask(&aws, "aws_s3_bucket", [("bucket", secret(hidden))]).await.unwrap_err();
    assert!(!error.detail.contains(hidden) && error.detail.contains("(sensitive)"), "{error}");
    let error = ask(&aws, "aws_kms_key", [("key_id", secret("alias/hidden"))]).await.unwrap_err();
    assert!(!error.detail.contains("hidden"), "{error}");
    for argument in ["prefix", "region", "name_regex"] {
        let error = ask(&aws, "aws_s3_buckets", [(argument, secret("(hidden"))]).await.unwrap_err();
        assert!(!error.detail.contains("hidden"), "{error}");
    }
}
