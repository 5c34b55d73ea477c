//! SARIF: held to a schema of our own (`tests/sarif/schema.json`), and what code scanning does with it.

use super::fleets::{
    HOSTILE, any_report, drifted, fleet, hostile, item, pending, place, report, sampler,
};
use crate::render::sarif;
use crate::report::{Class, Item, Report, Severity, Share, Status};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::LazyLock;

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema: Json =
        serde_json::from_str(include_str!("../../../tests/sarif/schema.json")).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
});

/// The document, after it has been held to the schema.
#[track_caller]
fn valid(report: &Report) -> Json {
    let document = sarif(report);
    let wrong: Vec<String> = SCHEMA
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .take(5)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    document
}

fn results(document: &Json) -> &[Json] {
    document["runs"][0]["results"].as_array().unwrap()
}

fn rule_ids(document: &Json) -> Vec<&str> {
    results(document).iter().map(|result| result["ruleId"].as_str().unwrap()).collect()
}

#[test]
fn the_schema_can_fail() {
    let mut document = sarif(&sampler());
    document["runs"][0]["results"][0]["level"] = json!("critical");
    assert!(!SCHEMA.is_valid(&document));
    let mut document = sarif(&sampler());
    document["runs"][0]["results"][0]["message"]["text"] = json!("{0}");
    assert!(!SCHEMA.is_valid(&document));
}

#[test]
fn every_finding_is_a_result_of_its_rule() {
    let document = valid(&sampler());
    assert_eq!(
        rule_ids(&document),
        [
            "drift-weakening",
            "drift",
            "drift-strengthening",
            "pending-change",
            "weakening-change",
            "drift-weakening",
            "pending-change",
            "unreadable-bucket",
            "drift-weakening",
            // The error of `acme-denied` is told once.
            "configuration-warning",
            "configuration-error",
        ]
    );
    let run = &document["runs"][0];
    for result in results(&document) {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], result["ruleId"]);
        assert_eq!(rule["defaultConfiguration"]["level"], result["level"]);
    }
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(run["invocations"][0]["startTimeUtc"], "2026-11-21T06:00:00Z");
    assert_eq!(run["invocations"][0]["endTimeUtc"], "2026-11-21T06:00:01.25Z");
}

#[test]
fn a_message_tells_what_differs_and_who_did_it() {
    let document = valid(&sampler());
    assert_eq!(
        results(&document)[0]["message"]["text"],
        "Bucket acme-audit was weakened outside of Sealform.\n\
         New objects are protected less: customer managed key → S3's own key.\n\
         Changed by arn:aws:iam::111122223333:user/eve at 2026-11-20T23:11:05Z \
         (PutBucketEncryption from 203.0.113.7).\n\
         rule.apply_server_side_encryption_by_default.sse_algorithm: recorded \"aws:kms\", live \
         \"AES256\", declared \"aws:kms\" (drift)"
    );
}

#[test]
fn only_suppressed_drift_is_suppressed() {
    let document = valid(&sampler());
    let suppressed: Vec<&Json> =
        results(&document).iter().filter(|it| it.get("suppressions").is_some()).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["properties"]["bucket"], "acme-known");
    assert_eq!(
        suppressed[0]["suppressions"][0]["justification"],
        "migration: The data team moves these buckets (until 2026-12-31)"
    );
}

#[test]
fn files_are_named_from_the_root_of_the_repository() {
    let uri = |directory: &str, file: &str| {
        let mut found = report(vec![Item {
            place: Some(place(file, 7)),
            ..drifted("a", "acme-a", Severity::High)
        }]);
        found.directory = directory.to_owned();
        let document = valid(&found);
        let location = &results(&document)[0]["locations"][0]["physicalLocation"];
        assert_eq!(location["region"], json!({ "startLine": 7, "endLine": 17 }));
        let artifact = &location["artifactLocation"];
        let base = artifact.get("uriBaseId").is_some();
        (artifact["uri"].as_str().unwrap().to_owned(), base)
    };
    for (directory, file, expected, has_base) in [
        (".", "main.seal.hcl", "main.seal.hcl", true),
        ("", "main.seal.hcl", "main.seal.hcl", true),
        ("infra/prod", "main.seal.hcl", "infra/prod/main.seal.hcl", true),
        ("./infra//prod/", "./a/../main.seal.hcl", "infra/prod/main.seal.hcl", true),
        ("infra/prod", "../modules/x.seal.hcl", "infra/modules/x.seal.hcl", true),
        ("infra", "../../x.seal.hcl", "../x.seal.hcl", false),
        ("/srv/infra", "main.seal.hcl", "file:///srv/infra/main.seal.hcl", false),
        ("infra", "/srv/../main.seal.hcl", "file:///main.seal.hcl", false),
        ("a b:c", "ü#?.seal.hcl", "a%20b%3Ac/%C3%BC%23%3F.seal.hcl", true),
    ] {
        assert_eq!(uri(directory, file), (expected.to_owned(), has_base), "{directory} {file}");
    }
}

#[test]
fn what_has_no_block_stands_at_the_first_file_with_its_address() {
    let orphan = Item { place: None, ..drifted("gone", "acme-gone", Severity::High) };
    let document = valid(&report(vec![
        orphan.clone(),
        Item { place: Some(place("z.seal.hcl", 9)), ..item("z", "z") },
        Item { place: Some(place("a.seal.hcl", 9)), ..item("a", "a") },
    ]));
    let location = &results(&document)[0]["locations"][0];
    assert_eq!(location["physicalLocation"]["artifactLocation"]["uri"], "infra/prod/a.seal.hcl");
    assert_eq!(location["physicalLocation"]["region"]["startLine"], 1);
    let name = "aws_s3_bucket_server_side_encryption_configuration.gone";
    assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], name);
    // What names no file stands nowhere.
    let nowhere = Item { place: Some(place("../..", 1)), ..orphan.clone() };
    let document = valid(&report(vec![nowhere]));
    assert!(results(&document)[0]["locations"][0].get("physicalLocation").is_none());
    // With no file at all, as from the state alone, there is the address only.
    let document = valid(&report(vec![orphan]));
    assert!(results(&document)[0]["locations"][0].get("physicalLocation").is_none());
}

#[test]
fn fingerprints_stay_when_lines_and_values_change_and_only_then() {
    let print = |item: Item| {
        let document = sarif(&report(vec![item]));
        results(&document)[0]["partialFingerprints"].clone()
    };
    let base = drifted("a", "acme-a", Severity::High);
    let same = print(base.clone());
    let mut moved = base.clone();
    moved.place = Some(place("main.seal.hcl", 400));
    moved.differences[0].live = Some(json!("aws:fsx"));
    moved.account = None;
    assert_eq!(print(moved), same);
    let mut others = vec![
        drifted("b", "acme-a", Severity::High),
        drifted("a", "acme-b", Severity::High),
        drifted("a", "acme-a", Severity::Low),
    ];
    let mut other_path = base.clone();
    other_path.differences[0].path = "rule.bucket_key_enabled".to_owned();
    others.push(other_path);
    let prints: BTreeSet<String> = others.into_iter().map(|item| print(item).to_string()).collect();
    assert_eq!(prints.len(), 4);
    assert!(!prints.contains(&same.to_string()));
    // The same thing twice is told apart by its number.
    let document = sarif(&report(vec![base.clone(), base]));
    assert_ne!(
        results(&document)[0]["partialFingerprints"],
        results(&document)[1]["partialFingerprints"]
    );
}

#[test]
fn shares_and_directories_are_categories_of_their_own() {
    let mut found = sampler();
    assert_eq!(valid(&found)["runs"][0]["automationDetails"]["id"], "sealform-drift/infra/prod/");
    found.directory = ".".to_owned();
    found.share = Some(Share { part: 2, of: 4 });
    assert_eq!(valid(&found)["runs"][0]["automationDetails"]["id"], "sealform-drift/share-2-of-4/");
}

#[test]
fn what_apply_has_done_is_no_finding_and_what_it_has_not_is() {
    let with = |status| Item { status: Some(status), ..pending("a", "acme-a") };
    let failed = Item { status: Some(Status::Failed), error: None, ..pending("a", "acme-a") };
    let document = valid(&report(vec![with(Status::Done), with(Status::Skipped), failed]));
    assert_eq!(rule_ids(&document), ["pending-change", "failed-step", "pending-change"]);
}

#[test]
fn a_step_that_takes_back_more_protection_is_a_weakening_change() {
    let strengthened =
        Item { weakening: Some("KMS → S3".to_owned()), ..drifted("a", "acme-a", Severity::Low) };
    let document = valid(&report(vec![strengthened]));
    assert_eq!(rule_ids(&document), ["drift-strengthening", "weakening-change"]);
}

#[test]
fn hostile_names_neither_link_nor_break_the_document() {
    for name in HOSTILE {
        let document = valid(&hostile(name));
        for result in results(&document) {
            let text = result["message"]["text"].as_str().unwrap();
            assert!(!text.contains("]("), "{text}");
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        }
    }
}

/// A long value is cut, and says so.
#[test]
fn long_values_are_cut() {
    let mut long = drifted("a", "acme-a", Severity::High);
    long.differences[0].live = Some(json!("x".repeat(5000)));
    let document = valid(&report(vec![long]));
    let text = results(&document)[0]["message"]["text"].as_str().unwrap();
    assert!(text.chars().count() < 2_100 && text.contains("characters in all)"), "{text}");
}

#[test]
fn of_too_many_results_the_most_serious_are_kept() {
    let mut items: Vec<Item> =
        (0..30_000).map(|n| pending(&format!("p[{n}]"), &format!("acme-p{n}"))).collect();
    items.extend((0..10).map(|n| drifted(&format!("d[{n}]"), "acme-d", Severity::High)));
    let document = sarif(&report(items));
    let kept = rule_ids(&document);
    assert_eq!(kept.len(), 25_000);
    assert_eq!(kept.iter().filter(|id| **id == "drift-weakening").count(), 10);
    let notice = &document["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    let text = notice["message"]["text"].as_str().unwrap();
    assert!(text.starts_with("5010 more findings are left out"), "{text}");
    // What is uploaded is compressed, and may have ten megabytes.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(document.to_string().as_bytes()).unwrap();
    let size = packed.finish().unwrap().len();
    assert!(size < 10_000_000, "{size}");
}

#[test]
fn a_fleet_is_valid() {
    let document = valid(&fleet(1_000));
    assert_eq!(results(&document).len(), 10 * 10);
    let clean = valid(&report(vec![item("a", "a")]));
    assert!(results(&clean).is_empty());
    assert!(clean["runs"][0]["invocations"][0].get("toolExecutionNotifications").is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_report_is_valid(report in any_report()) {
        let document = valid(&report);
        let drift = report.resources.iter().filter(|item| {
            matches!(item.class, Class::Drift | Class::Both) && item.status != Some(Status::Done)
        });
        let found = rule_ids(&document).into_iter().filter(|id| id.starts_with("drift")).count();
        prop_assert_eq!(found, drift.count());
    }
}
