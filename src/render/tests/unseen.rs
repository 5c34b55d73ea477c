//! What hides, or reorders what is around it, is visible in every format.

use super::fleets::hostile;
use crate::render::json_lines::Lines;
use crate::render::{self, Style, human};
use crate::report::Report;
use crate::value::is_harmful;

/// A report in every format that is text; Prometheus takes labels as they are.
fn drawn(report: &Report) -> Vec<(&'static str, String)> {
    let mut lines = Lines::new(Vec::new(), || "2026-11-21T06:00:00Z".to_owned());
    lines.findings(report);
    vec![
        ("human", human::drift(report, true, &Style::PLAIN)),
        ("json", report.to_json().unwrap()),
        ("json-lines", String::from_utf8(lines.into_inner()).unwrap()),
        ("markdown", render::markdown::markdown(report, render::markdown::LIMIT)),
        ("github", render::github::annotations(report)),
        ("job summary", render::github::job_summary(report)),
        ("sarif", render::visible(render::sarif(report).to_string())),
        ("junit", render::junit(report)),
        ("html", render::html(report)),
    ]
}

#[test]
fn nothing_hides_in_any_format() {
    let hidden = "\u{7f}\u{85}\u{ad}\u{200b}\u{200e}\u{202a}\u{202e}\u{2028}\u{2029}\u{2066}\u{2069}\
                  \u{61c}\u{feff}\u{3164}\u{115f}\u{e0041}";
    for c in hidden.chars() {
        let report = hostile(&format!("a{c}b"));
        let escape = match u32::from(c) {
            code @ ..=0xffff => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        };
        for (format, text) in drawn(&report) {
            assert!(!text.contains(|c| is_harmful(c) && c != '\n'), "{escape} in {format}");
            let shown = text.contains(&escape) || text.contains("\\udb40\\udc41");
            assert!(shown, "{escape} is nowhere in {format}:\n{text}");
        }
        let read = Report::from_json(report.to_json().unwrap().as_bytes()).unwrap();
        assert_eq!(read, report, "{escape}: JSON gives back what there was");
    }
}
