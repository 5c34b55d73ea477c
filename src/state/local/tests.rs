use super::*;
use crate::addr::Address;
use crate::state::{Change, FormatError, OutputState, Recorded};
use crate::value::{Type, Value};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use tempfile::TempDir;

const VERSION: &str = "0.1.0";

/// A directory that lives as long as the test, and a state within.
fn fresh() -> (TempDir, Local) {
    let directory = tempfile::tempdir().unwrap();
    let local = Local::new(directory.path().join("state/sealform.state.json"));
    (directory, local)
}

fn address(n: usize) -> Address {
    format!("t.bucket[{n}]").parse().unwrap()
}

fn set(n: usize, algorithm: &str) -> Change {
    let recorded = Recorded {
        identity: format!("bucket-{n}"),
        provider: "aws".into(),
        region: Some("eu-west-1".into()),
        values: Value::object([("sse_algorithm", Value::from(algorithm))]),
        depends_on: vec![],
        prevent_destroy: false,
        forget_on_destroy: false,
        owner: None,
    };
    Change::Set { address: address(n), recorded }
}

/// A state of serial 1 with bucket 0.
fn applied() -> (TempDir, Local) {
    let (directory, local) = fresh();
    let mut session = local.session(None, VERSION).unwrap();
    session.record(set(0, "AES256")).unwrap();
    assert_eq!(session.finish().unwrap().serial, 1);
    (directory, local)
}

/// The names beside the state, less what the state itself is called.
fn suffixes(local: &Local) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(parent(&local.path))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_prefix("sealform.state.json").unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn holder(operation: &str) -> Holder {
    Holder {
        operation: operation.into(),
        who: "eve@build".into(),
        pid: 4711,
        since: "2026-05-04T03:02:01Z".parse().unwrap(),
    }
}

#[test]
fn what_is_finished_is_read_again() {
    let (_directory, local) = fresh();
    assert_eq!(local.read().unwrap(), None);
    let mut session = local.session(None, VERSION).unwrap();
    session.record(set(0, "AES256")).unwrap();
    session.record(set(1, "aws:kms")).unwrap();
    session.record(Change::Remove { address: address(0) }).unwrap();
    let state = session.finish().unwrap();
    assert_eq!((state.serial, state.resources.len()), (1, 1));
    assert_eq!(local.read().unwrap().unwrap(), state);
    assert_eq!(suffixes(&local), [""]);

    let mut session = local.session(None, "0.2.0").unwrap();
    session.record(set(2, "AES256")).unwrap();
    session.flush().unwrap();
    let next = session.finish().unwrap();
    assert_eq!((next.serial, &next.lineage), (2, &state.lineage));
    assert_eq!(local.read().unwrap().unwrap(), next);
    assert_eq!(suffixes(&local), ["", ".backup", ".history"]);
    let backup = fs::read(beside(&local.path, ".backup")).unwrap();
    assert_eq!(StateFile::parse(&backup).unwrap(), state);
}

#[test]
fn a_session_knows_values_as_the_next_reader_does() {
    let (_directory, local) = fresh();
    let mut session = local.session(None, VERSION).unwrap();
    let Change::Set { address, mut recorded } = set(0, "AES256") else { unreachable!() };
    let types = Value::set(Type::String, vec![Value::from("SSE-C")]);
    recorded.values = Value::object([("blocked", types.sensitive())]);
    session.record(Change::Set { address, recorded }).unwrap();
    let state = session.state().clone();
    session.finish().unwrap();
    assert_eq!(local.read().unwrap().unwrap().resources, state.resources);
}

#[test]
fn a_session_without_a_change_writes_nothing() {
    let (_directory, local) = fresh();
    assert_eq!(local.session(None, VERSION).unwrap().finish().unwrap().serial, 0);
    assert_eq!(suffixes(&local), [""; 0]);

    let (_directory, local) = applied();
    let before = fs::metadata(&local.path).unwrap().modified().unwrap();
    let mut session = local.session(None, "0.2.0").unwrap();
    session.record(set(0, "AES256")).unwrap();
    session.record(Change::Remove { address: address(9) }).unwrap();
    session.record(Change::Outputs([].into())).unwrap();
    session.flush().unwrap();
    assert_eq!(suffixes(&local), [""]);
    assert_eq!(session.finish().unwrap().serial, 1);
    assert_eq!(fs::metadata(&local.path).unwrap().modified().unwrap(), before);
    assert_eq!(suffixes(&local), [""]);
}

#[test]
fn what_a_killed_run_flushed_is_found_and_kept() {
    for (_directory, local) in [fresh(), applied()] {
        let mut session = local.session(None, VERSION).unwrap();
        let serial = session.state().serial;
        session.record(set(1, "aws:kms")).unwrap();
        session.flush().unwrap();
        let state = session.state().clone();
        session.record(set(2, "never flushed")).unwrap();
        drop(session);

        // Reading tells of it and touches nothing.
        let names = suffixes(&local);
        let read = local.read().unwrap().unwrap();
        assert_eq!((read.serial, &read.resources), (serial + 1, &state.resources));
        assert_eq!(suffixes(&local), names);
        // The next session has it in the state file before it does anything.
        let session = local.session(None, "0.2.0").unwrap();
        assert_eq!(session.state(), &read);
        assert!(!beside(&local.path, ".journal").exists());
        assert_eq!(StateFile::parse(&fs::read(&local.path).unwrap()).unwrap(), read);
    }
}

#[test]
fn a_run_killed_in_its_first_write_leaves_no_state() {
    let (_directory, local) = fresh();
    fs::create_dir_all(parent(&local.path)).unwrap();
    for text in ["", "8f1c2a90 {\"head"] {
        fs::write(beside(&local.path, ".journal"), text).unwrap();
        assert_eq!(local.read().unwrap(), None);
    }
    assert_eq!(local.session(None, VERSION).unwrap().finish().unwrap().serial, 0);
    assert_eq!(suffixes(&local), [""; 0]);
}

#[test]
fn a_run_killed_between_replacing_and_removing_is_folded_once() {
    let (_directory, local) = applied();
    let mut session = local.session(None, VERSION).unwrap();
    session.record(set(1, "aws:kms")).unwrap();
    session.flush().unwrap();
    let journal = fs::read(beside(&local.path, ".journal")).unwrap();
    let state = session.finish().unwrap();
    fs::write(beside(&local.path, ".journal"), journal).unwrap();

    assert_eq!(local.read().unwrap().unwrap(), state);
    let session = local.session(None, VERSION).unwrap();
    assert_eq!(session.state(), &state);
    assert!(!beside(&local.path, ".journal").exists());
}

#[test]
fn temporary_files_of_killed_runs_go_under_the_lock_only() {
    let (_directory, local) = applied();
    // Killed when the backup was linked and not yet renamed, and when it was both.
    fs::hard_link(&local.path, beside(&local.path, ".backup")).unwrap();
    fs::hard_link(&local.path, beside(&local.path, ".backup.tmp")).unwrap();
    fs::write(beside(&local.path, ".Xy12.tmp"), "half a st").unwrap();
    drop(local.session(None, VERSION).unwrap());
    assert_eq!(suffixes(&local).len(), 4);
    let lock = local.try_lock(&holder("apply")).unwrap();
    let mut session = local.session(Some(lock), VERSION).unwrap();
    session.record(set(1, "aws:kms")).unwrap();
    session.finish().unwrap();
    assert_eq!(suffixes(&local), ["", ".backup", ".history", ".lock"]);
}

#[test]
fn recording_costs_what_the_changes_cost() {
    let (_directory, local) = applied();
    let journal = beside(&local.path, ".journal");
    let mut session = local.session(None, VERSION).unwrap();
    let mut seen = Vec::new();
    let mut grown = Vec::new();
    for n in 100..140 {
        session.record(set(n, "aws:kms")).unwrap();
        session.flush().unwrap();
        let bytes = fs::read(&journal).unwrap();
        assert!(bytes.starts_with(&seen), "what was written is written again");
        grown.push(bytes.len() - seen.len());
        seen = bytes;
    }
    assert!(grown[1..].iter().all(|bytes| *bytes == grown[1]), "{grown:?}");
    assert_eq!(StateFile::parse(&fs::read(&local.path).unwrap()).unwrap().serial, 1);
}

#[test]
fn a_contender_is_told_who_holds_the_lock() {
    let (_directory, local) = fresh();
    let lock = local.try_lock(&holder("apply")).unwrap();
    let error = local.try_lock(&holder("destroy")).unwrap_err();
    let StateError::Locked { holder: Some(found), .. } = &error else { panic!("{error}") };
    assert_eq!(found.holder, holder("apply"));
    let text = error.to_string();
    for part in ["`sealform apply`", "eve@build", "process 4711", "2026-05-04 03:02:01 UTC"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(error.diagnostic().summary, "State is locked");
    // A contender that was turned away has left the holder's name there.
    local.try_lock(&holder("destroy")).unwrap_err();
    let session = local.session(Some(lock), VERSION).unwrap();
    let error = local.try_lock(&holder("destroy")).unwrap_err();
    assert!(error.to_string().contains("`sealform apply`"), "{error}");
    session.finish().unwrap();
    // A longer name is not left behind a shorter one.
    drop(local.try_lock(&holder("a-longer-operation")).unwrap());
    let _lock = local.try_lock(&holder("plan")).unwrap();
    let error = local.try_lock(&holder("apply")).unwrap_err();
    assert!(error.to_string().contains("`sealform plan`"), "{error}");
}

#[test]
fn who_looks_without_the_lock_knows_whether_a_run_is_under_way() {
    let (_directory, local) = fresh();
    let run = holder("apply");
    assert!(!local.is_held_by(&run));
    let lock = local.try_lock(&run).unwrap();
    assert!(local.is_held_by(&run) && !local.is_held_by(&holder("destroy")));
    drop(lock);
    assert!(!local.is_held_by(&run));
    // The name of one that was killed stays.
    fs::write(beside(&local.path, ".lock"), serde_json::to_vec(&run).unwrap()).unwrap();
    assert!(!local.is_held_by(&run));
    // Looking keeps nobody out.
    drop(local.try_lock(&run).unwrap());
}

#[test]
fn a_holder_that_has_not_said_its_name_is_still_one() {
    let (_directory, local) = fresh();
    let _lock = local.try_lock(&holder("apply")).unwrap();
    fs::write(beside(&local.path, ".lock"), "{\"oper").unwrap();
    let error = local.try_lock(&holder("plan")).unwrap_err();
    assert!(matches!(error, StateError::Locked { holder: None, .. }), "{error}");
}

#[test]
fn what_is_no_state_is_named_and_left_alone() {
    for (text, summary) in [
        ("", "State file is empty"),
        ("{\"version\": 1, \"ser", "State file is truncated"),
        ("serial = 7", "State file is not JSON"),
        ("{\"version\":4,\"terraform_version\":\"1.11.4\"}", "State file belongs to Terraform"),
        ("{\"name\":\"left-pad\"}", "State file is not one of Sealform"),
        (
            "{\"version\":2,\"tool_version\":\"2.0.0\",\"lineage\":\"x\"}",
            "State file is of a newer version",
        ),
        ("{\"version\":1,\"tool_version\":\"0\",\"lineage\":\"x\"}", "State file is damaged"),
    ] {
        let (_directory, local) = fresh();
        fs::create_dir_all(parent(&local.path)).unwrap();
        fs::write(&local.path, text).unwrap();
        for error in [local.read().unwrap_err(), local.session(None, VERSION).unwrap_err()] {
            let diagnostic = error.diagnostic();
            assert_eq!(diagnostic.summary, summary);
            assert!(diagnostic.detail.contains(local.path.to_str().unwrap()), "{diagnostic:?}");
            assert!(diagnostic.detail.contains("was left as it is"), "{diagnostic:?}");
        }
        assert_eq!(fs::read_to_string(&local.path).unwrap(), text);
        assert_eq!(suffixes(&local), [""]);
    }
}

#[test]
fn messages_read_well() {
    let path = PathBuf::from("state/s.json");
    let truncated = FormatError::Truncated("EOF while parsing a string at line 3 column 9".into());
    let damaged = JournalError::Damaged { line: 3, reason: "its checksum is wrong".into() };
    let full = io::Error::from(io::ErrorKind::StorageFull);
    let now = "2026-05-04T03:05:01Z".parse().unwrap();
    let seen = Seen { holder: holder("apply"), now };
    let texts: Vec<_> = [
        StateError::Format { path: path.clone(), kept: Kept::InFiles, problem: truncated },
        StateError::Journal {
            path: beside(&path, ".journal"),
            kept: Kept::InFiles,
            problem: damaged.clone(),
        },
        StateError::Format {
            path: "s3://states/s.json".into(),
            kept: Kept::OnS3,
            problem: FormatError::Foreign,
        },
        StateError::Journal {
            path: "s3://states/s.json.journal".into(),
            kept: Kept::OnS3,
            problem: damaged,
        },
        StateError::Locked { path: path.clone(), holder: Some(seen) },
        StateError::ChangedBeneath { path: path.clone() },
        io_error("append to", &beside(&path, ".journal"))(full),
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    insta::assert_snapshot!(texts.join("\n"), @"
    state/s.json is truncated: EOF while parsing a string at line 3 column 9. It was left as it is. `sealform state history` shows the versions that are kept: `sealform state restore -force SERIAL` puts one in its place, `sealform state push -force FILE` what a file holds. Both keep what is there now under another name.
    state/s.json.journal is damaged in line 3: its checksum is wrong. It was left as it is. To go on without it, move state/s.json.journal away: what the interrupted run did then shows as drift.
    s3://states/s.json is JSON, but not a state of Sealform. It was left as it is. Give `key` of the backend another value.
    s3://states/s.json.journal is damaged in line 3: its checksum is wrong. It was left as it is. To go on without it, remove it with `aws s3 rm s3://states/s.json.journal`: what the interrupted run did then shows as drift.
    state/s.json is locked by `sealform apply` of eve@build (process 4711) since 2026-05-04 03:02:01 UTC, 3 minutes ago. Wait until it has ended, or give --lock-timeout a time to wait; the lock goes when the process does.
    state/s.json is not the file that this run has read: something else replaced it meanwhile. It was left as it is, and what this run recorded is in state/s.json.journal. Keep a copy of both, put one in force, and run a plan: it compares with what S3 has. Do not use --lock=false while another run is under way.
    Could not append to state/s.json.journal: no storage space. Free some space. Then run again: what is in the journal is taken up.
    ");
}

/// The link in the middle was replaced by a file, and what it led to was a state of its own.
#[cfg(unix)]
#[test]
fn links_behind_each_other_stay_links() {
    use std::os::unix::fs::symlink;
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("far")).unwrap();
    symlink("middle.json", path("s.json")).unwrap();
    symlink("far/s.json", path("middle.json")).unwrap();
    for n in 0..2 {
        let local = Local::new(path("s.json"));
        let mut session = local.session(None, VERSION).unwrap();
        session.record(set(n, "AES256")).unwrap();
        session.finish().unwrap();
        assert!(path("middle.json").is_symlink() && path("far/s.json").is_file());
        let found = Local::new(path("far/s.json")).read().unwrap().unwrap();
        assert_eq!(found.resources.len(), n + 1);
    }
    // A circle has an end, too.
    symlink("b.json", path("a.json")).unwrap();
    symlink("a.json", path("b.json")).unwrap();
    let error = Local::new(path("a.json")).read().unwrap_err().to_string();
    assert!(error.contains("symbolic links"), "{error}");
}

#[test]
fn a_damaged_journal_is_left_alone() {
    let (_directory, local) = applied();
    let mut session = local.session(None, VERSION).unwrap();
    session.record(set(1, "aws:kms")).unwrap();
    session.record(set(2, "aws:kms")).unwrap();
    session.flush().unwrap();
    drop(session);
    let journal = beside(&local.path, ".journal");
    let damaged = fs::read_to_string(&journal).unwrap().replace("bucket-1", "bucket-x");
    fs::write(&journal, &damaged).unwrap();
    for error in [local.read().unwrap_err(), local.session(None, VERSION).unwrap_err()] {
        assert_eq!(error.diagnostic().summary, "Journal of the state is damaged");
        assert!(error.to_string().contains("line 2"), "{error}");
    }
    assert_eq!(fs::read_to_string(&journal).unwrap(), damaged);
}

#[test]
fn a_state_that_was_replaced_meanwhile_is_not_overwritten() {
    let (_directory, local) = applied();
    let mut session = local.session(None, VERSION).unwrap();
    session.record(set(1, "aws:kms")).unwrap();
    let mut other = local.session(None, VERSION).unwrap();
    other.record(set(2, "aws:kms")).unwrap();
    let other = other.finish().unwrap();
    let error = session.finish().unwrap_err();
    assert!(matches!(error, StateError::ChangedBeneath { .. }), "{error}");
    assert_eq!(StateFile::parse(&fs::read(&local.path).unwrap()).unwrap(), other);
    // What the loser recorded is not taken for something that is in the state already.
    let error = local.read().unwrap_err();
    assert_eq!(error.diagnostic().summary, "Journal does not belong to the state");
}

#[test]
fn two_runs_never_write_one_journal() {
    let (_directory, local) = applied();
    let mut session = local.session(None, VERSION).unwrap();
    let mut other = local.session(None, VERSION).unwrap();
    session.record(set(1, "aws:kms")).unwrap();
    session.flush().unwrap();
    other.record(set(2, "aws:kms")).unwrap();
    let error = other.flush().unwrap_err();
    assert!(matches!(error, StateError::JournalInUse { .. }), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_loses_nothing() {
    let (_directory, local) = applied();
    let mut session = local.session(None, VERSION).unwrap();
    session.record(set(1, "aws:kms")).unwrap();
    session.flush().unwrap();
    session.record(set(2, "aws:kms")).unwrap();
    let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
    let good = std::mem::replace(&mut session.journal.as_mut().unwrap().file, full);
    let text = session.flush().unwrap_err().to_string();
    assert!(text.contains(".journal: No space left"), "{text}");
    // Half of the record got there before the disk was full.
    let journal = beside(&local.path, ".journal");
    let mut file = OpenOptions::new().append(true).open(&journal).unwrap();
    file.write_all(&session.pending[..session.pending.len() / 2]).unwrap();
    assert_eq!(local.read().unwrap().unwrap().resources.len(), 2);
    // There is space again.
    session.journal.as_mut().unwrap().file = good;
    session.flush().unwrap();
    assert_eq!(local.read().unwrap().unwrap().resources.len(), 3);
    assert_eq!(session.finish().unwrap().resources.len(), 3);
}

/// Whether the permissions of files mean anything to this process; they do not to root.
#[cfg(unix)]
fn is_refused(directory: &Path) -> bool {
    File::create(directory.join("probe")).is_err()
}

#[test]
#[cfg(unix)]
fn a_directory_that_cannot_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_directory, local) = applied();
    let directory = parent(&local.path);
    let mut session = local.session(None, VERSION).unwrap();
    session.record(set(1, "aws:kms")).unwrap();
    // A directory in the place of the journal refuses root, too.
    fs::create_dir(beside(&local.path, ".journal")).unwrap();
    session.flush().unwrap_err();
    fs::remove_dir(beside(&local.path, ".journal")).unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o500)).unwrap();
    if is_refused(directory) {
        let text = session.flush().unwrap_err().to_string();
        assert!(text.contains(".journal: Permission denied"), "{text}");
        assert!(text.contains("Give the user"), "{text}");
        assert!(local.try_lock(&holder("apply")).is_err());
        assert_eq!(local.read().unwrap().unwrap().serial, 1);
    }
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(session.finish().unwrap().serial, 2);
}

#[test]
fn a_file_in_the_place_of_the_directory_is_named() {
    let (directory, local) = fresh();
    fs::write(directory.path().join("state"), "").unwrap();
    for error in [
        local.try_lock(&holder("apply")).unwrap_err(),
        local.session(None, VERSION).unwrap_err(),
        local.read().unwrap_err(),
    ] {
        assert_eq!(error.diagnostic().summary, "State cannot be read or written");
        assert!(error.to_string().contains(directory.path().to_str().unwrap()), "{error}");
    }
}

#[test]
#[cfg(unix)]
fn only_the_owner_can_read_what_is_recorded() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (_directory, local) = applied();
    let mut session = local.session(None, VERSION).unwrap();
    session.record(set(1, "aws:kms")).unwrap();
    session.flush().unwrap();
    assert_eq!(mode(&beside(&local.path, ".journal")), 0o600);
    session.finish().unwrap();
    assert_eq!(mode(&local.path), 0o600);
    assert_eq!(mode(&beside(&local.path, ".backup")), 0o600);
}

#[test]
fn what_cannot_be_recorded_leaves_the_session_as_it_was() {
    let (_directory, local) = fresh();
    let mut session = local.session(None, VERSION).unwrap();
    let deep = (0..200).fold(serde_json::Value::Null, |inner, _| vec![inner].into());
    let output = OutputState { value: deep, sensitive: false };
    let error = session.record(Change::Outputs([("deep".to_owned(), output)].into())).unwrap_err();
    assert_eq!(error.diagnostic().summary, "Value cannot be recorded");
    session.record(set(0, "AES256")).unwrap();
    session.finish().unwrap();
    assert_eq!(local.read().unwrap().unwrap().resources.len(), 1);
}

#[test]
fn a_state_in_memory_is_one_for_all_its_clones_and_no_file() {
    let local = Local::in_memory().for_sandbox();
    assert_eq!(local.read().unwrap(), None);
    let mut session = local.clone().session(None, VERSION).unwrap();
    session.record(set(0, "AES256")).unwrap();
    session.flush().unwrap();
    assert_eq!(local.read().unwrap(), None, "a session shows before it is finished");
    let written = session.finish().unwrap();
    assert_eq!((written.serial, written.is_of_sandbox()), (1, true));
    assert_eq!(local.read().unwrap(), Some(written));
    let mut session = local.session(None, VERSION).unwrap();
    session.record(Change::Remove { address: address(0) }).unwrap();
    assert_eq!(session.finish().unwrap().serial, 2);
    assert!(local.read().unwrap().unwrap().resources.is_empty());
}

#[test]
fn the_last_versions_are_kept_and_the_oldest_let_go() {
    let (_directory, local) = applied();
    for n in 1..15 {
        let mut session = local.session(None, VERSION).unwrap();
        session.record(set(n, "aws:kms")).unwrap();
        session.finish().unwrap();
    }
    let versions = local.versions().unwrap();
    let serials: Vec<u64> = versions.iter().map(|it| it.serial).collect();
    assert_eq!(serials, (5..15).rev().collect::<Vec<u64>>());
    for version in versions {
        let state = version.state.unwrap();
        assert_eq!((state.serial, state.resources.len() as u64), (version.serial, version.serial));
        assert!(version.written.is_some());
    }
    assert_eq!(local.read().unwrap().unwrap().serial, 15);
}

#[test]
fn another_content_takes_the_next_serial_and_keeps_what_was_there() {
    let (_directory, local) = applied();
    let before = local.read().unwrap().unwrap();
    for (serial, next) in [(1, 2), (9, 9), (3, 10)] {
        let content = StateFile { serial, resources: [].into(), ..before.clone() };
        let mut session = local.session(None, VERSION).unwrap();
        session.overwrite(content).unwrap();
        assert_eq!(session.finish().unwrap().serial, next);
    }
    assert_eq!(local.versions().unwrap().last().unwrap().state, Ok(before));
}

#[test]
fn what_cannot_be_written_can_be_rescued() {
    let (_directory, local) = applied();
    let mut session = local.session(None, VERSION).unwrap();
    session.record(set(1, "aws:kms")).unwrap();
    // A directory in the place of a file refuses root, too.
    fs::create_dir_all(beside(&local.path, ".backup.tmp").join("x")).unwrap();
    session.save().unwrap_err();
    let rescued = session.rescue().unwrap();
    drop(session);
    assert_eq!(rescued.resources.len(), 2);
    fs::remove_dir_all(beside(&local.path, ".backup.tmp")).unwrap();
    // What the journal says is taken up by itself, and gives way to what was rescued.
    let read = local.read().unwrap().unwrap();
    assert_eq!(read.resources, rescued.resources);
    assert!(read.objection(&rescued).is_none());
}
