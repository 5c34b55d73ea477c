//! `console` at the end of a pipe.

use crate::harness::{Dir, Ran, resource};
use std::io::Write as _;
use std::process::Stdio;

/// Gives `console` some lines.
fn ask(dir: &Dir, arguments: &[&str], lines: &str) -> Ran {
    let mut all = vec!["console"];
    all.extend(arguments);
    dir.piped(&all, lines)
}

#[test]
fn every_line_is_answered_as_terraform_prints_it() {
    let ran = ask(
        &Dir::empty(),
        &[],
        "1 / 3 * 3\n\n\"a\\\"b\"\n[1, \"x\"]\ntoset([\"b\", \"a\"])\ntomap({})\nnull\ntolist(null)\n\
         \"a\\nb\"\nsensitive(1)\ntype([1])\ntype(type(1))\n",
    );
    assert_eq!(
        ran.status(0).stdout,
        "1\n\"a\\\"b\"\n[\n  1,\n  \"x\",\n]\ntoset([\n  \"a\",\n  \"b\",\n])\ntomap({})\nnull\n\
         tolist(null) /* of dynamic */\n<<EOT\na\nb\nEOT\n(sensitive value)\ntuple([\n    number,\n])\ntype\n"
    );
}

#[test]
fn the_function_type_stands_by_itself() {
    let dir = Dir::empty();
    let ran = ask(&dir, &[], "\"${type(1)}\"\n(type(\"a\"))\n");
    assert_eq!(ran.status(0).stdout, "number\nstring\n");
    for line in ["[type(1)]\n", "type(1) == type(2)\n", "\"a${type(1)}\"\n"] {
        ask(&dir, &[], line).status(1).complains("whole expression and stands around it");
    }
}

#[test]
fn brackets_and_heredocs_go_on_over_lines() {
    let ran = ask(
        &Dir::empty(),
        &[],
        "[\n  1, # one\n  2\n][1]\nupper(<<E\na\n\nb\nE\n)\n{\r\n  a = 1\r\n}.a\r\nmax(\n1,\n3)",
    );
    assert_eq!(ran.status(0).stdout, "2\n<<EOT\nA\n\nB\n\nEOT\n1\n3\n");
}

#[test]
fn an_error_is_told_and_the_next_line_is_answered() {
    let ran = ask(&Dir::empty(), &[], "uper(\"a\")\n1\nvar.a\n[1\n\n2\n\"\n3\ntype()\n");
    let ran = ran.status(1).complains("Did you mean \"upper\"?").complains("<console>:1:1");
    let ran = ran.complains("no variable \"a\"").complains("is never closed");
    assert_eq!(ran.stdout, "1\n2\n3\n");
}

#[test]
fn what_is_not_text_is_refused() {
    let dir = Dir::empty();
    let mut child = dir
        .command(&["console"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"\"\xff\"\n1\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"1\n");
}

#[test]
fn nothing_and_the_word_exit_end_it() {
    let dir = Dir::empty();
    assert_eq!(ask(&dir, &[], "").status(0).stdout, "");
    assert_eq!(ask(&dir, &[], "1\nexit\n2\n").status(0).stdout, "1\n");
    ask(&dir, &[], "help\n").status(0).says("type(…)");
}

#[test]
fn variables_and_locals_have_their_values_or_are_unknown() {
    let dir = Dir::with(
        "variable \"a\" { default = \"x\" }\n\
         variable \"b\" { type = list(string) }\n\
         variable \"secret\" {\n default = \"s3cret\"\n sensitive = true\n}\n\
         locals {\n c = upper(var.a)\n}\n",
    );
    dir.write("values.hcl", "b = [\"y\"]\n");
    let lines = "local.c\nvar.b\ntype(var.b)\n\"<${var.secret}>\"\nlength(var.secret)\n";
    let ran = ask(&dir, &["-var", "a=é"], lines).status(0).never_says("s3cret");
    assert_eq!(
        ran.stdout,
        "\"É\"\n(known after apply)\nlist(string)\n(sensitive value)\n(sensitive value)\n"
    );
    ask(&dir, &["-var-file=values.hcl"], "var.b\n").status(0).says("tolist([\n  \"y\",\n])");
}

#[test]
fn a_configuration_with_errors_can_be_asked_all_the_same() {
    let dir = Dir::with("locals {\n  a = 1\n  b = var.nosuch\n  c = local.b\n}\n");
    let ran = ask(&dir, &[], "local.a\nlocal.c\n").status(1).complains("nosuch");
    assert_eq!(ran.stdout, "1\n(known after apply)\n");
}

#[test]
fn what_is_recorded_is_known() {
    let dir = Dir::with(&resource("logs", "acme-logs", "aws:kms", ""));
    let lines = "aws_s3_bucket_server_side_encryption_configuration.logs.bucket\n\
                 aws_s3_bucket_server_side_encryption_configuration.logs.rule[*].blocked_encryption_types\n";
    let before = ask(&dir, &["--sandbox"], lines).status(0).stdout;
    assert!(before.contains("\"acme-logs\"") && before.contains("(known after apply)"), "{before}");
    dir.run(&["apply", "--sandbox", "--auto-approve"]).status(0);
    let after = ask(&dir, &["--sandbox"], lines).status(0).stdout;
    assert!(after.contains("\"acme-logs\"") && !after.contains("(known"), "{after}");
}
