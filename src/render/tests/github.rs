//! Annotations: one command a line, whatever is in it.

use super::reports::{
    HOSTILE, drifted, failed, hostile, item, pending, report, warning, weakening,
};
use crate::render::github::{annotations, job_summary};
use crate::report::{Command, Place, Report, Severity, Suppression};
use proptest::prelude::*;

/// A command as the runner reads it.
#[derive(Debug, PartialEq)]
struct Read {
    level: String,
    properties: Vec<(String, String)>,
    message: String,
}

impl Read {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(it, _)| it == name).map(|(_, value)| &**value)
    }
}

/// Reads commands as the runner does: a line each.
#[track_caller]
fn read(text: &str) -> Vec<Read> {
    let unescaped = |text: &str| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n");
        text.replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
    };
    text.split_terminator('\n')
        .map(|line| {
            assert!(!line.contains('\r'), "{line:?}");
            let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
            let (level, properties) = head.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&level), "{line}");
            let properties = properties
                .split(',')
                .map(|it| it.split_once('=').unwrap())
                .map(|(name, value)| (name.to_owned(), unescaped(value)))
                .collect();
            Read { level: level.to_owned(), properties, message: unescaped(message) }
        })
        .collect()
}

#[test]
fn each_finding_at_its_lines() {
    let mut suppressed = drifted("x.known", "k", "alias/a");
    suppressed.suppressed = Some(Suppression {
        name: "known".to_owned(),
        reason: "on its way".to_owned(),
        expires: None,
    });
    let mut low = drifted("x.stronger", "s", "alias/a");
    (low.severity, low.weakened) = (Some(Severity::Low), None);
    let mut report = report(
        Command::Drift,
        vec![
            pending("x.pending", "p", "alias/a"),
            item("x.same", "same"),
            drifted("x.drifted", "d", "alias/a"),
            suppressed,
            low,
            weakening("x.weaker", "w", "alias/a"),
            failed("x.failed", "f", "It may not.\nAllow it: 100%"),
        ],
    );
    report.diagnostics = vec![warning("Watch out", "Use the other one.")];
    insta::assert_snapshot!(annotations(&report));
}

#[test]
fn paths_are_relative_to_the_root_of_the_repository() {
    for (directory, file, expected) in [
        (".", "main.seal.hcl", "main.seal.hcl"),
        ("", "main.seal.hcl", "main.seal.hcl"),
        ("infra/", "main.seal.hcl", "infra/main.seal.hcl"),
        ("./infra/./eu", "../shared/a.seal.hcl", "infra/shared/a.seal.hcl"),
        ("infra", "../../up.seal.hcl", "../up.seal.hcl"),
        ("..", "../up.seal.hcl", "../../up.seal.hcl"),
        ("/work", "../main.seal.hcl", "/main.seal.hcl"),
        ("infra", "/else/a.seal.hcl", "/else/a.seal.hcl"),
        ("a:b,c", "100%.seal.hcl", "a:b,c/100%.seal.hcl"),
    ] {
        let mut item = pending("x.a", "a", "k");
        item.place = Some(Place { file: file.to_owned(), line: 4, column: 1, end_line: 9 });
        let mut report = report(Command::Plan, vec![item]);
        report.directory = directory.to_owned();
        let commands = read(&annotations(&report));
        assert_eq!(commands[0].property("file"), Some(expected));
        assert_eq!(commands[0].property("line"), Some("4"));
        assert_eq!(commands[0].property("endLine"), Some("9"));
    }
}

#[test]
fn at_most_ten_of_each_level_and_the_rest_counted() {
    let report = hostile(10_000);
    let commands = read(&annotations(&report));
    for level in ["error", "warning", "notice"] {
        assert_eq!(commands.iter().filter(|it| it.level == level).count(), 10, "{level}");
    }
    let last = commands.last().unwrap();
    let total = 10_000 + report.diagnostics.len();
    assert_eq!(last.level, "notice");
    assert!(last.message.contains(&format!("{} more are in the", "9,992")), "{last:?} {total}");
    assert_eq!(total - 29, 9_992);
}

#[test]
fn ten_notices_need_no_last_one() {
    let of = |count: usize| {
        let items = (0..count).map(|n| pending(&format!("x.n{n}"), "b", "k")).collect();
        read(&annotations(&report(Command::Plan, items)))
    };
    assert_eq!(of(0), []);
    assert!(of(10).iter().all(|it| !it.message.contains("more")));
    assert_eq!(of(11).len(), 10);
    assert!(of(11)[9].message.contains("2 more are"));
}

#[test]
fn the_summary_of_a_job_has_room() {
    let summary = job_summary(&hostile(3_000));
    assert!(summary.len() < 1024 * 1024);
    assert!(summary.len() > 700_000, "{}", summary.len());
    assert!(summary.ends_with('\n'));
}

proptest! {
    #[test]
    fn nothing_ends_its_line(
        text in prop_oneof![any::<String>(), prop::sample::select(HOSTILE).prop_map(str::to_owned), "[%:,\r\n=A0]{0,9}"],
        file in "[%:,\r\n=A0é]{1,9}",
    ) {
        let mut item = failed(&text, &text, &text);
        item.place = Some(Place { file: file.clone(), line: 1, column: 1, end_line: 1 });
        let report = Report { directory: ".".to_owned(), ..report(Command::Drift, vec![item]) };
        let commands = read(&annotations(&report));
        prop_assert_eq!(commands.len(), 1);
        prop_assert_eq!(commands[0].property("file"), Some(&*crate::render::harmless(&file)));
        prop_assert_eq!(commands[0].property("title"), Some("Access denied"));
    }
}
