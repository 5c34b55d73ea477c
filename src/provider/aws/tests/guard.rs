//! Whose buckets are worked on: the owner that is expected, and the accounts that are forbidden.

use super::{
    DIRECTORY, KEY, LOGS, OTHER_ACCOUNT, REGION, Settings, at, aws, live, start, target, to,
    with_request, world,
};
use crate::provider::{ErrorKind, Provider as _, ProviderError};
use crate::sandbox::{DEFAULT_ACCOUNT, World};
use crate::value::Value;
use tokio::net::TcpListener;

/// A world with a bucket of another account that lets everybody in.
fn shared() -> World {
    let world = world();
    assert!(world.seed_bucket("theirs", REGION, OTHER_ACCOUNT).unwrap());
    assert!(world.share_bucket("theirs").unwrap());
    world
}

#[tokio::test]
async fn a_bucket_of_another_account_is_refused_unless_it_is_declared() {
    let sandbox = start(&shared()).await;
    let guarded = to(&sandbox);
    let settings = live("aws:kms", Some(KEY), true, &[]);
    let theirs = target("theirs");
    let told: [ProviderError; 3] = [
        guarded.read(&theirs).await.unwrap_err(),
        guarded.write(&theirs, &settings).await.unwrap_err(),
        guarded.reset(&theirs).await.unwrap_err(),
    ];
    for error in told {
        assert_eq!(error.kind, ErrorKind::Denied);
        let why =
            format!("does not belong to the account {DEFAULT_ACCOUNT}, that of the credentials");
        assert!(error.detail.contains(&why), "{error}");
        assert!(error.detail.contains("`owner_check = false`"), "{error}");
    }
    let declared = [("expected_bucket_owner", Value::from(OTHER_ACCOUNT))];
    guarded.read(&with_request("theirs", declared)).await.unwrap();
    let open = aws(Settings { owner_check: Some(false), ..at(&sandbox.endpoint()) });
    open.write(&theirs, &settings).await.unwrap();
    assert_eq!(open.read(&theirs).await.unwrap().settings, settings);
    open.reset(&theirs).await.unwrap();
    let wrong = [("expected_bucket_owner", Value::from(DEFAULT_ACCOUNT))];
    let error = open.read(&with_request("theirs", wrong)).await.unwrap_err();
    assert!(error.detail.contains("as `expected_bucket_owner` asks for"), "{error}");
    assert_eq!(open.account("aws").await, Ok(None));
    assert_eq!(sandbox.requests()["GetCallerIdentity"], 1);
}

#[tokio::test]
async fn a_directory_bucket_is_never_told_of_an_owner() {
    let sandbox = start(&world()).await;
    let aws = to(&sandbox);
    let declared = [("expected_bucket_owner", Value::from(DEFAULT_ACCOUNT))];
    aws.read(&target(DIRECTORY)).await.unwrap();
    aws.read(&with_request(DIRECTORY, declared)).await.unwrap();
    aws.write(&target(DIRECTORY), &live("AES256", None, true, &[])).await.unwrap();
    aws.reset(&target(DIRECTORY)).await.unwrap();
    assert_eq!(sandbox.requests().get("GetCallerIdentity"), None, "nobody needs to know");
}

#[tokio::test]
async fn without_sts_it_is_told_how_to_go_on() {
    let sandbox = start(&world()).await;
    let closed = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let mut settings = Settings { max_retries: Some(0), ..at(&sandbox.endpoint()) };
    settings.endpoints.sts = Some(url.clone());
    let guarded = aws(settings.clone());
    let error = guarded.account("aws").await.unwrap_err();
    assert_eq!(
        error.detail,
        format!(
            "No answer from {url}: connection refused. Check the endpoint, the network and the \
             Region. The account is asked for since every request names it as the owner that is \
             expected of the bucket; `owner_check = false` in the provider goes without."
        )
    );
    assert_eq!(guarded.read(&target(LOGS)).await.unwrap_err(), error);
    guarded.read(&target(DIRECTORY)).await.unwrap();
    let open = aws(Settings { owner_check: Some(false), ..settings });
    open.read(&target(LOGS)).await.unwrap();
}

#[tokio::test]
async fn a_forbidden_account_stops_before_anything_is_read() {
    let sandbox = start(&world()).await;
    let forbidding = |account: &str| {
        let forbidden_account_ids = [account.to_owned()].into();
        aws(Settings { forbidden_account_ids, ..at(&sandbox.endpoint()) })
    };
    let aws = forbidding(DEFAULT_ACCOUNT);
    let error = aws.connect("aws").await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::Configuration, "Account not allowed"));
    assert!(error.detail.contains("`forbidden_account_ids` forbids it"), "{error}");
    aws.locate("aws", &[(LOGS.into(), None)]).await;
    assert_eq!(aws.read(&target(LOGS)).await.unwrap_err(), error);
    assert_eq!(sandbox.requests(), [("GetCallerIdentity", 1)].into());
    forbidding(OTHER_ACCOUNT).read(&target(LOGS)).await.unwrap();
}
