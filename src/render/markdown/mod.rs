//! A report as Markdown: the comment on a pull request.
//!
//! Owns what is said in which order, and what is left out where there is no room. What matters most
//! comes first: errors, what protects less, drift, all else; and what is left out is left out from
//! the end of that order, whole items at a time, and counted. The words are `phrases`'.

mod marker;
mod phrases;

pub use self::marker::marker;

use self::phrases::{
    action, drift_in_words, head, risk, title, verdict, weakening_words, whole, whose,
};
use super::LISTED;
use super::canvas::{clean, clean_lines, counted, number, wrap};
use super::item_diff::{diff, output};
use super::markup::{self, block, capped, code, code_cell, code_html, words, words_html};
use super::review::{important, is_drift, problems, rank};
use crate::report::{Command, Item, Level, Report};

/// The most that GitHub takes as one comment.
pub const LIMIT: usize = 65_536;
/// More rows than this are folded.
const ROWS: usize = 20;
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
