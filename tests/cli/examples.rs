//! The examples and the demo work as they stand.

use crate::harness::Dir;
use std::path::Path;

pub(crate) fn example(name: &str) -> Dir {
    fn copy(dir: &Dir, source: &Path, below: &str) {
        for entry in std::fs::read_dir(source).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                copy(dir, &path, &format!("{name}/"));
            } else {
                dir.write(&name, std::fs::read(&path).unwrap());
            }
        }
    }
    let dir = Dir::empty();
    copy(&dir, &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name), "");
    dir
}

#[test]
fn quickstart() {
    let dir = example("quickstart");
    dir.run(&["validate"]).status(0);
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(2).says("1 to update, 1 to adopt");
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0);
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
    dir.run(&["destroy", "--sandbox", "-auto-approve"]).status(1).complains("prevent_destroy");
}

#[test]
fn fleet() {
    let dir = example("fleet");
    dir.run(&["plan", "--sandbox", "-concise", "-detailed-exitcode"])
        .status(2)
        .says("13 to update")
        .says("2 to adopt");
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0);
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
    assert!(dir.exists("state/fleet.state.json"));
    let teams = dir.run(&["output", "-json", "buckets_by_team"]).status(0).json();
    assert_eq!(teams["payments"].as_array().unwrap().len(), 3);
}

#[test]
fn modules() {
    let dir = example("modules");
    dir.run(&["validate"]).status(0);
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0).says("3 updated");
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
    let buckets = dir.run(&["output", "-json", "buckets"]).status(0).json();
    assert_eq!(buckets["payments"], serde_json::json!(["acme-payments-ledger"]));
}

#[test]
fn existing() {
    let dir = example("existing");
    let main = dir.read("main.seal.hcl");
    dir.write("main.seal.hcl", crate::harness::resource("made", "acme-by-hand", "AES256", ""));
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0);
    dir.run(&["state", "list"]).status(0);
    dir.write("main.seal.hcl", main);
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0).says("existing[\"acme-by-hand\"]");
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
}

#[test]
fn json() {
    let dir = example("json");
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(2).says("2 to update, 1 to adopt");
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0);
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
    let buckets = dir.run(&["output", "-json", "buckets"]).status(0).json();
    assert_eq!(buckets, serde_json::json!(["acme-team-payments", "acme-team-search"]));
}

#[test]
fn the_tests_of_the_fleet() {
    let dir = example("fleet");
    dir.run(&["test"]).status(0).says("Success! 4 passed, 0 failed.");
    // They test something: a replica for every team is one too many.
    let main = dir.read("buckets.seal.hcl").replace(" if bucket.key != null", "");
    dir.write("buckets.seal.hcl", main);
    dir.run(&["test"]).status(1).complains("Buckets of teams with a key have a replica");
}

#[test]
fn the_demo_tells_the_whole_story() {
    Dir::empty()
        .run(&["demo"])
        .status(0)
        .says("Apply complete!")
        .says("No changes.")
        .says("outside of Sealform");
}

/// What the README shows is what the program says.
#[test]
fn the_readme_shows_a_real_plan() {
    let dir = example("quickstart");
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0);
    dir.run(&[
        "sandbox",
        "change",
        "acme-audit-log",
        "--sse-algorithm",
        "AES256",
        "--blocked-encryption-type",
        "SSE-C",
    ])
    .status(0);
    let plan = dir.run(&["plan", "--sandbox"]).status(0).stdout;
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    assert!(readme.contains(plan.trim()), "the README does not show:\n{plan}");
}
