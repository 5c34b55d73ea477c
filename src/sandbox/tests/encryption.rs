//! The three calls that the whole program is about.

use aws_sdk_s3::types::{
    BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};

use super::super::{DEFAULT_ACCOUNT, KeyState};
use super::{Answer, DIRECTORY, LOGS, OTHER_ACCOUNT, REGION, Raw, s3, start, world};

const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn document(rules: &str) -> String {
    format!(
        "<ServerSideEncryptionConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{rules}\
         </ServerSideEncryptionConfiguration>"
    )
}

/// A rule's elements: the algorithm, then the key unless empty, then `rest` as it is.
fn rule(algorithm: &str, key: &str, rest: &str) -> String {
    let key = if key.is_empty() {
        String::new()
    } else {
        format!("<KMSMasterKeyID>{key}</KMSMasterKeyID>")
    };
    format!(
        "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>{algorithm}</SSEAlgorithm>{key}\
         </ApplyServerSideEncryptionByDefault>{rest}</Rule>"
    )
}

fn blocked(types: &[&str]) -> String {
    let mut elements = String::new();
    for name in types {
        elements.extend(["<EncryptionType>", name, "</EncryptionType>"]);
    }
    format!("<BlockedEncryptionTypes>{elements}</BlockedEncryptionTypes>")
}

async fn put(sandbox: &super::Sandbox, bucket: &str, body: &str) -> Answer {
    Raw::new("PUT", &format!("/{bucket}?encryption")).body(body).send(sandbox).await
}

/// The rules that `GetBucketEncryption` shows.
async fn get(sandbox: &super::Sandbox, bucket: &str) -> String {
    let answer = Raw::new("GET", &format!("/{bucket}?encryption")).send(sandbox).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let start = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", document(""));
    let (head, tail) = start.split_at(start.find("</Server").unwrap());
    answer.body.strip_prefix(head).unwrap().strip_suffix(tail).unwrap().to_owned()
}

const OFF: &str = "<BucketKeyEnabled>false</BucketKeyEnabled>";
const ON: &str = "<BucketKeyEnabled>true</BucketKeyEnabled>";

#[tokio::test]
async fn a_bucket_nobody_configured_reads_sse_s3_with_sse_c_blocked() {
    let sandbox = start(&world()).await;
    let expected = rule("AES256", "", &format!("{OFF}{}", blocked(&["SSE-C"])));
    assert_eq!(get(&sandbox, LOGS).await, expected);
    assert_eq!(get(&sandbox, DIRECTORY).await, rule("AES256", "", ON));
}

#[tokio::test]
async fn the_sdk_puts_gets_and_deletes() {
    let sandbox = start(&world()).await;
    let client = s3(&sandbox, "AKIAIOSFODNN7EXAMPLE", REGION);
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::AwsKmsDsse)
        .kms_master_key_id(KEY)
        .build()
        .unwrap();
    let wanted = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .bucket_key_enabled(true)
        .blocked_encryption_types(
            BlockedEncryptionTypes::builder().encryption_type(EncryptionType::SseC).build(),
        )
        .build();
    let configuration = ServerSideEncryptionConfiguration::builder().rules(wanted).build().unwrap();
    client
        .put_bucket_encryption()
        .bucket(LOGS)
        .expected_bucket_owner(DEFAULT_ACCOUNT)
        .server_side_encryption_configuration(configuration.clone())
        .send()
        .await
        .unwrap();
    let live = client.get_bucket_encryption().bucket(LOGS).send().await.unwrap();
    assert_eq!(live.server_side_encryption_configuration(), Some(&configuration));

    client.delete_bucket_encryption().bucket(LOGS).send().await.unwrap();
    let live = client.get_bucket_encryption().bucket(LOGS).send().await.unwrap();
    let live = live.server_side_encryption_configuration().unwrap();
    let [live] = live.rules() else { panic!("{live:?}") };
    let default = live.apply_server_side_encryption_by_default().unwrap();
    assert_eq!(default.sse_algorithm(), &ServerSideEncryption::Aes256);
    assert_eq!(default.kms_master_key_id(), None);
    assert_eq!(live.bucket_key_enabled(), Some(false));
}

/// (what it shows, sent rule, what comes back)
#[tokio::test]
async fn what_is_put_comes_back() {
    let kept = format!("{OFF}{}", blocked(&["SSE-C"]));
    let cases = [
        ("plain SSE-S3", rule("AES256", "", ""), rule("AES256", "", &kept)),
        ("kms without a key", rule("aws:kms", "", ""), rule("aws:kms", "", &kept)),
        ("a key ARN", rule("aws:kms", KEY, ""), rule("aws:kms", KEY, &kept)),
        ("an alias as given", rule("aws:kms", "alias/x", ""), rule("aws:kms", "alias/x", &kept)),
        (
            "no look at the key",
            rule("aws:kms", "not a key", ""),
            rule("aws:kms", "not a key", &kept),
        ),
        ("dsse", rule("aws:kms:dsse", KEY, ""), rule("aws:kms:dsse", KEY, &kept)),
        (
            "a bucket key",
            rule("aws:kms", "", ON),
            rule("aws:kms", "", &format!("{ON}{}", blocked(&["SSE-C"]))),
        ),
        (
            "no default at all",
            format!("<Rule>{ON}</Rule>"),
            rule("AES256", "", &format!("{ON}{}", blocked(&["SSE-C"]))),
        ),
        ("NONE unblocks", rule("AES256", "", &blocked(&["NONE"])), rule("AES256", "", OFF)),
        ("and stays so", rule("aws:kms", "", ""), rule("aws:kms", "", OFF)),
        ("until blocked", rule("AES256", "", &blocked(&["SSE-C"])), rule("AES256", "", &kept)),
        (
            "markup in a key",
            rule("aws:kms", "a&amp;b&lt;c", ""),
            rule("aws:kms", "a&amp;b&lt;c", &kept),
        ),
    ];
    let sandbox = start(&world()).await;
    for (what, sent, expected) in cases {
        let answer = put(&sandbox, LOGS, &document(&sent)).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{what}");
        assert_eq!(get(&sandbox, LOGS).await, expected, "{what}");
    }
}

#[tokio::test]
async fn delete_resets_and_keeps_the_block() {
    let sandbox = start(&world()).await;
    let kms = rule("aws:kms", KEY, ON);
    for (sent, expected) in [
        (blocked(&["SSE-C"]), format!("{OFF}{}", blocked(&["SSE-C"]))),
        (blocked(&["NONE"]), OFF.to_owned()),
    ] {
        let sent = kms.replace("</Rule>", &format!("{sent}</Rule>"));
        assert_eq!(put(&sandbox, LOGS, &document(&sent)).await.status, 200);
        let answer = Raw::new("DELETE", "/logs?encryption").send(&sandbox).await;
        assert_eq!(answer.status, 204);
        assert_eq!(get(&sandbox, LOGS).await, rule("AES256", "", &expected));
    }
}

#[tokio::test]
async fn what_s3_refuses_is_refused_and_changes_nothing() {
    let sse_s3 = rule("AES256", "", "");
    let malformed = [
        ("nothing", String::new()),
        ("not XML", "hello".to_owned()),
        ("cut off", document(&sse_s3)[..120].to_owned()),
        ("another root", document(&sse_s3).replace("ServerSideEncryptionConfiguration", "Tagging")),
        ("no rule", document("")),
        ("two rules", document(&sse_s3.repeat(2))),
        ("an unknown algorithm", document(&rule("aws:rot13", "", ""))),
        ("an FSx algorithm", document(&rule("aws:fsx", "", ""))),
        ("no algorithm", document("<Rule><ApplyServerSideEncryptionByDefault/></Rule>")),
        ("an unknown element", document(&rule("AES256", "", "<Color>red</Color>"))),
        ("no boolean", document(&rule("AES256", "", "<BucketKeyEnabled>maybe</BucketKeyEnabled>"))),
        ("an unknown type", document(&rule("AES256", "", &blocked(&["SSE-D"])))),
        ("no type", document(&rule("AES256", "", &blocked(&[])))),
    ];
    let arguments = [
        ("a key with SSE-S3", document(&rule("AES256", KEY, "")), "KMSMasterKeyID"),
        (
            "an empty key",
            document(&rule("aws:kms", " ", "")).replace("> <", "><"),
            "KMSMasterKeyID",
        ),
        (
            "NONE and more",
            document(&rule("AES256", "", &blocked(&["NONE", "SSE-C"]))),
            "EncryptionType",
        ),
    ];
    let sandbox = start(&world()).await;
    let before = get(&sandbox, LOGS).await;
    for (what, body) in malformed {
        let answer = put(&sandbox, LOGS, &body).await;
        assert_eq!(answer.outcome(), (400, "MalformedXML"), "{what}");
    }
    for (what, body, argument) in arguments {
        let answer = put(&sandbox, LOGS, &body).await;
        assert_eq!(answer.outcome(), (400, "InvalidArgument"), "{what}");
        assert_eq!(answer.element("ArgumentName"), Some(argument), "{what}");
    }
    let long = document(&rule("aws:kms", &"k".repeat(140_000), ""));
    let answer = put(&sandbox, LOGS, &long).await;
    assert_eq!(answer.outcome(), (400, "MaxMessageLengthExceeded"));
    assert_eq!(get(&sandbox, LOGS).await, before);
}

#[tokio::test]
async fn the_expected_owner_is_held_to() {
    let sandbox = start(&world()).await;
    for method in ["GET", "PUT", "DELETE"] {
        for (bucket, owner, expected) in [
            (LOGS, OTHER_ACCOUNT, (403, "AccessDenied")),
            (DIRECTORY, DEFAULT_ACCOUNT, (501, "NotImplemented")),
        ] {
            let answer = Raw::new(method, &format!("/{bucket}?encryption"))
                .body(&document(&rule("AES256", "", "")))
                .header("x-amz-expected-bucket-owner", owner)
                .send(&sandbox)
                .await;
            assert_eq!(answer.outcome(), expected, "{method} {bucket}");
        }
    }
}

#[tokio::test]
async fn a_directory_bucket_looks_at_its_key() {
    let world = world();
    for id in ["good", "off", "dying", "second"] {
        assert!(world.seed_key(id, REGION, DEFAULT_ACCOUNT).unwrap());
    }
    for (id, state) in [("off", KeyState::Disabled), ("dying", KeyState::PendingDeletion)] {
        assert!(world.set_key_state(id, REGION, DEFAULT_ACCOUNT, state).unwrap());
    }
    world.seed_key("foreign", REGION, OTHER_ACCOUNT).unwrap();
    world.seed_key("alias/mine", REGION, DEFAULT_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    let asymmetric = Raw::new("POST", "/")
        .signed("test", REGION, "kms")
        .header("x-amz-target", "TrentService.CreateKey")
        .body("{\"KeySpec\":\"RSA_2048\",\"KeyUsage\":\"SIGN_VERIFY\"}")
        .send(&sandbox)
        .await;
    let asymmetric: serde_json::Value = serde_json::from_str(&asymmetric.body).unwrap();
    let asymmetric = asymmetric["KeyMetadata"]["KeyId"].as_str().unwrap();
    let arn = |id: &str| format!("arn:aws:kms:{REGION}:{DEFAULT_ACCOUNT}:key/{id}");

    let refused = [
        (rule("aws:kms:dsse", "good", ""), "InvalidArgument"),
        (rule("aws:kms", "", ""), "InvalidArgument"),
        (rule("aws:kms", "alias/mine", ""), "InvalidArgument"),
        (rule("aws:kms", "alias/aws/s3", ""), "InvalidArgument"),
        (rule("AES256", "", &blocked(&["SSE-C"])), "InvalidArgument"),
        (rule("aws:kms", "absent", ""), "KMS.NotFoundException"),
        (rule("aws:kms", "foreign", ""), "KMS.NotFoundException"),
        (rule("aws:kms", &arn("good").replace(REGION, "us-east-1"), ""), "KMS.NotFoundException"),
        (rule("aws:kms", "off", ""), "KMS.DisabledException"),
        (rule("aws:kms", "dying", ""), "KMS.KMSInvalidStateException"),
        (rule("aws:kms", asymmetric, ""), "KMS.InvalidKeyUsageException"),
    ];
    for (sent, code) in refused {
        let answer = put(&sandbox, DIRECTORY, &document(&sent)).await;
        assert_eq!(answer.outcome(), (400, code), "{sent}");
    }
    // The first key is the only one, by whichever name, and outlives a reset.
    assert_eq!(
        put(&sandbox, DIRECTORY, &document(&rule("aws:kms", "good", OFF))).await.status,
        200
    );
    assert_eq!(get(&sandbox, DIRECTORY).await, rule("aws:kms", "good", ON));
    assert_eq!(
        put(&sandbox, DIRECTORY, &document(&rule("aws:kms", &arn("good"), ""))).await.status,
        200
    );
    let reset = Raw::new("DELETE", &format!("/{DIRECTORY}?encryption")).send(&sandbox).await;
    assert_eq!(reset.status, 204);
    assert_eq!(get(&sandbox, DIRECTORY).await, rule("AES256", "", ON));
    let answer = put(&sandbox, DIRECTORY, &document(&rule("aws:kms", "second", ""))).await;
    assert_eq!(answer.outcome(), (400, "InvalidArgument"));
    assert_eq!(put(&sandbox, DIRECTORY, &document(&rule("aws:kms", "good", ""))).await.status, 200);
}
