//! Journals as they are written, torn, damaged and taken over.

use super::*;
use crate::value::Value;

fn state() -> StateFile {
    StateFile { serial: 7, ..StateFile::new("a-lineage".into(), "0.1.0") }
}

fn set(name: &str, identity: &str) -> Change {
    let recorded = Recorded {
        identity: identity.into(),
        provider: "aws".into(),
        region: None,
        values: Value::object([("bucket", Value::from(identity))]),
        depends_on: vec![],
        prevent_destroy: false,
        forget_on_destroy: false,
        owner: None,
    };
    Change::Set { address: format!("t.{name}").parse().unwrap(), recorded }
}

fn changes() -> Vec<Change> {
    let secret = OutputState { value: serde_json::json!({"n": 1.50}), sensitive: true };
    vec![
        set("a", "one"),
        set("b", "two"),
        Change::Outputs([("secret".to_owned(), secret)].into()),
        Change::Remove { address: "t.a".parse().unwrap() },
    ]
}

fn lines(state: &StateFile, changes: &[Change]) -> Vec<Vec<u8>> {
    let header = encode_header(Header::continuing(state, "0.2.0", None)).unwrap();
    let changes = changes.iter().map(|change| encode(change.clone()).unwrap().0);
    [header].into_iter().chain(changes).collect()
}

fn decoded(bytes: &[u8]) -> Journal {
    decode(bytes).unwrap().unwrap()
}

#[test]
fn a_journal_survives_writing_and_reading() {
    let journal = decoded(&lines(&state(), &changes()).concat());
    assert_eq!(journal.header, Header::continuing(&state(), "0.2.0", None));
    assert_eq!(journal.changes, changes());
}

#[test]
fn a_torn_tail_is_cut_at_whatever_byte() {
    let lines = lines(&state(), &changes());
    let whole = lines.concat();
    let last = whole.len() - lines[changes().len()].len();
    for end in 0..=whole.len() {
        let journal = decode(&whole[..end]).unwrap();
        // A line that lacks nothing but its end tells all.
        let complete = whole[..end].split(|byte| *byte == b'\n').count() - 1;
        let complete = complete + usize::from(whole.get(end) == Some(&b'\n'));
        match journal {
            None => assert_eq!(complete, 0),
            Some(journal) => assert_eq!(journal.changes, changes()[..complete - 1]),
        }
        // The same tail as bytes that never got to the disk.
        if end >= last {
            let mut zeroed = whole.clone();
            zeroed[end..].fill(0);
            let kept = decoded(&zeroed).changes.len();
            assert_eq!(kept, changes().len() - usize::from(end < whole.len()));
        }
    }
}

#[test]
fn damage_before_good_lines_is_no_torn_tail() {
    let lines = lines(&state(), &changes());
    for damaged in 0..lines.len() - 1 {
        for at in 0..lines[damaged].len() - 1 {
            let mut lines = lines.clone();
            lines[damaged][at] ^= 1;
            let error = decode(&lines.concat()).unwrap_err();
            let JournalError::Damaged { line, .. } = error else { panic!("{error}") };
            assert_eq!(line, damaged + 1, "byte {at}");
        }
    }
}

#[test]
fn good_lines_out_of_place_are_damage() {
    let lines = lines(&state(), &changes());
    for wrong in [[&lines[0], &lines[0]], [&lines[1], &lines[0]]] {
        let error = decode(&wrong.map(Vec::as_slice).concat()).unwrap_err();
        assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_newer_journal_is_refused_whatever_it_holds() {
    let json = br#"{"header":{"version":4,"tool_version":"9","lineage":"x","serial":1,"new":1}}"#;
    let mut bytes = format!("{:08x} ", crc32fast::hash(json)).into_bytes();
    bytes.extend(json);
    assert_eq!(decode(&bytes), Err(JournalError::Newer(4)));
}

/// What version 1 wrote, and what a reader makes of it: as it was, with nothing unfinished.
#[test]
fn version_1_is_read_as_it_was() {
    let version_1 = concat!(
        "9adbb11d {\"header\":{\"version\":1,\"tool_version\":\"0.1.0\",\"lineage\":\"a-lineage\",",
        "\"serial\":7}}\n",
        "65bb8c22 {\"remove\":{\"address\":\"t.a\"}}\n",
    );
    let journal = decoded(version_1.as_bytes());
    assert_eq!(journal.changes, [Change::Remove { address: "t.a".parse().unwrap() }]);
    assert!(journal.unfinished.is_empty());
    assert_eq!(fold(Some(state()), journal).unwrap(), (state(), false));
}

fn intent(name: &str) -> Intent {
    let settings = |x: &str| Value::object([("x", Value::from(x))]);
    Intent::new(
        format!("t.{name}").parse().unwrap(),
        "aws".into(),
        name.into(),
        crate::state::Writing::Update,
        (&settings("before"), &settings("after")),
    )
}

#[test]
fn intents_outlive_a_run_until_something_settles_them() {
    let run = Holder {
        operation: "apply".into(),
        who: "eve@build".into(),
        pid: 4711,
        since: "2026-05-04T03:02:01Z".parse().unwrap(),
    };
    let header = encode_header(Header::continuing(&state(), "0.2.0", Some(run.clone())));
    let outcome = |name: &str, settled| encode_outcome("aws".into(), name.into(), settled).unwrap();
    let lines: Vec<Vec<u8>> = [header.unwrap()]
        .into_iter()
        .chain(["a", "b", "c"].map(|name| encode_intent(intent(name)).unwrap()))
        .chain([outcome("a", true), outcome("b", false)])
        .collect();
    // A call that was made counts as unfinished until its outcome is on the disk as a whole.
    for (end, unfinished) in [(2, 1), (4, 3), (5, 2), (6, 1)] {
        let journal = decoded(&lines[..end].concat());
        assert_eq!(journal.unfinished.iter().count(), unfinished, "{end}");
        assert!(journal.unfinished.iter().all(|it| it.run.as_ref() == Some(&run)));
    }
    let torn = lines.concat();
    assert_eq!(decoded(&torn[..torn.len() - 3]).unfinished.iter().count(), 2);
}

/// Whoever has only the beginning of it knows all the same what may have been written.
#[test]
fn what_was_planned_counts_as_begun_where_the_run_is_gone() {
    let header = encode_header(Header::continuing(&state(), "0.2.0", None)).unwrap();
    let outcome = |name: &str, settled| encode_outcome("aws".into(), name.into(), settled).unwrap();
    let lines: Vec<Vec<u8>> = [header]
        .into_iter()
        .chain(["a", "b", "c", "d"].map(|name| encode_planned(intent(name)).unwrap()))
        .chain(["a", "b"].map(|name| encode_begun("aws".into(), name.into()).unwrap()))
        .chain([encode_intent(intent("c")).unwrap()])
        .chain([outcome("a", true), outcome("b", false)])
        .collect();
    let names = |bytes: &[u8]| -> String {
        let journal = decoded(bytes);
        journal.unfinished.iter().map(|it| &*it.identity).collect()
    };
    for (end, known, abandoned_knows) in
        [(1, "", ""), (3, "", "ab"), (5, "", "abcd"), (7, "ab", "abcd"), (10, "c", "cd")]
    {
        let whole = lines[..end].concat();
        assert_eq!(names(&whole), known, "{end}");
        let other = abandoned(&whole, 0).unwrap().unwrap_or_else(|| whole.clone());
        assert_eq!(names(&other), abandoned_knows, "{end}");
        assert_eq!(abandoned(&other, 0).unwrap(), None);
        // The state is what it has made of it: it came to its end.
        assert_eq!(abandoned(&whole, state().serial + 1).unwrap(), None);
        // What was pushed may end within a record.
        let torn = [&*whole, &lines[1][..20]].concat();
        let other = abandoned(&torn, 0).unwrap().unwrap_or(torn);
        assert_eq!(names(&other), abandoned_knows, "{end}");
    }
}

#[test]
fn nothing_begins_that_was_not_planned() {
    let header = encode_header(Header::continuing(&state(), "0.2.0", None)).unwrap();
    let begun = encode_begun("aws".into(), "a".into()).unwrap();
    let error = decode(&[header, begun].concat()).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { line: 2, .. }), "{error}");
}

#[test]
fn folding_makes_the_next_serial_and_is_done_once() {
    let bytes = lines(&state(), &changes()).concat();
    let (folded, changed) = fold(Some(state()), decoded(&bytes)).unwrap();
    assert!(changed);
    assert_eq!((folded.serial, folded.tool_version.as_str()), (8, "0.2.0"));
    let names: Vec<_> = folded.resources.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["t.b"]);
    // A run that was killed before it could remove the journal.
    let again = fold(Some(folded.clone()), decoded(&bytes)).unwrap();
    assert_eq!(again, (folded, false));
}

#[test]
fn the_first_journal_makes_a_state() {
    let first = StateFile { serial: 0, ..state() };
    let bytes = lines(&first, &changes()).concat();
    let (folded, changed) = fold(None, decoded(&bytes)).unwrap();
    assert!(changed);
    assert_eq!((folded.serial, folded.lineage.as_str()), (1, "a-lineage"));
}

#[test]
fn a_journal_of_another_state_is_not_folded() {
    let journal = || decoded(&lines(&state(), &changes()).concat());
    let of = |serial, lineage: &str| Some(StateFile { serial, lineage: lineage.into(), ..state() });
    let ahead = |state| JournalError::Ahead { journal: 7, state };
    let other = JournalError::OtherLineage { journal: "a-lineage".into(), state: "other".into() };
    assert_eq!(fold(of(7, "other"), journal()), Err(other));
    assert_eq!(fold(of(6, "a-lineage"), journal()), Err(ahead(Some(6))));
    assert_eq!(fold(None, journal()), Err(ahead(None)));
    let unfolded = JournalError::Unfolded { journal: 7, state: 8 };
    assert_eq!(fold(of(8, "a-lineage"), journal()), Err(unfolded));
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let nested = |depth| (0..depth).fold(Value::from("x"), |x, _| Value::tuple(vec![x]));
    let with = |values| match set("a", "one") {
        Change::Set { address, recorded } => {
            Change::Set { address, recorded: Recorded { values, ..recorded } }
        }
        other @ (Change::Remove { .. } | Change::Outputs(_)) => other,
    };
    let deep = |depth| with(Value::object([("deep", nested(depth))]));
    encode(deep(200)).unwrap_err();
    encode(with(Value::NULL)).unwrap_err();
    // The deepest that is taken can be read from the state file, too.
    let deepest = (1..200).take_while(|depth| encode(deep(*depth)).is_ok()).last().unwrap();
    let mut state = state();
    deep(deepest).apply_to(&mut state);
    assert_eq!(StateFile::parse(&state.print().unwrap()), Ok(state));
}
