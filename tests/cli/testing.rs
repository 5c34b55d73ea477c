//! `sealform test`: what a user's tests see, and what they come to.

use crate::harness::{Dir, Ran};

const CONFIGURATION: &str = r#"
variable "name" {
  type    = string
  default = "acme"
  validation {
    condition     = length(var.name) < 8
    error_message = "The name is too long."
  }
}
variable "algorithm" {
  default = "aws:kms"
}
locals {
  bucket = "${var.name}-logs"
}
resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = local.bucket
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = var.algorithm
    }
  }
  lifecycle {
    precondition {
      condition     = var.name != "pre"
      error_message = "Not before."
    }
    postcondition {
      condition     = self.bucket != "post-logs"
      error_message = "Not after."
    }
  }
}
check "strong" {
  assert {
    condition     = aws_s3_bucket_server_side_encryption_configuration.logs.rule[0].apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
    error_message = "This is weak."
  }
}
output "id" {
  value = aws_s3_bucket_server_side_encryption_configuration.logs.id
  precondition {
    condition     = var.name != "out"
    error_message = "Nothing comes out."
  }
}
output "algorithm" {
  value = aws_s3_bucket_server_side_encryption_configuration.logs.rule[0].apply_server_side_encryption_by_default[0].sse_algorithm
}
"#;

const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

/// A directory with the configuration and one file of tests.
fn with(tests: &str) -> Dir {
    let dir = Dir::with(CONFIGURATION);
    dir.write("main.sealtest.hcl", tests);
    dir
}

/// Runs the tests and demands what each run came to, in the words of the output.
#[track_caller]
fn comes_to(tests: &str, expected: &[(&str, &str)]) -> Ran {
    let all_pass = expected.iter().all(|(_, verdict)| *verdict == "pass");
    let ran = with(tests).run(&["test"]).status(i32::from(!all_pass));
    let told: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("  run")).collect();
    let expected: Vec<String> =
        expected.iter().map(|(run, verdict)| format!("  run {run:?}... {verdict}")).collect();
    assert_eq!(told, expected, "{}", ran.stderr);
    ran
}

#[test]
fn what_holds_passes_and_nothing_is_left_behind() {
    let dir = with(
        r#"
        run "plans" {
          command = plan
          assert {
            condition     = output.id == "acme-logs" && local.bucket == output.id
            error_message = "It is ${output.id}."
          }
        }
        run "applies" {
          assert {
            condition     = aws_s3_bucket_server_side_encryption_configuration.logs.id == "acme-logs"
            error_message = "It is not there."
          }
        }
    "#,
    );
    let ran = dir.run(&["test"]).status(0);
    assert_eq!(
        ran.stdout,
        "main.sealtest.hcl... in progress\n  run \"plans\"... pass\n  run \"applies\"... pass\n\
         main.sealtest.hcl... pass\n\nSuccess! 2 passed, 0 failed.\n"
    );
    assert_eq!(ran.stderr, "");
    assert!(!dir.exists("state"), "a test leaves a state behind");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn an_assertion_that_does_not_hold_fails_and_the_next_run_goes_on() {
    comes_to(
        r#"
        run "wrong" {
          assert {
            condition     = output.id == "other-logs"
            error_message = "It is ${output.id}."
          }
          assert {
            condition     = var.name == "other"
            error_message = "And that, too."
          }
        }
        run "next" {}
        "#,
        &[("wrong", "fail"), ("next", "pass")],
    )
    .says("Failure! 1 passed, 1 failed.")
    .complains("It is acme-logs.")
    .complains("output.id is \"acme-logs\"")
    .complains("And that, too.")
    .complains("main.sealtest.hcl:4:29");
}

#[test]
fn an_error_skips_the_rest_of_its_file_only() {
    let dir = with(
        r#"
        run "wrong" {
          variables { name = "much too long" }
        }
        run "next" {}
        run "last" {}
    "#,
    );
    dir.write("tests/other.sealtest.hcl", "run \"other\" {}");
    let ran = dir.run(&["test"]).status(1);
    assert_eq!(
        ran.stdout,
        "main.sealtest.hcl... in progress\n  run \"wrong\"... fail\n  run \"next\"... skip\n  \
         run \"last\"... skip\nmain.sealtest.hcl... fail\n\
         tests/other.sealtest.hcl... in progress\n  run \"other\"... pass\n\
         tests/other.sealtest.hcl... pass\n\nFailure! 1 passed, 1 failed, 2 skipped.\n"
    );
    ran.complains("The name is too long.").complains("this is its value");
}

#[test]
fn expected_failures_of_every_kind_pass() {
    for (name, command, expected) in [
        ("much too long", "plan", "var.name".to_owned()),
        ("pre", "plan", format!("{TYPE}.logs")),
        ("post", "plan", format!("{TYPE}.logs")),
        ("out", "plan", "output.id".to_owned()),
    ] {
        comes_to(
            &format!(
                r#"
                run "it" {{
                  command = {command}
                  variables {{ name = {name:?} }}
                  expect_failures = [{expected}]
                  assert {{
                    condition     = var.name == {name:?}
                    error_message = "Assertions are looked at all the same."
                  }}
                }}
                run "next" {{}}
                "#
            ),
            &[("it", "pass"), ("next", "pass")],
        );
    }
    comes_to(
        r#"
        run "planned" {
          command = plan
          variables { algorithm = "AES256" }
          expect_failures = [check.strong]
        }
        run "applied" {
          variables { algorithm = "AES256" }
          expect_failures = [check.strong]
          assert {
            condition     = output.algorithm == "AES256"
            error_message = "Assertions are looked at all the same."
          }
        }
        "#,
        &[("planned", "pass"), ("applied", "pass")],
    );
}

#[test]
fn a_failure_that_nobody_expects_is_an_error() {
    comes_to(
        r#"
        run "weak" {
          command = plan
          variables { algorithm = "AES256" }
        }
        run "next" {}
        "#,
        &[("weak", "fail"), ("next", "skip")],
    )
    .complains("This is weak.");
    // One is expected, and another one is there, too.
    comes_to(
        r#"
        run "two" {
          command = plan
          variables {
            algorithm = "AES256"
            name      = "out"
          }
          expect_failures = [check.strong]
        }
        "#,
        &[("two", "fail")],
    )
    .complains("Nothing comes out.");
}

#[test]
fn an_expected_failure_that_is_not_there_is_an_error() {
    comes_to(
        r#"
        run "fine" {
          expect_failures = [check.strong, var.name]
        }
        run "next" {}
        "#,
        &[("fine", "fail"), ("next", "skip")],
    )
    .complains("Missing expected failure")
    .complains("check.strong was expected to fail, and did not.")
    .complains("var.name was expected to fail, and did not.");
    with("run \"x\" {\n  expect_failures = [var.nam]\n}")
        .run(&["test"])
        .status(1)
        .complains("Did you mean \"var.name\"?");
}

/// As in Terraform: who wants to see a refusal plans.
#[test]
fn a_failure_before_apply_is_not_what_an_apply_expects() {
    comes_to(
        r#"
        run "x" {
          variables { name = "pre" }
          expect_failures = [aws_s3_bucket_server_side_encryption_configuration.logs]
        }
        "#,
        &[("x", "fail")],
    )
    .complains("Failed before apply")
    .complains("Not before.");
}

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

#[test]
fn a_broken_file_is_told_whole_and_nothing_runs() {
    let ran = with(
        r#"
        mock_provider "aws" {}
        run "a" {
          comand  = plan
          command = "plan"
          assert {
            condition     = true
            error_message = "x"
          }
          varables {}
          providers = {}
          plan_options {
            mode   = refresh-only
            target = "x"
          }
        }
        run "a" {}
        runs "b" {}
        x = 1
    "#,
    )
    .run(&["test"])
    .status(1);
    assert_eq!(ran.stdout, "");
    ran.complains("the sandbox stands in for AWS in every test")
        .complains("Did you mean \"command\"?")
        .complains("`command` is `plan` or `apply`, without quotes.")
        .complains("The condition refers to nothing")
        .complains("Did you mean \"variables\"?")
        .complains("Remove `providers`.")
        .complains("There is no mode `refresh-only`")
        .complains("`target` is a list of addresses")
        .complains("The run \"a\" is already declared.")
        .complains("Did you mean \"run\"?")
        .complains("\"x\" stands outside of any block.");
}

#[test]
fn files_are_chosen() {
    let dir = with("run \"here\" {}");
    dir.write("tests/there.sealtest.hcl", "run \"there\" {}");
    dir.write("else/where.sealtest.hcl", "run \"where\" {}");
    dir.run(&["test"]).status(0).says("2 passed").never_says("else");
    dir.run(&["test", "-filter=tests/there.sealtest.hcl"])
        .status(0)
        .says("1 passed")
        .says("\"there\"");
    dir.run(&["test", "-test-directory=else"]).status(0).says("else/where").never_says("there");
    dir.run(&["test", "-test-directory=."]).status(0).says("1 passed");
    dir.run(&["test", "-filter=main.sealtst.hcl"])
        .status(1)
        .complains("Did you mean \"main.sealtest.hcl\"?");
    let none = Dir::with(CONFIGURATION);
    none.run(&["test"])
        .status(0)
        .says("Success! 0 passed, 0 failed.\n")
        .complains("There are no tests");
}

#[test]
fn one_json_document() {
    let json = with(
        r#"
        run "good" {}
        run "bad" {
          assert {
            condition     = output.id == "x"
            error_message = "It is not x."
          }
        }
        run "broken" {
          variables { name = "much too long" }
        }
        run "left" {}
    "#,
    )
    .run(&["test", "-json"])
    .status(1)
    .json();
    assert_eq!(json["status"], "fail");
    assert_eq!(
        json["summary"],
        serde_json::json!({ "passed": 1, "failed": 1, "errored": 1, "skipped": 1 })
    );
    let file = &json["files"][0];
    assert_eq!((&file["path"], &file["status"]), (&"main.sealtest.hcl".into(), &"error".into()));
    let statuses: Vec<_> = (0..4).map(|n| file["runs"][n]["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["pass", "fail", "error", "skip"]);
    let diagnostic = &file["runs"][1]["diagnostics"][0];
    assert_eq!(diagnostic["detail"], "It is not x.");
    assert_eq!(diagnostic["range"]["start"]["line"], 5);
    let broken = with("run").run(&["test", "-json"]).status(1).json();
    assert_eq!(broken["status"], "error");
    assert_ne!(broken["diagnostics"], serde_json::json!([]));
}

/// The state and the sandbox of the directory are not those of tests.
#[test]
fn the_state_of_the_directory_is_left_alone() {
    let dir = with("run \"other\" {\n  variables { name = \"other\" }\n}");
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0);
    let before = dir.read("state/sealform.state.json");
    dir.run(&["test"]).status(0);
    assert_eq!(dir.read("state/sealform.state.json"), before);
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_stops_it() {
    use std::io::{BufRead as _, BufReader};
    // More is told than a pipe holds: it cannot come to its end before the signal.
    let mut runs = String::new();
    for n in 0..2000 {
        let name = format!("r{n}{}", "x".repeat(100));
        runs.push_str(&format!("run \"{name}\" {{\n  variables {{ name = \"n{n}\" }}\n}}\n"));
    }
    let dir = with(&runs);
    let mut child = dir.command(&["test"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().contains("pass")).unwrap().unwrap();
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    for _ in lines {}
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_file_of_tests_may_be_json() {
    let dir = Dir::with(CONFIGURATION);
    dir.write(
        "main.sealtest.hcl.json",
        r#"{
          "variables": {"name": "${lower(\"LOGS\")}"},
          "run": {
            "plans": {
              "command": "plan",
              "assert": {
                "condition": "${output.id == \"${var.name}-logs\"}",
                "error_message": "It is ${output.id}."
              }
            },
            "refuses": {
              "command": "plan",
              "variables": {"name": "much-too-long"},
              "expect_failures": ["var.name"]
            },
            "fails": {
              "assert": [{"condition": "${output.id == null}", "error_message": "It is ${output.id}."}]
            }
          }
        }"#,
    );
    let ran = dir.run(&["test"]).status(1);
    let told: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("  run")).collect();
    assert_eq!(
        told,
        [r#"  run "plans"... pass"#, r#"  run "refuses"... pass"#, r#"  run "fails"... fail"#],
        "{}",
        ran.stderr
    );
    ran.complains("It is logs-logs.");
    dir.write("main.sealtest.hcl.json", r#"{"runs": {"x": {}}, "run": {"x": {"comand": "plan"}}}"#);
    dir.run(&["test"])
        .status(1)
        .complains("Did you mean \"run\"?")
        .complains("Did you mean \"command\"?");
}
