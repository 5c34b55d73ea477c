//! The page: what stands in it, and that nothing from outside gets out of its place. What the script
//! does is tested in a browser (`tests/html`).

use super::fleets::{HOSTILE, any_report, fleet, hostile, item, report, sampler};
use crate::render::html;
use crate::report::{OutputItem, Report};
use base64::Engine as _;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The text between the first of two texts and the next of the other.
#[track_caller]
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, behind) = text.split_once(from).unwrap_or_else(|| panic!("no {from}"));
    behind.split_once(to).unwrap_or_else(|| panic!("no {to}")).0
}

fn data(page: &str) -> &str {
    between(page, "<script type=\"application/json\" id=\"data\">", "</script>")
}

/// The page without what is text only.
fn markup(page: &str) -> String {
    let mut left = page.replace(data(page), "");
    for (from, to) in [("<style>", "</style>"), ("<script>", "</script>")] {
        left = left.replace(between(&left.clone(), from, to), "");
    }
    left
}

/// How often each element begins.
fn elements(markup: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for part in markup.split('<').skip(1) {
        let name: String = part.chars().take_while(|c| !c.is_whitespace() && *c != '>').collect();
        *found.entry(name).or_default() += 1;
    }
    found
}

#[test]
fn the_page_is_whole() {
    let page = html(&sampler());
    let markup = markup(&page);
    assert!(!markup.contains("{{") && !markup.contains("}}"), "a part is not filled in");
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    let elements = elements(&markup);
    for (name, count) in &elements {
        let is_void = ["!DOCTYPE", "meta", "col", "input", "br"].contains(&&**name);
        if !name.starts_with('/') && !is_void {
            assert_eq!(elements.get(&format!("/{name}")), Some(count), "<{name}>");
        }
    }
    assert_eq!(between(&page, "<title>", "</title>"), "Sealform: drift of infra/prod");
    assert!(markup.contains("<strong>✗ Error.</strong>"));
    assert!(markup.contains("Begun 2026-11-21T06:00:00Z · took 1.2 s · sealform 0.1.0"));
    assert!(markup.contains("<dt>drifted</dt><dd>4</dd>"));
    assert!(markup.contains("Suppression expired: It held until 2026-01-01."));
}

#[test]
fn nothing_is_loaded_and_only_our_script_and_style_are_allowed() {
    let page = html(&sampler());
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    let hash = |text: &str| {
        let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
        format!("'sha256-{digest}'")
    };
    let script = hash(between(&page, "<script>", "</script>"));
    let style = hash(between(&page, "<style>", "</style>"));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; \
             form-action 'none'"
        )
    );
    let markup = markup(&page);
    for name in [" src=", " href=", " style=", " onclick=", " action=", "url(", "@import"] {
        assert!(!markup.contains(name), "{name}");
        assert!(!between(&page, "<style>", "</style>").contains(name), "{name}");
    }
    // No text becomes markup in the script.
    let script = between(&page, "<script>", "</script>");
    for name in
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch("]
    {
        assert!(!script.contains(name), "{name}");
    }
}

#[test]
fn the_json_in_the_page_is_the_report() {
    for report in [sampler(), fleet(500), report(Vec::new())] {
        let page = html(&report);
        let read: Report = serde_json::from_str(data(&page)).unwrap();
        assert_eq!(read, report);
    }
}

#[test]
fn hostile_names_do_not_get_out_of_their_place() {
    let harmless = elements(&markup(&html(&hostile("harmless"))));
    for name in HOSTILE {
        let report = hostile(name);
        let page = html(&report);
        assert_eq!(elements(&markup(&page)), harmless, "{name}");
        assert!(!data(&page).contains(['<', '>', '&']), "{name}");
        let read: Report = serde_json::from_str(data(&page)).unwrap();
        assert_eq!(read, report, "{name}");
        assert!(!page.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{name}");
    }
}

#[test]
fn without_the_script_the_worst_findings_are_there() {
    let page = markup(&html(&fleet(20_000)));
    let table = between(&page, "<h2 id=\"plain-title\">", "</section>");
    assert!(page.contains("<dt>checked</dt><dd>20,000</dd>"));
    assert_eq!(table.matches("<tr><th scope=\"row\">").count(), 500);
    // There are 400 of them: those that weaken, suppressed ones aside.
    assert_eq!(table.matches("<td>drift-weakening</td>").count(), 400);
    assert!(table.contains("<p>1300 more are not written out here.</p>"), "{table:.2000}");
    let clean = markup(&html(&report(vec![item("a", "a")])));
    assert!(clean.contains("None of the buckets needs a look."));
    assert!(clean.contains("<strong>✓ Clean.</strong>"));
}

#[test]
fn outputs_are_shown_and_sensitive_ones_are_not() {
    let mut found = sampler();
    let output = |name: &str, sensitive| OutputItem {
        name: name.to_owned(),
        before: None,
        after: Some(serde_json::json!({ "a": 1 })),
        sensitive,
    };
    found.outputs = vec![output("open", false), output("closed", true)];
    let page = markup(&html(&found));
    let outputs = between(&page, "<h2 id=\"outputs-title\">", "</section>");
    assert!(outputs.contains("<td class=\"value\">{&quot;a&quot;:1}</td>"));
    assert_eq!(outputs.matches("(sensitive value)").count(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_report_stays_in_its_place(report in any_report()) {
        let page = html(&report);
        let read: Report = serde_json::from_str(data(&page)).unwrap();
        prop_assert_eq!(&read, &report);
        let known = elements(&markup(&html(&hostile("x"))));
        for name in elements(&markup(&page)).keys() {
            prop_assert!(known.contains_key(name) || name == "p" || name == "/p", "{}", name);
        }
    }
}

/// Writes pages for `tests/html/browser.py`, and documents for other readers.
#[test]
#[ignore = "writes files: `SEALFORM_TEST_PAGES=DIR cargo test --lib pages_for_a_browser -- --ignored`"]
#[expect(clippy::disallowed_methods, reason = "a test may write where it is told to")]
fn pages_for_a_browser() {
    let dir = std::path::PathBuf::from(std::env::var("SEALFORM_TEST_PAGES").unwrap());
    std::fs::create_dir_all(&dir).unwrap();
    let write = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
    for size in [10_000, 100_000] {
        write(&format!("fleet-{size}.html"), html(&fleet(size)));
    }
    let mut all = sampler();
    for name in HOSTILE {
        all.resources.extend(hostile(name).resources);
        all.diagnostics.extend(hostile(name).diagnostics);
    }
    write("hostile.html", html(&all));
    write("sampler.sarif", crate::render::sarif(&sampler()).to_string());
    write("hostile.sarif", crate::render::sarif(&all).to_string());
    write("sampler.xml", crate::render::junit(&sampler()));
    write("sampler.prom", crate::render::prometheus(&sampler(), None));
}
