//! Holds expressions to what Terraform's console answers: value, type, and being an error.
//!
//! The answers are in `tests/expressions/*.txt`; `record.py` there tells of their form and records
//! them.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails where something is not as it expects"
)]

use sealform::diag::Diagnostics;
use sealform::engine::console::{Answer, Console};
use sealform::engine::{Project, Request};
use sealform::render::console;
use std::fs;
use std::path::{Path, PathBuf};

/// What stands in an answer for an error.
const ERROR: &str = "ERROR";

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expressions")
}

fn decode(text: &str) -> String {
    text.replace('␤', "\n").replace('␍', "\r").replace('␉', "\t")
}

fn encode(text: &str) -> String {
    text.replace('\n', "␤").replace('\r', "␍").replace('\t', "␉")
}

/// What our console prints for an expression, and for its type; of an error, why it is one.
fn answer(here: &Console<'_>, expression: &str) -> [String; 2] {
    let answered = here.answer(expression);
    match answered.answer {
        Ok(Answer::Value(value)) => [console::value(&value), console::ty(&value.ty())],
        Ok(Answer::Type(_) | Answer::TypeOfType) => ["a type".to_owned(), String::new()],
        Err(faults) => {
            let first = faults.first().unwrap();
            [ERROR.to_owned(), format!("{}: {}", first.summary, first.detail)]
        }
    }
}

/// Compares every line of a file; gives how many there are, and what differs.
fn compare(here: &Console<'_>, file: &Path) -> (usize, Vec<String>) {
    let text = fs::read_to_string(file).unwrap();
    let mut count = 0;
    let mut wrong = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let &[expression, value, kind] = cells.as_slice() else {
            wrong.push(format!("{line}\n  has no answer yet: run record.py"));
            continue;
        };
        count += 1;
        let [got_value, got_kind] = answer(here, &decode(expression)).map(|text| encode(&text));
        if got_value != value || (value != ERROR && got_kind != kind) {
            wrong.push(format!(
                "{expression}\n  gave {got_value} :: {got_kind}\n  not  {value} :: {kind}"
            ));
        }
    }
    (count, wrong)
}

#[test]
fn expressions_come_to_what_terraform_says() {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(corpus().join("scope.hcl"), dir.path().join("scope.seal.hcl")).unwrap();
    copy(&corpus().join("files"), &dir.path().join("files"));
    let request =
        Request { dir: dir.path().to_owned(), cwd: dir.path().to_owned(), ..Request::default() };
    let mut diagnostics = Diagnostics::new();
    let project = Project::load_for_console(&request, &mut diagnostics);
    let mut files: Vec<PathBuf> =
        fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let (mut count, mut report) = (0, String::new());
    project.console(None, &mut diagnostics, |here, _| {
        for file in &files {
            let (rows, wrong) = compare(here, file);
            count += rows;
            if !wrong.is_empty() {
                let name = file.file_name().unwrap().to_string_lossy();
                let list = wrong.join("\n");
                report.push_str(&format!("{name}: {} of {rows} differ\n{list}\n", wrong.len()));
            }
        }
    });
    assert_eq!(diagnostics, Diagnostics::new());
    assert!(report.is_empty(), "{report}");
    assert!(count > 900, "only {count} expressions");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}
