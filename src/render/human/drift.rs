//! What `drift` found, or several reports together: the verdict in one word, then what it is.

use super::super::canvas::{
    Canvas, SENSITIVE, Tint, clean, clean_lines, columns, counted, literal, number, wrap,
};
use super::super::{LISTED, Style};
use crate::report::{
    Blame, Class, Difference, Item, Level, Report, Severity, Suppression, Verdict, Whose,
};
use serde_json::Value as Json;

/// What one of many looks found, which says when it was looked.
pub fn watched(report: &Report, style: &Style) -> String {
    let text = drift(report, false, style);
    match &report.started {
        Some(started) => format!("{} {text}", clean(started)),
        None => text,
    }
}

/// What was found, as text for standard output. Of a report that was `read_back`, errors that belong
/// to no bucket are told here; those of a run are diagnostics.
pub fn drift(report: &Report, read_back: bool, style: &Style) -> String {
    let mut page = Page { canvas: Canvas::new(style.color), read_back, style };
    page.verdict(report);
    if read_back {
        page.faults(report);
    }
    let drifted = |item: &&Item| {
        matches!(item.class, Class::Drift | Class::Both) && item.suppressed.is_none()
    };
    let mut bad: Vec<&Item> = report.resources.iter().filter(drifted).collect();
    bad.sort_by_key(|item| std::cmp::Reverse(item.severity));
    page.items(&bad, Page::drifted);
    let pending = report.resources.iter().filter(|item| item.class == Class::Pending);
    page.section("Pending:", &pending.collect::<Vec<_>>(), Page::pending);
    let suppressed = report.resources.iter().filter(|item| {
        item.suppressed.is_some() && matches!(item.class, Class::Drift | Class::Both)
    });
    page.section("Suppressed:", &suppressed.collect::<Vec<_>>(), Page::suppressed);
    let errors = || report.resources.iter().filter(|item| item.error.is_some());
    let (lost, read): (Vec<&Item>, Vec<&Item>) =
        errors().partition(|item| item.class == Class::Error);
    page.section("Not checked:", &lost, Page::error);
    page.section("Read, but with an error:", &read, Page::error);
    page.canvas.finish()
}

/// What stands before all that is told of a bucket.
const INDENT: &str = "          ";

struct Page<'a> {
    canvas: Canvas,
    /// There are no diagnostics beside it.
    read_back: bool,
    style: &'a Style,
}

impl Page<'_> {
    fn verdict(&mut self, report: &Report) {
        let (word, tint) = match report.verdict {
            Verdict::Clean => ("Clean.", Tint::Good),
            Verdict::Pending => ("Pending.", Tint::Changed),
            Verdict::Drift => ("Drift.", Tint::Bad),
            Verdict::Error => ("Error.", Tint::Bad),
        };
        let sum = &report.summary;
        let mut parts = vec![format!("{} checked", counted(sum.checked, "bucket", "buckets"))];
        for (count, what) in [
            (sum.drifted, "changed outside"),
            (sum.pending, "with changes pending"),
            (sum.suppressed, "suppressed"),
            (report.unread(), "not known"),
            (sum.errors.saturating_sub(report.unread()), "read, but with an error"),
        ] {
            if count > 0 {
                parts.push(format!("{} {what}", number(count)));
            }
        }
        if let Some(share) = report.share {
            parts.push(format!("share {} of {}", share.part, share.of));
        }
        self.canvas.tinted(tint, word).push(" ").push(&parts.join(", ")).push(".\n");
    }

    /// What went wrong and belongs to no bucket.
    fn faults(&mut self, report: &Report) {
        let errors = report.diagnostics.iter().filter(|it| it.severity == Level::Error);
        for fault in errors.filter(|it| it.address.is_none()).take(LISTED) {
            self.wrapped("  ", &format!("{}: {}", fault.summary, fault.detail));
        }
    }

    fn section(&mut self, title: &str, items: &[&Item], draw: fn(&mut Self, &Item)) {
        if items.is_empty() {
            return;
        }
        self.canvas.line().tinted(Tint::Strong, title).line();
        self.items(items, draw);
    }

    fn items(&mut self, items: &[&Item], draw: fn(&mut Self, &Item)) {
        for item in items.iter().take(LISTED) {
            draw(self, item);
        }
        if items.len() > LISTED {
            let more = number(items.len() - LISTED);
            self.canvas.push("\n  … and ").push(&more).push(" more; all are in the JSON form\n");
        }
    }

    fn drifted(&mut self, item: &Item) {
        let (word, tint) = match item.severity {
            Some(Severity::High) => ("high", Tint::Bad),
            Some(Severity::Medium) | None => ("medium", Tint::Changed),
            Some(Severity::Low) => ("low", Tint::Good),
        };
        if !self.style.concise {
            self.canvas.line();
        }
        self.canvas.push("  ").tinted(tint, word).spaces(8 - word.len());
        let by = item.blame.as_ref().map(by);
        if self.style.concise {
            self.title(item);
            if let Some(by) = by {
                self.canvas.push("  ").clean(by);
            }
            self.canvas.line();
            return;
        }
        self.head(item);
        for difference in &item.differences {
            self.difference(difference);
        }
        if let Some(why) = &item.weakened {
            self.bad(&format!("weakened: {why}"));
        }
        for note in &item.notes {
            self.wrapped(INDENT, note);
        }
        if let Some(by) = by {
            self.wrapped(INDENT, &by);
        }
    }

    fn head(&mut self, item: &Item) {
        self.title(item);
        self.canvas.line();
    }

    /// The address and the bucket, of which the line is left open.
    fn title(&mut self, item: &Item) {
        self.canvas.tinted(Tint::Strong, &item.address);
        if self.style.concise {
            self.canvas.push("  ");
        } else {
            self.canvas.line().spaces(10);
        }
        self.canvas.push("bucket ").push(&literal(&item.bucket));
    }

    /// Whose it is, and from what to what.
    fn difference(&mut self, difference: &Difference) {
        let Difference { path, recorded, live, desired, whose, sensitive } = difference;
        let text = |value: &Option<Json>| match value {
            _ if *sensitive => SENSITIVE.to_owned(),
            Some(value) => json(value),
            None => "nothing".to_owned(),
        };
        let name = path.rsplit('.').next().unwrap_or_default();
        let (live, recorded) = (text(live), text(recorded));
        let (to, declared) = (format!("-> {live}"), format!("declared {}", text(desired)));
        let (word, line, values) = match whose {
            Whose::Drift => ("drift", format!("{recorded} {to}"), vec![recorded, to]),
            Whose::Both => {
                ("both", format!("{recorded} {to}, {declared}"), vec![recorded, to, declared])
            }
            Whose::Pending => ("pending", format!("{live}, {declared}"), vec![live, declared]),
        };
        let line = format!("{word}: {name} = {line}");
        if columns(&clean(&line)) <= self.room(INDENT) {
            self.wrapped(INDENT, &line);
            return;
        }
        // Values that are too long for one line stand one below the other.
        self.wrapped(INDENT, &format!("{word}: {name} ="));
        for value in &values {
            self.canvas.push(INDENT).push("  ").clean(value).line();
        }
    }

    /// Why protection is less, as a line that matters.
    fn bad(&mut self, text: &str) {
        for line in wrap(&clean_lines(text), self.room(INDENT)) {
            self.canvas.push(INDENT).tinted(Tint::Bad, line).line();
        }
    }

    fn pending(&mut self, item: &Item) {
        let action = match item.action.as_deref().unwrap_or_default() {
            // Nothing but its address is another.
            "no-op" if item.moved_from.is_some() => "move",
            action => action,
        };
        self.canvas.push("  ").clean(action).spaces(8_usize.saturating_sub(columns(action)));
        self.head(item);
        if self.style.concise {
            return;
        }
        if let Some(from) = &item.moved_from {
            self.wrapped(INDENT, &format!("has moved from {from}"));
        }
        if let Some(reason) = &item.reason {
            self.wrapped(INDENT, reason);
        }
        for difference in &item.differences {
            self.difference(difference);
        }
        if let Some(why) = &item.weakening {
            self.bad(&format!("weakens: {why}"));
        }
    }

    fn suppressed(&mut self, item: &Item) {
        self.canvas.push("  ");
        self.head(item);
        if let Some(Suppression { name, reason, expires }) = &item.suppressed {
            let until = expires.as_ref().map(|day| format!(" until {day}")).unwrap_or_default();
            self.wrapped(INDENT, &format!("{name}: {reason}{until}"));
        }
    }

    fn error(&mut self, item: &Item) {
        self.canvas.push("  ");
        self.head(item);
        if let Some(error) = &item.error {
            let detail = if self.read_back { format!(": {}", error.detail) } else { String::new() };
            self.wrapped(INDENT, &format!("{}{detail}", error.summary));
        }
    }

    fn wrapped(&mut self, indent: &str, text: &str) {
        for line in wrap(&clean_lines(text), self.room(indent)) {
            self.canvas.push(indent).push(&line).line();
        }
    }

    /// How many columns there are behind an indentation.
    fn room(&self, indent: &str) -> usize {
        self.style.width.saturating_sub(indent.len()).max(30)
    }
}

/// Who made drift, and when.
fn by(Blame { who, when, event, source, agent: _ }: &Blame) -> String {
    let from = source.as_ref().map(|it| format!(" from {it}")).unwrap_or_default();
    format!("by {who} at {when} ({event}{from})")
}

/// A value as it would be written in the configuration.
fn json(value: &Json) -> String {
    match value {
        Json::Null => "nothing".to_owned(),
        Json::String(text) => literal(text),
        Json::Array(items) => {
            format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(", "))
        }
        Json::Bool(_) | Json::Number(_) | Json::Object(_) => value.to_string(),
    }
}
