//! Every combination of what is declared, recorded and live, for each attribute.

use super::{Case, TYPE, block, settings};
use crate::report::{Class, Command, Severity, Whose};
use crate::value::Value;

/// One of the few values that an attribute has here, by its number: in a state, in the world, and as
/// it is declared, where there is a way.
struct Attribute {
    path: &'static str,
    /// As it is written, each with the number of the value that it means; none where the
    /// configuration leaves it open.
    declared: &'static [(&'static str, Option<usize>)],
    /// Settings with the value of this number.
    settings: fn(usize) -> Value,
    /// How well each value protects new objects; equal where neither does better.
    strength: &'static [u8],
    block: fn(&str) -> String,
}

const ATTRIBUTES: &[Attribute] = &[
    Attribute {
        path: "rule.apply_server_side_encryption_by_default.sse_algorithm",
        declared: &[("AES256", Some(0)), ("aws:kms", Some(1)), ("aws:kms:dsse", Some(2))],
        settings: |n| settings(["AES256", "aws:kms", "aws:kms:dsse"][n], None, false, &[]),
        strength: &[0, 1, 2],
        block: |it| block("x", "logs", &format!("sse_algorithm = \"{it}\""), "", ""),
    },
    Attribute {
        path: "rule.apply_server_side_encryption_by_default.kms_master_key_id",
        declared: &[
            ("null", Some(0)),
            ("\"alias/aws/s3\"", Some(0)),
            ("\"alias/a\"", Some(1)),
            ("\"alias/b\"", Some(2)),
        ],
        settings: |n| settings("aws:kms", [None, Some("alias/a"), Some("alias/b")][n], false, &[]),
        strength: &[0, 1, 1],
        block: |it| {
            let key = format!("sse_algorithm = \"aws:kms\"\n      kms_master_key_id = {it}");
            block("x", "logs", &key, "", "")
        },
    },
    Attribute {
        path: "rule.bucket_key_enabled",
        declared: &[("null", Some(0)), ("false", Some(0)), ("true", Some(1))],
        settings: |n| settings("aws:kms", None, n == 1, &[]),
        strength: &[0, 0],
        block: |it| {
            block(
                "x",
                "logs",
                "sse_algorithm = \"aws:kms\"",
                &format!("bucket_key_enabled = {it}"),
                "",
            )
        },
    },
    Attribute {
        path: "rule.blocked_encryption_types",
        declared: &[
            ("null", None),
            ("[]", Some(0)),
            ("[\"NONE\"]", Some(0)),
            ("[\"SSE-C\"]", Some(1)),
        ],
        settings: |n| settings("AES256", None, false, [&[][..], &["SSE-C"]][n]),
        strength: &[0, 1],
        block: |it| {
            let rule = format!("blocked_encryption_types = {it}");
            block("x", "logs", "sse_algorithm = \"AES256\"", &rule, "")
        },
    },
];

/// What is to be said: whose the difference is, if there is one; of the instance, its class; the
/// action; the exit status of `drift`.
type Said = (Option<Whose>, Class, &'static str, u8);

/// The table, in words: `None` is nothing declared, or nothing recorded.
fn expected(declared: Option<usize>, recorded: Option<usize>, live: usize) -> Said {
    let Some(recorded) = recorded else {
        return match declared {
            Some(wanted) if wanted != live => (Some(Whose::Pending), Class::Pending, "update", 3),
            // The bucket is as it should be, and only the record is missing.
            Some(_) | None => (None, Class::Pending, "adopt", 3),
        };
    };
    let Some(wanted) = declared else {
        // It stays as it is live, and that somebody else changed it is told.
        return if recorded == live {
            (None, Class::Unchanged, "no-op", 0)
        } else {
            (Some(Whose::Drift), Class::Drift, "no-op", 2)
        };
    };
    if live == wanted {
        return (None, Class::Unchanged, "no-op", 0);
    }
    if recorded == live {
        (Some(Whose::Pending), Class::Pending, "update", 3)
    } else if recorded == wanted {
        (Some(Whose::Drift), Class::Drift, "update", 2)
    } else {
        (Some(Whose::Both), Class::Both, "update", 2)
    }
}

#[test]
fn every_combination_is_classed_as_it_is() {
    let mut cases = 0;
    for attribute in ATTRIBUTES {
        let values = attribute.strength.len();
        for (text, declared) in attribute.declared {
            for recorded in std::iter::once(None).chain((0..values).map(Some)) {
                for live in 0..values {
                    cases += 1;
                    let what = format!("{}: {text} {recorded:?} {live}", attribute.path);
                    let mut case = Case::new(&(attribute.block)(text))
                        .live("logs", (attribute.settings)(live));
                    if let Some(recorded) = recorded {
                        case = case.recorded("x", "logs", (attribute.settings)(recorded));
                    }
                    let report = case.report(Command::Drift);
                    let [item] = report.resources.as_slice() else { panic!("{report:#?}") };
                    let difference = match item.differences.as_slice() {
                        [] => None,
                        [one] => Some(one),
                        more => panic!("{what}: {more:#?}"),
                    };
                    let action = item.action.as_deref().unwrap();
                    let said: Said = (
                        difference.map(|it| it.whose),
                        item.class,
                        ["update", "adopt", "no-op", "reset", "forget"]
                            .into_iter()
                            .find(|it| *it == action)
                            .unwrap(),
                        report.verdict.code(),
                    );
                    assert_eq!(said, expected(*declared, recorded, live), "{what}");
                    assert!(difference.is_none_or(|it| it.path == attribute.path), "{what}");
                    // Live equal to configuration is never an action, whatever is recorded.
                    assert!(action != "update" || *declared != Some(live), "{what}");
                    let before = recorded.map(|it| attribute.strength[it]);
                    let now = attribute.strength[live];
                    let severity = before.map(|before| match before.cmp(&now) {
                        std::cmp::Ordering::Less => Severity::Low,
                        std::cmp::Ordering::Equal => Severity::Medium,
                        std::cmp::Ordering::Greater => Severity::High,
                    });
                    let drifts = matches!(item.class, Class::Drift | Class::Both);
                    assert_eq!(item.severity, severity.filter(|_| drifts), "{what}");
                    assert_eq!(item.weakened.is_some(), item.severity == Some(Severity::High));
                }
            }
        }
    }
    assert_eq!(cases, 36 + 48 + 18 + 24);
}

/// Several attributes of one bucket, each with another to blame.
#[test]
fn each_attribute_is_classed_by_itself() {
    let text = block(
        "x",
        "logs",
        "sse_algorithm = \"aws:kms\"",
        "bucket_key_enabled = true\n    blocked_encryption_types = [\"SSE-C\"]",
        "",
    );
    let report = Case::new(&text)
        .recorded("x", "logs", settings("aws:kms", None, false, &["SSE-C"]))
        .live("logs", settings("AES256", None, false, &[]))
        .report(Command::Plan);
    let item = &report.resources[0];
    let whose: Vec<(&str, Whose)> =
        item.differences.iter().map(|it| (it.path.rsplit('.').next().unwrap(), it.whose)).collect();
    assert_eq!(
        whose,
        [
            ("sse_algorithm", Whose::Drift),
            ("bucket_key_enabled", Whose::Pending),
            ("blocked_encryption_types", Whose::Drift),
        ]
    );
    assert_eq!((item.class, item.severity), (Class::Both, Some(Severity::High)));
    assert_eq!(
        item.weakened.as_deref(),
        Some("AWS managed key → SSE-S3, SSE-C blocked → SSE-C allowed")
    );
    assert_eq!((report.summary.drifted, report.summary.pending), (1, 1));
    assert_eq!(report.verdict.code(), 2);
}

/// Where the files give a bucket another address, they have changed, whoever else has changed it.
#[test]
fn what_has_moved_is_pending_whatever_else_happened() {
    let moved = format!("moved {{\n  from = {TYPE}.old\n  to = {TYPE}.x\n}}\n");
    let text = block("x", "logs", "sse_algorithm = \"aws:kms\"", "", "") + &moved;
    let rows = [
        ("aws:kms", "aws:kms", None, Class::Pending, "no-op", 3),
        ("AES256", "AES256", Some(Whose::Pending), Class::Pending, "update", 3),
        ("aws:kms", "AES256", Some(Whose::Drift), Class::Both, "update", 2),
        ("aws:kms:dsse", "AES256", Some(Whose::Both), Class::Both, "update", 2),
    ];
    for (recorded, live, whose, class, action, code) in rows {
        let mut report = Case::new(&text)
            .recorded("old", "logs", settings(recorded, None, false, &[]))
            .live("logs", settings(live, None, false, &[]))
            .report(Command::Drift);
        let [item] = report.resources.as_slice() else { panic!("{report:#?}") };
        assert_eq!(item.differences.first().map(|it| it.whose), whose, "{recorded} {live}");
        assert_eq!(
            (item.class, item.action.as_deref()),
            (class, Some(action)),
            "{recorded} {live}"
        );
        assert_eq!(report.verdict.code(), code, "{recorded} {live}");
        // It is to be recorded at its address all the same.
        let item = report.resources.first_mut().unwrap();
        item.severity = item.severity.and(Some(Severity::Low));
        report.at_least(Severity::High);
        assert_eq!(report.verdict.code(), 3, "{recorded} {live}");
    }
}

#[test]
fn what_is_ignored_is_no_drift() {
    let ignoring = "lifecycle {\n    ignore_changes = [rule[0].blocked_encryption_types]\n  }";
    let text = block("x", "logs", "sse_algorithm = \"AES256\"", "", ignoring);
    let report = Case::new(&text)
        .recorded("x", "logs", settings("AES256", None, false, &["SSE-C"]))
        .live("logs", settings("AES256", None, false, &[]))
        .report(Command::Drift);
    assert_eq!(report.resources[0].class, Class::Unchanged);
    assert_eq!(report.verdict.code(), 0);
}

#[test]
fn what_left_the_configuration_is_pending_whatever_else_happened() {
    let kms = || settings("aws:kms", None, false, &[]);
    let rows = [
        (kms(), Class::Pending, "reset", 3),
        (settings("AES256", None, false, &[]), Class::Pending, "forget", 3),
        (settings("aws:kms:dsse", None, false, &[]), Class::Both, "reset", 2),
    ];
    for (live, class, action, code) in rows {
        let report =
            Case::new("").recorded("x", "logs", kms()).live("logs", live).report(Command::Drift);
        let item = &report.resources[0];
        assert_eq!((item.class, item.action.as_deref()), (class, Some(action)));
        assert_eq!(report.verdict.code(), code);
    }
}

/// What is less bad than is asked for does not count, and what is pending besides does.
#[test]
fn drift_below_a_severity_is_left_out() {
    let text = block("x", "logs", "sse_algorithm = \"aws:kms\"", "bucket_key_enabled = true", "");
    let mut report = Case::new(&text)
        .recorded("x", "logs", settings("aws:kms", None, false, &[]))
        .live("logs", settings("aws:kms:dsse", None, false, &[]))
        .report(Command::Drift);
    assert_eq!(report.resources[0].severity, Some(Severity::Low));
    report.at_least(Severity::Low);
    assert_eq!(report.verdict.code(), 2);
    report.at_least(Severity::Medium);
    assert_eq!(report.resources[0].class, Class::Pending);
    assert_eq!(report.resources[0].differences.len(), 1);
    assert_eq!(report.verdict.code(), 3);
}
