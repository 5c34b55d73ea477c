//! Diagnostics with their source.

use super::samples::address;
use crate::addr::{InstanceKey, ResourceAddr};
use crate::diag::{Diagnostic, FileId, Sources, Span};
use crate::render::{Style, diagnostics};
use insta::assert_snapshot;
use proptest::prelude::*;

fn find(sources: &Sources, file: FileId, text: &str) -> Span {
    let start = sources.text(file).find(text).unwrap();
    let end = u32::try_from(start + text.len()).unwrap();
    Span { file, start: u32::try_from(start).unwrap(), end }
}

const MAIN: &str =
    "resource \"t\" \"logs\" {\n  buket = \"acme\"\n\trule {\n\t\tsse = \"日本\" + x\n\t}\n}\n";

#[test]
fn the_place_is_underlined() {
    let mut sources = Sources::default();
    let main = sources.add("main.seal.hcl", MAIN);
    let list = [
        Diagnostic::error("Unknown attribute", "There is no \"buket\". Did you mean \"bucket\"?")
            .at(find(&sources, main, "buket")),
        Diagnostic::warning(
            "Unused value",
            "Nothing refers to it, and a text that is as long as this one does not fit on a line \
             of the usual width, so that it goes on below.\nA second paragraph.",
        )
        .at(find(&sources, main, "x\n"))
        .of(&address("logs")),
    ];
    assert_snapshot!(diagnostics(&list, &sources, &Style::PLAIN), @r#"
    error: Unknown attribute
     --> main.seal.hcl:2:3
      |
    2 |   buket = "acme"
      |   ^^^^^
      |
      = There is no "buket". Did you mean "bucket"?

    warning: Unused value
     --> main.seal.hcl:4:16
      |
    4 |         sse = "日本" + x
      |                        ^
      |
      = Nothing refers to it, and a text that is as long as this one does
        not fit on a line of the usual width, so that it goes on below.
        A second paragraph.
      = for aws_s3_bucket_server_side_encryption_configuration.logs
    "#);
}

#[test]
fn related_places_may_be_in_other_files() {
    let mut sources = Sources::default();
    let main = sources.add("main.seal.hcl", MAIN);
    let other =
        sources.add("other.seal.hcl", "\n\nresource \"t\" \"b\" {\n  bucket = \"acme\"\n}\n");
    let list = [Diagnostic::error("Bucket declared twice", "Keep one of the two.")
        .at(find(&sources, main, "\"acme\""))
        .related(find(&sources, other, "\"acme\""), "declared here first")
        .related(find(&sources, main, "rule"), "its rule")];
    assert_snapshot!(diagnostics(&list, &sources, &Style::PLAIN), @r#"
    error: Bucket declared twice
     --> main.seal.hcl:2:11
      |
    2 |   buket = "acme"
      |           ^^^^^^
    3 |     rule {
      |     ---- its rule
      |
     ::: other.seal.hcl:4:12
      |
    4 |   bucket = "acme"
      |            ------ declared here first
      |
      = Keep one of the two.
    "#);
}

#[test]
fn without_source_the_address_says_where() {
    let sources = Sources::default();
    let list = [
        Diagnostic::error("Access denied", "S3 refuses GetBucketEncryption.").of(&address("logs")),
        Diagnostic::error("No configuration", "There is no *.seal.hcl here."),
    ];
    assert_snapshot!(diagnostics(&list, &sources, &Style::PLAIN), @r"
    error: Access denied
     --> aws_s3_bucket_server_side_encryption_configuration.logs
      = S3 refuses GetBucketEncryption.

    error: No configuration
      = There is no *.seal.hcl here.
    ");
}

#[test]
fn a_huge_line_is_cut_to_what_is_around() {
    let mut sources = Sources::default();
    let text = format!("a = [{} WRONG, {}]\n", "1, ".repeat(1_000_000), "2, ".repeat(1_000_000));
    let file = sources.add("big.seal.hcl", text);
    let list = [Diagnostic::error("Wrong", "It is.").at(find(&sources, file, "WRONG"))];
    let text = diagnostics(&list, &sources, &Style::PLAIN);
    assert!(text.len() < 1_500, "{text}");
    assert_snapshot!(text, @r"
    error: Wrong
     --> big.seal.hcl:1:3000007
      |
    1 | ... 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  WRONG, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2...
      |                                    ^^^^^
      |
      = It is.
    ");
}

#[test]
fn a_span_over_many_lines_is_shown_by_its_first() {
    let mut sources = Sources::default();
    let text = format!("block {{\n{}}}\n", "  line = 1\n".repeat(10_000));
    let file = sources.add("long.seal.hcl", text.as_str());
    let span = find(&sources, file, text.trim_end());
    let list = [Diagnostic::error("Wrong", "It is.").at(span)];
    assert_snapshot!(diagnostics(&list, &sources, &Style::PLAIN), @r"
    error: Wrong
     --> long.seal.hcl:1:1
      |
    1 | block {
      | ^^^^^^^
      |
      = It is.
    ");
}

#[test]
fn what_differs_by_address_only_is_one_message() {
    let mut sources = Sources::default();
    let file = sources.add("main.seal.hcl", MAIN);
    let list: Vec<Diagnostic> = (0..1200)
        .map(|n| {
            let address = ResourceAddr::managed("t", "logs").instance(InstanceKey::Index(n));
            Diagnostic::error("Wrong", "It is.").at(find(&sources, file, "buket")).of(&address)
        })
        .collect();
    assert_snapshot!(diagnostics(&list, &sources, &Style::PLAIN), @r#"
    error: Wrong
     --> main.seal.hcl:2:3
      |
    2 |   buket = "acme"
      |   ^^^^^
      |
      = It is.
      = for 1,200 resources: t.logs[0], t.logs[1], t.logs[2], t.logs[3],
        t.logs[4] and 1,195 more
    "#);
}

#[test]
fn there_are_at_most_fifty_and_errors_come_before_warnings() {
    let sources = Sources::default();
    let mut list: Vec<Diagnostic> =
        (0..60).map(|n| Diagnostic::warning("Careful", format!("Warning {n}."))).collect();
    list.extend((0..45).map(|n| Diagnostic::error("Wrong", format!("Error {n}."))));
    let text = diagnostics(&list, &sources, &Style::PLAIN);
    assert_eq!(text.matches("error: Wrong").count(), 45);
    assert_eq!(text.matches("warning: Careful").count(), 5);
    assert!(text.ends_with("… and 55 more warnings\n"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_span_and_no_text_breaks_it(
        text in "(\\PC|[\\x00-\\x7f\\n\\t]){0,80}",
        spans in prop::collection::vec((0_u32..400, 0_u32..400), 1..4),
        width in 0_usize..130,
    ) {
        let mut sources = Sources::default();
        let file = sources.add(text.clone(), text.clone());
        let mut list = vec![Diagnostic::error("Wrong", text.clone())];
        for (n, (start, end)) in spans.into_iter().enumerate() {
            let span = Span { file, start, end };
            list = list
                .into_iter()
                .map(|it| if n == 0 { it.at(span) } else { it.related(span, text.clone()) })
                .collect();
        }
        let style = Style { width, ..Style::PLAIN };
        let plain = diagnostics(&list, &sources, &style);
        let colored = diagnostics(&list, &sources, &Style { color: true, ..style });
        prop_assert_eq!(anstream::adapter::strip_str(&colored).to_string(), &*plain);
        prop_assert!(!plain.contains(|c: char| c.is_control() && !"\n\t".contains(c)), "{:?}", plain);
        let _json = crate::render::json::diagnostics(&list, &sources);
    }
}
