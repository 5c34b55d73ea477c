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
    world.seed_bucket("after", REGION, DEFAULT_ACCOUNT).unwrap();
    drop(world);
    let world = World::open(&path).unwrap();
    assert!(world.bucket("after").is_some());
    assert!(!world.seed_key("alias/x", REGION, DEFAULT_ACCOUNT).unwrap());
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left over");
}

/// Each handle is as that of another process: it has a file of its own open.
#[test]
fn several_processes_have_one_world() {
    let (_directory, path) = place();
    let (one, other) = (World::open(&path).unwrap(), World::open(&path).unwrap());
    assert!(one.seed_bucket("aaa", REGION, DEFAULT_ACCOUNT).unwrap());
    assert!(!other.seed_bucket("aaa", REGION, DEFAULT_ACCOUNT).unwrap());
    assert!(other.tag_bucket("aaa", [("k", "v")]).unwrap());
    assert!(one.deny_bucket("aaa").unwrap());
    for world in [&one, &other] {
        let bucket = world.bucket("aaa").unwrap();
        assert!(bucket.denied && bucket.tags.len() == 1, "neither change undoes the other");
    }
    assert!(other.delete_bucket("aaa").unwrap());
    assert!(one.bucket("aaa").is_none());
    assert!(one.list_buckets("", "", 9, |_| true).is_empty());
}

#[test]
fn what_several_write_at_once_is_all_there() {
    let (_directory, path) = place();
    std::thread::scope(|scope| {
        for process in 0..4 {
            let path = &path;
            scope.spawn(move || {
                let world = World::open(path).unwrap();
                for n in 0..50 {
                    world
                        .seed_bucket(&format!("b-{process}-{n}"), REGION, DEFAULT_ACCOUNT)
                        .unwrap();
                    world.seed_bucket("all", REGION, DEFAULT_ACCOUNT).unwrap();
                    world.add_elements("all", "x").unwrap();
                }
            });
        }
    });
    let world = World::open(&path).unwrap();
    assert_eq!(world.list_buckets("", "", 999, |_| true).len(), 201);
    assert_eq!(world.bucket("all").unwrap().tomorrow.len(), 200);
}

#[test]
fn history_is_compacted_beneath_those_that_have_it_open() {
    let (_directory, path) = place();
    let world = World::open(&path).unwrap();
    world.seed_bucket("kept", REGION, DEFAULT_ACCOUNT).unwrap();
    for _ in 0..60 {
        world.seed_bucket("gone", REGION, DEFAULT_ACCOUNT).unwrap();
        assert!(world.delete_bucket("gone").unwrap());
    }
    let other = World::open(&path).unwrap();
    assert_eq!(lines(&path), 2);
    other.deny_bucket("kept").unwrap();
    assert!(world.bucket("kept").unwrap().denied);
    world.seed_bucket("after", REGION, DEFAULT_ACCOUNT).unwrap();
    assert!(other.bucket("after").is_some());
    assert_eq!(lines(&path), 4);
}

#[test]
fn a_store_that_is_taken_away_is_missed_by_nobody() {
    let (_directory, path) = place();
    let world = World::open(&path).unwrap();
    world.seed_bucket("aaa", REGION, DEFAULT_ACCOUNT).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(world.deny_bucket("aaa").unwrap());
    assert!(world.bucket("aaa").unwrap().denied);
    assert!(!path.exists());
    // Who begins anew there begins anew for all.
    World::open(&path).unwrap().seed_bucket("bbb", REGION, DEFAULT_ACCOUNT).unwrap();
    assert!(world.bucket("aaa").is_none() && world.bucket("bbb").is_some());
}

#[tokio::test]
async fn what_another_process_changes_is_served() {
    let (_directory, path) = place();
    let world = World::open(&path).unwrap();
    world.seed_bucket("aaa", REGION, DEFAULT_ACCOUNT).unwrap();
    let sandbox = start(&world).await;
    assert_eq!(Raw::new("GET", "/aaa?encryption").send(&sandbox).await.status, 200);
    World::open(&path).unwrap().deny_bucket("aaa").unwrap();
    assert_eq!(Raw::new("GET", "/aaa?encryption").send(&sandbox).await.status, 403);
    sandbox.stop().await;
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
