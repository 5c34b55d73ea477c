//! Each command's words, and the command line itself.

use crate::harness::{Dir, resource};

#[test]
fn usage_errors_exit_with_1() {
    let dir = Dir::empty();
    dir.run(&["plann"]).status(1).complains("plan");
    dir.run(&["plan", "--parallelism", "many"]).status(1);
    dir.run(&["plan", "--no-such-flag"]).status(1);
    dir.run(&[]).status(1);
    dir.run(&["--help"]).status(0).says("Usage:");
    dir.run(&["plan", "-help"]).status(0).says("--detailed-exitcode");
}

#[test]
fn version_and_completions() {
    let dir = Dir::empty();
    dir.run(&["version"]).status(0).says(concat!("Sealform v", env!("CARGO_PKG_VERSION")));
    let json = dir.run(&["version", "-json"]).status(0).json();
    assert_eq!(json["sealform_version"], env!("CARGO_PKG_VERSION"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        dir.run(&["completions", shell]).status(0).says("sealform");
    }
}

#[test]
fn init_writes_a_configuration_that_works() {
    let dir = Dir::empty();
    dir.run(&["init"]).status(0).says("main.seal.hcl");
    dir.run(&["plan", "--sandbox"]).status(0).says("1 to update");
    let written = dir.read("main.seal.hcl");
    dir.run(&["init"]).status(0).says("1 block, 1 bucket, 1 variable.");
    assert_eq!(dir.read("main.seal.hcl"), written);
}

#[test]
fn validate_needs_neither_values_nor_aws() {
    let dir = Dir::with(
        "variable \"names\" { type = set(string) }\n\
         resource \"aws_s3_bucket_server_side_encryption_configuration\" \"x\" {\n\
         for_each = var.names\n bucket = each.key\n rule {\n \
         apply_server_side_encryption_by_default {\n sse_algorithm = \"AES256\"\n }\n }\n}\n",
    );
    dir.run(&["validate"]).status(0).says("Success!");
    let json = dir.run(&["validate", "-json"]).status(0).json();
    assert_eq!(json["valid"], true);
    dir.write("bad.seal.hcl", "locals {\n  a = var.nmes\n}\n");
    let json = dir.run(&["validate", "-json"]).status(1).json();
    assert_eq!(json["error_count"], 1);
    let range = &json["diagnostics"][0]["range"];
    assert_eq!(range["filename"], "bad.seal.hcl");
    assert_eq!(range["start"]["line"], 2);
    assert_eq!(range["start"]["column"], 7);
}

#[test]
fn apply_never_hangs_where_nobody_can_be_asked() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    dir.run(&["apply", "--sandbox"]).status(1).complains("--auto-approve");
    assert!(!dir.exists("state/sealform.state.json"));
}

#[test]
fn plan_as_json_is_one_document() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    let json = dir.run(&["plan", "--sandbox", "-json"]).status(0).json();
    let change = &json["resources"][0];
    assert_eq!(change["action"], "update");
    assert_eq!(change["bucket"], "logs");
    assert_eq!(
        change["differences"][0]["path"],
        "rule.apply_server_side_encryption_by_default.sse_algorithm"
    );
    assert_eq!(change["differences"][0]["live"], "AES256");
    let json = dir.run(&["apply", "--sandbox", "-json", "-auto-approve"]).status(0).json();
    assert_eq!(json["resources"][0]["bucket"], "logs");
    assert_eq!(json["resources"][0]["status"], "done");
    assert_eq!(json["summary"]["actions"]["update"], 1);
    let json = dir.run(&["plan", "-json", "-target=x"]).status(1).json();
    assert_eq!(json["diagnostics"][0]["summary"], "Invalid address");
}

#[test]
fn state_show_output_and_show() {
    let dir = Dir::with(
        &(resource("x", "logs", "aws:kms", "")
            + "output \"name\" { value = \
               aws_s3_bucket_server_side_encryption_configuration.x.bucket }\n\
               output \"hidden\" {\n value = \"s3cret\"\n sensitive = true\n}\n"),
    );
    dir.run(&["show"]).status(0).says("no state");
    dir.run(&["output"]).status(0);
    dir.run(&["state", "list"]).status(1).complains("no state");
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0).says("logs").never_says("s3cret");
    let address = "aws_s3_bucket_server_side_encryption_configuration.x";
    assert_eq!(dir.run(&["state", "list"]).status(0).stdout, format!("{address}\n"));
    dir.run(&["state", "show", address]).status(0).says("\"aws:kms\"").says("logs");
    dir.run(&["state", "show", "aws_s3_bucket_server_side_encryption_configuration.y"])
        .status(1)
        .complains("Did you mean");
    dir.run(&["show"]).status(0).says("\"aws:kms\"").never_says("s3cret");
    assert_eq!(dir.run(&["show", "-json"]).status(0).json()["serial"], 1);
    assert_eq!(dir.run(&["output", "-raw", "name"]).status(0).stdout, "logs");
    assert_eq!(dir.run(&["output", "hidden"]).status(0).stdout, "\"s3cret\"\n");
    assert_eq!(dir.run(&["output", "-json", "name"]).status(0).json(), "logs");
    let all = dir.run(&["output", "-json"]).status(0).json();
    assert_eq!(all["hidden"], serde_json::json!({ "value": "s3cret", "sensitive": true }));
    dir.run(&["output"]).status(0).says("hidden = (sensitive value)").never_says("s3cret");
    dir.run(&["output", "nmae"]).status(1).complains("Did you mean \"name\"?");
}

#[test]
fn approval_is_read_from_a_terminal_or_a_pipe() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    let apply = ["apply", "--sandbox"];
    for (answer, told) in [
        ("no\n", "Nothing was changed."),
        ("YES\n", "Nothing was changed."),
        (" yes\n", "Nothing was changed."),
        ("\nyes\n", "Nothing was changed."),
        ("yes", "Standard input ended before there was an answer."),
        ("", "Standard input ended before there was an answer."),
    ] {
        dir.piped(&apply, answer).status(1).says("Plan:").complains(told);
    }
    dir.run(&["apply", "--sandbox", "-input=false"]).status(1).complains("nobody is asked");
    dir.piped(&["apply", "--sandbox", "-json"], "yes\n").status(1).complains("nobody is asked");
    dir.run(&["state", "list"]).status(1);
    dir.piped(&apply, "yes\r\n").status(0).says("Apply complete!");
    // Where there is nothing to do, nobody is asked.
    dir.piped(&apply, "").status(0);
    dir.piped(&["destroy", "--sandbox"], "yes\n").status(0);
    assert_eq!(dir.run(&["state", "list"]).status(0).stdout, "");
}

#[cfg(unix)]
#[test]
fn what_is_named_like_a_file_and_is_none_is_told() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    std::os::unix::fs::symlink("nowhere", dir.path().join("link.seal.hcl")).unwrap();
    let _socket =
        std::os::unix::net::UnixListener::bind(dir.path().join("s.auto.sealvars.hcl")).unwrap();
    dir.run(&["validate"])
        .status(1)
        .complains("link.seal.hcl is a link that leads nowhere")
        .complains("s.auto.sealvars.hcl is a pipe, a socket or a device");
}

#[test]
fn an_address_within_a_module_is_explained() {
    let dir = Dir::with("module \"m\" {\n  source = \"./m\"\n}\n");
    let inner = resource("x", "logs", "aws:kms", "") + "output \"o\" { value = 1 }\n";
    dir.write("m/main.seal.hcl", &inner);
    let ty = "aws_s3_bucket_server_side_encryption_configuration";
    dir.run(&["explain", &format!("module.m.{ty}.x")])
        .status(0)
        .says(&format!("module.m.{ty}.x is declared in"));
    dir.run(&["explain", &format!("module.m[\"k\"].{ty}.x.rule")]).status(0).says("rule");
    dir.run(&["explain", "module.m"]).status(0).says("module: ./m");
    dir.run(&["explain", "module.m.o"]).status(0).says("module.m.output.o");
    dir.run(&["explain", &format!("module.n.{ty}.x")]).status(1);
    dir.run(&["explain", &format!("module.m.{ty}.y")]).status(1).complains("has no \"y\"");
}

#[test]
fn counts_and_empty_messages_read_well() {
    let check = "check \"c\" {\n  assert {\n    condition     = var.v == 2\n    \
                 error_message = \"\"\n  }\n}\nvariable \"v\" {\n  default = 1\n}\n";
    let dir = Dir::with(&(resource("x", "logs", "aws:kms", "") + check));
    dir.run(&["init"]).status(0).says("1 block, 1 bucket, 1 variable.");
    dir.run(&["plan", "--sandbox"]).status(0).complains("The check \"c\": the condition is false.");
}

#[test]
fn graph_in_dot_and_mermaid() {
    let dir = Dir::with("variable \"a\" { default = 1 }\nlocals {\n  b = var.a\n}\n");
    dir.run(&["graph"]).status(0).says("digraph").says("var.a");
    dir.run(&["graph", "-format=mermaid"]).status(0).says("flowchart").says("local.b");
}

#[test]
fn the_last_value_of_a_variable_counts() {
    let dir =
        Dir::with("variable \"v\" { default = \"default\" }\noutput \"v\" { value = var.v }\n")
            .env("SEALFORM_VAR_v", "environment");
    let said = |dir: &Dir, arguments: &[&str]| {
        let mut all = vec!["plan", "--sandbox", "-json"];
        all.extend(arguments);
        dir.run(&all).status(0).json()["outputs"][0]["after"].as_str().unwrap().to_owned()
    };
    assert_eq!(said(&dir, &[]), "environment");
    dir.write("sealform.sealvars.hcl", "v = \"values\"\n");
    assert_eq!(said(&dir, &[]), "values");
    dir.write("z.auto.sealvars.hcl", "v = \"auto\"\n");
    assert_eq!(said(&dir, &[]), "auto");
    dir.write("named.hcl", "v = \"named\"\n");
    assert_eq!(said(&dir, &["-var-file=named.hcl"]), "named");
    assert_eq!(said(&dir, &["-var-file=named.hcl", "-var", "v=flag"]), "flag");
    // As in Terraform, flags count in the order of the command line.
    assert_eq!(said(&dir, &["-var", "v=flag", "-var-file=named.hcl"]), "named");
}

#[test]
fn a_wrong_value_is_told_with_where_it_comes_from() {
    let text = "variable \"n\" { type = number }\noutput \"n\" { value = var.n }\n";
    let dir = Dir::with(text).env("SEALFORM_VAR_n", "x");
    let plan = ["plan", "--sandbox"];
    dir.run(&plan).status(1).complains("SEALFORM_VAR_n in the environment gives it.");
    let given = dir.run(&["plan", "--sandbox", "-var", "n=y"]);
    given.status(1).complains("`--var` gives it.");
    dir.write("sealform.sealvars.hcl", "n = max(1, 2)\n");
    dir.run(&plan).status(1).complains("cannot call a function").complains("sealform.sealvars.hcl");
    dir.write("sealform.sealvars.hcl", "n = var.m\n");
    dir.run(&plan).status(1).complains("refers to nothing");
}

#[test]
fn variables_of_complex_types_are_read_as_expressions() {
    let dir = Dir::with(
        "variable \"v\" { type = map(list(number)) }\noutput \"v\" { value = var.v.a[1] }\n",
    );
    let json = dir.run(&["plan", "--sandbox", "-json", "-var", "v={a=[1,2]}"]).status(0).json();
    assert_eq!(json["outputs"][0]["after"], 2);
    dir.run(&["plan", "--sandbox", "-var", "v={a=["]).status(1).complains("--var v");
}

#[test]
fn the_sandbox_and_aws_are_never_mixed_up() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    dir.run(&["plan", "--sandbox", "-out=p.sealplan"]).status(0);
    dir.run(&["apply", "p.sealplan"]).status(1).complains("Plan of another world");
    dir.run(&["apply", "--sandbox", "p.sealplan"]).status(0);
    dir.run(&["plan"]).status(1).complains("State of another world");
    let state = dir.read("state/sealform.state.json").replace("sandbox-", "");
    dir.write("state/sealform.state.json", &state);
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(1).complains("another world");
    assert_eq!(dir.read("state/sealform.state.json"), state);
}

#[test]
fn values_that_terraform_would_read_are_told_where_they_are_missed() {
    let dir = Dir::with("variable \"a\" {}\nvariable \"b\" { default = 1 }\n");
    dir.write("terraform.tfvars", "a = 1\n");
    let told = "terraform.tfvars is not read";
    dir.run(&["plan", "-sandbox"]).status(1).complains("Missing variable").complains(told);
    dir.run(&["validate", "-var-file=terraform.tfvars"]).status(0).never_complains(told);
    let dir = dir.env("TF_VAR_a", "1").env("TF_VAR_b", "1").env("TF_VAR_c", "1");
    dir.run(&["validate", "-var=a=1"]).status(0).complains("TF_VAR_b in the environment is not");
    dir.run(&["validate"]).complains("TF_VAR_a and 1 more in the environment");
    let dir = dir.env("SEALFORM_VAR_a", "1").env("SEALFORM_VAR_b", "1");
    dir.run(&["validate"]).status(0).never_complains("TF_VAR");
}

#[test]
fn warnings_are_summed_up_where_there_is_no_error() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    dir.write("sealform.sealvars.hcl", "a = 1\nb = 2\n");
    dir.run(&["plan", "-sandbox", "-compact-warnings"])
        .status(0)
        .complains("- Undeclared variable")
        .complains("on sealform.sealvars.hcl line 1 (and 1 more)")
        .never_complains("which the configuration does not declare");
    dir.write("more.seal.hcl", "output \"x\" { value = y }\n");
    dir.run(&["plan", "-sandbox", "-compact-warnings"])
        .status(1)
        .complains("which the configuration does not declare");
}

#[test]
fn what_terraform_has_under_another_name_is_named() {
    let dir = Dir::empty();
    for (arguments, told) in [
        (["import", "x.y", "z"].as_slice(), "an `import` block says"),
        (&["plan", "-refresh-only"], "`sealform drift` tells what was changed outside"),
        (&["apply", "--refresh-only=true"], "`sealform refresh` records what is live"),
        (&["plan", "-replace=x.y"], "there is no flag '-replace': nothing is ever replaced"),
        (&["providers", "schema", "-json"], "there is no command 'providers': the one provider"),
        (&["taint", "x.y"], "there is no command 'taint'"),
        (&["init", "-upgrade"], "there is no flag '-upgrade'"),
        (&["state", "list", "-id=x"], "there is no flag '-id'"),
    ] {
        let ran = dir.run(arguments).status(1).complains(told);
        assert!(!ran.stderr.contains("similar"), "{}", ran.stderr);
    }
}

#[test]
fn a_state_that_is_empty_belongs_to_whoever_uses_it_first() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    dir.run(&["workspace", "new", "dev"]).status(0);
    dir.run(&["plan", "--sandbox", "-out=p.sealplan"]).status(0);
    dir.run(&["apply", "--sandbox", "p.sealplan"]).status(0);
    dir.run(&["plan"]).status(1).complains("State of another world");
    dir.run(&["destroy", "--sandbox", "-auto-approve", "-allow-weakening"]).status(0);
    // Nothing listens there: AWS is asked, and it is not the state that is in the way.
    let ran = dir.run(&["plan", "-max-retries=0"]).status(1);
    assert!(!ran.stderr.contains("another world"), "{}", ran.stderr);
}

#[test]
fn a_saved_plan_takes_no_flags_of_planning() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    dir.run(&["plan", "--sandbox", "-out=p.sealplan"]).status(0);
    for flag in ["-destroy", "-target=t.n", "-exclude=t.n", "-var=a=b", "-var-file=f"] {
        dir.run(&["apply", "--sandbox", "p.sealplan", flag]).status(1).complains("cannot be used");
    }
    dir.run(&["plan", "--sandbox", "-out=main.seal.hcl"]).status(1).complains("configuration");
    dir.run(&["plan", "--sandbox", "-out=state"]).status(1).complains("not a regular file");
    assert!(dir.read("main.seal.hcl").contains("resource"));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_a_failure() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    for arguments in [&["version"][..], &["validate"], &["plan", "--sandbox"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let status = dir.command(arguments).stdout(full).status().unwrap();
        assert_eq!(status.code(), Some(1), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_state_behind_a_link_stays_there() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    dir.write("real/.keep", "");
    dir.write("state/.keep", "");
    std::os::unix::fs::symlink("../real/state.json", dir.path().join("state/sealform.state.json"))
        .unwrap();
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0);
    assert!(dir.read("real/state.json").contains("logs"));
    assert!(dir.path().join("state/sealform.state.json").is_symlink());
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
}
