//! KMS and STS.

use serde_json::{Value, json};

use super::super::{DEFAULT_ACCOUNT, KeyState, Sandbox, World};
use super::{OTHER_ACCOUNT, REGION, Raw, start};

async fn kms(sandbox: &Sandbox, operation: &str, body: &Value) -> (u16, Value) {
    let answer = Raw::new("POST", "/")
        .signed("test", REGION, "kms")
        .header("x-amz-target", &format!("TrentService.{operation}"))
        .body(&body.to_string())
        .send(sandbox)
        .await;
    assert_eq!(answer.header("content-type"), Some("application/x-amz-json-1.1"));
    let body = if answer.body.is_empty() { Value::Null } else { answer.body.parse().unwrap() };
    (answer.status, body)
}

async fn describe(sandbox: &Sandbox, key: &str) -> (u16, Value) {
    let (status, mut body) = kms(sandbox, "DescribeKey", &json!({ "KeyId": key })).await;
    (status, if status == 200 { body["KeyMetadata"].take() } else { body["__type"].take() })
}

fn sandbox_world() -> World {
    let world = World::in_memory();
    assert!(world.seed_key("alias/app", REGION, DEFAULT_ACCOUNT).unwrap());
    assert!(!world.seed_key("alias/app", REGION, DEFAULT_ACCOUNT).unwrap());
    assert!(!world.seed_key("alias/aws/s3", REGION, DEFAULT_ACCOUNT).unwrap());
    assert!(world.seed_key("mrk-1234", REGION, DEFAULT_ACCOUNT).unwrap());
    let shared = format!("arn:aws:kms:{REGION}:{OTHER_ACCOUNT}:key/shared");
    assert!(world.seed_key(&shared, "us-east-1", DEFAULT_ACCOUNT).unwrap());
    for bad in ["", "alias/", "a key", "arn:aws:s3:::bucket", "arn:aws:kms:eu-west-1:1:grant/x"] {
        assert!(world.seed_key(bad, REGION, DEFAULT_ACCOUNT).is_err(), "{bad}");
    }
    world
}

#[tokio::test]
async fn a_key_is_described_by_each_of_its_names() {
    let sandbox = start(&sandbox_world()).await;
    let (status, by_alias) = describe(&sandbox, "alias/app").await;
    assert_eq!(status, 200);
    let id = by_alias["KeyId"].as_str().unwrap();
    let arn = format!("arn:aws:kms:{REGION}:{DEFAULT_ACCOUNT}");
    assert_eq!(by_alias["Arn"], format!("{arn}:key/{id}"));
    for name in [id.to_owned(), format!("{arn}:key/{id}"), format!("{arn}:alias/app")] {
        assert_eq!(describe(&sandbox, &name).await, (200, by_alias.clone()), "{name}");
    }
    for (field, value) in [
        ("AWSAccountId", json!(DEFAULT_ACCOUNT)),
        ("KeyState", json!("Enabled")),
        ("Enabled", json!(true)),
        ("KeyUsage", json!("ENCRYPT_DECRYPT")),
        ("KeySpec", json!("SYMMETRIC_DEFAULT")),
        ("KeyManager", json!("CUSTOMER")),
        ("MultiRegion", json!(false)),
        ("DeletionDate", Value::Null),
    ] {
        assert_eq!(by_alias[field], value, "{field}");
    }
    let (_, multi_region) = describe(&sandbox, "mrk-1234").await;
    assert_eq!(multi_region["MultiRegion"], true);
}

#[tokio::test]
async fn the_aws_managed_key_always_exists() {
    let sandbox = start(&World::in_memory()).await;
    let (status, key) = describe(&sandbox, "alias/aws/s3").await;
    assert_eq!((status, &key["KeyManager"]), (200, &json!("AWS")));
    assert_eq!(describe(&sandbox, key["Arn"].as_str().unwrap()).await, (200, key));
}

#[tokio::test]
async fn keys_that_are_not_there_are_refused() {
    let sandbox = start(&sandbox_world()).await;
    for (name, code) in [
        ("1234abcd-12ab-34cd-56ef-1234567890ab", "NotFoundException"),
        ("not a key", "NotFoundException"),
        ("alias/none", "NotFoundException"),
        ("arn:aws:kms:us-east-1:123456789012:alias/app", "NotFoundException"),
        ("arn:aws:kms:eu-west-1:999988887777:key/absent", "AccessDeniedException"),
    ] {
        assert_eq!(describe(&sandbox, name).await, (400, json!(code)), "{name}");
    }
    let shared = format!("arn:aws:kms:{REGION}:{OTHER_ACCOUNT}:key/shared");
    let (status, key) = describe(&sandbox, &shared).await;
    assert_eq!((status, &key["AWSAccountId"]), (200, &json!(OTHER_ACCOUNT)));
    for (operation, body, code) in [
        ("DescribeKey", json!({}), "SerializationException"),
        ("Encrypt", json!({}), "UnknownOperationException"),
        (
            "CreateAlias",
            json!({ "AliasName": "app", "TargetKeyId": "mrk-1234" }),
            "InvalidAliasNameException",
        ),
        (
            "CreateAlias",
            json!({ "AliasName": "alias/aws/x", "TargetKeyId": "mrk-1234" }),
            "InvalidAliasNameException",
        ),
        (
            "CreateAlias",
            json!({ "AliasName": "alias/app", "TargetKeyId": "mrk-1234" }),
            "AlreadyExistsException",
        ),
        (
            "CreateAlias",
            json!({ "AliasName": "alias/new", "TargetKeyId": "absent" }),
            "NotFoundException",
        ),
    ] {
        let (status, answer) = kms(&sandbox, operation, &body).await;
        assert_eq!((status, &answer["__type"]), (400, &json!(code)), "{operation} {body}");
    }
}

#[tokio::test]
async fn keys_and_aliases_are_made_and_listed() {
    let sandbox = start(&sandbox_world()).await;
    let (_, made) = kms(&sandbox, "CreateKey", &json!({ "Description": "mine" })).await;
    let id = made["KeyMetadata"]["KeyId"].as_str().unwrap();
    let alias = json!({ "AliasName": "alias/zebra", "TargetKeyId": id });
    assert_eq!(kms(&sandbox, "CreateAlias", &alias).await, (200, Value::Null));
    let (_, described) = describe(&sandbox, "alias/zebra").await;
    assert_eq!((&described["KeyId"], &described["Description"]), (&json!(id), &json!("mine")));

    let names = |list: &Value| {
        let aliases = list["Aliases"].as_array().unwrap().iter();
        aliases.map(|alias| alias["AliasName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (_, all) = kms(&sandbox, "ListAliases", &json!({})).await;
    assert_eq!(names(&all), ["alias/app", "alias/aws/s3", "alias/zebra"]);
    let (_, page) = kms(&sandbox, "ListAliases", &json!({ "Limit": 2 })).await;
    assert_eq!((names(&page).len(), &page["Truncated"]), (2, &json!(true)));
    let (_, rest) = kms(&sandbox, "ListAliases", &json!({ "Marker": page["NextMarker"] })).await;
    assert_eq!(names(&rest), ["alias/zebra"]);
    let (_, of_key) = kms(&sandbox, "ListAliases", &json!({ "KeyId": id })).await;
    assert_eq!(names(&of_key), ["alias/zebra"]);
}

#[tokio::test]
async fn key_states_change_through_either_door() {
    let world = sandbox_world();
    let sandbox = start(&world).await;
    let state = async || {
        let (_, key) = describe(&sandbox, "mrk-1234").await;
        (key["KeyState"].as_str().unwrap().to_owned(), !key["DeletionDate"].is_null())
    };
    world.set_key_state("mrk-1234", REGION, DEFAULT_ACCOUNT, KeyState::PendingDeletion).unwrap();
    assert_eq!(state().await, ("PendingDeletion".to_owned(), true));
    let key = json!({ "KeyId": "mrk-1234" });
    for (operation, expected) in [
        ("EnableKey", ("Enabled".to_owned(), false)),
        ("DisableKey", ("Disabled".to_owned(), false)),
        ("ScheduleKeyDeletion", ("PendingDeletion".to_owned(), true)),
    ] {
        assert_eq!(kms(&sandbox, operation, &key).await.0, 200);
        assert_eq!(state().await, expected);
    }
}

/// Whoever names it next does not make it again, until its state is set.
#[tokio::test]
async fn a_key_that_was_taken_away_stays_so() {
    let world = sandbox_world();
    let sandbox = start(&world).await;
    let (_, made) = describe(&sandbox, "alias/app").await;
    let arn = made["Arn"].as_str().unwrap();
    assert!(world.remove_key("alias/app", REGION, DEFAULT_ACCOUNT).unwrap());
    assert!(!world.remove_key("alias/none", REGION, DEFAULT_ACCOUNT).unwrap());
    assert!(!world.seed_key("alias/app", REGION, DEFAULT_ACCOUNT).unwrap());
    for name in ["alias/app", arn] {
        assert_eq!(describe(&sandbox, name).await, (400, json!("NotFoundException")), "{name}");
    }
    assert_eq!(kms(&sandbox, "EnableKey", &json!({ "KeyId": arn })).await.0, 400);
    let (_, list) = kms(&sandbox, "ListAliases", &json!({})).await;
    assert_eq!(list["Aliases"].as_array().unwrap().len(), 1, "only that of AWS: {list}");
    assert!(world.set_key_state("alias/app", REGION, DEFAULT_ACCOUNT, KeyState::Enabled).unwrap());
    assert_eq!(describe(&sandbox, "alias/app").await, (200, made));
}

#[tokio::test]
async fn a_key_tells_its_regions_and_a_denied_one_nothing() {
    let world = sandbox_world();
    let sandbox = start(&world).await;
    let (_, single) = describe(&sandbox, "alias/app").await;
    assert_eq!(single["MultiRegionConfiguration"], Value::Null);
    let (_, several) = describe(&sandbox, "mrk-1234").await;
    let primary = json!({ "Arn": several["Arn"], "Region": REGION });
    let configuration = json!({
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": primary,
        "ReplicaKeys": [],
    });
    assert_eq!(several["MultiRegionConfiguration"], configuration);
    assert!(world.deny_key("alias/app", REGION, DEFAULT_ACCOUNT).unwrap());
    assert!(!world.deny_key("alias/none", REGION, DEFAULT_ACCOUNT).unwrap());
    let denied = describe(&sandbox, "alias/app").await;
    assert_eq!(denied, (400, json!("AccessDeniedException")));
}

fn sts_config(sandbox: &Sandbox) -> aws_sdk_sts::Client {
    use aws_sdk_sts::config::{BehaviorVersion, Config, Credentials, Region};
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new("111122223333", "secret", None, None, "test"))
        .endpoint_url(sandbox.endpoint())
        .build();
    aws_sdk_sts::Client::from_conf(config)
}

#[tokio::test]
async fn roles_are_assumed_into_their_account() {
    let world = World::in_memory();
    world.seed_bucket("theirs", REGION, OTHER_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let client = sts_config(&sandbox);
    let me = client.get_caller_identity().send().await.unwrap();
    assert_eq!(me.account(), Some("111122223333"));
    assert_eq!(me.arn(), Some("arn:aws:iam::111122223333:user/sandbox"));

    let role = format!("arn:aws:iam::{OTHER_ACCOUNT}:role/teams/Auditor");
    let assumed = client.assume_role().role_arn(role).role_session_name("seal").send().await;
    let assumed = assumed.unwrap();
    let session = format!("arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/Auditor/seal");
    assert_eq!(assumed.assumed_role_user().unwrap().arn(), session);
    let credentials = assumed.credentials().unwrap();
    assert!(credentials.expiration().secs() > 1_700_000_000);

    let identity = Raw::new("POST", "/")
        .signed(credentials.access_key_id(), REGION, "sts")
        .header("x-amz-security-token", credentials.session_token())
        .body("Action=GetCallerIdentity&Version=2011-06-15")
        .send(&sandbox)
        .await;
    assert_eq!(identity.element("Account"), Some(OTHER_ACCOUNT));
    assert_eq!(identity.element("Arn"), Some(session.as_str()));
    let get = Raw::new("GET", "/theirs?encryption");
    let as_them = get.clone().signed(credentials.access_key_id(), REGION, "s3");
    assert_eq!(as_them.send(&sandbox).await.status, 200);
    assert_eq!(get.send(&sandbox).await.outcome(), (403, "AccessDenied"));
}

#[tokio::test]
async fn what_sts_refuses_is_refused() {
    let sandbox = start(&World::in_memory()).await;
    for (form, code) in [
        ("", "InvalidAction"),
        ("Action=GetSessionToken", "InvalidAction"),
        ("Action=AssumeRole&RoleSessionName=me", "ValidationError"),
        ("Action=AssumeRole&RoleArn=role&RoleSessionName=me", "ValidationError"),
        ("Action=AssumeRole&RoleArn=arn:aws:iam::1:role/x&RoleSessionName=me", "ValidationError"),
        (
            "Action=AssumeRole&RoleArn=arn:aws:iam::111122223333:role/x&RoleSessionName=a+b",
            "ValidationError",
        ),
        (
            "Action=AssumeRole&RoleArn=arn:aws:iam::111122223333:role/x&RoleSessionName=me&DurationSeconds=1",
            "ValidationError",
        ),
    ] {
        let answer = Raw::new("POST", "/").signed("test", REGION, "sts").body(form);
        assert_eq!(answer.send(&sandbox).await.outcome(), (400, code), "{form}");
    }
}
