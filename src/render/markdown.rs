//! A report as Markdown: the comment on a pull request.
//!
//! Owns what is said in which order, and what is left out where there is no room. What matters most
//! comes first: errors, what protects less, drift, all else; and what is left out is left out from
//! the end of that order, whole items at a time, and counted.

use super::LISTED;
use super::canvas::{clean, clean_lines, counted, number, wrap};
use super::finding::{is_restored, writes};
use super::item_diff::{diff, is_outside, output};
use super::markup::{
    self, block, capped, code, code_cell, code_html, words, words_cell, words_html,
};
use super::review::{important, is_drift, problems, rank};
use crate::report::{Actions, Class, Command, Item, Level, Report, Severity, Status, Verdict};

/// The most that GitHub takes as one comment.
pub const LIMIT: usize = 65_536;
/// More rows than this are folded.
const ROWS: usize = 20;
/// So many attributes are named where drift is listed.
const PATHS: usize = 6;
/// More characters of a text are not shown.
const TEXT: usize = 2_000;
/// Room for what is said at the end about what was left out.
const FOOTER: usize = 1_024;
/// What takes more than this, and more than a quarter of the room, bars nothing behind it.
const GIANT: usize = 2_048;
/// What begins the statement of what was left out.
const LEFT_OUT: &str = "Left out, for want of room:";
/// Room for the titles of the sections.
const TITLES: usize = 1_024;

/// The hidden line by which a bot finds its own comment: `<!-- sealform:plan:DIRECTORY -->`. Letters,
/// digits and `._/~` of the directory stand for themselves, and a single hyphen; the rest is percent-encoded. A share of a
/// fleet has its number behind: `:2-of-8`.
pub fn marker(report: &Report) -> String {
    let command = match report.command {
        Command::Plan => "plan",
        Command::Apply => "apply",
        Command::Drift => "drift",
    };
    let mut directory = String::new();
    for byte in report.directory.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"._/~".contains(&byte);
        // Two hyphens end a comment, or make it none at all.
        if plain || (byte == b'-' && !directory.ends_with('-')) {
            directory.push(char::from(byte));
        } else {
            directory.push_str(&format!("%{byte:02X}"));
        }
    }
    if directory.len() > 200 {
        // Still one name for one directory, but a short one.
        let digest = report.directory.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        directory.truncate(150);
        directory.push_str(&format!("~{digest:016x}"));
    }
    let share = report.share.map_or_else(String::new, |it| format!(":{}-of-{}", it.part, it.of));
    format!("<!-- sealform:{command}:{directory}{share} -->")
}

/// A report as Markdown of at most `limit` bytes, which are never fewer than the characters that
/// GitHub and GitLab count.
pub fn markdown(report: &Report, limit: usize) -> String {
    let head = head(report);
    let Some(room) = limit.checked_sub(head.len() + FOOTER + TITLES) else {
        return smallest(report, limit);
    };
    let mut page = Page { report, out: head, room, left_out: LeftOut::default() };
    let items = important(report);
    page.errors(&items);
    // What was found comes before what would be done about it, in a report of what was found.
    let is_pending_first = report.command != Command::Drift;
    if is_pending_first {
        page.weakening(&items);
    }
    page.marked(&items, "🔀", ["changed outside", "changed outside"], |item| {
        is_drift(item).then(|| drift_in_words(item))
    });
    if !is_pending_first {
        page.weakening(&items);
    }
    page.items(&items);
    page.outputs();
    page.warnings();
    page.footer();
    page.out
}

/// Where there is hardly any room: as much as there is room for.
fn smallest(report: &Report, limit: usize) -> String {
    let marker = marker(report);
    let verdict = verdict(report);
    let total = important(report).len();
    let left_out = match total {
        0 => String::new(),
        _ => format!(
            "\n> **{LEFT_OUT}** all of {}. {}\n",
            counted(total, "change", "changes"),
            whole(report.command)
        ),
    };
    let candidates = [
        format!("{marker}\n{}{verdict}\n{left_out}", title(report)),
        format!("{marker}\n{verdict}\n{left_out}"),
        format!("{marker}\n{verdict}\n"),
        marker,
        verdict,
    ];
    candidates.into_iter().find(|text| text.len() <= limit).unwrap_or_default()
}

fn title(report: &Report) -> String {
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

fn verdict(report: &Report) -> String {
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
fn weakening_words(command: Command) -> [&'static str; 2] {
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
fn head(report: &Report) -> String {
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
fn whole(command: Command) -> &'static str {
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
fn action(item: &Item) -> String {
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
fn whose(item: &Item) -> &'static str {
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

fn risk(item: &Item) -> String {
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
fn drift_in_words(item: &Item) -> String {
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

/// What was left out.
#[derive(Debug, Default)]
struct LeftOut {
    /// Of how many changes there are, and how many have no row: errors, weakening, drift, others.
    changes: usize,
    rows: [usize; 4],
    details: usize,
    errors: usize,
    outputs: usize,
    warnings: usize,
}

struct Page<'a> {
    report: &'a Report,
    out: String,
    /// How many bytes may still be written.
    room: usize,
    left_out: LeftOut,
}

/// Which of these texts there is room for, and what they take: from the first on, until one does not
/// fit. A giant bars none of those behind it.
fn fitting<'t>(texts: impl IntoIterator<Item = &'t String>, room: usize) -> (Vec<bool>, usize) {
    let (mut used, mut full) = (0, false);
    let fits = texts
        .into_iter()
        .map(|text| {
            let fits = !full && used + text.len() <= room;
            if fits {
                used += text.len();
            } else if text.len() <= GIANT.max(room / 4) {
                full = true;
            }
            fits
        })
        .collect();
    (fits, used)
}

impl Page<'_> {
    /// Writes what there is room for and says how many were not written.
    fn put(&mut self, texts: &[String], room: usize) -> usize {
        let (fits, used) = fitting(texts, room.min(self.room));
        for (text, _) in texts.iter().zip(&fits).filter(|(_, fits)| **fits) {
            self.out.push_str(text);
        }
        self.room -= used;
        fits.iter().filter(|fits| !**fits).count()
    }

    fn errors(&mut self, items: &[&Item]) {
        let entry = |summary: &str, about: Option<&str>, place: Option<String>, detail: &str| {
            let about = about.map_or_else(String::new, |it| format!(" · {}", code(it)));
            let place = place.map_or_else(String::new, |it| format!(" · {}", code(&it)));
            format!("**{}**{about}{place}\n\n{}\n", words(summary), markup::sentences(detail))
        };
        let place = |place: &crate::report::Place| format!("{}:{}", place.file, place.line);
        let of_items = items.iter().filter_map(|item| {
            let error = item.error.as_ref()?;
            let at = item.place.as_ref().map(place);
            Some(entry(&error.summary, Some(&item.address), at, &error.detail))
        });
        let others = problems(self.report, Level::Error).map(|it| {
            entry(&it.summary, it.address.as_deref(), it.place.as_ref().map(place), &it.detail)
        });
        let entries: Vec<String> = others.chain(of_items).collect();
        if entries.is_empty() {
            return;
        }
        self.out.push_str(&format!("### ❌ {}\n\n", counted(entries.len(), "error", "errors")));
        self.left_out.errors = self.put(&entries, self.room / 2);
        if self.left_out.errors > 0 {
            let more = number(self.left_out.errors);
            self.out.push_str(&format!("… and {more} more.\n\n"));
        }
    }

    /// The steps after which new objects are protected less.
    fn weakening(&mut self, items: &[&Item]) {
        let title = weakening_words(self.report.command);
        self.marked(items, "⚠️", title, |item| item.weakening.as_deref().map(words));
    }

    /// A list of the items that `why` has words about, which are markup.
    fn marked(
        &mut self,
        items: &[&Item],
        symbol: &str,
        [one, many]: [&str; 2],
        why: impl Fn(&Item) -> Option<String>,
    ) {
        let marked = || items.iter().filter_map(|item| Some((item, why(item)?)));
        let count = marked().count();
        if count == 0 {
            return;
        }
        self.out.push_str(&format!("### {symbol} {}\n\n", counted(count, one, many)));
        let lines: Vec<String> = marked()
            .take(LISTED)
            .map(|(item, why)| format!("- {}: {}\n", code(&item.address), why))
            .collect();
        let more = count - lines.len() + self.put(&lines, self.room / 4);
        if more > 0 {
            self.out.push_str(&format!("- … and {} more\n", number(more)));
        }
        self.out.push('\n');
    }

    /// The table, and each change as a diff.
    fn items(&mut self, items: &[&Item]) {
        self.left_out.changes = items.len();
        if items.is_empty() {
            return;
        }
        let rows: Vec<String> = items
            .iter()
            .map(|item| {
                format!(
                    "| {} | {} | {} | {} | {} |\n",
                    code_cell(&item.address),
                    code_cell(&item.bucket),
                    action(item),
                    whose(item),
                    risk(item)
                )
            })
            .collect();
        let details: Vec<String> = items.iter().filter_map(|item| detail(item)).collect();
        // Half of what is left for each; what one does not need is the other's.
        let wanted: usize = details.iter().map(String::len).sum();
        let for_rows = (self.room / 2).max(self.room.saturating_sub(wanted));
        let (fits, used) = fitting(&rows, for_rows);
        self.room -= used;
        let shown = fits.iter().filter(|fits| **fits).count();
        if shown > 0 {
            let folded = shown > ROWS;
            let all = counted(items.len(), "change", "changes");
            if folded {
                self.out.push_str(&format!("<details><summary>{all}</summary>\n\n"));
            } else {
                self.out.push_str(&format!("### {all}\n\n"));
            }
            self.out.push_str("| address | bucket | action | changed by | risk |\n");
            self.out.push_str("|---|---|---|---|---|\n");
            for (row, _) in rows.iter().zip(&fits).filter(|(_, fits)| **fits) {
                self.out.push_str(row);
            }
            self.out.push_str(if folded { "\n</details>\n\n" } else { "\n" });
        }
        for (item, _) in items.iter().zip(&fits).filter(|(_, fits)| !**fits) {
            let [errors, weakening, drift, others] = &mut self.left_out.rows;
            *match rank(item) {
                0 => errors,
                1 => weakening,
                2..=4 => drift,
                _ => others,
            } += 1;
        }
        self.left_out.details = self.put(&details, self.room);
    }

    fn outputs(&mut self) {
        let diffs: Vec<String> = self.report.outputs.iter().map(output).collect();
        if !diffs.is_empty() {
            let title = counted(diffs.len(), "output changes", "outputs change");
            self.folded(&title, "diff", &diffs, |left_out, count| left_out.outputs = count);
        }
    }

    fn warnings(&mut self) {
        let entries: Vec<String> = problems(self.report, Level::Warning)
            .map(|it| {
                let place = it.place.as_ref();
                let place =
                    place.map_or_else(String::new, |it| format!(" ({}:{})", it.file, it.line));
                let detail = clean_lines(&capped(&it.detail, TEXT));
                let detail = wrap(&detail, 96).join("\n    ");
                format!("{}{}\n    {detail}\n\n", clean(capped(&it.summary, 200)), clean(place))
            })
            .collect();
        if !entries.is_empty() {
            let title = counted(entries.len(), "warning", "warnings");
            self.folded(&title, "text", &entries, |left_out, count| left_out.warnings = count);
        }
    }

    /// One block of code for all of them, folded.
    fn folded(
        &mut self,
        title: &str,
        language: &str,
        texts: &[String],
        note: impl Fn(&mut LeftOut, usize),
    ) {
        // A fence takes no more than the longest run in what is between the two.
        let (fits, _) = fitting(texts, self.room.saturating_sub(256));
        let shown = || texts.iter().zip(&fits).filter(|(_, fits)| **fits).map(|(text, _)| &**text);
        let text: String = shown().collect();
        let body = format!(
            "<details><summary>{title}</summary>\n\n{}\n</details>\n\n",
            block(language, text.trim_end_matches('\n'))
        );
        if text.is_empty() || body.len() > self.room {
            note(&mut self.left_out, texts.len());
            return;
        }
        note(&mut self.left_out, texts.len() - shown().count());
        self.room -= body.len();
        self.out.push_str(&body);
    }

    fn footer(&mut self) {
        let left_out = &self.left_out;
        let mut parts = Vec::new();
        let rows: usize = left_out.rows.iter().sum();
        if rows > 0 {
            let kinds = ["in error", "weakening", "changed outside", "others"];
            let kinds = left_out.rows.iter().zip(kinds).filter(|(count, _)| **count > 0);
            let kinds: Vec<String> =
                kinds.map(|(count, kind)| format!("{} {kind}", number(*count))).collect();
            let all = number(left_out.changes);
            parts.push(format!("{} of {all} changes ({})", number(rows), kinds.join(", ")));
        }
        for (count, one, many) in [
            (left_out.details, "diff", "diffs"),
            (left_out.errors, "text of an error", "texts of errors"),
            (left_out.outputs, "output", "outputs"),
            (left_out.warnings, "warning", "warnings"),
        ] {
            if count > 0 {
                parts.push(counted(count, one, many));
            }
        }
        if !parts.is_empty() {
            let whole = whole(self.report.command);
            self.out.push_str(&format!("> **{LEFT_OUT}** {}. {whole}\n\n", parts.join(", ")));
        }
        let mut made = format!("Sealform {}", code(&capped(&self.report.sealform_version, 20)));
        if let Some(started) = &self.report.started {
            made.push_str(&format!(" · {}", code(&capped(started, 20))));
        }
        // What was read from a file may be any number.
        if let Some(seconds) = self.report.seconds.filter(|it| (0.0..1e9).contains(it)) {
            made.push_str(&format!(" · {seconds:.1} s"));
        }
        self.out.push_str(&format!("<sub>{made}</sub>\n"));
    }
}

/// A change, folded; nothing where nothing differs that could be shown.
fn detail(item: &Item) -> Option<String> {
    let diff = diff(item);
    if diff.is_empty() {
        return None;
    }
    let what = item.action.as_deref().filter(|action| *action != "no-op").map_or("drift", |it| it);
    Some(format!(
        "<details><summary>{} · {}</summary>\n\n{}\n</details>\n\n",
        code_html(&item.address),
        words_html(what),
        block("diff", &diff)
    ))
}
