//! Configurations and values in the JSON syntax.

use crate::harness::{Dir, resource};

const BUCKET: &str = r#"{
  "resource": {"aws_s3_bucket_server_side_encryption_configuration": {"x": {
    "bucket": "${var.name}",
    "rule": {"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms"}}
  }}},
  "variable": {"name": {"type": "string"}}
}"#;

#[test]
fn both_syntaxes_are_one_configuration() {
    let dir = Dir::with(&resource("y", "acme-${var.name}", "AES256", ""));
    dir.write("more.seal.hcl.json", BUCKET);
    dir.write("sealform.sealvars.json", r#"{"name": "acme-x"}"#);
    dir.run(&["apply", "--sandbox", "-auto-approve"])
        .status(0)
        .says("acme-acme-x")
        .says("1 updated, 1 adopted");
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0).says("No changes.");
}

#[test]
fn values_come_in_the_order_of_terraform() {
    let dir = Dir::empty();
    dir.write("main.seal.hcl.json", BUCKET);
    dir.run(&["validate"]).status(0);
    let name = |dir: &Dir, more: &[&str]| {
        let arguments = ["plan", "--sandbox", "-json"].iter().chain(more).copied();
        let plan = dir.run(&arguments.collect::<Vec<_>>()).json();
        plan["resources"][0]["bucket"].as_str().unwrap_or_default().to_owned()
    };
    dir.write("sealform.sealvars.hcl", "name = \"acme-1\"");
    assert_eq!(name(&dir, &[]), "acme-1");
    dir.write("sealform.sealvars.json", r#"{"name": "acme-2"}"#);
    assert_eq!(name(&dir, &[]), "acme-2");
    dir.write("b.auto.sealvars.hcl", "name = \"acme-3\"");
    dir.write("a.auto.sealvars.json", r#"{"name": "acme-0"}"#);
    assert_eq!(name(&dir, &[]), "acme-3");
    dir.write("c.auto.sealvars.json", r#"{"name": "acme-4"}"#);
    assert_eq!(name(&dir, &[]), "acme-4");
    dir.write("named.json", r#"{"name": "acme-5"}"#);
    assert_eq!(name(&dir, &["-var-file=named.json"]), "acme-5");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let dir = Dir::empty();
    dir.write(
        "main.seal.hcl.json",
        BUCKET.replace("var.name", "var.nam").replace("\"rule\"", "\"rul\""),
    );
    dir.run(&["validate"])
        .status(1)
        .complains("main.seal.hcl.json:3:18")
        .complains("Did you mean \"name\"?")
        .complains("Did you mean \"rule\"?");
    dir.write("main.seal.hcl.json", "{\n  \"locals\": {\n    \"a\": 1,\n  }\n}\n");
    dir.run(&["validate"]).status(1).complains("main.seal.hcl.json:3:11");
}

/// What stands in a text is longer there than it is, which was taken for brackets.
#[test]
fn a_type_may_have_escapes() {
    let dir = Dir::empty();
    let ty = "map(object({\\u0061 = \\u0073tring}))";
    let text = format!("{{\"variable\": {{\"y\": {{\"type\": \"{ty}\", \"default\": {{}}}}}}}}\n");
    dir.write("main.seal.hcl.json", text);
    dir.run(&["validate"]).status(0);
}

/// Terraform merges files named `*_override`; here such a name means nothing.
#[test]
fn overrides_are_plain_files() {
    let dir = Dir::empty();
    dir.write("main.seal.hcl.json", BUCKET);
    dir.write("main_override.seal.hcl.json", BUCKET);
    dir.run(&["validate"]).status(1).complains("Declared twice");
}
