//! What protects new objects less, what a write would lose, and what a removal means.

use crate::harness::{Dir, resource};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

/// A bucket with aws:kms, applied; and then declared with AES256.
fn weakened(more: &str) -> Dir {
    let dir = Dir::with(&resource("logs", "acme-logs", "aws:kms", ""));
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0);
    let block = resource("logs", "acme-logs", "AES256", "");
    let end = block.rfind('}').unwrap();
    dir.write("main.seal.hcl", format!("{}{more}\n}}\n", &block[..end]));
    dir
}

#[test]
fn what_weakens_is_not_approved_along_with_the_rest() {
    let dir = weakened("");
    dir.run(&["plan", "--sandbox"]).status(0).says("weakens: AWS managed key → SSE-S3");
    let refused = dir.run(&["apply", "--sandbox", "-auto-approve"]).status(1);
    let refused = refused.complains("Weakening not allowed").complains("--allow-weakening");
    let refused = refused.complains("of 1 bucket").complains(&format!("{TYPE}.logs"));
    refused.complains("allow_weakening = true");
    dir.run(&["apply", "--sandbox", "-auto-approve", "-json"]).status(1).says("Weakening not");
    dir.run(&["apply", "--sandbox", "-auto-approve", "--allow-weakening"]).status(0);
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
}

#[test]
fn a_resource_may_allow_it() {
    let dir = weakened("lifecycle {\n  allow_weakening = true\n}");
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0).says("1 updated");
}

#[test]
fn a_saved_plan_needs_the_word_too() {
    let dir = weakened("");
    dir.run(&["plan", "--sandbox", "-out=p.sealplan"]).status(0);
    dir.run(&["apply", "--sandbox", "p.sealplan"]).status(1).complains("Weakening not allowed");
    dir.run(&["apply", "--sandbox", "--allow-weakening", "p.sealplan"]).status(0);
    // The file knows what the resource allows.
    let dir = weakened("lifecycle {\n  allow_weakening = true\n}");
    dir.run(&["plan", "--sandbox", "-out=p.sealplan"]).status(0);
    dir.run(&["apply", "--sandbox", "p.sealplan"]).status(0);
}

#[test]
fn what_leaves_the_configuration_needs_the_word_and_destroy_is_one() {
    let dir = weakened("");
    dir.write("main.seal.hcl", "");
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(1).complains("Weakening not allowed");
    let dir = weakened("");
    dir.run(&["destroy", "--sandbox", "-auto-approve"]).status(0).says("1 reset");
    let dir = weakened("");
    dir.run(&["apply", "-destroy", "--sandbox", "-auto-approve"]).status(0).says("1 reset");
    // Saved, it still is one.
    let dir = weakened("");
    dir.run(&["plan", "-destroy", "--sandbox", "-out=p.sealplan"]).status(0);
    dir.run(&["apply", "--sandbox", "p.sealplan"]).status(0).says("1 reset");
}

/// The block that allows it has left the bucket, and is still there to speak for it.
#[test]
fn what_a_resource_allows_holds_for_the_bucket_that_it_leaves() {
    for (allow, status) in [("", 1), ("lifecycle {\n  allow_weakening = true\n}", 0)] {
        let dir = weakened("");
        let block = resource("logs", "acme-other", "aws:kms", "");
        let end = block.rfind('}').unwrap();
        dir.write("main.seal.hcl", format!("{}{allow}\n}}\n", &block[..end]));
        dir.run(&["apply", "--sandbox", "-auto-approve"]).status(status);
    }
}

#[test]
fn what_a_reset_leaves_is_told() {
    let dir = weakened("");
    dir.run(&["plan", "-destroy", "--sandbox"])
        .status(0)
        .says("back to SSE-S3 (DeleteBucketEncryption)")
        .says("whether SSE-C stays blocked is for S3 to say");
}

#[test]
fn on_destroy_says_what_becomes_of_the_bucket() {
    for (what, action) in [("forget", "1 to forget"), ("reset", "1 to reset")] {
        let block = resource("logs", "acme-logs", "aws:kms", "");
        let end = block.rfind('}').unwrap();
        let lifecycle = format!("lifecycle {{\n  on_destroy = {what:?}\n}}");
        let dir = Dir::with(&format!("{}{lifecycle}\n}}\n", &block[..end]));
        dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0);
        dir.run(&["plan", "-destroy", "--sandbox"]).status(0).says(action);
        dir.write("main.seal.hcl", "");
        dir.run(&["plan", "--sandbox"]).status(0).says(action);
    }
    for (lifecycle, complaint) in [
        ("on_destroy = \"keep\"", "Unsupported value"),
        ("on_destroy = \"forget\"\n  prevent_destroy = true", "Contradicting settings"),
    ] {
        let block = resource("logs", "acme-logs", "aws:kms", "");
        let end = block.rfind('}').unwrap();
        let dir = Dir::with(&format!("{}lifecycle {{\n  {lifecycle}\n}}\n}}\n", &block[..end]));
        dir.run(&["validate"]).status(1).complains(complaint);
    }
}

#[test]
fn timeouts_are_terraforms() {
    let with = |timeouts: &str| {
        let block = resource("logs", "acme-logs", "aws:kms", "");
        let end = block.rfind('}').unwrap();
        Dir::with(&format!("{}timeouts {{\n  {timeouts}\n}}\n}}\n", &block[..end]))
    };
    with("create = \"30s\"\n  update = \"2m\"\n  delete = \"1h30m\"").run(&["validate"]).status(0);
    with("update = \"soon\"").run(&["validate"]).status(1).complains("Invalid duration");
    with("read = \"2m\"").run(&["validate"]).status(1).complains("Unknown attribute");
}

#[test]
fn a_rule_needs_its_default() {
    let without = format!(
        "resource \"{TYPE}\" \"x\" {{\n  bucket = \"logs\"\n  rule {{\n    bucket_key_enabled = \
         true\n  }}\n}}\n"
    );
    let twice = resource("x", "logs", "AES256", "").replace("rule {", "rule {}\n  rule {");
    Dir::with(&without)
        .run(&["validate"])
        .status(1)
        .complains("Missing block")
        .complains("back to SSE-S3 unsaid");
    Dir::with(&twice).run(&["validate"]).status(1);
}

/// A thousand instances of a block are one warning.
#[test]
fn what_is_only_doubted_is_told_once_for_a_block() {
    let dir = Dir::with(&format!(
        "resource \"{TYPE}\" \"x\" {{\n  count = 1000\n  bucket = \"bucket-${{count.index}}\"\n  \
         rule {{\n    apply_server_side_encryption_by_default {{\n      sse_algorithm = \
         \"aws:kms\"\n      kms_master_key_id = \"alias/team\"\n    }}\n  }}\n}}\n"
    ));
    let ran = dir.run(&["validate", "-json"]).status(0);
    assert_eq!(ran.json()["warning_count"], 1, "{}", ran.stdout);
    dir.run(&["validate"]).complains("999 further instances are like that");
}

/// What one bucket declares, of all that could be declared.
struct Combination {
    directory: bool,
    algorithm: &'static str,
    key: Option<&'static str>,
    bucket_key: Option<bool>,
    blocked: Option<&'static [&'static str]>,
}

const ID: &str = "6f1c1a52-2c3e-4d0b-9a57-0a4f1d9b7e21";
const ARN: &str = "arn:aws:kms:us-east-1:123456789012:key/6f1c1a52-2c3e-4d0b-9a57-0a4f1d9b7e21";
const KEYS: [Option<&str>; 8] = [
    None,
    Some(""),
    Some(ID),
    Some(ARN),
    Some("alias/team"),
    Some("arn:aws:kms:us-east-1:123456789012:alias/team"),
    Some("alias/aws/s3"),
    Some("no-key"),
];
const BLOCKED: [Option<&[&str]>; 5] =
    [None, Some(&[]), Some(&["NONE"]), Some(&["SSE-C"]), Some(&["NONE", "SSE-C"])];

impl Combination {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for directory in [false, true] {
            for algorithm in ["AES256", "aws:kms", "aws:kms:dsse", "aws:fsx", "aws:backup"] {
                for key in KEYS {
                    for bucket_key in [None, Some(true), Some(false)] {
                        for blocked in BLOCKED {
                            all.push(Self { directory, algorithm, key, bucket_key, blocked });
                        }
                    }
                }
            }
        }
        all
    }

    /// Whether S3 takes it, after its reference.
    fn is_accepted(&self) -> bool {
        let key = self.key.filter(|key| !key.is_empty());
        let algorithm = match self.algorithm {
            "AES256" => key.is_none(),
            "aws:kms" => key != Some("no-key"),
            "aws:kms:dsse" => key != Some("no-key") && !self.directory,
            _ => false,
        };
        let contradiction = self.blocked.is_some_and(|blocked| blocked.len() > 1);
        let own_key = key == Some(ID) || key == Some(ARN);
        let fits_directory = self.blocked.is_none()
            && self.bucket_key != Some(false)
            && (self.algorithm != "aws:kms" || own_key);
        algorithm && !contradiction && (!self.directory || fits_directory)
    }

    fn block(&self, n: usize) -> String {
        let Self { directory, algorithm, key, bucket_key, blocked } = self;
        let bucket =
            if *directory { format!("c{n}--use1-az4--x-s3") } else { format!("combination-{n}") };
        let mut text = format!(
            "resource \"{TYPE}\" \"c{n}\" {{\n  bucket = {bucket:?}\n  rule {{\n    \
             apply_server_side_encryption_by_default {{\n      sse_algorithm = {algorithm:?}\n"
        );
        if let Some(key) = key {
            writeln!(text, "      kms_master_key_id = {key:?}").unwrap();
        }
        text += "    }\n";
        if let Some(flag) = bucket_key {
            writeln!(text, "    bucket_key_enabled = {flag}").unwrap();
        }
        if let Some(types) = blocked {
            writeln!(text, "    blocked_encryption_types = {types:?}").unwrap();
        }
        text + "  }\n}\n"
    }
}

/// What S3 takes is applied, and the plan after it is empty; what it refuses, `validate` refuses
/// first.
#[test]
#[expect(clippy::print_stdout, reason = "the count is what the test is for")]
fn every_combination_is_clean_or_refused_first() {
    let all = Combination::all();
    let configuration = |accepted: bool| -> (usize, String) {
        let chosen = all.iter().enumerate().filter(|(_, it)| it.is_accepted() == accepted);
        let blocks: Vec<String> = chosen.map(|(n, it)| it.block(n)).collect();
        (blocks.len(), blocks.concat())
    };
    let (accepted, text) = configuration(true);
    let directories = all.iter().filter(|it| it.is_accepted() && it.directory).count();
    let dir = Dir::with(&text);
    dir.run(&["apply", "--sandbox", "-auto-approve", "--allow-weakening"]).status(0);
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"])
        .status(0)
        .says(&format!("{accepted} buckets"));

    let (refused, text) = configuration(false);
    let found = Dir::with(&text).run(&["validate", "-json"]).status(1).json();
    let blamed: BTreeSet<&str> = found["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["severity"] == "error")
        .filter_map(|it| it["address"].as_str())
        .collect();
    assert_eq!(blamed.len(), refused, "not all are refused by validate");
    println!(
        "{} combinations: {accepted} accepted, {directories} of them on directory buckets; \
         {refused} refused by validate",
        all.len()
    );
    assert_eq!((all.len(), accepted, directories), (1200, 200, 8));
}
