//! Whatever bytes are in the place of a state, a journal or a plan, reading them ends: with something
//! that is written and read again as it was, or with a fault. The first byte says which it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealform::plan::Plan;
use sealform::state::{Local, StateFile};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::fs;

thread_local! {
    static DIRECTORY: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    match kind % 3 {
        0 => state(rest),
        1 => plan(rest),
        _ => journal(rest),
    }
});

fn state(bytes: &[u8]) {
    let Ok(state) = StateFile::parse(bytes) else { return };
    let printed = state.print().expect("what was read can be written");
    assert_eq!(StateFile::parse(&printed).as_ref(), Ok(&state));
    let _objection = state.objection(&StateFile::new("lineage".into(), "0.0.0"));
}

/// The file is given its checksum, so that what is behind it is reached.
fn plan(bytes: &[u8]) {
    let _damaged = Plan::from_bytes(bytes);
    let Ok(Json::Object(mut document)) = serde_json::from_slice(bytes) else { return };
    document.remove("checksum");
    let sum = Sha256::digest(serde_json::to_vec(&document).expect("what was read can be written"));
    let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    document.insert("checksum".to_owned(), sum.into());
    let whole = serde_json::to_vec(&document).expect("what was read can be written");
    let Ok((plan, origin)) = Plan::from_bytes(&whole) else { return };
    // What needs a sensitive value is not written.
    let Ok(printed) = plan.to_bytes(&origin) else { return };
    let (again, origin) = Plan::from_bytes(&printed).expect("what was written can be read");
    assert_eq!(again.to_bytes(&origin).ok(), Some(printed));
    let recorded = StateFile::new("lineage".into(), "0.0.0");
    for step in &plan.steps {
        let _changes = step.changes_of(&recorded);
        let _intent = step.intent();
    }
}

/// Each line is a record, given its checksum here so that what is behind it is reached; a line that
/// begins with `!` is taken as it is.
fn journal(bytes: &[u8]) {
    let mut text = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        match line.strip_prefix(b"!") {
            Some(raw) => text.extend(raw),
            None => {
                text.extend(format!("{:08x} ", checksum(line)).into_bytes());
                text.extend(line);
            }
        }
        text.push(b'\n');
    }
    DIRECTORY.with_borrow_mut(|directory| {
        let directory = directory.get_or_insert_with(|| tempfile::tempdir().expect("a directory"));
        let path = directory.path().join("s.json");
        fs::write(directory.path().join("s.json.journal"), &text).expect("a file");
        let local = Local::new(path);
        let Ok(found) = local.look() else { return };
        // What is read once is read so again, and a session takes it up without losing anything.
        let unfinished = found.unfinished.len();
        let session = local.session(None, "0.0.0").expect("what can be read can be taken up");
        drop(session);
        let again = local.look().expect("what was taken up can be read");
        assert_eq!(again.state, found.state);
        assert_eq!(again.unfinished.len(), unfinished);
        for name in ["s.json", "s.json.journal", "s.json.backup"] {
            let _absent = fs::remove_file(directory.path().join(name));
        }
    });
}

/// CRC-32, bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}
