//! Objects, and the conditions under which they are written.

use super::{LOGS, OTHER_ACCOUNT, Raw, start, world};

const PATH: &str = "/logs/team/a%2Bb.json";

#[tokio::test]
async fn an_object_is_written_where_the_condition_holds() {
    let world = world();
    let sandbox = start(&world).await;
    let put = |body: &str| Raw::new("PUT", PATH).body(body);
    let missing = Raw::new("GET", PATH).send(&sandbox).await;
    assert_eq!((missing.status, missing.element("Code")), (404, Some("NoSuchKey")));
    assert_eq!(put("x").header("if-match", "\"x\"").send(&sandbox).await.status, 404);
    let first = put("one").header("if-none-match", "*").send(&sandbox).await;
    assert_eq!(first.status, 200);
    let tag = first.header("etag").unwrap().to_owned();
    let again = put("two").header("if-none-match", "*").send(&sandbox).await;
    assert_eq!((again.status, again.element("Code")), (412, Some("PreconditionFailed")));
    assert_eq!(put("two").header("if-match", "\"x\"").send(&sandbox).await.status, 412);
    let second = put("two").header("if-match", &tag).send(&sandbox).await;
    assert_eq!(second.status, 200);
    assert_ne!(second.header("etag"), Some(&*tag));
    // The same bytes are the same version.
    assert_eq!(put("one").send(&sandbox).await.header("etag"), Some(&*tag));
    let read = Raw::new("GET", PATH).send(&sandbox).await;
    assert_eq!((read.status, &*read.body), (200, "one"));
    assert!(read.header("last-modified").unwrap().ends_with("GMT"));
    let head = Raw::new("HEAD", PATH).send(&sandbox).await;
    assert_eq!((head.status, &*head.body, head.header("etag")), (200, "", Some(&*tag)));
    assert_eq!(world.object_keys(LOGS), ["team/a+b.json"]);
    let delete = || Raw::new("DELETE", PATH);
    assert_eq!(delete().header("if-match", "\"x\"").send(&sandbox).await.status, 412);
    assert_eq!(delete().header("if-match", &tag).send(&sandbox).await.status, 204);
    assert_eq!(delete().send(&sandbox).await.status, 204);
    assert_eq!(world.object(LOGS, "team/a+b.json"), None);
    sandbox.stop().await;
}

#[tokio::test]
async fn conditions_can_be_ignored() {
    let world = world();
    world.ignore_conditions();
    let sandbox = start(&world).await;
    for body in ["one", "two"] {
        let put = Raw::new("PUT", PATH).body(body).header("if-none-match", "*");
        assert_eq!(put.send(&sandbox).await.status, 200);
    }
    assert_eq!(world.object(LOGS, "team/a+b.json").as_deref(), Some("two"));
    sandbox.stop().await;
}

#[tokio::test]
async fn objects_are_their_owners_and_sealed_as_asked_for() {
    let world = world();
    let sandbox = start(&world).await;
    let put = || Raw::new("PUT", PATH).body("x");
    let stranger = put().signed(OTHER_ACCOUNT, super::REGION, "s3").send(&sandbox).await;
    assert_eq!(stranger.status, 403);
    let algorithm = "x-amz-server-side-encryption";
    let key = "x-amz-server-side-encryption-aws-kms-key-id";
    let sealed = put().header(algorithm, "aws:kms").header(key, "k").send(&sandbox).await;
    assert_eq!((sealed.header(algorithm), sealed.header(key)), (Some("aws:kms"), Some("k")));
    let plain = put().send(&sandbox).await;
    assert_eq!((plain.header(algorithm), plain.header(key)), (Some("AES256"), None));
    assert_eq!(put().header(algorithm, "rot13").send(&sandbox).await.status, 400);
    assert_eq!(put().header(algorithm, "AES256").header(key, "k").send(&sandbox).await.status, 400);
    let list = Raw::new("GET", "/logs?list-type=2&prefix=team").send(&sandbox).await;
    assert_eq!((list.status, list.element("Key")), (200, Some("team/a+b.json")));
    sandbox.stop().await;
}
