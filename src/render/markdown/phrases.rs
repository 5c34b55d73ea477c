//! What a report and an item come to, in words of Markdown. What has room is not decided here.

use super::marker;
use crate::render::canvas::{counted, number};
use crate::render::finding::{is_restored, writes};
use crate::render::item_diff::is_outside;
use crate::render::markup::{code, code_cell, words, words_cell};
use crate::render::review::problems;
use crate::report::{Actions, Class, Command, Item, Level, Report, Severity, Status, Verdict};

/// So many attributes are named where drift is listed.
const PATHS: usize = 6;

pub(super) fn title(report: &Report) -> String {
    let command = match report.command {
        Command::Plan if report.destroy => "plan to destroy",
        Command::Plan => "plan",
        Command::Apply if report.destroy => "destroy",
        Command::Apply => "apply",
        Command::Drift => "drift",
    };
    let directory = match report.directory.as_str() {
        "" | "." => String::new(),
        directory => format!(" · {}", code(directory)),
    };
    let share =
        report.share.map_or_else(String::new, |it| format!(" · share {} of {}", it.part, it.of));
    format!("## Sealform {command}{directory}{share}\n\n")
}

pub(super) fn verdict(report: &Report) -> String {
    let summary = &report.summary;
    let errors = summary.errors.max(problems(report, Level::Error).count());
    let outside = || {
        let buckets = counted(summary.drifted, "bucket was", "buckets were");
        let less = match summary.severities.high {
            0 => String::new(),
            1 if summary.drifted == 1 => " and protects less".to_owned(),
            high if high == summary.drifted => ", all of them to protect less".to_owned(),
            high => format!(", {} of them to protect less", number(high)),
        };
        format!("🟠 **{buckets} changed outside of Sealform{less}.**")
    };
    let text = match report.verdict {
        Verdict::Pending | Verdict::Drift if report.command == Command::Apply => {
            "⏸️ **Nothing was changed: nobody said yes to it.**".to_owned()
        }
        Verdict::Clean if report.command == Command::Apply => {
            let Actions { update, adopt, reset, forget } = summary.actions;
            match update + adopt + reset + forget {
                0 => "✅ **Nothing was to be done.**".to_owned(),
                steps => format!("✅ **Done: {}.**", counted(steps, "step", "steps")),
            }
        }
        Verdict::Clean if summary.checked == 0 => {
            "✅ **There is nothing to look after.**".to_owned()
        }
        Verdict::Clean if summary.suppressed > 0 => {
            "✅ **Nothing differs but what is suppressed.**".to_owned()
        }
        Verdict::Clean => {
            let buckets = counted(summary.checked, "bucket is", "buckets are");
            format!("✅ **Nothing differs.** {buckets} as declared.")
        }
        Verdict::Pending if summary.suppressed > 0 => {
            let buckets = counted(summary.suppressed, "bucket was", "buckets were");
            let back = report.command != Command::Drift
                && report.resources.iter().any(|it| it.suppressed.is_some() && writes(it));
            let back = if back { ", and is taken back all the same" } else { "" };
            format!(
                "🟡 **Changes are pending.** {buckets} changed outside, which is suppressed{back}."
            )
        }
        Verdict::Pending => "🟡 **Changes are pending.** Nobody changed a bucket.".to_owned(),
        Verdict::Drift if errors > 0 => {
            format!("{} 🔴 **{}.**", outside(), counted(errors, "error", "errors"))
        }
        Verdict::Drift => outside(),
        Verdict::Error if errors == 0 => "🔴 **Not everything was done.**".to_owned(),
        Verdict::Error => {
            let errors = counted(errors, "error", "errors");
            let nothing = if is_undone(report) { ", and nothing was changed" } else { "" };
            // An error hides no finding.
            let rest = if summary.drifted > 0 && report.command != Command::Apply {
                format!(" {}", outside())
            } else {
                String::new()
            };
            format!("🔴 **{errors}{nothing}.**{rest}")
        }
    };
    let [one, many] = weakening_words(report.command);
    match summary.weakening {
        0 => text,
        count => format!("{text} ⚠️ **{}.**", counted(count, one, many)),
    }
}

/// What weakens protection, of one and of many. In a report of drift it must not read as drift.
pub(super) fn weakening_words(command: Command) -> [&'static str; 2] {
    match command {
        Command::Plan | Command::Apply => ["weakens protection", "weaken protection"],
        Command::Drift => {
            ["pending change would weaken protection", "pending changes would weaken protection"]
        }
    }
}

/// Whether it is an apply that has begun nothing of what was to be done.
fn is_undone(report: &Report) -> bool {
    let waits = |it: &Item| it.action.as_deref().is_some_and(|action| action != "no-op");
    report.command == Command::Apply
        && report.resources.iter().any(waits)
        && report.resources.iter().all(|it| it.status.is_none())
}

/// What stands there whatever the room: marker, title, verdict and counts.
pub(super) fn head(report: &Report) -> String {
    let summary = &report.summary;
    let word = |infinitive: &str, past: &str| {
        if report.command == Command::Apply { past.to_owned() } else { format!("to {infinitive}") }
    };
    let severities = &summary.severities;
    let severities = format!(
        "changed outside ({} high, {} medium, {} low)",
        number(severities.high),
        number(severities.medium),
        number(severities.low)
    );
    // `drift` takes no step: what one would do is pending, and told as that.
    let (actions, pending) = match report.command {
        Command::Drift => (Actions::default(), summary.pending),
        Command::Plan | Command::Apply => (summary.actions.clone(), 0),
    };
    let counts = [
        (summary.errors, "in error".to_owned()),
        (summary.drifted, severities),
        (summary.suppressed, "changed outside and suppressed".to_owned()),
        (pending, "with changes pending".to_owned()),
        (actions.update, word("update", "updated")),
        (actions.adopt, word("adopt", "adopted")),
        (actions.reset, word("reset", "reset")),
        (actions.forget, word("forget", "forgotten")),
        (summary.unchanged, "unchanged".to_owned()),
    ];
    let mut counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", number(*count)))
        .collect();
    if !report.outputs.is_empty() {
        let outputs = counted(report.outputs.len(), "output", "outputs");
        counts.push(format!("{outputs} {}", word("change", "changed")));
    }
    let mut counts = counts.join(" · ");
    if !counts.is_empty() {
        counts.push_str("\n\n");
    }
    format!("{}\n{}{}\n\n{counts}", marker(report), title(report), verdict(report))
}

/// Where the whole is, for what was left out.
pub(super) fn whole(command: Command) -> &'static str {
    match command {
        Command::Plan => {
            "The whole is in the job's log, and `sealform show FILE` draws it from the saved plan."
        }
        Command::Apply | Command::Drift => {
            "The whole is in the job's log, and in the file that `--output json=FILE` writes."
        }
    }
}

/// What an action is called and what became of it.
pub(super) fn action(item: &Item) -> String {
    let action = item.action.as_deref().map_or_else(|| "–".to_owned(), words_cell);
    match item.status {
        None => action,
        Some(Status::Done) => format!("{action}, done"),
        Some(Status::Failed) => format!("{action}, **failed**"),
        Some(Status::Skipped) => format!("{action}, **not begun**"),
        Some(Status::Unknown) => format!("{action}, **not known whether done**"),
        Some(Status::Unrecorded) => format!("{action}, done, **not recorded**"),
    }
}

/// Whose the differences of an item are.
pub(super) fn whose(item: &Item) -> &'static str {
    match item.class {
        Class::Unchanged => "–",
        Class::Pending => "files",
        Class::Drift => "outside",
        Class::Both => "files and outside",
        Class::Error => "unknown",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
    }
}

pub(super) fn risk(item: &Item) -> String {
    let mut parts = Vec::new();
    if let Some(error) = &item.error {
        parts.push(format!("**error:** {}", words_cell(&error.summary)));
    }
    if let Some(why) = &item.weakening {
        parts.push(format!("**weakens:** {}", words_cell(why)));
    }
    if let Some(level) = item.severity {
        let level = severity(level);
        parts.push(match &item.weakened {
            Some(why) if is_restored(item) => {
                format!("restored, was {level}: {}", words_cell(why))
            }
            None if is_restored(item) => format!("restored, was {level}"),
            Some(why) => format!("**{level}:** {}", words_cell(why)),
            None => level.to_owned(),
        });
    }
    if let Some(by) = &item.suppressed {
        parts.push(format!("suppressed by {}", code_cell(&by.name)));
    }
    if parts.is_empty() { "–".to_owned() } else { parts.join("; ") }
}

/// Drift on one line.
pub(super) fn drift_in_words(item: &Item) -> String {
    let level = item.severity.map_or("drift", severity);
    let (mut text, protects) = if is_restored(item) {
        (format!("restored, was {level}"), "protected")
    } else {
        (level.to_owned(), "protects")
    };
    if let Some(why) = &item.weakened {
        text.push_str(&format!(", {protects} less: {}", words(why)));
    }
    let outside = item.differences.iter().filter(|it| is_outside(it.whose));
    for (n, difference) in outside.take(PATHS).enumerate() {
        let name = difference.path.rsplit('.').next().unwrap_or_default();
        text.push_str(&format!("{} {}", if n == 0 { ";" } else { "," }, code(name)));
    }
    if let Some(by) = &item.blame {
        text.push_str(&format!("; by {} at {}", code(&by.who), code(&by.when)));
    }
    text
}
