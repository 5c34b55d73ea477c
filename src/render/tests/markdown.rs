//! The comment on a pull request: what it says, and that nothing breaks out of it.

use super::reports::{
    HOSTILE, difference, drifted, failed, hostile, item, output, pending, report, warning,
    weakening,
};
use crate::render::harmless;
use crate::render::markdown::{LIMIT, markdown, marker};
use crate::report::{
    Class, Command, Failure, Item, Level, Problem, Report, Severity, Share, Status, Suppression,
    Verdict,
};
use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use regex::Regex;
use serde_json::{Value as Json, json};

/// What a parser of `CommonMark` makes of a comment.
#[derive(Debug, Default)]
struct Parsed {
    /// The cells of each row of each table.
    rows: Vec<Vec<String>>,
    /// Blocks of code by language.
    blocks: Vec<(String, String)>,
    /// Text that is not code.
    text: String,
    details: usize,
}

/// Parses a comment, and holds it to what every comment must be.
#[track_caller]
fn parsed(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut html = String::new();
    let mut block = None;
    let mut cell = None;
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                block = Some((language.to_string(), String::new()));
            }
            Event::End(TagEnd::CodeBlock) => parsed.blocks.extend(block.take()),
            Event::Start(Tag::TableRow | Tag::TableHead) => parsed.rows.push(Vec::new()),
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::End(TagEnd::TableCell) => {
                parsed.rows.last_mut().unwrap().extend(cell.take());
            }
            Event::Code(code) => {
                if let Some(cell) = &mut cell {
                    cell.push_str(&code);
                }
            }
            Event::Text(words) => match (&mut block, &mut cell) {
                (Some((_, code)), _) => code.push_str(&words),
                (None, cell) => {
                    if let Some(cell) = cell {
                        cell.push_str(&words);
                    }
                    parsed.text.push_str(&words);
                    parsed.text.push('\n');
                }
            },
            Event::Html(piece) | Event::InlineHtml(piece) => html.push_str(&piece),
            Event::Start(
                Tag::Paragraph
                | Tag::Heading { .. }
                | Tag::List(None)
                | Tag::Item
                | Tag::Strong
                | Tag::HtmlBlock
                | Tag::Table(_)
                | Tag::BlockQuote(None),
            )
            | Event::End(_)
            | Event::SoftBreak => {}
            other => panic!("{other:?} in\n{text}"),
        }
    }
    let tags = Regex::new("<[^>]*>").unwrap();
    let mut open: Vec<&str> = Vec::new();
    for tag in tags.find_iter(&html) {
        match tag.as_str() {
            tag @ ("<details>" | "<summary>" | "<code>" | "<sub>") => {
                parsed.details += usize::from(tag == "<details>");
                open.push(tag.trim_matches(['<', '>']));
            }
            tag @ ("</details>" | "</summary>" | "</code>" | "</sub>") => {
                assert_eq!(open.pop(), Some(tag.trim_matches(['<', '/', '>'])), "in\n{text}");
            }
            comment => {
                assert_eq!(tag.start(), 0, "{comment} in\n{text}");
                assert!(comment.starts_with("<!-- sealform:") && comment.ends_with(" -->"));
                assert!(!comment[4..comment.len() - 3].contains("--"), "{comment}");
            }
        }
    }
    assert!(open.is_empty(), "{open:?} is left open in\n{text}");
    // What is neither a tag nor between those of code.
    let code = Regex::new("<code>[^<]*</code>").unwrap();
    parsed.text.push_str(&tags.replace_all(&code.replace_all(&html, ""), ""));
    for forbidden in ["@", "http", "www.", "#", "GH-", "`", "|", "$", "[", "<", "*"] {
        assert!(!parsed.text.contains(forbidden), "{forbidden:?} in {:?} of\n{text}", parsed.text);
    }
    let hidden = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(hidden), "in {text:?}");
    for (language, code) in &parsed.blocks {
        assert!(["diff", "text"].contains(&&**language), "{language}");
        let known = |line: &str| line.starts_with([' ', '-', '+', '!', '@', '#']);
        if language == "diff" {
            assert!(code.lines().all(known), "in\n{code}");
        }
    }
    for row in &parsed.rows {
        assert_eq!(row.len(), 5, "{row:?}");
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
    parsed
}

/// A number of the text, behind `before` and in front of `after`.
fn number(text: &str, before: &str, after: &str) -> usize {
    let pattern = format!("{}([0-9,]+){}", regex::escape(before), regex::escape(after));
    let found = Regex::new(&pattern).unwrap().captures(text);
    found.map_or(0, |found| found[1].replace(',', "").parse().unwrap())
}

/// Parses a comment on a report, and demands that each change is there or counted as left out.
#[track_caller]
fn held(report: &Report, limit: usize) -> (String, Parsed) {
    let text = markdown(report, limit);
    assert!(text.len() <= limit, "{} bytes of {limit}", text.len());
    assert!(text.encode_utf16().count() <= limit);
    let parsed = parsed(&text);
    let shown: Vec<&Item> =
        report.resources.iter().filter(|it| it.class != Class::Unchanged).collect();
    let rows = parsed.rows.len().saturating_sub(1);
    let left_out = number(&text, "for want of room:** ", " of ")
        + number(&text, "for want of room:** all of ", " change");
    // Where there is room for nothing but the verdict, it says no more.
    if text.contains("Left out") || text.contains("<sub>") {
        assert_eq!(rows + left_out, shown.len(), "in\n{text}");
    }
    (text, parsed)
}

#[test]
fn a_comment_as_a_reviewer_sees_it() {
    let mut adopted = item("x.adopted", "acme-adopted");
    adopted.action = Some("adopt".to_owned());
    let mut silenced = drifted("x.silenced", "acme-silenced", "alias/a");
    silenced.severity = Some(Severity::Low);
    silenced.weakened = None;
    silenced.blame = None;
    silenced.action = Some("no-op".to_owned());
    silenced.suppressed = Some(Suppression {
        name: "migration".to_owned(),
        reason: "the new key is on its way".to_owned(),
        expires: Some("2026-12-31".to_owned()),
    });
    let mut report = report(
        Command::Plan,
        vec![
            adopted,
            failed("x.denied", "acme-denied", "The role may not read it. Allow\n  s3:Get…"),
            drifted("x.drifted", "acme-drifted", "arn:aws:kms:eu-west-1:111122223333:key/1"),
            pending("x.pending", "acme-pending", "alias/acme"),
            item("x.same", "acme-same"),
            silenced,
            weakening("x.weaker", "acme-weaker", "alias/acme"),
        ],
    );
    report.summary.drifted = 1;
    report.summary.suppressed = 1;
    report.summary.severities.high = 1;
    report.outputs = vec![output("buckets", json!(["a"]), json!(["a", "b"]))];
    report.diagnostics = vec![warning("Deprecated attribute", "Use the other one.")];
    parsed(&markdown(&report, LIMIT));
    insta::assert_snapshot!(markdown(&report, LIMIT));
}

#[test]
fn a_comment_about_nothing() {
    let report = report(Command::Drift, vec![item("x.a", "a"), item("x.b", "b")]);
    let (text, parsed) = held(&report, LIMIT);
    assert!(text.contains("✅ **Nothing differs.** 2 buckets are as declared."), "{text}");
    assert_eq!((parsed.rows.len(), parsed.details), (0, 0));
}

#[test]
fn what_became_of_an_apply() {
    let mut done = pending("x.done", "a", "alias/a");
    done.status = Some(Status::Done);
    let mut failed = pending("x.failed", "b", "alias/a");
    failed.status = Some(Status::Failed);
    failed.error =
        Some(Failure { summary: "Access denied".to_owned(), detail: "It may not.".to_owned() });
    let mut skipped = pending("x.skipped", "c", "alias/a");
    skipped.status = Some(Status::Skipped);
    let mut report = report(Command::Apply, vec![done, failed, skipped]);
    report.summary.actions.update = 1;
    let (text, parsed) = held(&report, LIMIT);
    assert!(text.contains("🔴 **1 error.**"), "{text}");
    assert!(text.contains("1 updated"), "{text}");
    let one = pending("x.done", "a", "alias/a");
    let mut done = self::report(Command::Apply, vec![one]);
    done.summary.actions.update = 0;
    let waits = markdown(&done, LIMIT);
    assert!(waits.contains("⏸️ **Nothing was changed: nobody said yes to it.**"), "{waits}");
    done.verdict = Verdict::Error;
    done.diagnostics = vec![Problem { severity: Level::Error, ..warning("Not allowed", "No.") }];
    let refused = markdown(&done, LIMIT);
    assert!(refused.contains("🔴 **1 error, and nothing was changed.**"), "{refused}");
    done.verdict = Verdict::Clean;
    assert!(markdown(&done, LIMIT).contains("✅ **Nothing was to be done.**"));
    done.summary.actions.update = 1;
    assert!(markdown(&done, LIMIT).contains("✅ **Done: 1 step.**"));
    let actions: Vec<&str> = parsed.rows[1..].iter().map(|row| &*row[2]).collect();
    assert_eq!(actions, ["update, failed", "update, done", "update, not begun"]);
}

#[test]
fn plans_of_any_size_with_hostile_names() {
    for count in [1, HOSTILE.len(), 100, 10_000] {
        let report = hostile(count);
        let limits = [LIMIT, 20_000, 4_000, 1_000_000];
        // The largest once: it is the one that takes time.
        for limit in limits.into_iter().take(if count > 1_000 { 1 } else { 4 }) {
            let (text, parsed) = held(&report, limit);
            // The rows are those of the most important changes.
            let mut all: Vec<&Item> = report.resources.iter().collect();
            all.sort_by_key(|it| {
                (it.error.is_none(), it.weakening.is_none(), it.severity.is_none())
            });
            for (row, item) in parsed.rows.iter().skip(1).zip(all) {
                let shown = harmless(&item.address).replace("\\|", "\\\\u007c");
                let found = row[0].replace("\\|", "\\\\u007c").replace("\\u007c", "\\\\u007c");
                assert_eq!(found.replace('\\', ""), shown.replace('\\', ""), "in {text}");
            }
            if count >= 100 && limit <= LIMIT {
                assert!(text.len() > limit / 2, "{count} {limit} {}", text.len());
            }
            let diffs = parsed.blocks.iter().filter(|(language, _)| language == "diff").count();
            let outputs = usize::from(text.contains("outputs change</summary>"));
            let with_diff = report.resources.iter().filter(|it| it.error.is_none()).count();
            let left_out = number(&text, "", " diffs").max(number(&text, "", " diff"));
            assert_eq!(diffs - outputs + left_out, with_diff, "in {text}");
        }
    }
}

#[test]
fn a_plan_of_ten_thousand_says_what_is_left_out() {
    let (text, _) = held(&hostile(10_000), LIMIT);
    let left_out = text.lines().find(|line| line.contains("Left out")).unwrap();
    assert!(left_out.contains("of 10,000 changes"), "{left_out}");
    assert!(left_out.contains("others"), "{left_out}");
    assert!(left_out.contains("`sealform show FILE`"), "{left_out}");
    assert!(left_out.contains("the job's log"), "{left_out}");
}

#[test]
fn any_limit_gives_a_whole_comment() {
    let report = hostile(21);
    let whole = markdown(&report, usize::MAX).len();
    for limit in (0..1_000).chain((1_000..whole + 10).step_by(331)) {
        held(&report, limit);
    }
    assert_eq!(markdown(&report, whole + 10_000).len(), whole);
    assert_eq!(markdown(&report, 0), "");
    let marker = marker(&report);
    assert_eq!(markdown(&report, marker.len()), marker);
}

#[test]
fn one_giant_does_not_bar_the_others() {
    let mut items = vec![failed("x.giant", &"b".repeat(500_000), &"@x `` ".repeat(100_000))];
    items.extend((0..20).map(|n| pending(&format!("x.n{n}"), "b", "alias/a")));
    items[1].differences[1].desired = Some(json!("`".repeat(300_000)));
    let (text, parsed) = held(&report(Command::Plan, items), 30_000);
    assert_eq!(parsed.rows.len(), 22);
    assert!(text.contains("more characters)"));
    assert!(parsed.blocks.len() > 15, "{}", parsed.blocks.len());
}

#[test]
fn a_bot_finds_its_own_comment() {
    let named = |directory: &str| marker(&Report { directory: directory.to_owned(), ..hostile(1) });
    assert_eq!(named("infra/my-buckets"), "<!-- sealform:plan:infra/my-buckets -->");
    assert_eq!(named("."), "<!-- sealform:plan:. -->");
    assert_eq!(named("a--b"), "<!-- sealform:plan:a-%2Db -->");
    assert_eq!(named("a-->\n<é"), "<!-- sealform:plan:a-%2D%3E%0A%3C%C3%A9 -->");
    let long = |end: &str| named(&format!("{}{end}", "x".repeat(5_000)));
    assert!(long("a").len() < 250);
    assert_ne!(long("a"), long("b"));
    let share = Report { share: Some(Share { part: 2, of: 8 }), ..hostile(1) };
    assert!(marker(&share).ends_with(":2-of-8 -->"));
    assert!(markdown(&hostile(3), LIMIT).starts_with(&marker(&hostile(3))));
}

#[test]
fn sensitive_values_are_not_told_apart() {
    let mut item = pending("x.a", "a", "alias/secret");
    for difference in &mut item.differences {
        difference.sensitive = true;
        (difference.recorded, difference.live, difference.desired) = (None, None, None);
    }
    let (text, _) = held(&report(Command::Plan, vec![item]), LIMIT);
    assert!(text.contains("-         kms_master_key_id = (sensitive value)\n"), "{text}");
    assert!(text.contains("+         kms_master_key_id = (sensitive value)\n"), "{text}");
}

#[test]
fn the_verdict_is_in_the_first_lines() {
    for (report, line) in [
        (report(Command::Plan, vec![pending("x.a", "a", "k")]), "🟡"),
        (
            report(Command::Drift, vec![drifted("x.a", "a", "k")]),
            "🟠 **1 bucket was changed outside of Sealform and protects less.**",
        ),
        (
            report(Command::Drift, vec![drifted("x.a", "a", "k"), failed("x.b", "b", "no")]),
            "🔴 **1 error.** 🟠 **1 bucket was changed outside of Sealform and protects less.**",
        ),
        (report(Command::Plan, vec![failed("x.a", "a", "no")]), "🔴 **1 error.**"),
        (report(Command::Plan, vec![weakening("x.a", "a", "k")]), "⚠️ **1 weakens protection.**"),
    ] {
        let (text, _) = held(&report, LIMIT);
        assert!(text.lines().take(5).any(|it| it.contains(line)), "{text}");
    }
    let mut stopped = report(Command::Apply, Vec::new());
    stopped.verdict = Verdict::Error;
    assert!(markdown(&stopped, LIMIT).contains("Not everything was done"));
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(HOSTILE).prop_map(str::to_owned),
        "\\PC{0,20}",
        "[\\x00-\\x7f]{0,20}",
        "[`~|\\\\<>@#\\[\\]()!*_ \n\r$&;-]{0,20}",
        any::<String>(),
    ]
}

fn any_json() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any_text().prop_map(Json::from),
        prop::collection::vec(any_text(), 0..3).prop_map(Json::from),
        prop::collection::btree_map(any_text(), any_text(), 0..3).prop_map(|map| json!(map)),
    ]
}

fn any_item() -> impl Strategy<Value = Item> {
    let classes = [Class::Pending, Class::Drift, Class::Both, Class::Error];
    let severities = [Severity::Low, Severity::Medium, Severity::High];
    let path = prop_oneof![Just("rule.x".to_owned()), Just("rule.in.y".to_owned()), any_text()];
    let one = (path, any_json(), any_json(), any_json())
        .prop_map(|(path, a, b, c)| difference(&path, a, b, c));
    (
        [any_text(), any_text(), any_text(), any_text()],
        prop::collection::vec(one, 0..4),
        prop::sample::select(classes.to_vec()),
        prop::option::of(prop::sample::select(severities.to_vec())),
        prop::option::of(any_text()),
        prop::option::of(any_text()),
        prop::option::of(any_text()),
        prop::option::of(any_text()),
    )
        .prop_map(|(texts, differences, class, severity, action, why, error, blame)| {
            let [address, bucket, reason, name] = texts;
            let suppressed = Suppression {
                name: name.clone(),
                reason: reason.clone(),
                expires: Some(name.clone()),
            };
            Item {
                class,
                severity,
                differences,
                action,
                weakening: why.clone(),
                weakened: why.clone(),
                reason: Some(reason),
                suppressed: why.is_none().then_some(suppressed),
                blame: blame.map(|who| crate::report::Blame {
                    who,
                    when: name.clone(),
                    event: name.clone(),
                    source: None,
                    agent: None,
                }),
                error: error.map(|detail| Failure { summary: name.clone(), detail }),
                ..item(&address, &bucket)
            }
        })
}

#[test]
fn a_report_of_drift_keeps_what_is_pending_apart() {
    let both = Item {
        class: Class::Both,
        weakening: Some("a key of its own → SSE-S3".to_owned()),
        ..drifted("x.logs", "acme-logs", "alias/a")
    };
    let mut report = report(Command::Drift, vec![both, drifted("x.b", "acme-b", "alias/a")]);
    report.tally();
    let text = markdown(&report, LIMIT);
    parsed(&text);
    assert!(text.contains("⚠️ **1 pending change would weaken protection.**"), "{text}");
    assert!(text.contains("1 with changes pending"), "{text}");
    assert!(!text.contains("to update"), "{text}");
    let [drift, step] = ["### 🔀 2 changed outside", "### ⚠️ 1 pending change would weaken"]
        .map(|title| text.find(title).unwrap_or_else(|| panic!("{title} in\n{text}")));
    assert!(drift < step, "{text}");
    // A plan has the steps, and says so.
    report.command = Command::Plan;
    report.tally();
    let text = markdown(&report, LIMIT);
    assert!(
        text.contains("⚠️ **1 weakens protection.**") && text.contains("2 to update"),
        "{text}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_breaks_out(
        items in prop::collection::vec(any_item(), 0..12),
        texts in prop::collection::vec(any_text(), 0..4),
        directory in any_text(),
        limit in prop_oneof![Just(LIMIT), 0_usize..8_000],
    ) {
        let mut report = report(Command::Drift, items);
        report.directory = directory;
        report.sealform_version = texts.concat();
        report.started = texts.first().cloned();
        report.outputs = texts.iter().map(|it| output(it, json!(it), Json::Null)).collect();
        report.diagnostics = texts.iter().map(|it| warning(it, it)).collect();
        held(&report, limit);
    }
}
