//! Holds the source to the table of rooms in `src/lib.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails where something is not as it expects"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each foreign crate that only some places may name.
const CONFINED: &[(&str, &[&str])] = &[
    // The cryptography library is called as its maker is; decryption with RSA needs it.
    ("aws_", &["provider/aws/", "provider/webhook.rs", "eval/functions/hash.rs"]),
    ("petgraph", &["graph/"]),
    ("regex::", &["eval/functions/", "resource/data/"]),
    ("saphyr_parser", &["eval/functions/yaml/"]),
    ("encoding_rs", &["eval/functions/text_encoding/"]),
    ("bcrypt::", &["eval/functions/hash.rs"]),
    ("flate2", &["eval/functions/encoding.rs"]),
    ("similar::", &["render/"]),
    ("annotate_snippets", &["render/"]),
    ("indicatif", &["render/"]),
    ("clap", &["cli/"]),
    ("hyper", &["sandbox/", "provider/aws/", "provider/webhook.rs"]),
    ("quick_xml", &["sandbox/", "provider/aws/"]),
    ("std::env", &["cli/", "main.rs"]),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file, by its path below `src`, with its code: comments and tests left out.
fn files() -> Vec<(String, String)> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&source(), &mut paths);
    paths.sort();
    paths
        .into_iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == "tests"))
        .filter(|path| path.file_name().is_some_and(|name| name != "tests.rs"))
        .map(|path| {
            let name = path.strip_prefix(source()).unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            // Tests stand at the end of a file and may name what they like.
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let code: Vec<&str> =
                code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            (name, code.join("\n"))
        })
        .collect()
}

/// The table: each room and the rooms that it may name.
fn rooms() -> BTreeMap<String, BTreeSet<String>> {
    let lib = fs::read_to_string(source().join("lib.rs")).unwrap();
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.map(|row| {
        let mut cells = row.split('|');
        let room = cells.next().unwrap().trim().trim_end_matches('`').to_owned();
        let named = cells.nth(1).unwrap().split(',').map(str::trim);
        let named = named.filter(|name| *name != "–").map(|name| name.trim_matches('`').to_owned());
        (room, named.collect())
    })
    .collect()
}

#[test]
fn every_room_is_in_the_table_and_every_row_is_a_room() {
    let modules: BTreeSet<String> = fs::read_dir(source())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(rooms().into_keys().collect::<BTreeSet<_>>(), modules);
}

#[test]
fn rooms_name_only_what_the_table_allows() {
    let rooms = rooms();
    let mut wrong = Vec::new();
    for (name, code) in files() {
        let room = name.split('/').next().unwrap();
        let Some(allowed) = rooms.get(room) else { continue };
        for used in code.split("crate::").skip(1) {
            let used: String =
                used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if used != room && !allowed.contains(&used) {
                wrong.push(format!("{name}: `{room}` may not name `{used}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn foreign_crates_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for (name, code) in files() {
        for (foreign, homes) in CONFINED {
            let at_home = homes.iter().any(|home| name.starts_with(home));
            if !at_home && names_crate(&code, foreign) {
                wrong.push(format!("{name}: `{foreign}` belongs in {}", homes.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the code names a path that begins with the crate's name.
fn names_crate(code: &str, foreign: &str) -> bool {
    code.match_indices(foreign).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let behind = &code[at + foreign.len()..];
        let path = behind.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '"')
            && (foreign.contains(':') || path.starts_with("::"))
    })
}
