//! What KMS says of keys.

use super::faults::{store, to_store};
use super::{KEY, OTHER_ACCOUNT, REGION, Settings, at, aws, start, to, world};
use crate::provider::Provider as _;
use crate::provider::aws::Aws;
use crate::resource::{Key, KeyAnswer, KeyName};
use crate::sandbox::{DEFAULT_ACCOUNT, FaultKind, Faults, KeyState, Options, Sandbox};
use futures_util::future::join_all;

fn named(region: &str, name: &str) -> KeyName {
    KeyName { provider: "aws".into(), region: region.into(), name: name.into() }
}

async fn found(aws: &Aws, region: &str, name: &str) -> Key {
    match aws.key(&named(region, name)).await {
        KeyAnswer::Found(key) => key,
        other => panic!("{name}: {other:?}"),
    }
}

#[tokio::test]
async fn a_key_is_told_as_it_is() {
    let world = world();
    let ids =
        ["11111111", "22222222", "33333333"].map(|id| format!("{id}-12ab-34cd-56ef-1234567890ab"));
    for id in &ids {
        world.seed_key(id, REGION, DEFAULT_ACCOUNT).unwrap();
    }
    let [disabled, dying, hmac] = &ids;
    world.set_key_state(disabled, REGION, DEFAULT_ACCOUNT, KeyState::Disabled).unwrap();
    world.set_key_state(dying, REGION, DEFAULT_ACCOUNT, KeyState::PendingDeletion).unwrap();
    let usage = "GENERATE_VERIFY_MAC";
    assert!(world.set_key_spec(hmac, REGION, DEFAULT_ACCOUNT, "HMAC_256", usage).unwrap());
    let afar = KEY.replace(REGION, "us-west-2");
    let theirs = KEY.replace(DEFAULT_ACCOUNT, OTHER_ACCOUNT);
    for arn in [&afar, &theirs] {
        world.seed_key(arn, REGION, DEFAULT_ACCOUNT).unwrap();
    }
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    let key = found(&aws, REGION, KEY).await;
    let expected = Key {
        arn: KEY.into(),
        account: DEFAULT_ACCOUNT.into(),
        region: REGION.into(),
        state: "Enabled".into(),
        deletion_date: None,
        usage: "ENCRYPT_DECRYPT".into(),
        spec: "SYMMETRIC_DEFAULT".into(),
        aws_managed: false,
    };
    assert_eq!(key, expected);
    assert_eq!(&*found(&aws, REGION, disabled).await.state, "Disabled");
    let dying = found(&aws, REGION, dying).await;
    assert_eq!(&*dying.state, "PendingDeletion");
    let date = dying.deletion_date.unwrap();
    assert!(date.len() == 20 && date.ends_with('Z'), "{date}");
    let hmac = found(&aws, REGION, hmac).await;
    assert_eq!((&*hmac.spec, &*hmac.usage), ("HMAC_256", usage));
    assert!(found(&aws, "us-west-2", "alias/aws/s3").await.aws_managed);
    // The Region that an ARN names is asked, whichever the bucket is in.
    assert_eq!(&*found(&aws, REGION, &afar).await.region, "us-west-2");
    assert_eq!(&*found(&aws, REGION, &theirs).await.account, OTHER_ACCOUNT);
}

#[tokio::test]
async fn a_name_is_asked_for_once_however_many_ask() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    let mut names = Vec::new();
    for _ in 0..50 {
        // An ARN is one name wherever it is used from; an alias is another key in each Region.
        names.extend([named(REGION, KEY), named("us-west-2", KEY)]);
        names.extend([named(REGION, "alias/aws/s3"), named("us-west-2", "alias/aws/s3")]);
        names.push(named(REGION, "alias/none"));
    }
    let answers = join_all(names.iter().map(|name| aws.key(name))).await;
    assert!(answers.chunks(5).all(|chunk| chunk == &answers[..5]));
    assert_eq!(sandbox.requests(), [("DescribeKey", 4)].into());
}

#[tokio::test]
async fn what_is_missing_or_cannot_be_told_is_said_without_the_name() {
    let world = world();
    world.seed_key("alias/denied", REGION, DEFAULT_ACCOUNT).unwrap();
    world.deny_key("alias/denied", REGION, DEFAULT_ACCOUNT).unwrap();
    world.unmake_aws_managed_key(REGION, DEFAULT_ACCOUNT);
    let sandbox = start(&world).await;
    let aws = to(&sandbox);
    let mut told = Vec::new();
    for name in [
        "alias/hidden",
        "5678abcd-12ab-34cd-56ef-1234567890ab",
        "alias/denied",
        &KEY.replace(DEFAULT_ACCOUNT, OTHER_ACCOUNT),
        "alias/aws/s3",
    ] {
        let answer = aws.key(&named(REGION, name)).await;
        let (kind, why) = match &answer {
            KeyAnswer::Missing(why) => ("Missing", why),
            KeyAnswer::Untold(why) => ("Untold", why),
            KeyAnswer::Found(key) => panic!("{key:?}"),
        };
        let secret = ["hidden", "denied", "5678abcd", "1234abcd"];
        assert!(secret.iter().all(|secret| !why.contains(secret)), "{why}");
        told.push(format!("{kind} {why}").replace(&sandbox.endpoint(), "KMS"));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    Missing There is no such alias at KMS: an alias belongs to one Region of one account. Correct its name, or name the key by its ARN.
    Missing There is no such key at KMS. Correct the name; a key of another account is named by its ARN.
    Untold The credentials may not do kms:DescribeKey on it: neither the key's policy nor one of the caller allows it, or there is no such key in another account. Allow it, or set `preflight = false` in the provider. The service says AccessDeniedException: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: kms:DescribeKey on resource: the key because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access.
    Untold The credentials may not do kms:DescribeKey on it: neither the key's policy nor one of the caller allows it, or there is no such key in another account. Allow it, or set `preflight = false` in the provider. The service says AccessDeniedException: User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: kms:DescribeKey on resource: the key because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access.
    Untold AWS makes its key for S3, alias/aws/s3, when an account first uses it in a Region, and this one has not been made in eu-west-1 yet. There is nothing to mend: S3 will have it made.
    "#);
}

#[tokio::test]
async fn a_service_that_fails_tells_nothing_of_a_key() {
    let told = async |aws: Aws| match aws.key(&named(REGION, KEY)).await {
        KeyAnswer::Untold(why) => why,
        other => panic!("{other:?}"),
    };
    let faults = Some(Faults { kind: FaultKind::SlowDown, rate: 1.0, seed: 7 });
    let options = Options { faults, ..Options::default() };
    let slow = Sandbox::start(world(), options).await.unwrap();
    let once = |url: &str| Settings { max_retries: Some(0), ..at(url) };
    assert!(told(aws(once(&slow.endpoint()))).await.contains("asked to slow down"));
    let why = told(aws(once("http://127.0.0.1:1"))).await;
    assert!(why.contains("connection refused") && why.contains("`preflight = false`"), "{why}");
    let unsupported = store(&[(501, "", "")]).await;
    told(aws(Settings { max_retries: Some(0), ..to_store(&unsupported) })).await;
    let nobody = Aws::new([].into());
    assert!(told(nobody).await.contains("does not declare"));
}
