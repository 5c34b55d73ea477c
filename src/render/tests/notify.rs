//! Messages to webhooks: within the limits of those who take them, whatever names contain.

use super::reports::{drifted, failed, hostile, item, pending, report, warning};
use crate::render::{Message, notification};
use crate::report::{
    Command, Item, Level, Occasion, Problem, Report, Severity, Shape, Share, Status, Suppression,
};
use proptest::prelude::*;
use serde_json::Value as Json;

fn message(report: &Report, occasion: Occasion) -> Message<'_> {
    Message {
        name: "ops",
        occasion,
        directory: "/srv/buckets",
        workspace: "prod",
        least: Severity::Low,
        report,
    }
}

fn drawn(shape: Shape, message: &Message<'_>) -> Json {
    serde_json::from_str(&notification(shape, message)).unwrap()
}

/// Every text under this name, wherever it is.
fn texts<'j>(json: &'j Json, name: &str, found: &mut Vec<&'j str>) {
    match json {
        Json::Object(fields) => {
            for (key, value) in fields {
                if key == name {
                    found.extend(value.as_str());
                }
                texts(value, name, found);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| texts(item, name, found)),
        _ => {}
    }
}

fn all_texts(json: &Json) -> String {
    let mut found = Vec::new();
    texts(json, "text", &mut found);
    found.join("\n")
}

/// Holds a message to what Slack takes; gives the number of findings in it.
#[track_caller]
fn slack_takes(json: &Json) -> usize {
    let blocks = json["blocks"].as_array().unwrap();
    assert!((2..=50).contains(&blocks.len()), "{}", blocks.len());
    assert!(json["text"].as_str().unwrap().len() < 1_000);
    assert!(json.to_string().len() < 40_000);
    for block in blocks {
        let (text, most) = match block["type"].as_str().unwrap() {
            "header" => (&block["text"], 150),
            "section" => (&block["text"], 3_000),
            "context" => (&block["elements"][0], 3_000),
            other => panic!("{other}"),
        };
        let length = text["text"].as_str().unwrap().encode_utf16().count();
        assert!((1..=most).contains(&length), "{text}");
        if text["type"] == "mrkdwn" {
            assert_eq!(text["verbatim"], true);
            harmless_mrkdwn(text["text"].as_str().unwrap());
        }
    }
    // The header, what follows it, and what is said of the rest.
    let is_context = |it: &&Json| it["type"] == "context";
    blocks.len() - 2 - blocks.iter().filter(is_context).count()
}

/// Holds a text to have nothing from outside but in code, where Slack reads no markup.
#[track_caller]
fn harmless_mrkdwn(text: &str) {
    let entities = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
    assert!(!entities.contains(['&', '<', '>']), "{text}");
    let mut outside = String::new();
    for (nth, part) in text.split("```").enumerate() {
        if nth % 2 == 1 {
            assert!(!part.contains('`'), "{text}");
            continue;
        }
        for (nth, part) in part.split('`').enumerate() {
            if nth % 2 == 0 {
                outside.push_str(part);
            } else {
                assert!(!part.is_empty() && !part.contains('\n'), "{text}");
            }
        }
    }
    assert_eq!(text.matches('`').count() % 2, 0, "{text}");
    let known = |c: char| c.is_ascii_alphanumeric() || " \n:_*.,()".contains(c);
    assert!(outside.chars().all(known), "{outside:?} in {text}");
}

/// Holds a message to what Teams takes; gives the number of findings in it.
#[track_caller]
fn teams_takes(json: &Json) -> usize {
    /// The kinds of elements, of which none reads markup.
    fn kinds(json: &Json) {
        let kind = json["type"].as_str().unwrap();
        let within = match kind {
            "Container" => "items",
            "RichTextBlock" => "inlines",
            "TextRun" => return assert!(!json["text"].as_str().unwrap().is_empty(), "{json}"),
            other => panic!("{other}"),
        };
        json[within].as_array().unwrap().iter().for_each(kinds);
    }
    assert!(json.to_string().len() < 28_000, "{}", json.to_string().len());
    let card = &json["attachments"][0]["content"];
    assert!(card["msteams"].get("entities").is_none(), "nobody is called upon");
    let body = card["body"].as_array().unwrap();
    body.iter().for_each(kinds);
    body.iter().filter(|it| it["type"] == "Container").count()
}

#[track_caller]
fn valid(json: &Json) {
    let envelope: Json = serde_json::from_str(include_str!("../notify/schema.json")).unwrap();
    let inner: Json = serde_json::from_str(include_str!("../../report/schema.json")).unwrap();
    for (schema, document) in [(&envelope, json), (&inner, &json["report"])] {
        let schema = jsonschema::validator_for(schema).unwrap();
        let faults: Vec<String> = schema.iter_errors(document).map(|it| it.to_string()).collect();
        assert_eq!(faults, [""; 0], "{document:#}");
    }
}

fn sample() -> Report {
    let mut known = drifted("x.known", "acme-known", "alias/a");
    known.suppressed = Some(Suppression {
        name: "migration".to_owned(),
        reason: "Moves.".to_owned(),
        expires: None,
    });
    let mut low = drifted("x.low", "acme-low", "alias/a");
    (low.severity, low.weakened, low.blame) = (Some(Severity::Low), None, None);
    let items = vec![
        item("x.same", "acme-same"),
        low,
        pending("x.pending", "acme-pending", "alias/b"),
        Item {
            account: Some("111122223333".to_owned()),
            region: Some("eu-west-1".to_owned()),
            ..drifted("x.logs[\"eu\"]", "acme-logs", "alias/a")
        },
        known,
    ];
    let mut report = report(Command::Drift, items);
    report.tally();
    report.diagnostics = vec![warning("Unused suppression", "Remove it.")];
    report
}

#[test]
fn a_message_tells_the_verdict_the_numbers_and_the_worst_first() {
    let report = sample();
    let mut told = message(&report, Occasion::Drift);
    told.least = Severity::Low;
    for shape in Shape::ALL {
        let json = drawn(shape, &told);
        insta::assert_snapshot!(format!("notify_{}", shape.word()), format!("{json:#}"));
    }
    valid(&drawn(Shape::Json, &told));
    assert_eq!(slack_takes(&drawn(Shape::Slack, &told)), 3, "what is known is only counted");
    assert_eq!(teams_takes(&drawn(Shape::Teams, &told)), 3);
}

#[test]
fn each_occasion_has_its_own_words() {
    let mut report = sample();
    report.share = Some(Share { part: 2, of: 8 });
    let told =
        |report: &Report, occasion| all_texts(&drawn(Shape::Teams, &message(report, occasion)));
    for (occasion, words) in [
        (Occasion::Drift, "Drift: 2 buckets changed outside"),
        (Occasion::Pending, "Pending: 1 bucket to be changed"),
        (Occasion::Error, "Error: not everything could be checked"),
        (Occasion::Recovered, "Recovered: nothing differs any more"),
        (Occasion::Clean, "Clean: nothing differs"),
    ] {
        assert!(told(&report, occasion).contains(words), "{words}");
    }
    assert!(told(&report, Occasion::Drift).contains("share \n2 of 8"));
    report.command = Command::Apply;
    for item in &mut report.resources {
        item.status = Some(Status::Done);
    }
    report.resources[1].status = Some(Status::Skipped);
    report.tally();
    let text = told(&report, Occasion::Error);
    assert!(text.contains("Apply failed") && text.contains("1 not begun."), "{text}");
    assert!(told(&report, Occasion::Applied).contains("3 updated, "), "{text}");
}

#[test]
fn what_apply_took_back_is_told_as_restored() {
    let mut report = report(Command::Apply, vec![drifted("x.logs", "acme-logs", "alias/a")]);
    report.resources[0].status = Some(Status::Done);
    report.tally();
    let was = "Restored: somebody else had made it protect new objects less";
    for shape in [Shape::Slack, Shape::Teams] {
        let text = all_texts(&drawn(shape, &message(&report, Occasion::Applied)));
        assert!(text.contains("restored") && text.contains(was), "{text}");
        assert!(!text.contains("New objects are protected less"), "{text}");
    }
    let text = crate::render::github::annotations(&report);
    assert!(text.starts_with("::notice ") && text.contains("title=Restored::"), "{text}");
    let text = crate::render::markdown::markdown(&report, 60_000);
    assert!(text.contains("restored, was high: customer"), "{text}");
    assert!(text.contains("! protected less") && !text.contains("protects less"), "{text}");
    // What the files leave open stays as somebody else made it.
    for difference in &mut report.resources[0].differences {
        difference.desired.clone_from(&difference.live);
    }
    let text = all_texts(&drawn(Shape::Slack, &message(&report, Occasion::Applied)));
    assert!(text.contains("New objects are protected less"), "{text}");
}

#[test]
fn a_weakening_is_said_to_be_what_apply_does_where_no_step_is_in_sight() {
    let weakening = Item {
        weakening: Some("customer managed key → SSE-S3".to_owned()),
        ..pending("x.logs", "acme-logs", "alias/a")
    };
    let mut report = report(Command::Drift, vec![weakening]);
    report.tally();
    let slack =
        |report: &Report| all_texts(&drawn(Shape::Slack, &message(report, Occasion::Pending)));
    let would = "What apply would do protects new objects less: customer managed key → SSE-S3.";
    assert!(slack(&report).contains(would));
    assert!(crate::render::github::annotations(&report).contains(would));
    report.command = Command::Apply;
    report.resources[0].status = Some(Status::Done);
    report.tally();
    assert!(slack(&report).contains("What apply did protects new objects less"));
}

#[test]
fn what_is_not_told_for_its_severity_is_said_to_be_so() {
    let report = sample();
    let told = Message { least: Severity::High, ..message(&report, Occasion::Drift) };
    for shape in [Shape::Slack, Shape::Teams] {
        assert!(all_texts(&drawn(shape, &told)).contains("Drift below high is not told."));
    }
    assert_eq!(drawn(Shape::Json, &told)["min_severity"], "high");
    valid(&drawn(Shape::Json, &told));
}

/// How many findings a message says that it leaves out.
fn left_out(json: &Json) -> usize {
    let text = all_texts(json);
    let Some(rest) =
        text.lines().find(|line| line.starts_with("and ") && line.contains(" finding"))
    else {
        return 0;
    };
    let count = rest.split(' ').nth(1).unwrap().replace(',', "");
    count.parse().unwrap()
}

#[test]
fn ten_thousand_findings_with_hostile_names_fit_and_are_counted() {
    for count in [0, 1, 19, 20, 21, 100, 10_000] {
        let mut report = hostile(count);
        report.command = Command::Drift;
        report.tally();
        let told = message(&report, Occasion::Error);
        let slack = drawn(Shape::Slack, &told);
        assert_eq!(slack_takes(&slack) + left_out(&slack), count, "{count}");
        let teams = drawn(Shape::Teams, &told);
        assert_eq!(teams_takes(&teams) + left_out(&teams), count, "{count}");
        let json = drawn(Shape::Json, &told);
        valid(&json);
        let sent = json["report"]["resources"].as_array().unwrap().len()
            + json["report"]["diagnostics"].as_array().unwrap().len();
        let rest = usize::try_from(json["left_out"].as_u64().unwrap()).unwrap();
        assert_eq!(sent + rest, count + report.diagnostics.len());
        assert!(json.to_string().len() < 300_000);
    }
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[`<>&@*_~|:#!\\[\\]() \n\\x00-\\x1f]{0,40}",
        Just("<!channel> <!here> <@U1> <#C1> @here @channel <at>all</at> @team".to_owned()),
        Just("```\n<!everyone>".to_owned()),
        Just("`".repeat(5_000)),
        Just("&".repeat(5_000)),
        Just("\u{1f980}".repeat(5_000)),
        Just("\"\\".repeat(5_000)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_name_breaks_out_or_bursts_a_message(
        names in prop::collection::vec((any_name(), any_name(), any_name()), 0..30),
        directory in any_name(),
        level in prop::sample::select(vec![Level::Error, Level::Warning]),
    ) {
        let items = names.iter().enumerate().map(|(n, (address, bucket, text))| match n % 3 {
            0 => drifted(address, bucket, text),
            1 => failed(address, bucket, text),
            _ => Item { reason: Some(text.clone()), ..pending(address, bucket, text) },
        });
        let mut report = report(Command::Drift, items.collect());
        let problem = |(_, summary, detail): &(String, String, String)| Problem {
            severity: level,
            summary: summary.clone(),
            detail: detail.clone(),
            address: None,
            place: None,
        };
        report.diagnostics = names.iter().take(3).map(problem).collect();
        report.tally();
        let told = Message { directory: &directory, ..message(&report, Occasion::Error) };
        slack_takes(&drawn(Shape::Slack, &told));
        teams_takes(&drawn(Shape::Teams, &told));
        valid(&drawn(Shape::Json, &told));
    }
}
