//! `sealform test`: what a user's tests see, and what they come to.

mod files;
mod runs;

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
