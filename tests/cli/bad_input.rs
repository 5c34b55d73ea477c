//! Whatever is wrong gets a diagnostic with place, reason and mend; exit 1; no state.

use crate::harness::{Dir, resource};

/// Runs `plan` on the sandbox, demands exit 1 and no state, and gives what was said.
#[track_caller]
fn refused(dir: &Dir) -> String {
    let ran = dir.run(&["plan", "--sandbox"]).status(1);
    assert!(!dir.exists("state/sealform.state.json"));
    ran.stderr
}

#[track_caller]
fn refused_with(configuration: &str, texts: &[&str]) {
    let said = refused(&Dir::with(configuration));
    // Lines are wrapped to the width of the terminal.
    let flat = said.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ");
    for text in texts {
        assert!(flat.contains(text), "no {text:?} in\n{said}");
    }
}

fn with_rule(rule: &str) -> String {
    format!(
        "resource \"aws_s3_bucket_server_side_encryption_configuration\" \"x\" {{\n  \
         bucket = \"logs\"\n{rule}\n}}\n"
    )
}

#[test]
fn an_unknown_attribute() {
    refused_with(
        &resource("x", "logs", "AES256", "bucket_keys_enabled = true"),
        &["Unknown attribute", "main.seal.hcl:8:5", "Did you mean \"bucket_key_enabled\"?"],
    );
}

#[test]
fn an_unknown_block() {
    refused_with(&with_rule("rules { }"), &["Unknown block", "Did you mean \"rule\"?"]);
}

#[test]
fn a_missing_block() {
    refused_with(&with_rule(""), &["Missing block", "rule"]);
}

#[test]
fn two_rules() {
    let rule =
        "rule {\n apply_server_side_encryption_by_default {\n sse_algorithm = \"AES256\"\n }\n}\n";
    refused_with(&with_rule(&format!("{rule}{rule}")), &["exactly one block `rule`"]);
}

#[test]
fn a_wrong_type() {
    refused_with(
        &resource("x", "logs", "AES256", "bucket_key_enabled = \"maybe\""),
        &["Wrong type", "\"bucket_key_enabled\" is to be a bool"],
    );
}

#[test]
fn an_unknown_resource_type() {
    refused_with(
        "resource \"aws_s3_bucket_server_side_encryption_config\" \"x\" {}",
        &["Unknown resource type", "Did you mean"],
    );
}

#[test]
fn what_another_tool_manages() {
    refused_with(
        "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"acme-logs\"\n}\n",
        &["Unknown resource type", "a block `data \"aws_s3_bucket\" \"logs\"`"],
    );
    let block = resource("x", "logs", "AES256", "");
    assert!(block.contains("= \"logs\""), "{block}");
    refused_with(
        &block.replace("= \"logs\"", "= aws_s3_bucket.logs.id"),
        &[
            "There is no resource aws_s3_bucket.logs.",
            "write its name or its ARN out",
            "refer to it as `data.aws_s3_bucket.logs`",
        ],
    );
}

#[test]
fn two_resources_for_one_bucket() {
    refused_with(
        &(resource("x", "logs", "AES256", "") + &resource("y", "logs", "AES256", "")),
        &["Two resources for one bucket", "the bucket is declared here, too"],
    );
}

#[test]
fn a_missing_variable() {
    refused_with(
        "variable \"size\" {\n  description = \"How many\"\n}\n",
        &["Missing variable", "How many", "--var size=", "SEALFORM_VAR_size"],
    );
}

#[test]
fn an_undeclared_variable() {
    let dir = Dir::with("variable \"size\" { default = 1 }\n");
    dir.run(&["plan", "--sandbox", "-var", "sise=2"])
        .status(1)
        .complains("Undeclared variable")
        .complains("Did you mean \"size\"?");
    // A file of values may serve several configurations; the environment is others', too.
    dir.write("sealform.sealvars.hcl", "sise = 2\n");
    dir.run(&["plan", "--sandbox"]).status(0).complains("Undeclared variable");
}

#[test]
fn a_value_that_its_variable_refuses() {
    refused_with(
        "variable \"n\" {\n  default = 5\n  validation {\n    condition = var.n < 5\n    \
         error_message = \"Too many: ${var.n}.\"\n  }\n}\n",
        &["is refused: Too many: 5.", "this must hold"],
    );
}

#[test]
fn a_cycle() {
    refused_with(
        "locals {\n  a = local.b\n  b = local.c\n  c = local.a\n}\n",
        &["Cycle", "local.a → local.b → local.c → local.a"],
    );
}

#[test]
fn syntax_errors_in_several_files_are_all_told() {
    let dir = Dir::with("locals {\n  a = \"x\n}\n\nvariable \"v\" { type = strin }\n");
    dir.write("other.seal.hcl", "locals {\n  b = 1 +\n}\n\noutput \"o\" { value = local.c }\n");
    let said = refused(&dir);
    for text in ["Unclosed string", "Did you mean \"string\"?", "Invalid syntax", "local value"] {
        assert!(said.contains(text), "no {text:?} in\n{said}");
    }
}

#[test]
fn invalid_utf8() {
    let dir = Dir::empty();
    dir.write("bad.seal.hcl", b"locals {\n  a = \"\xff\"\n}\n");
    let said = refused(&dir);
    assert!(said.contains("Invalid UTF-8") && said.contains("bad.seal.hcl, line 2"), "{said}");
}

#[test]
fn nesting_of_50000() {
    for (open, close) in [("[", "]"), ("(", ")"), ("{a=", "}"), ("\"${", "}\""), ("!", "")] {
        let deep = format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
        let said = refused(&Dir::with(&format!("locals {{\n  a = {deep}\n}}\n")));
        assert!(said.contains("main.seal.hcl:2"), "{open}: {}", &said[..said.len().min(500)]);
        assert!(said.len() < 4000, "{open}: the excerpt is {} bytes long", said.len());
    }
    let blocks = format!("{}{}", "a {\n".repeat(50_000), "}\n".repeat(50_000));
    assert!(refused(&Dir::with(&blocks)).contains("nest"));
}

#[test]
fn a_directory_without_configuration() {
    let said = refused(&Dir::empty());
    assert!(said.contains("No configuration") && said.contains("sealform init"), "{said}");
    let dir = Dir::empty();
    dir.write("main.tf", "");
    assert!(refused(&dir).contains("copied over"));
    dir.run(&["-chdir=nowhere", "plan"]).status(1).complains("There is no directory nowhere");
}

#[test]
fn a_version_that_this_is_not() {
    refused_with(
        "sealform {\n  required_version = \">= 99\"\n}\n",
        &["Unsuitable version", ">= 99"],
    );
}

#[test]
fn a_key_without_kms() {
    refused_with(
        &with_rule(
            "rule {\n apply_server_side_encryption_by_default {\n sse_algorithm = \"AES256\"\n \
             kms_master_key_id = \"alias/x\"\n }\n}",
        ),
        &["Key without KMS"],
    );
}

#[test]
fn a_sensitive_value_is_never_shown() {
    let dir = Dir::with(
        "variable \"key\" {\n  sensitive = true\n  type = string\n}\n\
         resource \"aws_s3_bucket_server_side_encryption_configuration\" \"x\" {\n  bucket = \"logs\"\n\
         rule {\n apply_server_side_encryption_by_default {\n sse_algorithm = \"aws:kms\"\n \
         kms_master_key_id = var.key\n }\n }\n}\n\
         output \"open\" { value = var.key }\n",
    );
    dir.run(&["plan", "--sandbox", "-var=key=alias/secret-name"])
        .status(1)
        .complains("Sensitive output");
    let fixed = dir.read("main.seal.hcl").replace("value = var.key }", "value = 1 }");
    dir.write("main.seal.hcl", fixed);
    // What needs it to be carried out is not saved.
    dir.run(&["plan", "--sandbox", "-out=p.sealplan", "-var=key=alias/secret-name"])
        .status(1)
        .complains("a plan file holds none");
    assert!(!dir.exists("p.sealplan"));
    for arguments in [
        &["plan", "--sandbox", "-var=key=alias/secret-name"][..],
        &["plan", "--sandbox", "-json", "-var=key=alias/secret-name"],
        &["apply", "--sandbox", "-auto-approve", "-var=key=alias/secret-name"],
        // Nothing is to be done with it: the file does without.
        &["plan", "--sandbox", "-out=p.sealplan", "-var=key=alias/secret-name"],
        &["show", "p.sealplan"],
        &["show", "-json", "p.sealplan"],
        &["apply", "--sandbox", "p.sealplan"],
        &["show"],
        &["show", "-json"],
        &["state", "show", "aws_s3_bucket_server_side_encryption_configuration.x"],
        &["plan", "--sandbox", "-var=key=alias/secret-nome"],
        &["destroy", "--sandbox", "-auto-approve", "-var=key=alias/secret-name"],
    ] {
        let ran = dir.run(arguments).status(0);
        assert!(!(ran.stdout + &ran.stderr).contains("secret-n"), "{arguments:?}");
    }
}

#[test]
fn no_credentials() {
    let dir = Dir::with(&resource("x", "logs", "AES256", "")).env("AWS_REGION", "us-east-1");
    dir.run(&["plan"]).status(1).complains("credentials");
}

#[test]
fn no_region() {
    let dir = Dir::with(&resource("x", "logs", "AES256", ""))
        .env("AWS_ACCESS_KEY_ID", "a")
        .env("AWS_SECRET_ACCESS_KEY", "b");
    dir.run(&["plan"]).status(1).complains("Region");
}

#[test]
fn an_endpoint_that_nobody_answers() {
    let configuration = format!(
        "provider \"aws\" {{\n  region = \"us-east-1\"\n  max_retries = 0\n  endpoints {{\n    \
         s3 = \"http://127.0.0.1:1\"\n  }}\n}}\n{}",
        resource("x", "logs", "AES256", "")
    );
    let dir =
        Dir::with(&configuration).env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b");
    dir.run(&["plan"]).status(1).complains("127.0.0.1:1").complains("main.seal.hcl");
    dir.run(&["apply", "-auto-approve"]).status(1);
    assert!(!dir.exists("state/sealform.state.json"));
}

#[test]
fn a_state_that_is_none() {
    let dir = Dir::with(&resource("x", "logs", "AES256", ""));
    for (content, text) in [
        ("", "state"),
        ("{\"version\": 1, \"resou", "state"),
        ("{\"version\": 99, \"lineage\": \"x\", \"tool_version\": \"9\"}", "newer"),
        ("{\"version\": 4, \"terraform_version\": \"1.11.0\"}", "Terraform"),
        ("[1, 2]", "state"),
    ] {
        dir.write("state/sealform.state.json", content);
        dir.run(&["apply", "--sandbox", "-auto-approve"]).status(1).complains(text);
        assert_eq!(dir.read("state/sealform.state.json"), content, "it is left alone");
    }
}

#[test]
fn names_of_nothing_in_lifecycle_and_depends_on() {
    let block = resource("x", "logs", "AES256", "");
    let block = block.trim_end().trim_end_matches('}');
    refused_with(
        &format!("{block}  lifecycle {{\n    ignore_changes = [rule[0].bucket_key]\n  }}\n}}\n"),
        &["no attribute `rule.bucket_key`"],
    );
    refused_with(&format!("{block}  depends_on = [\"a.b\"]\n}}\n"), &["Invalid dependency"]);
}

#[test]
fn a_credential_that_no_header_can_hold() {
    let dir = Dir::with(&resource("x", "logs", "AES256", ""))
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "a\nb")
        .env("AWS_SECRET_ACCESS_KEY", "c");
    dir.run(&["plan"]).status(1).complains("A credential or a Region with a line break");
}
