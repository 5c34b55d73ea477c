//! What a run was about, known to those who come after it.

use super::*;

/// The journal that a run begins in the place of one that was left counted for less than what had been
/// pushed of that, so that what it was about to write was forgotten.
#[tokio::test]
async fn a_run_that_takes_over_what_is_open_and_is_killed_forgets_nothing() {
    let world = world();
    let sandbox = start(&world).await;
    let open_of = async |machine: &Machine| -> Vec<String> {
        let found = machine.backend.look().await.unwrap();
        assert!(found.superseded.is_none());
        found.unfinished.iter().map(|it| it.identity.to_string()).collect()
    };
    let machine = Machine::new(&sandbox);
    // One run ends without knowing whether it has written.
    let mut open = machine.open().await;
    open.session().intend(intent("a")).unwrap();
    open.save().await.unwrap();
    open.close().await.unwrap();
    assert_eq!(open_of(&machine).await, ["a"]);
    // The next is killed before it has pushed anything.
    let mut open = machine.open().await;
    open.session().intend(intent("b")).unwrap();
    open.session().flush().unwrap();
    kill(open);
    let machine = machine.again(settings(&sandbox));
    assert_eq!(open_of(&machine).await, ["a", "b"]);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_killed_run_is_taken_up_on_its_own_machine() {
    let world = world();
    let sandbox = start(&world).await;
    let unlocked = || Settings { use_lockfile: false, ..settings(&sandbox) };
    let machine = Machine::with(unlocked());
    let mut open = machine.open().await;
    open.session().record(set("a")).unwrap();
    open.session().intend(intent("b")).unwrap();
    open.session().flush().unwrap();
    drop(open);
    // Nothing of it is on S3 yet.
    assert_eq!(world.object_keys(BUCKET), [""; 0]);
    let machine = machine.again(unlocked());
    let found = machine.backend.look().await.unwrap();
    assert_eq!(found.unfinished.len(), 1);
    assert_eq!(machine.names().await, ["t.a"]);
    let open = machine.open().await;
    // From here on every machine knows.
    let other = Machine::with(unlocked());
    assert_eq!(other.names().await, ["t.a"]);
    assert_eq!(other.backend.look().await.unwrap().unfinished.len(), 1);
    open.close().await.unwrap();
    sandbox.stop().await;
}

#[tokio::test]
async fn what_was_pushed_is_taken_up_on_another_machine() {
    let world = world();
    let sandbox = start(&world).await;
    let short = || Settings { lease: SHORT, ..settings(&sandbox) };
    let one = Machine::with(short());
    let mut open = one.open().await;
    open.session().record(set("a")).unwrap();
    open.session().intend(intent("b")).unwrap();
    open.session().flush().unwrap();
    open.end.as_ref().unwrap().hold().unwrap().keeper().push_journal().await.unwrap();
    // What comes later this machine alone knows.
    open.session().record(set("late")).unwrap();
    open.session().flush().unwrap();
    kill(open);
    let two = Machine::with(short());
    assert_eq!(two.names().await, ["t.a"]);
    assert_eq!(two.backend.look().await.unwrap().unfinished.len(), 1);
    let guard = loop {
        match two.lock().await {
            Ok(guard) => break guard,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    };
    let mut open = two.backend.open(Some(guard), "0.1.0").await.unwrap();
    open.session().settle(&"aws".into(), &"b".into()).unwrap();
    open.session().record(set("b")).unwrap();
    open.save().await.unwrap();
    open.close().await.unwrap();
    assert_eq!(world.object_keys(BUCKET), [KEY]);
    // The first machine comes back: others have gone on without what it alone knew.
    let one = one.again(short());
    assert_eq!(one.names().await, ["t.a", "t.b"]);
    let found = one.backend.look().await.unwrap();
    let told = found.superseded.unwrap().diagnostic().detail;
    let said = "`sealform apply` of eve@build (process 4711) since 2026-05-04 03:02:01 UTC, on this \
                machine, ended before its time. Its journal goes on from serial 0 of the state, and \
                the state that is there has serial 2: others have changed it since. It had recorded, \
                and the state does not have: t.late. It was about to write, and does not know \
                whether it has: t.b. None of that is taken up";
    assert!(told.contains(said), "{told}");
    let open = one.open().await;
    open.close().await.unwrap();
    assert_eq!(one.names().await, ["t.a", "t.b"]);
    // It is told until it is put aside, and kept there.
    assert_eq!(one.backend.look().await.unwrap().superseded, None);
    let (_, aside) = told.rsplit_once("moves it to ").unwrap();
    let kept = std::fs::read_to_string(aside.trim_end_matches('.')).unwrap();
    assert!(kept.contains("t.late"));
    sandbox.stop().await;
}

/// It was pushed at intervals alone: of a machine that died before the first, nobody else knew what it
/// had been about to write.
#[tokio::test]
async fn what_is_planned_is_known_elsewhere_before_it_begins() {
    let world = world();
    let sandbox = start(&world).await;
    let one = Machine::new(&sandbox);
    let mut open = one.open().await;
    let before = sandbox.requests()["PutObject"];
    open.announce([].into_iter()).await.unwrap();
    assert_eq!(sandbox.requests()["PutObject"], before);
    open.announce(["a", "b", "c"].map(intent).into_iter()).await.unwrap();
    assert_eq!(sandbox.requests()["PutObject"], before + 1);
    let elsewhere = Machine::new(&sandbox);
    assert!(elsewhere.backend.is_held_by(&holder()).await);
    assert!(!elsewhere.backend.is_held_by(&Holder { pid: 1, ..holder() }).await);
    open.session().intend(intent("a")).unwrap();
    open.session().intend(intent("b")).unwrap();
    open.session().settle(&"aws".into(), &"a".into()).unwrap();
    open.session().record(set("a")).unwrap();
    open.session().flush().unwrap();
    kill(open);
    let unfinished = async |machine: &Machine| -> String {
        let found = machine.backend.look().await.unwrap();
        assert!(found.unfinished.iter().all(|it| it.run == Some(holder())));
        found.unfinished.iter().map(|it| &*it.identity).collect()
    };
    // The machine itself knows what it has begun, another one what it may have begun.
    let one = one.again(settings(&sandbox));
    assert_eq!(unfinished(&one).await, "b");
    let two = Machine::new(&sandbox);
    assert_eq!(unfinished(&two).await, "abc");
    // Who takes over and is killed, too, has forgotten nothing.
    let Backend::S3(s3) = &two.backend else { panic!() };
    let id = remote(two.lock().await.unwrap_err());
    let RemoteError::Locked { id, .. } = &id else { panic!("{id}") };
    s3.force_unlock(id, &|| ()).await.unwrap();
    assert!(!two.backend.is_held_by(&holder()).await);
    kill(two.open().await);
    let two = two.again(settings(&sandbox));
    assert_eq!(unfinished(&two).await, "abc");
    assert_eq!(unfinished(&Machine::new(&sandbox)).await, "abc");
    sandbox.stop().await;
}

/// What was planned and never begun is forgotten when the run ends as it should.
#[tokio::test]
async fn what_was_planned_and_not_begun_does_not_outlive_its_run() {
    let world = world();
    let sandbox = start(&world).await;
    let machine = Machine::new(&sandbox);
    let mut open = machine.open().await;
    open.announce(["a", "b", "c"].map(intent).into_iter()).await.unwrap();
    open.session().intend(intent("a")).unwrap();
    open.session().intend(intent("b")).unwrap();
    open.session().settle(&"aws".into(), &"a".into()).unwrap();
    open.save().await.unwrap();
    open.close().await.unwrap();
    let other = Machine::new(&sandbox);
    let found = other.backend.look().await.unwrap();
    let left: Vec<&str> = found.unfinished.iter().map(|it| &*it.identity).collect();
    assert_eq!(left, ["b"]);
    let mut open = other.open().await;
    open.announce([intent("c")].into_iter()).await.unwrap();
    open.session().settle(&"aws".into(), &"b".into()).unwrap();
    open.save().await.unwrap();
    open.close().await.unwrap();
    assert_eq!(world.object_keys(BUCKET), [""; 0]);
    sandbox.stop().await;
}
