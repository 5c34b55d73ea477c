//! What a step comes to beyond what differs: each format tells it.

use super::fleets::{item, pending, report};
use crate::render;
use crate::report::{Command, Item, Report, Unknown};

fn moved() -> Report {
    let moved = Item {
        moved_from: Some("t.old".to_owned()),
        imported: Some("acme-logs".to_owned()),
        notes: vec!["objects that are there still need the key k: keep it enabled".to_owned()],
        unknown: vec![Unknown { path: "Rule.New".to_owned(), content: "17".to_owned() }],
        ..pending("logs", "acme-logs")
    };
    Report { command: Command::Plan, ..report(vec![moved, item("fine", "acme-fine")]) }
}

#[test]
fn every_format_for_reviewers_tells_of_moves_imports_notes_and_losses() {
    let report = moved();
    for (format, text) in [
        ("markdown", render::markdown::markdown(&report, render::markdown::LIMIT)),
        ("github", render::github::annotations(&report)),
        ("sarif", render::sarif(&report).to_string().replace("\\\"", "\"")),
        ("junit", render::junit(&report).replace("&quot;", "\"")),
        ("html", render::html(&report).replace("&quot;", "\"")),
    ] {
        for part in [
            "It has moved from t.old.",
            "It is imported as \"acme-logs\".",
            "Objects that are there still need the key k: keep it enabled.",
            "Rule.New 17",
            "dropped",
        ] {
            assert!(text.contains(part), "no {part:?} in {format}:\n{text}");
        }
    }
}

/// What stays needs no word of loss.
#[test]
fn what_a_step_does_not_touch_is_not_lost() {
    let mut report = moved();
    report.resources[0].action = Some("adopt".to_owned());
    assert!(!render::github::annotations(&report).contains("dropped"));
    let text = render::markdown::markdown(&report, render::markdown::LIMIT);
    assert!(text.contains("# Rule.New 17: not known to this version, stays"), "{text}");
    assert!(render::junit(&report).contains("Not known to this version, and left as it is"));
}
