//! What a step comes to beyond what differs: each format tells it.

use super::fleets::{item, pending, report, unreadable};
use crate::render::json_lines::Lines;
use crate::render::{self, Style, human};
use crate::report::{Class, Command, Failure, Item, Report, Status, Unknown};

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

/// What is pending is told with what it comes to, too: a reader of `drift` has no plan beside it.
#[test]
fn what_is_pending_says_what_it_comes_to() {
    let weakens = Item {
        weakening: Some("customer managed key → SSE-S3".to_owned()),
        ..pending("logs", "acme-logs")
    };
    let report = report(vec![weakens, unreadable("lost", "acme-lost")]);
    let text = human::drift(&report, false, &Style::PLAIN);
    assert!(text.contains("pending: sse_algorithm = \"AES256\", declared \"aws:kms\""), "{text}");
    assert!(text.contains("weakens: customer managed key → SSE-S3"), "{text}");
    // Of a run, diagnostics tell why; where reports were read back, there are none.
    let why = "s3:GetEncryptionConfiguration is not allowed.";
    assert!(!text.contains(why), "{text}");
    assert!(human::drift(&report, true, &Style::PLAIN).contains(why));
}

#[test]
fn what_apply_has_done_is_no_finding_any_more() {
    let with = |status| Item { status: Some(status), ..pending("logs", "acme-logs") };
    for (status, told) in [
        (Status::Done, None),
        (Status::Failed, Some("Failed")),
        (Status::Skipped, Some("Changes pending")),
    ] {
        let mut lines = Lines::new(Vec::new(), String::new);
        lines.findings(&Report { command: Command::Apply, ..report(vec![with(status)]) });
        let text = String::from_utf8(lines.into_inner()).unwrap();
        assert_eq!(text.contains("\"finding\""), told.is_some(), "{text}");
        assert!(told.is_none_or(|told| text.contains(told)), "{text}");
    }
}

/// What was read is known, whatever is wrong with it: nobody is told that it is not.
#[test]
fn an_error_about_a_bucket_that_was_read_hides_no_drift() {
    let wrong = |class| Item {
        class,
        action: None,
        error: Some(Failure { summary: "Key disabled".to_owned(), detail: "No.".to_owned() }),
        ..super::reports::drifted("x.logs", "acme-logs", "alias/a")
    };
    let mut found = report(vec![wrong(Class::Drift), wrong(Class::Pending)]);
    found.command = Command::Drift;
    found.tally();
    let text = human::drift(&found, false, &Style::PLAIN);
    let verdict = "Drift. 2 buckets checked, 1 changed outside, 1 with changes pending, \
                   2 read, but with an error.\n";
    assert!(text.starts_with(verdict), "{text}");
    let text = render::junit(&found);
    assert!(text.contains("failures=\"1\" errors=\"1\""), "{text}");
    assert!(text.contains("<failure ") && text.contains("type=\"drift-weakening\""), "{text}");
    assert!(text.contains("Key disabled: No.") && text.contains("\"unplanned-bucket\""), "{text}");
    let text = render::markdown::markdown(&found, 60_000);
    assert!(
        text.contains("🟠 **1 bucket was changed outside") && text.contains("2 errors"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_planned_and_drifted_is_counted_where_it_is_listed() {
    use super::samples;
    let drift = vec![samples::algorithm("aws:kms", "AES256")];
    let refused = crate::plan::Step { drift, ..samples::update("logs", "acme-logs") };
    let mut plan = samples::plan(Vec::new());
    plan.unplanned = vec![refused.address.clone()];
    plan.refused = vec![refused];
    let text = human::plan(&plan, &Style::PLAIN);
    assert!(text.contains("Changed outside of Sealform") && text.contains(" 1 changed outside."));
}
