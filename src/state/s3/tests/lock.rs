//! The lock: who holds it, who takes it over, and who may write.

use super::*;

/// A lease that a machine that stands still for seconds keeps all the same.
const LONG: Duration = Duration::from_secs(8);

#[tokio::test]
async fn the_second_is_told_who_holds_the_lock() {
    let world = world();
    let sandbox = start(&world).await;
    let (one, two) = (Machine::new(&sandbox), Machine::new(&sandbox));
    let guard = one.lock().await.unwrap();
    let error = remote(two.lock().await.unwrap_err());
    let RemoteError::Locked { holder: by, id, left, .. } = &error else { panic!("{error}") };
    assert_eq!(by.holder, holder());
    assert!(*left > Duration::from_secs(50), "{left:?}");
    assert!(error.to_string().contains("eve@build"), "{error}");
    // Whoever says the wrong id means another lock.
    let Backend::S3(s3) = &two.backend else { panic!() };
    let other = remote(s3.force_unlock("x", &|| ()).await.unwrap_err());
    assert!(matches!(other, RemoteError::OtherLock { .. }), "{other}");
    assert_eq!(s3.force_unlock(id, &|| ()).await.unwrap(), holder());
    let second = two.lock().await.unwrap();
    // The first one does not remove what is not its own.
    guard.release().await.unwrap();
    assert!(world.object(BUCKET, LOCK).is_some());
    second.release().await.unwrap();
    assert_eq!(world.object(BUCKET, LOCK), None);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_service_that_ignores_conditions_is_refused() {
    let world = world();
    world.ignore_conditions();
    let sandbox = start(&world).await;
    let machine = Machine::new(&sandbox);
    let error = remote(machine.lock().await.unwrap_err());
    assert!(matches!(error, RemoteError::Unconditional { .. }), "{error}");
    assert_eq!(world.object_keys(BUCKET), [""; 0]);
    // Whoever knows that nobody else is there may go without.
    let machine = machine.again(Settings { use_lockfile: false, ..settings(&sandbox) });
    let mut open = machine.open().await;
    open.session().record(set("a")).unwrap();
    open.save().await.unwrap();
    open.close().await.unwrap();
    assert_eq!(machine.names().await, ["t.a"]);
    sandbox.stop().await;
}

#[tokio::test]
async fn something_else_in_the_place_of_the_lock_is_left_alone() {
    let world = world();
    world.put_object(BUCKET, LOCK, "{\"ID\":\"terraform\"}");
    let sandbox = start(&world).await;
    let error = remote(Machine::new(&sandbox).lock().await.unwrap_err());
    assert!(matches!(error, RemoteError::ForeignLock { .. }), "{error}");
    assert!(error.to_string().contains(LOCK), "{error}");
    assert_eq!(world.object(BUCKET, LOCK).as_deref(), Some("{\"ID\":\"terraform\"}"));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_paused_holder_does_not_write_once_another_has_taken_over() {
    let world = world();
    let sandbox = start(&world).await;
    let short = || Settings { lease: Duration::from_secs(1), ..settings(&sandbox) };
    let (one, two) = (Machine::with(short()), Machine::with(short()));
    let mut paused = one.open().await;
    paused.session().record(set("a")).unwrap();
    pause(&paused);
    let guard = two.lock_at_last().await;
    assert!(!paused.fence().unwrap().holds(), "taken over while it held");
    let error = remote(paused.save().await.unwrap_err());
    let RemoteError::LockLost { journal, .. } = &error else { panic!("{error}") };
    assert!(error.to_string().contains("eve@build"), "{error}");
    assert!(std::fs::read_to_string(journal).unwrap().contains("t.a"));
    assert_eq!(world.object(BUCKET, KEY), None);
    // It does not remove the lock of the other, either.
    paused.close().await.unwrap();
    assert!(world.object(BUCKET, LOCK).is_some());
    guard.release().await.unwrap();
    // What the paused one did is taken up by its own next run.
    let one = one.again(short());
    assert_eq!(one.names().await, ["t.a"]);
    sandbox.stop().await;
}

/// Whoever comes back late took the lock of the next one away with its own.
#[tokio::test]
async fn a_store_that_removes_unconditionally_costs_nobody_the_lock() {
    let world = world();
    world.remove_unconditionally();
    let sandbox = start(&world).await;
    let short = || Settings { lease: Duration::from_secs(1), ..settings(&sandbox) };
    let (one, two) = (Machine::with(short()), Machine::with(short()));
    let paused = one.open().await;
    pause(&paused);
    let guard = two.lock_at_last().await;
    paused.close().await.unwrap();
    assert!(world.object(BUCKET, LOCK).is_some());
    guard.release().await.unwrap();
    // One that nobody has taken over is given back however late.
    let late = one.open().await;
    pause(&late);
    tokio::time::sleep(Duration::from_millis(800)).await;
    late.close().await.unwrap();
    assert_eq!(world.object_keys(BUCKET), [""; 0]);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_pause_that_nobody_used_is_forgiven() {
    let world = world();
    let sandbox = start(&world).await;
    let machine = Machine::with(Settings { lease: LONG, ..settings(&sandbox) });
    let mut open = machine.open().await;
    open.session().record(set("a")).unwrap();
    pause(&open);
    let fence = open.fence().unwrap();
    while fence.holds() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // It is renewed before anything is written.
    open.save().await.unwrap();
    assert!(open.fence().unwrap().holds());
    open.close().await.unwrap();
    assert_eq!(world.object_keys(BUCKET), [KEY]);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_lock_that_is_kept_is_not_taken_over() {
    let world = world();
    let sandbox = start(&world).await;
    let long = || Settings { lease: LONG, ..settings(&sandbox) };
    let (one, two) = (Machine::with(long()), Machine::with(long()));
    let mut open = one.open().await;
    // Who is not renewed is taken over after four thirds of its lease.
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < LONG * 3 / 2 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let error = remote(two.lock().await.unwrap_err());
        assert!(matches!(error, RemoteError::Locked { .. }), "{error}");
    }
    // It was never lost in between.
    open.session().record(set("a")).unwrap();
    open.save().await.unwrap();
    open.close().await.unwrap();
    two.lock().await.unwrap().release().await.unwrap();
    sandbox.stop().await;
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_lock() {
    let world = world();
    let sandbox = start(&world).await;
    for _ in 0..5 {
        let machines: Vec<Machine> = (0..8).map(|_| Machine::new(&sandbox)).collect();
        let guards = futures_util::future::join_all(machines.iter().map(Machine::lock)).await;
        let mut got = Vec::new();
        for guard in guards {
            match guard {
                Ok(guard) => got.push(guard),
                Err(error) => {
                    let error = remote(error);
                    assert!(matches!(error, RemoteError::Locked { .. }), "{error}");
                }
            }
        }
        assert_eq!(got.len(), 1);
        got.pop().unwrap().release().await.unwrap();
    }
    sandbox.stop().await;
}
