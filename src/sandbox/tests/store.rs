//! The store file: what survives, and what is refused.

#![expect(clippy::disallowed_methods, reason = "tests of a file look at the file")]

use std::fs;
use std::path::{Path, PathBuf};

use super::super::{DEFAULT_ACCOUNT, KeyState, StoreError, World};
use super::{REGION, Raw, start};

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("world.jsonl");
    (directory, path)
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

async fn get(world: &World, bucket: &str) -> (u16, String) {
    let sandbox = start(world).await;
    let answer = Raw::new("GET", &format!("/{bucket}?encryption")).send(&sandbox).await;
    sandbox.stop().await;
    (answer.status, answer.element("KMSMasterKeyID").unwrap_or_default().to_owned())
}

const PUT: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
                   <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>alias/x</KMSMasterKeyID>\
                   </ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";

#[tokio::test]
async fn a_world_is_found_again() {
    let (_directory, path) = place();
    let world = World::open(&path).unwrap();
    for name in ["kept", "gone"] {
        assert!(world.seed_bucket(name, REGION, DEFAULT_ACCOUNT).unwrap());
        assert!(!world.seed_bucket(name, REGION, DEFAULT_ACCOUNT).unwrap());
    }
    world.seed_key("alias/x", REGION, DEFAULT_ACCOUNT).unwrap();
    world.set_key_state("alias/x", REGION, DEFAULT_ACCOUNT, KeyState::Disabled).unwrap();
    let sandbox = start(&world).await;
    assert_eq!(Raw::new("PUT", "/kept?encryption").body(PUT).send(&sandbox).await.status, 200);
    assert_eq!(Raw::new("DELETE", "/gone").send(&sandbox).await.status, 204);
    sandbox.stop().await;
    drop(world);

    let content = fs::read_to_string(&path).unwrap();
    assert!(content.starts_with("{\"sealform_sandbox\":1}\n{\"bucket\":{\"name\":\"kept\""));
    assert!(content.ends_with("{\"deleted_bucket\":\"gone\"}\n"));
    assert_eq!(content.lines().count(), 7);

    let world = World::open(&path).unwrap();
    assert_eq!(get(&world, "kept").await, (200, "alias/x".to_owned()));
    assert_eq!(get(&world, "gone").await.0, 404);
    assert!(!world.seed_key("alias/x", REGION, DEFAULT_ACCOUNT).unwrap());
    assert_eq!(lines(&path), 7, "opening and reading write nothing");
}

#[tokio::test]
async fn a_torn_last_line_is_cut() {
    let (_directory, path) = place();
    let world = World::open(&path).unwrap();
    world.seed_bucket("first", REGION, DEFAULT_ACCOUNT).unwrap();
    let whole = fs::metadata(&path).unwrap().len();
    world.seed_bucket("second", REGION, DEFAULT_ACCOUNT).unwrap();
    drop(world);
    let content = fs::read(&path).unwrap();
    for end in usize::try_from(whole).unwrap()..content.len() {
        fs::write(&path, &content[..end]).unwrap();
        let world = World::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), whole);
        assert!(world.bucket("first").is_some() && world.bucket("second").is_none());
    }
    let world = World::open(&path).unwrap();
    world.seed_bucket("third", REGION, DEFAULT_ACCOUNT).unwrap();
    drop(world);
    assert_eq!(lines(&path), 3);
    assert!(World::open(&path).unwrap().bucket("third").is_some());
}

#[test]
fn a_store_killed_at_birth_is_begun_anew() {
    let (_directory, path) = place();
    for start in ["", "{", "{\"sealform_sandbox\":1}"] {
        fs::write(&path, start).unwrap();
        drop(World::open(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"sealform_sandbox\":1}\n");
    }
}

#[test]
fn history_is_compacted_at_open() {
    let (_directory, path) = place();
    let world = World::open(&path).unwrap();
    world.seed_bucket("kept", REGION, DEFAULT_ACCOUNT).unwrap();
    world.seed_key("alias/x", REGION, DEFAULT_ACCOUNT).unwrap();
    for _ in 0..51 {
        world.seed_bucket("gone", REGION, DEFAULT_ACCOUNT).unwrap();
        assert!(world.delete_bucket("gone").unwrap());
    }
    drop(world);
    assert_eq!(lines(&path), 105, "104 records of which two live: at the limit");
    drop(World::open(&path).unwrap());
    assert_eq!(lines(&path), 105);
    let world = World::open(&path).unwrap();
    world.deny_bucket("kept").unwrap();
    drop(world);

    let world = World::open(&path).unwrap();
    assert_eq!(lines(&path), 3);
    assert!(world.bucket("kept").unwrap().denied);
    assert!(matches!(World::open(&path), Err(StoreError::Locked { .. })), "the new file is locked");
    world.seed_bucket("after", REGION, DEFAULT_ACCOUNT).unwrap();
    drop(world);
    let world = World::open(&path).unwrap();
    assert!(world.bucket("after").is_some());
    assert!(!world.seed_key("alias/x", REGION, DEFAULT_ACCOUNT).unwrap());
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left over");
}

#[test]
fn a_second_opener_is_told_so() {
    let (_directory, path) = place();
    let first = World::open(&path).unwrap();
    let error = World::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }));
    assert!(error.to_string().contains(path.to_str().unwrap()));
    assert!(error.to_string().contains("end that first"), "{error}");
    drop(first);
    World::open(&path).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_sandbox_gives_the_store_back() {
    let (_directory, path) = place();
    for _ in 0..20 {
        let world = World::open(&path).unwrap();
        let sandbox = start(&world).await;
        drop(world);
        let idle = tokio::net::TcpStream::connect(("127.0.0.1", sandbox.port())).await.unwrap();
        assert_eq!(Raw::new("HEAD", "/nowhere").send(&sandbox).await.status, 404);
        sandbox.stop().await;
        drop(idle);
    }
}

#[test]
fn what_is_no_store_is_left_alone() {
    let (_directory, path) = place();
    for (content, message) in [
        ("resource \"x\" {}\n", "is not a sandbox store"),
        ("no newline", "is not a sandbox store"),
        ("{\"version\":4}\n", "is not a sandbox store"),
        ("{\"sealform_sandbox\":2}\n{\"new\":1}\n", "has version 2"),
        (
            "{\"sealform_sandbox\":1}\nrubbish\n{\"deleted_bucket\":\"x\"}\n",
            "line 2 of the sandbox store",
        ),
    ] {
        fs::write(&path, content).unwrap();
        let error = World::open(&path).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
        assert!(error.contains(path.to_str().unwrap()), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    let absent = path.join("below");
    let error = World::open(&absent).unwrap_err();
    assert!(matches!(&error, StoreError::Io { action: "make the directory of", .. }));
    assert!(error.to_string().contains("below"));
}

#[test]
fn only_names_that_s3_ever_allowed_are_seeded() {
    let world = World::in_memory();
    for good in ["abc", "my.logs-2", "Legacy_Name", "a--usw2-az1--x-s3"] {
        assert!(world.seed_bucket(good, REGION, DEFAULT_ACCOUNT).unwrap(), "{good}");
    }
    for bad in ["", "ab", "a/b/c", "a?b", "ünder", "with space"] {
        let error = world.seed_bucket(bad, REGION, DEFAULT_ACCOUNT).unwrap_err();
        assert!(matches!(error, StoreError::BucketName(_)), "{bad}");
    }
}

#[test]
fn an_alias_seeds_the_same_key_every_time() {
    let id = || {
        let world = World::in_memory();
        world.seed_key("alias/x", REGION, DEFAULT_ACCOUNT).unwrap();
        world.aliases(REGION, DEFAULT_ACCOUNT).remove(0).1.id.clone()
    };
    assert_eq!(id(), id());
    assert_eq!(id().len(), 36);
}
