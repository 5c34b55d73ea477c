//! Known drift.

use super::{Case, block, settings};
use crate::diag::{Diagnostic, Sources};
use crate::report::{Command, Report, Severity, Silence, Verdict};
use jiff::civil::date;

fn drifted() -> Report {
    let text =
        block("x", "acme-logs", "sse_algorithm = \"aws:kms\"", "bucket_key_enabled = true", "");
    Case::new(&text)
        .recorded("x", "acme-logs", settings("aws:kms", None, true, &[]))
        .live("acme-logs", settings("AES256", None, false, &[]))
        .report(Command::Drift)
}

fn silence(addresses: &[&str], buckets: &[&str], attributes: &[&str]) -> Silence {
    let mut sources = Sources::default();
    let file = sources.add("main.seal.hcl", "suppress");
    Silence {
        name: "known".into(),
        addresses: addresses.iter().map(|it| it.parse().unwrap()).collect(),
        buckets: buckets.iter().map(|it| (*it).into()).collect(),
        attributes: attributes.iter().map(|it| it.split('.').collect()).collect(),
        reason: "a migration".into(),
        expires: Some(date(2026, 12, 31)),
        span: crate::diag::Span { file, start: 0, end: 8 },
    }
}

fn told(warnings: &[Diagnostic]) -> Vec<&str> {
    warnings.iter().map(|it| it.summary).collect()
}

#[test]
fn it_is_about_addresses_and_buckets_and_attributes() {
    type Row<'a> = (&'a [&'a str], &'a [&'a str], &'a [&'a str], bool);
    let ty = super::TYPE;
    let this = format!("{ty}.x");
    let other = format!("{ty}.y");
    let rows: &[Row<'_>] = &[
        (&[&this], &[], &[], true),
        (&[&other], &[], &[], false),
        (&["module.x"], &[], &[], false),
        (&[], &["acme-logs"], &[], true),
        (&[], &["acme-*"], &[], true),
        (&[], &["*-data"], &[], false),
        (&[&other], &["*"], &[], true),
        (&[&this], &[], &["bucket_key_enabled"], false),
        (&[&this], &[], &["bucket_key_enabled", "sse_algorithm"], true),
        (&[&this], &[], &["rule"], true),
        (&[&this], &[], &["rule.bucket_key_enabled"], false),
    ];
    for (addresses, buckets, attributes, silent) in rows {
        let mut report = drifted();
        let known = [silence(addresses, buckets, attributes)];
        report.silence(&known, date(2026, 11, 21), true);
        let what = (addresses, buckets, attributes);
        assert_eq!(report.resources[0].suppressed.is_some(), *silent, "{what:?}");
        assert_eq!(report.verdict == Verdict::Clean, *silent, "{what:?}");
        let sum = &report.summary;
        assert_eq!((sum.drifted, sum.suppressed), (usize::from(!silent), usize::from(*silent)));
    }
}

#[test]
fn two_may_cover_an_instance_together() {
    let mut report = drifted();
    let known =
        [silence(&[], &["*"], &["sse_algorithm"]), silence(&[], &["*"], &["bucket_key_enabled"])];
    assert_eq!(told(&report.silence(&known, date(2026, 11, 21), true)), [""; 0]);
    assert_eq!(report.verdict, Verdict::Clean);
}

#[test]
fn one_that_covers_a_part_says_so_and_silences_nothing() {
    let notes = |known: &[Silence]| {
        let mut report = drifted();
        let warnings = report.silence(known, date(2026, 11, 21), true);
        assert_eq!(told(&warnings), [""; 0], "it is in use");
        assert_eq!((report.verdict, report.summary.suppressed), (Verdict::Drift, 0));
        report.resources.swap_remove(0).notes
    };
    let algorithm = || silence(&[], &["*"], &["sse_algorithm"]);
    assert_eq!(
        notes(&[algorithm()]),
        ["the suppression \"known\" covers 1 of 2 changes of the bucket, so that none is \
          suppressed; it leaves out bucket_key_enabled"]
    );
    // A note is about drift: where that does not count, it goes with it.
    let mut report = drifted();
    report.silence(&[algorithm()], date(2026, 11, 21), true);
    report.resources[0].severity = Some(Severity::Low);
    report.at_least(Severity::High);
    assert_eq!(report.resources[0].notes, [""; 0]);
}

#[test]
fn it_holds_until_the_end_of_its_last_day() {
    let known = [silence(&[], &["*"], &[])];
    for (today, verdict, warnings) in [
        (date(2026, 12, 31), Verdict::Clean, vec![]),
        (date(2027, 1, 1), Verdict::Drift, vec!["Expired suppression"]),
    ] {
        let mut report = drifted();
        let found = report.silence(&known, today, true);
        assert_eq!((report.verdict, told(&found)), (verdict, warnings));
    }
}

#[test]
fn one_that_silences_nothing_is_told_of_where_everything_was_looked_at() {
    let known = [silence(&[], &["other"], &[])];
    let mut report = drifted();
    let found = report.silence(&known, date(2026, 11, 21), true);
    assert_eq!(told(&found), ["Unused suppression"]);
    assert_eq!(told(&report.silence(&known, date(2026, 11, 21), false)), [""; 0]);
    let mut sources = Sources::default();
    sources.add("main.seal.hcl", "suppress");
    report.warn(&found, &sources);
    assert_eq!(report.diagnostics[0].place.as_ref().unwrap().line, 1);
    assert_eq!(report.verdict, Verdict::Drift, "a warning is no error");
}
