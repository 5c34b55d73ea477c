//! Prometheus: read by a strict parser of the text format, which is here.

use super::fleets::{HOSTILE, any_report, fleet, item, report, sampler};
use crate::render::prometheus;
use crate::report::{Class, Report, Share, Verdict};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

type Labels = BTreeMap<String, String>;

/// The samples of a file, by name and labels. Fails on all that the format or the textfile collector
/// does not allow: a series without HELP and TYPE in front, a family in two parts, a series twice, a
/// wrong name, a bad escape, a timestamp, a value that is no number, an end without a line feed.
#[track_caller]
fn parse(text: &str) -> BTreeMap<(String, Labels), String> {
    assert!(text.ends_with('\n'), "the last line is not ended");
    let mut samples = BTreeMap::new();
    let mut families = BTreeSet::new();
    let mut helped: Option<String> = None;
    let mut typed: Option<String> = None;
    for line in text.strip_suffix('\n').unwrap().split('\n') {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(!help.is_empty() && !help.contains('\\'), "{line}");
            assert!(families.insert(name.to_owned()), "{name} begins twice");
            helped = Some(name.to_owned());
            typed = None;
        } else if let Some(ty) = line.strip_prefix("# TYPE ") {
            let (name, ty) = ty.split_once(' ').unwrap();
            assert_eq!(helped.as_deref(), Some(name), "{line}");
            assert_eq!(ty, "gauge");
            typed = Some(name.to_owned());
        } else {
            assert!(!line.starts_with('#'), "{line}");
            let (name, behind) = line.split_at(line.find('{').expect("every series has labels"));
            assert_eq!(typed.as_deref(), Some(name), "{line}");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
            let (labels, value) = parse_labels(behind);
            let value = value.strip_prefix(' ').expect("one space");
            assert!(!value.contains(' '), "a timestamp: {line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            let series = (name.to_owned(), labels);
            assert!(samples.insert(series, value.to_owned()).is_none(), "twice: {line}");
        }
    }
    samples
}

fn parse_labels(text: &str) -> (Labels, &str) {
    let mut labels = Labels::new();
    let mut rest = text.strip_prefix('{').unwrap();
    loop {
        let (name, behind) = rest.split_once("=\"").unwrap();
        let mut letters = name.chars();
        assert!(letters.next().is_some_and(|c| c.is_ascii_lowercase()), "{name}");
        assert!(letters.all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        let mut value = String::new();
        let mut chars = behind.chars();
        loop {
            match chars.next().expect("the value is ended") {
                '"' => break,
                '\\' => value.push(match chars.next() {
                    Some('\\') => '\\',
                    Some('"') => '"',
                    Some('n') => '\n',
                    other => panic!("an escape of {other:?}"),
                }),
                c => value.push(c),
            }
        }
        assert!(labels.insert(name.to_owned(), value).is_none(), "{name} twice");
        rest = chars.as_str();
        match rest.chars().next() {
            Some(',') => rest = &rest[1..],
            Some('}') => return (labels, &rest[1..]),
            other => panic!("{other:?} after a label"),
        }
    }
}

/// The value of a series, by the labels that it has besides those of the report.
#[track_caller]
fn value(text: &str, name: &str, more: &[(&str, &str)]) -> String {
    let mut found: Vec<String> = parse(text)
        .into_iter()
        .filter(|((series, labels), _)| {
            series == name
                && more
                    .iter()
                    .all(|(label, value)| labels.get(*label).is_some_and(|it| it == value))
        })
        .map(|(_, value)| value)
        .collect();
    assert_eq!(found.len(), 1, "{name} {more:?} in\n{text}");
    found.remove(0)
}

const SUCCESS: &str = "sealform_last_success_timestamp_seconds";
/// 2026-11-21T06:00:00Z.
const STARTED: &str = "1795240800";

#[test]
fn counts_are_those_of_the_report() {
    let text = prometheus(&sampler(), None);
    assert_eq!(value(&text, "sealform_resources", &[("class", "drift")]), "4");
    assert_eq!(value(&text, "sealform_resources", &[("class", "both")]), "1");
    assert_eq!(value(&text, "sealform_resources", &[("class", "unchanged")]), "1");
    assert_eq!(value(&text, "sealform_drift", &[("severity", "high")]), "2");
    assert_eq!(value(&text, "sealform_drift", &[("severity", "medium")]), "1");
    assert_eq!(value(&text, "sealform_drift", &[("severity", "low")]), "1");
    assert_eq!(value(&text, "sealform_pending", &[("directory", "infra/prod")]), "3");
    assert_eq!(value(&text, "sealform_suppressed", &[]), "1");
    assert_eq!(value(&text, "sealform_errors", &[]), "1");
    assert_eq!(value(&text, "sealform_weakening", &[]), "1");
    assert_eq!(value(&text, "sealform_failed", &[]), "1");
    assert_eq!(value(&text, "sealform_run_duration_seconds", &[]), "1.25");
    assert_eq!(value(&text, "sealform_last_run_timestamp_seconds", &[]), STARTED);
    assert_eq!(value(&text, "sealform_info", &[("version", "0.1.0"), ("command", "drift")]), "1");
}

#[test]
fn drift_is_a_success_and_an_error_is_none() {
    let mut found = report(vec![super::fleets::both("a", "a")]);
    assert_eq!(found.verdict, Verdict::Drift);
    let good = prometheus(&found, None);
    assert_eq!(value(&good, SUCCESS, &[]), STARTED);
    assert_eq!(value(&good, "sealform_failed", &[]), "0");
    // The next run fails, and the next: the time of the last success is handed on.
    found.verdict = Verdict::Error;
    found.started = Some("2026-11-22T06:00:00Z".to_owned());
    let bad = prometheus(&found, Some(&good));
    assert_eq!(value(&bad, SUCCESS, &[]), STARTED);
    assert_eq!(value(&bad, "sealform_last_run_timestamp_seconds", &[]), "1795327200");
    let worse = prometheus(&found, Some(&bad));
    assert_eq!(value(&worse, SUCCESS, &[]), STARTED);
    // What never succeeded is as old as can be.
    assert_eq!(value(&prometheus(&found, None), SUCCESS, &[]), "0");
}

#[test]
fn a_success_is_taken_over_only_from_the_same_series() {
    let mut found = report(vec![item("a", "a")]);
    found.verdict = Verdict::Error;
    for (line, expected) in [
        ("NAME{directory=\"infra/prod\"} 17", "17"),
        ("NAME{ directory = \"infra/prod\" , } 17", "17"),
        ("# NAME{directory=\"infra/prod\"} 17", "0"),
        ("NAME{directory=\"infra\"} 17", "0"),
        ("NAME{directory=\"infra/prod\",share=\"1/2\"} 17", "0"),
        ("NAME_old{directory=\"infra/prod\"} 17", "0"),
        ("NAME{directory=\"infra/prod\"} x", "0"),
        ("NAME{directory=\"infra/prod", "0"),
        ("NAME{directory=\"infra/prod\\", "0"),
        ("NAME{\nNAME 3\nNAME{directory=\"infra/prod\"} 18", "18"),
        ("", "0"),
    ] {
        let previous = line.replace("NAME", SUCCESS);
        assert_eq!(value(&prometheus(&found, Some(&previous)), SUCCESS, &[]), expected, "{line}");
    }
}

#[test]
fn labels_come_back_as_they_are() {
    for name in HOSTILE {
        let mut found = report(vec![item("a", "a")]);
        found.directory = (*name).to_owned();
        found.share = Some(Share { part: 2, of: 3 });
        let good = prometheus(&found, None);
        assert_eq!(value(&good, "sealform_errors", &[("directory", name), ("share", "2/3")]), "0");
        found.verdict = Verdict::Error;
        assert_eq!(value(&prometheus(&found, Some(&good)), SUCCESS, &[]), STARTED);
    }
}

#[test]
fn a_larger_fleet_has_no_more_series() {
    let few = parse(&prometheus(&fleet(100), None)).len();
    assert_eq!(parse(&prometheus(&fleet(10_000), None)).len(), few);
}

#[test]
fn what_is_not_known_is_not_told() {
    let mut found = sampler();
    found.started = None;
    found.seconds = Some(f64::NAN);
    let text = prometheus(&found, None);
    assert!(!text.contains("sealform_last_run_timestamp_seconds"));
    assert!(!text.contains("sealform_run_duration_seconds"));
    assert_eq!(value(&text, SUCCESS, &[]), "0");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_report_reads_back(report in any_report(), previous in any::<String>()) {
        let text = prometheus(&report, Some(&previous));
        let samples = parse(&text);
        let report: Report = report;
        let all: usize = samples
            .iter()
            .filter(|((name, _), _)| name == "sealform_resources")
            .map(|(_, value)| value.parse::<usize>().unwrap())
            .sum();
        prop_assert_eq!(all, report.resources.len());
        let errors = report.resources.iter().filter(|it| it.class == Class::Error).count();
        prop_assert_eq!(value(&text, "sealform_resources", &[("class", "error")]), errors.to_string());
    }
}
