//! `JUnit`: read by a parser that we did not write, and held to the structure that readers expect.

use super::fleets::{HOSTILE, any_report, drifted, fleet, hostile, item, report, sampler};
use crate::render::junit;
use crate::report::{Item, Level, Report, Severity, Share};
use proptest::prelude::*;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;

/// An element with all that is in it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Self>,
}

impl Element {
    fn of(start: &BytesStart<'_>) -> Self {
        let name = start.name().as_ref().to_owned();
        let mut attributes = BTreeMap::new();
        for attribute in start.attributes() {
            let attribute = attribute.unwrap();
            let key = attribute.key.as_ref().to_owned();
            let raw = attribute.value.into_owned();
            assert!(!raw.contains('<'), "{raw}");
            let value = quick_xml::escape::unescape(&raw).unwrap().into_owned();
            assert!(attributes.insert(key, value).is_none(), "an attribute twice");
        }
        Self { name, attributes, ..Self::default() }
    }

    fn children(&self, name: &str) -> Vec<&Self> {
        self.children.iter().filter(|child| child.name == name).collect()
    }

    fn count(&self, name: &str) -> usize {
        self.attributes[name].parse().unwrap()
    }
}

/// Reads a document, and demands that it is well-formed XML 1.0.
#[track_caller]
fn parse(document: &str) -> Element {
    // The reader lets through what may not be in XML, so that is looked for here.
    let illegal = document.chars().find(|c| {
        !matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
    });
    assert_eq!(illegal, None);
    let mut reader = quick_xml::Reader::from_str(document);
    reader.config_mut().check_end_names = true;
    let mut stack = vec![Element::default()];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => stack.push(Element::of(&start)),
            Event::Empty(start) => stack.last_mut().unwrap().children.push(Element::of(&start)),
            Event::End(_) => {
                let done = stack.pop().unwrap();
                stack.last_mut().unwrap().children.push(done);
            }
            Event::Text(text) => stack.last_mut().unwrap().text.push_str(&text),
            Event::GeneralRef(name) => {
                let c = match &*name {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    other => panic!("&{other}; is no entity of XML"),
                };
                stack.last_mut().unwrap().text.push(c);
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("{other:?} is not expected"),
        }
    }
    assert_eq!(stack.len(), 1, "an element is not closed");
    let mut root = stack.pop().unwrap();
    assert_eq!(root.children.len(), 1);
    root.children.pop().unwrap()
}

type Names = &'static [&'static str];

/// What each element may have: its attributes, those that it must have first, and its children.
const STRUCTURE: &[(&str, Names, Names, Names)] = &[
    (
        "testsuites",
        &["name", "tests", "failures", "errors", "skipped", "time"],
        &[],
        &["testsuite"],
    ),
    (
        "testsuite",
        &["name", "tests", "failures", "errors", "skipped", "time"],
        &["timestamp"],
        &["properties", "testcase", "system-out", "system-err"],
    ),
    ("properties", &[], &[], &["property"]),
    ("property", &["name", "value"], &[], &[]),
    (
        "testcase",
        &["name", "classname", "time"],
        &[],
        &["failure", "error", "skipped", "system-out"],
    ),
    ("failure", &["message", "type"], &[], &[]),
    ("error", &["message", "type"], &[], &[]),
    ("skipped", &["message"], &[], &[]),
    ("system-out", &[], &[], &[]),
    ("system-err", &[], &[], &[]),
];

#[track_caller]
fn check(element: &Element) {
    let (_, required, allowed, children) = STRUCTURE
        .iter()
        .find(|(name, ..)| *name == element.name)
        .unwrap_or_else(|| panic!("<{}> is no element of the format", element.name));
    for name in *required {
        assert!(element.attributes.contains_key(*name), "<{}> without {name}", element.name);
    }
    for name in element.attributes.keys() {
        let known = required.contains(&&**name) || allowed.contains(&&**name);
        assert!(known, "<{} {name}>", element.name);
    }
    for child in &element.children {
        assert!(children.contains(&&*child.name), "<{}> in <{}>", child.name, element.name);
        check(child);
    }
}

/// The suite, after its structure and its numbers were checked.
#[track_caller]
fn suite(report: &Report) -> Element {
    let mut root = parse(&junit(report));
    assert_eq!(root.name, "testsuites");
    check(&root);
    assert_eq!(root.children.len(), 1);
    let suite = root.children.pop().unwrap();
    let cases = suite.children("testcase");
    let with = |name: &str| cases.iter().filter(|case| !case.children(name).is_empty()).count();
    for counts in [&root, &suite] {
        assert_eq!(counts.count("tests"), cases.len());
        assert_eq!(counts.count("failures"), with("failure"));
        assert_eq!(counts.count("errors"), with("error"));
        assert_eq!(counts.count("skipped"), with("skipped"));
    }
    for case in cases {
        let marks = ["failure", "error", "skipped"].map(|name| case.children(name).len());
        assert!(marks.iter().sum::<usize>() <= 1, "{case:?}");
    }
    suite
}

#[test]
fn each_bucket_is_a_case_and_what_it_came_to() {
    let suite = suite(&sampler());
    assert_eq!(suite.attributes["name"], "infra/prod");
    assert_eq!(suite.attributes["timestamp"], "2026-11-21T06:00:00");
    let cases: Vec<(String, String)> = suite
        .children("testcase")
        .into_iter()
        .map(|case| {
            let mark = case.children.first().map_or("passed", |child| &*child.name);
            let name = case.attributes["name"].replace(&super::fleets::address(""), "");
            (format!("{} {name}", case.attributes["classname"]), mark.to_owned())
        })
        .collect();
    let expected = [
        ("aws audit", "failure"),
        ("aws fine", "passed"),
        ("aws orphan", "failure"),
        ("aws strong", "failure"),
        ("aws logs", "system-out"),
        ("aws archive", "system-out"),
        ("aws.vault/module.team[\"a.b\"] module.team[\"a.b\"].data[0]", "failure"),
        ("aws denied", "error"),
        ("aws known", "skipped"),
        ("sealform No credentials", "error"),
    ];
    let expected = expected.map(|(name, mark)| (name.to_owned(), mark.to_owned()));
    assert_eq!(cases, expected);
    let warnings = suite.children("system-err");
    assert_eq!(
        warnings[0].text,
        "Suppression expired (suppress.seal.hcl:3): It held until 2026-01-01.\n"
    );
}

#[test]
fn a_failure_says_what_differs() {
    let suite = suite(&sampler());
    let failure = suite.children("testcase")[0].children("failure")[0];
    assert_eq!(failure.attributes["type"], "drift-weakening");
    assert_eq!(
        failure.attributes["message"],
        "bucket acme-audit was weakened outside of Sealform: \
         rule.apply_server_side_encryption_by_default.sse_algorithm"
    );
    assert!(failure.text.starts_with(
        "bucket acme-audit\naccount 111122223333\nRegion eu-west-1\ndeclared in main.seal.hcl:12\n"
    ));
    assert!(failure.text.contains("live \"AES256\""), "{}", failure.text);
    let pending = suite.children("testcase")[4].children("system-out")[0];
    assert!(pending.text.starts_with("Pending, which is no fault.\n"), "{}", pending.text);
    let error = suite.children("testcase")[7].children("error")[0];
    assert_eq!(error.attributes["type"], "unreadable-bucket");
    assert!(error.attributes["message"].starts_with("Access denied: "));
}

#[test]
fn values_that_are_sensitive_are_not_in_it() {
    let mut secret = drifted("a", "acme-a", Severity::High);
    secret.differences[0].sensitive = true;
    secret.differences[0].live = None;
    let document = junit(&report(vec![secret]));
    assert!(document.contains("(sensitive value)"));
    assert!(!document.contains("aws:kms"), "{document}");
}

#[test]
fn names_come_back_as_they_are_or_as_escapes() {
    for name in HOSTILE {
        let suite = suite(&hostile(name));
        let failure = suite.children("testcase")[2].children("failure")[0];
        let shown = crate::render::harmless(name);
        let shown = shown.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
        assert!(failure.attributes["message"].contains(&shown), "{failure:?}");
        assert!(failure.text.contains(&shown), "{failure:?}");
    }
}

#[test]
fn a_share_and_a_fleet() {
    let mut found = fleet(1_000);
    found.share = Some(Share { part: 1, of: 3 });
    let suite = suite(&found);
    assert_eq!(suite.count("tests"), 1_000);
    assert_eq!(suite.count("failures"), 40);
    assert_eq!(suite.count("errors"), 10);
    assert_eq!(suite.count("skipped"), 10);
    let properties = suite.children("properties")[0].children("property");
    assert!(
        properties
            .iter()
            .any(|it| it.attributes["name"] == "share" && it.attributes["value"] == "1/3")
    );
    assert_eq!(self::suite(&report(vec![item("a", "a")])).count("failures"), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_report_is_whole(report in any_report()) {
        let suite = suite(&report);
        let errors = report.diagnostics.iter().filter(|it| it.severity == Level::Error).count();
        let items: &[Item] = &report.resources;
        prop_assert_eq!(suite.count("tests"), items.len() + errors);
    }
}
