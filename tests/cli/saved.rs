//! Plans in files: what `show` says of them, how they are carried out, and what is refused.

use crate::harness::{Dir, Ran, resource};
use std::process::Command;

fn weaken(dir: &Dir, bucket: &str) {
    dir.run(&["sandbox", "change", bucket, "--sse-algorithm", "AES256"]).status(0);
}

/// A directory on the sandbox with two buckets that are as declared.
fn applied() -> Dir {
    let text = resource("aaa", "aaa", "aws:kms", "") + &resource("bbb", "bbb", "aws:kms", "");
    let dir = Dir::with(&text);
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    dir
}

const FORMATS: [&str; 8] =
    ["human", "json", "markdown", "github", "sarif", "junit", "prometheus", "html"];

fn outputs(prefix: &str) -> Vec<String> {
    FORMATS.iter().map(|format| format!("-output={format}={prefix}.{format}")).collect()
}

/// A plan is shown as it was made: without the configuration, from elsewhere, at another time.
#[test]
fn show_says_what_plan_said_in_every_format() {
    let dir = applied();
    weaken(&dir, "aaa");
    let known = "suppress \"known\" {\n  buckets = [\"aaa\"]\n  reason  = \"why not\"\n}\n";
    let old = "suppress \"old\" {\n  buckets = [\"b*\"]\n  reason  = \"was\"\n  expires = \"2020-01-01\"\n}\n";
    dir.write("more.seal.hcl", format!("{known}{old}") + &resource("ccc", "ccc", "aws:kms", ""));
    let (planned, shown) = (outputs("planned"), outputs("shown"));
    let mut plan = vec!["plan", "-sandbox", "-out=p.sealplan"];
    plan.extend(planned.iter().map(String::as_str));
    let plan = dir.run(&plan).status(0).complains("Expired suppression");
    for name in ["main.seal.hcl", "more.seal.hcl"] {
        std::fs::remove_file(dir.path().join(name)).unwrap();
    }
    let elsewhere = Dir::empty();
    let at = format!("-chdir={}", dir.path().display());
    let mut show = vec![at.as_str(), "show"];
    show.extend(shown.iter().map(String::as_str));
    show.push("p.sealplan");
    let show = elsewhere.run(&show).status(0);
    assert_eq!(show.stdout, plan.stdout);
    for format in FORMATS {
        let [planned, shown] = ["planned", "shown"].map(|it| dir.read(&format!("{it}.{format}")));
        assert_eq!(shown, planned, "{format}");
    }
    let report: serde_json::Value = serde_json::from_str(&dir.read("shown.json")).unwrap();
    assert_eq!(report["directory"], ".");
    assert_eq!(report["resources"][2]["place"]["file"], "more.seal.hcl");
    assert_eq!(report["resources"][0]["suppressed"]["name"], "known");
    assert_eq!(report["diagnostics"][0]["summary"], "Expired suppression");
}

/// `plan` told it, and `apply` of its file did not.
#[test]
fn what_has_expired_is_told_by_an_apply_of_a_file_too() {
    let dir = applied();
    weaken(&dir, "aaa");
    let old = "suppress \"old\" {\n  buckets = [\"a*\"]\n  reason  = \"was\"\n  expires = \"2020-01-01\"\n}\n";
    dir.write("more.seal.hcl", old);
    dir.run(&["plan", "-sandbox", "-out=p.sealplan"]).status(0).complains("Expired suppression");
    let apply = ["apply", "-sandbox", "-json", "p.sealplan"];
    let report = dir.run(&apply).status(0).complains("Expired suppression").json();
    assert_eq!(report["diagnostics"][0]["summary"], "Expired suppression");
    assert_eq!(report["verdict"], "clean");
}

/// The line that is printed is a command: a shell does it as it stands.
#[cfg(unix)]
#[test]
fn what_is_to_be_done_next_can_be_pasted() {
    let dir = Dir::empty();
    let at = "it's mine";
    let weaker = |algorithm: &str| resource("aaa", "aaa", algorithm, "");
    dir.write(&format!("{at}/main.seal.hcl"), weaker("aws:kms"));
    let chdir = format!("-chdir={at}");
    dir.run(&[&chdir, "apply", "-sandbox", "-auto-approve"]).status(0);
    let paste = |ran: Ran| {
        let line = ran.stderr.lines().last().unwrap().trim().to_owned();
        let bin = std::path::Path::new(env!("CARGO_BIN_EXE_sealform")).parent().unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &line]).current_dir(dir.path()).env_clear().env("PATH", bin);
        (line, Ran::of(command.output().unwrap()))
    };
    dir.write(&format!("{at}/main.seal.hcl"), weaker("AES256"));
    let planned = dir
        .run(&[&chdir, "plan", "-sandbox", "-out=my plan"])
        .status(0)
        .complains("carry out exactly this plan, which protects new objects of 1 bucket less:");
    let (line, ran) = paste(planned);
    assert_eq!(line, r"sealform '-chdir=it'\''s mine' apply -sandbox -allow-weakening 'my plan'");
    ran.status(0).says("1 updated");
    dir.write(&format!("{at}/main.seal.hcl"), weaker("aws:kms"));
    let (line, ran) = paste(dir.run(&[&chdir, "plan", "-sandbox", "-out=-x"]).status(0));
    assert_eq!(line, r"sealform '-chdir=it'\''s mine' apply -sandbox ./-x");
    ran.status(0).says("1 updated");
}

/// A plan is about the buckets that it writes to. Another's change is for `drift` to tell, and does not
/// hold up what was agreed on; and a plan of nothing does nothing.
#[test]
fn a_bucket_that_the_plan_leaves_alone_does_not_hold_it_up() {
    let dir = applied();
    dir.run(&["plan", "-sandbox", "-out=nothing.sealplan"]).status(0).says("No changes.");
    weaken(&dir, "bbb");
    dir.run(&["apply", "-sandbox", "nothing.sealplan"]).status(0).says("Nothing was to be done.");
    dir.run(&["drift", "-sandbox"]).status(2).says("1 changed outside");
    dir.run(&["plan", "-sandbox", "-out=one.sealplan"]).status(0).says("1 to update");
    weaken(&dir, "aaa");
    dir.run(&["apply", "-sandbox", "one.sealplan"]).status(0).says("1 updated");
    // The files leave open what is blocked, so that of `bbb` is still to be told.
    dir.run(&["drift", "-sandbox"])
        .status(2)
        .says("2 changed outside")
        .says("drift: sse_algorithm = \"aws:kms\" -> \"AES256\"");
}

/// One that it does write to, and that is not as it was, is refused.
#[test]
fn a_bucket_that_has_changed_since_is_refused() {
    let dir = applied();
    weaken(&dir, "aaa");
    dir.run(&["plan", "-sandbox", "-out=p.sealplan"]).status(0).says("1 to update");
    dir.run(&["sandbox", "change", "aaa", "--sse-algorithm", "aws:kms:dsse"]).status(0);
    dir.run(&["apply", "-sandbox", "p.sealplan"]).status(1).complains("aaa");
    let live = dir.run(&["drift", "-sandbox"]).status(2).stdout;
    assert!(live.contains("aws:kms:dsse"), "{live}");
}

/// What a file must not hold is refused with the mend.
#[test]
fn what_needs_a_secret_is_not_saved_and_the_message_says_what_to_do() {
    let secret = "variable \"secret\" {\n  default   = \"hush\"\n  sensitive = true\n}\n";
    let dir = Dir::with(&format!(
        "{secret}provider \"aws\" {{\n  profile = var.secret\n}}\n{}",
        resource("aaa", "aaa", "aws:kms", "")
    ));
    let ran = dir.run(&["plan", "-sandbox", "-out=p.sealplan"]).status(1).complains(
        "the provider aws has settings that are sensitive, and a plan file holds nothing that is. \
         Leave them to a profile or to the environment",
    );
    assert!(!ran.stdout.contains("hush") && !ran.stderr.contains("hush"));
    assert!(!dir.exists("p.sealplan"));
    let output = "output \"o\" {\n  value     = var.secret\n  sensitive = true\n}\n";
    dir.write(
        "main.seal.hcl",
        format!("{secret}{output}{}", resource("aaa", "aaa", "aws:kms", "")),
    );
    dir.run(&["plan", "-sandbox", "-out=p.sealplan"])
        .status(1)
        .complains("output.o")
        .complains("Apply without a file, or open the value with `nonsensitive(…)`");
}
