//! What a run sees of those before it, of values and of modules.

use super::{CONFIGURATION, comes_to, with};
use crate::harness::Dir;

#[test]
fn runs_see_what_earlier_runs_did_and_gave() {
    comes_to(
        r#"
        variables { name = "first" }
        run "first" {}
        run "renamed" {
          command = plan
          variables { name = "${substr(run.first.id, 0, 5)}2" }
          assert {
            condition     = output.id == "first2-logs" && run.first.id == "first-logs"
            error_message = "It is ${output.id} after ${run.first.id}."
          }
        }
        run "back" {
          command = plan
          assert {
            condition     = output.id == run.first.id && var.name == "first"
            error_message = "It is ${output.id}."
          }
        }
        "#,
        &[("first", "pass"), ("renamed", "pass"), ("back", "pass")],
    );
}

#[test]
fn a_reference_to_a_run_that_is_not_done_is_told() {
    comes_to(
        r#"
        run "first" {
          command = plan
          variables { name = run.second.id }
        }
        run "second" {}
        "#,
        &[("first", "fail"), ("second", "skip")],
    )
    .complains("There is no run \"second\" in this file that is done before this one.");
    comes_to(
        r#"
        run "first" {}
        run "second" {
          assert {
            condition     = run.frist.id == "x"
            error_message = "x"
          }
        }
        "#,
        &[("first", "pass"), ("second", "fail")],
    )
    .complains("Did you mean \"first\"?");
    comes_to(
        r#"
        run "first" {
          assert {
            condition     = output.ids == "x"
            error_message = "x"
          }
        }
        "#,
        &[("first", "fail")],
    )
    .complains("There is no output \"ids\". Did you mean \"id\"?");
}

/// After a plan, what is planned stands for what is; after the apply, it is.
#[test]
fn a_plan_changes_nothing_for_the_runs_behind_it() {
    let dir = Dir::with(
        &CONFIGURATION.replace("sse_algorithm = var.algorithm", "sse_algorithm = \"aws:kms\""),
    );
    dir.write(
        "data.seal.hcl",
        r#"
        data "aws_s3_bucket" "logs" {
          bucket = local.bucket
        }
        "#,
    );
    dir.write(
        "main.sealtest.hcl",
        r#"
        run "planned" {
          command = plan
          assert {
            condition     = output.algorithm == "aws:kms"
            error_message = "It is ${output.algorithm}."
          }
        }
        run "seen" {
          command = plan
          plan_options { mode = destroy }
        }
        run "applied" {
          assert {
            condition     = data.aws_s3_bucket.logs.arn == "arn:aws:s3:::acme-logs"
            error_message = "It is ${data.aws_s3_bucket.logs.arn}."
          }
        }
        run "again" {
          command = plan
        }
        run "destroyed" {
          plan_options { mode = destroy }
        }
        "#,
    );
    let ran = dir.run(&["test", "-verbose"]).status(0);
    let parts: Vec<&str> = ran.stdout.split("  run ").collect();
    assert!(parts[1].contains("Plan: 1 to update"), "{}", ran.stdout);
    // Nothing was recorded, so that there is nothing to destroy.
    assert!(parts[2].contains("No changes."), "{}", ran.stdout);
    assert!(parts[3].contains("resource \"aws_s3_bucket_server"), "{}", ran.stdout);
    assert!(parts[4].contains("No changes."), "{}", ran.stdout);
    assert!(parts[5].contains("Nothing is recorded."), "{}", ran.stdout);
}

#[test]
fn options_of_the_plan() {
    let dir = Dir::with(
        &["one", "two"].map(|name| crate::harness::resource(name, name, "aws:kms", "")).concat(),
    );
    dir.write(
        "x.sealtest.hcl",
        "run \"one\" {\n  plan_options {\n    refresh = false\n    target = \
         [aws_s3_bucket_server_side_encryption_configuration.one]\n  }\n}\n\
         run \"rest\" {\n  command = plan\n}\n",
    );
    let ran = dir.run(&["test", "-json", "-verbose"]).status(0).json();
    let runs = &ran["files"][0]["runs"];
    assert_eq!(runs[0]["plan"]["summary"]["actions"]["update"], 1);
    assert_eq!(runs[0]["diagnostics"], serde_json::json!([]));
    assert_eq!(runs[1]["plan"]["summary"]["actions"]["update"], 1);
    assert_eq!(runs[1]["plan"]["summary"]["unchanged"], 1);
}

/// The value of a variable is that of the run, else of the file, else of the command line.
#[test]
fn values_of_variables() {
    let dir = with(
        r#"
        variables {
          algorithm = var.algorithm == "aws:kms:dsse" ? "AES256" : "aws:kms"
        }
        run "outside" {
          command = plan
          assert {
            condition     = var.name == "given" && var.algorithm == "aws:kms"
            error_message = "It is ${var.name}."
          }
        }
        run "inside" {
          command = plan
          variables {
            name   = "${var.name}2"
            expect = "given2"
          }
          assert {
            condition     = var.name == var.expect
            error_message = "It is ${var.name}."
          }
        }
    "#,
    );
    dir.run(&["test", "-var=name=given"])
        .status(0)
        .says("2 passed")
        .complains("The run gives a value to \"expect\"");
    dir.run(&["test", "-var=name=given", "-var=algorithm=aws:kms:dsse"])
        .status(1)
        .complains("This is weak.");
}

#[test]
fn a_module_is_run_by_itself() {
    let dir = with(
        r#"
        run "names" {
          module { source = "./modules/names" }
          variables { team = "red" }
          assert {
            condition     = output.bucket == "red-x" && length(local.all) == 1
            error_message = "It is ${output.bucket}."
          }
        }
        run "whole" {
          variables { name = trimsuffix(run.names.bucket, "-x") }
          assert {
            condition     = output.id == "red-logs"
            error_message = "It is ${output.id}."
          }
        }
    "#,
    );
    dir.write(
        "modules/names/main.seal.hcl",
        "variable \"team\" {}\nlocals {\n  all = [var.team]\n}\n\
         output \"bucket\" {\n  value = \"${local.all[0]}-x\"\n}\n",
    );
    dir.run(&["test", "-var=name=given"]).status(0).says("2 passed");
    dir.write("modules/names/main.seal.hcl", "output \"bucket\" {\n  value = vra.x\n}\n");
    dir.run(&["test"]).status(1).complains("modules/names/main.seal.hcl:2:11");
    let dir = with("run \"x\" {\n  module { source = \"./nowhere\" }\n}");
    dir.run(&["test"]).status(1).complains("There is no directory nowhere.");
}

/// What fails within a module is not taken for something of the same name in the root module.
#[test]
fn a_failure_within_a_module_is_the_modules() {
    let dir = Dir::with(
        "variable \"name\" {\n  default = \"x\"\n}\n\
         module \"inner\" {\n  source = \"./inner\"\n  name = var.name\n}\n",
    );
    dir.write(
        "inner/main.seal.hcl",
        "variable \"name\" {\n  validation {\n    condition = var.name != \"bad\"\n    \
         error_message = \"No.\"\n  }\n}\n",
    );
    for (expected, status) in [("var.name", 1), ("module.inner", 0)] {
        dir.write(
            "x.sealtest.hcl",
            format!(
                "run \"x\" {{\n  command = plan\n  variables {{ name = \"bad\" }}\n  \
                 expect_failures = [{expected}]\n}}\n"
            ),
        );
        dir.run(&["test"]).status(status);
    }
}
