//! The files of tests, what is left behind by them, and what is told of them.

use super::{CONFIGURATION, with};
use crate::harness::Dir;

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
