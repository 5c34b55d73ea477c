//! For people with a browser: a whole fleet in one page.
//!
//! The page needs nothing but itself, and its policy forbids it to load anything: script and style
//! are named by their hashes. The report stands in it as JSON, out of which the script draws a table
//! to search, filter and sort; only rows that are seen are made. Without the script the numbers, the
//! problems and the most serious findings are still there.
//!
//! Text from outside goes in escaped, by way of one function for markup and one for the JSON.

use super::canvas::{clean, clean_lines, escape_html, put};
use super::finding::{self, Kind};
use super::json;
use crate::report::{Command, Item, Level, OutputItem, Problem, Report, Verdict};
use base64::Engine as _;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// How many findings, problems and outputs are written out in markup.
const WRITTEN: usize = 500;

/// The whole page.
pub fn html(report: &Report) -> String {
    let mut out = String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len() + 4096);
    let mut rest = PAGE;
    while let Some((before, behind)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, behind)) = behind.split_once("}}") else { break };
        fill(&mut out, name, report);
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Writes one part of the page.
fn fill(out: &mut String, name: &str, report: &Report) {
    match name {
        "script" => out.push_str(SCRIPT),
        "style" => out.push_str(STYLE),
        "script-hash" => out.push_str(&hash(SCRIPT)),
        "style-hash" => out.push_str(&hash(STYLE)),
        "version" => out.push_str(&escaped(&report.sealform_version)),
        "title" => out.push_str(&escaped(&title(report))),
        "made" => out.push_str(&escaped(&made(report))),
        "verdict" => out.push_str(verdict(report).0),
        "verdict-word" => out.push_str(verdict(report).1),
        "verdict-text" => out.push_str(verdict(report).2),
        "numbers" => numbers(out, report),
        "problems" => problems(out, &finding::problems(report)),
        "outputs" => outputs(out, &report.outputs),
        "findings" => findings(out, report),
        "data" => out.push_str(&data(report)),
        // A name that the template does not have: a test holds it to this list.
        _ => {}
    }
}

/// By what a policy allows an element: the hash of its content.
fn hash(content: &str) -> String {
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(content));
    format!("sha256-{digest}")
}

/// The report as JSON that cannot end the element that it stands in. The escapes are those of JSON,
/// and outside of its texts the characters do not occur.
fn data(report: &Report) -> String {
    let json = serde_json::to_string(report).unwrap_or_else(|_| "null".to_owned());
    let mut out = String::with_capacity(json.len());
    for c in json::text(&json).chars() {
        match c {
            '<' | '>' | '&' => put(&mut out, format_args!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// A text from outside as markup.
fn escaped(text: &str) -> String {
    escape_html(&clean_lines(text))
}

fn title(report: &Report) -> String {
    let what = match (report.command, report.destroy) {
        (Command::Plan, false) => "plan",
        (Command::Plan, true) => "plan to destroy",
        (Command::Apply, false) => "apply",
        (Command::Apply, true) => "destroy",
        (Command::Drift, _) => "drift",
    };
    format!("Sealform: {what} of {}", clean(&report.directory))
}

fn made(report: &Report) -> String {
    let mut parts = Vec::new();
    if let Some(share) = report.share {
        parts.push(format!("Share {} of {}", share.part, share.of));
    }
    if let Some(started) = &report.started {
        parts.push(format!("Begun {}", clean(started)));
    }
    if let Some(seconds) = report.seconds {
        parts.push(format!("took {seconds:.1} s"));
    }
    parts.push(format!("sealform {}", clean(&report.sealform_version)));
    parts.join(" · ")
}

/// Its class, its word and what it means.
fn verdict(report: &Report) -> (&'static str, &'static str, &'static str) {
    match report.verdict {
        Verdict::Clean => ("clean", "✓ Clean.", "Every bucket is as declared."),
        Verdict::Pending => ("pending", "… Pending.", "No drift, but changes are to be applied."),
        Verdict::Drift => ("drift", "! Drift.", "Somebody else changed buckets."),
        Verdict::Error => {
            ("error", "✗ Error.", "Something could not be found out, or was not done.")
        }
    }
}

fn numbers(out: &mut String, report: &Report) {
    let summary = &report.summary;
    let actions = &summary.actions;
    let numbers = [
        ("checked", summary.checked, ""),
        ("as declared", summary.unchanged, ""),
        ("drifted", summary.drifted, "bad"),
        ("drift that weakens", summary.severities.high, "bad"),
        ("pending", summary.pending, "warn"),
        ("weakening steps", summary.weakening, "bad"),
        ("suppressed", summary.suppressed, ""),
        ("errors", summary.errors, "bad"),
        ("to update", actions.update, ""),
        ("to adopt", actions.adopt, ""),
        ("to reset", actions.reset, "warn"),
        ("to forget", actions.forget, "warn"),
    ];
    for (n, (name, count, class)) in numbers.into_iter().enumerate() {
        // The steps are told only where there are some.
        if n >= 8 && count == 0 {
            continue;
        }
        let name = match report.command {
            Command::Apply => match name {
                "to update" => "updated",
                "to adopt" => "adopted",
                "to reset" => "reset",
                "to forget" => "forgotten",
                name => name,
            },
            Command::Plan | Command::Drift => name,
        };
        let class = if count > 0 { class } else { "" };
        let count = grouped(count);
        put(out, format_args!("<div class=\"{class}\"><dt>{name}</dt><dd>{count}</dd></div>"));
    }
}

/// A number with its thousands apart.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The head of a table, and the section around it.
fn table(out: &mut String, columns: &[&str], rows: impl FnOnce(&mut String)) {
    out.push_str("<div class=\"scroll\"><table class=\"plain\"><thead><tr>");
    for column in columns {
        put(out, format_args!("<th scope=\"col\">{column}</th>"));
    }
    out.push_str("</tr></thead><tbody>\n");
    rows(out);
    out.push_str("</tbody></table></div>\n");
}

fn left_out(out: &mut String, total: usize) {
    if total > WRITTEN {
        let rest = total - WRITTEN;
        put(out, format_args!("<p>{rest} more are not written out here.</p>\n"));
    }
}

fn problems(out: &mut String, problems: &[&Problem]) {
    if problems.is_empty() {
        return;
    }
    out.push_str("<section aria-labelledby=\"problems-title\">\n");
    out.push_str("<h2 id=\"problems-title\">Problems</h2>\n");
    table(out, &["Level", "Where", "What"], |out| {
        for problem in problems.iter().take(WRITTEN) {
            let (level, class) = match problem.severity {
                Level::Error => ("error", "bad"),
                Level::Warning => ("warning", "warn"),
            };
            let place = problem.place.as_ref().map(|it| format!("{}:{}", it.file, it.line));
            let place = place.or_else(|| problem.address.clone()).unwrap_or_default();
            put(
                out,
                format_args!(
                    "<tr><td><span class=\"tag {class}\">{level}</span></td><td>{}</td><td>{}: {}</td></tr>\n",
                    escaped(&place),
                    escaped(&problem.summary),
                    escaped(&problem.detail)
                ),
            );
        }
    });
    left_out(out, problems.len());
    out.push_str("</section>\n");
}

fn outputs(out: &mut String, outputs: &[OutputItem]) {
    if outputs.is_empty() {
        return;
    }
    out.push_str("<section aria-labelledby=\"outputs-title\">\n");
    out.push_str("<h2 id=\"outputs-title\">Outputs that change</h2>\n");
    table(out, &["Name", "Before", "After"], |out| {
        for output in outputs.iter().take(WRITTEN) {
            let value = |value: &Option<Json>| match value {
                _ if output.sensitive => super::canvas::SENSITIVE.to_owned(),
                Some(value) => value.to_string(),
                None => "–".to_owned(),
            };
            put(
                out,
                format_args!(
                    "<tr><th scope=\"row\">{}</th><td class=\"value\">{}</td><td class=\"value\">{}</td></tr>\n",
                    escaped(&output.name),
                    escaped(&value(&output.before)),
                    escaped(&value(&output.after))
                ),
            );
        }
    });
    left_out(out, outputs.len());
    out.push_str("</section>\n");
}

/// The most serious findings of buckets, for who has no script.
fn findings(out: &mut String, report: &Report) {
    let mut found: Vec<(bool, Kind, &Item)> = report
        .resources
        .iter()
        .filter_map(|item| {
            let worst = finding::of_item(item).into_iter().min()?;
            Some((item.suppressed.is_some() && worst.is_drift(), worst, item))
        })
        .collect();
    if found.is_empty() {
        out.push_str("<p>None of the buckets needs a look.</p>\n");
        return;
    }
    found.sort_by_key(|(suppressed, kind, _)| (*suppressed, *kind));
    table(out, &["Address", "Bucket", "Finding", "What"], |out| {
        for (suppressed, kind, item) in found.iter().take(WRITTEN) {
            let mut lines = finding::notes(item);
            lines.extend(item.differences.iter().map(finding::difference));
            let suppressed = if *suppressed { " (suppressed)" } else { "" };
            put(
                out,
                format_args!(
                    "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}{suppressed}</td><td>{}</td></tr>\n",
                    escaped(&clean(&item.address)),
                    escaped(&clean(&item.bucket)),
                    kind.id(),
                    escaped(&lines.join("\n"))
                ),
            );
        }
    });
    left_out(out, found.len());
}
