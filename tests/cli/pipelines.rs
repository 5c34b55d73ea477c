//! The pipelines among the examples: their files are as they should be, and their commands run.

use crate::examples::example;
use crate::harness::{Dir, Ran};
use saphyr_parser::{Event, Parser};

const GITHUB: &[&str] = &[
    ".github/workflows/plan.yml",
    ".github/workflows/apply.yml",
    ".github/workflows/drift.yml",
    ".github/actions/sealform/action.yml",
];

/// Every scalar of a file in its order, with the key in front of it where it is a mapping's.
fn scalars(text: &str) -> Vec<String> {
    Parser::new_from_str(text)
        .filter_map(|event| match event.unwrap().0 {
            Event::Scalar(text, ..) => Some(text.to_string()),
            _ => None,
        })
        .collect()
}

/// The commands of a file: each line of its scripts that calls the program, as its arguments, up to
/// what belongs to the shell.
fn commands(text: &str) -> Vec<Vec<String>> {
    let scripts = scalars(text).join("\n").replace("\\\n", " ");
    let calls = scripts.lines().filter_map(|line| line.trim().strip_prefix("sealform "));
    calls
        .map(|call| {
            let words =
                call.split_whitespace().take_while(|word| !["||", "&&", "|"].contains(word));
            words.map(str::to_owned).collect()
        })
        .collect()
}

/// Runs the commands of a file against the sandbox; each but the last must go well.
#[track_caller]
fn run(dir: &Dir, text: &str, expected: i32) -> Vec<Ran> {
    let commands = commands(text);
    assert!(!commands.is_empty());
    let last = commands.len() - 1;
    let run = |(n, command): (usize, &Vec<String>)| {
        let mut arguments = vec!["-sandbox"];
        arguments.extend(command.iter().map(String::as_str));
        dir.run(&arguments).status(if n == last { expected } else { 0 })
    };
    commands.iter().enumerate().map(run).collect()
}

/// Somebody changes a bucket behind the pipeline's back.
fn change(dir: &Dir) {
    dir.run(&["-chdir=buckets", "sandbox", "change", "acme-web-logs", "--sse-algorithm", "AES256"])
        .status(0);
}

#[test]
fn a_pull_request_on_github_from_its_plan_to_the_drift_after_it() {
    let dir = example("github-actions");
    let [plan, apply, drift] = [GITHUB[0], GITHUB[1], GITHUB[2]].map(|name| dir.read(name));

    run(&dir, &plan, 0);
    let comment = dir.read("buckets/comment.md");
    assert!(comment.starts_with("<!-- sealform:plan:buckets -->\n"), "{comment}");
    assert!(comment.contains("3 to update"), "{comment}");
    let annotations = dir.read("buckets/annotations.txt");
    assert!(annotations.contains("::notice file=buckets/main.seal.hcl,line=5,"), "{annotations}");

    let ran = run(&dir, &apply, 0);
    assert!(ran.last().unwrap().stdout.contains("Apply complete!"));
    let comment = dir.read("buckets/comment.md");
    assert!(comment.starts_with("<!-- sealform:apply:buckets -->\n"), "{comment}");
    assert!(comment.contains("3 updated"), "{comment}");
    assert!(dir.exists("buckets/state/sealform.state.json"));

    run(&dir, &drift, 0);
    let issue = dir.read("buckets/issue.md");
    assert!(issue.contains("Nothing differs"), "{issue}");

    change(&dir);
    run(&dir, &drift, 2);
    let issue = dir.read("buckets/issue.md");
    assert!(issue.starts_with("<!-- sealform:drift:buckets -->\n"), "{issue}");
    assert!(issue.contains("1 bucket was changed outside"), "{issue}");
    let annotations = dir.read("buckets/annotations.txt");
    assert!(annotations.starts_with("::error file=buckets/main.seal.hcl,line=5,"), "{annotations}");
    assert!(dir.read("buckets/drift.json").contains("\"verdict\": \"drift\""));

    // What was reviewed is not done where the world is another.
    run(&dir, &apply, 1);
}

#[test]
fn a_merge_request_on_gitlab_from_its_plan_to_the_drift_after_it() {
    let dir = example("gitlab-ci");
    let pipeline = dir.read(".gitlab-ci.yml");
    run(&dir, &pipeline, 0);
    assert!(dir.read("buckets/comment.md").starts_with("<!-- sealform:plan:buckets -->\n"));
    assert!(dir.read("buckets/junit.xml").contains("<testsuite"));
    assert!(dir.read("buckets/drift.html").contains("<html"));
    change(&dir);
    let drift = pipeline.split_once("\ndrift:").unwrap().1;
    run(&dir, &format!("drift:{drift}"), 2);
    assert!(dir.read("buckets/junit.xml").contains("<failure"));
}

#[test]
fn pipelines_are_pinned_and_hold_no_secrets() {
    let github = example("github-actions");
    let gitlab = example("gitlab-ci");
    let files = GITHUB.iter().map(|name| (*name, github.read(name)));
    for (name, text) in files.chain([(".gitlab-ci.yml", gitlab.read(".gitlab-ci.yml"))]) {
        let scalars = scalars(&text);
        for used in scalars.windows(2).filter(|pair| pair[0] == "uses").map(|pair| &pair[1]) {
            // By the digest of a commit, which nobody can move; its version stands behind it.
            let pinned = used.split_once('@').is_some_and(|(_, commit)| {
                commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit())
            });
            let versioned = text.contains(&format!("{used} # v"));
            assert!((pinned && versioned) || used.starts_with("./"), "{name}: {used}");
        }
        // What comes from outside reaches a script by its environment, never by its text.
        for script in scalars.iter().filter(|it| it.contains('\n') || it.starts_with("sealform ")) {
            assert!(!script.contains("${{"), "{name}: {script}");
        }
        assert!(!text.contains("secrets."), "{name}");
        assert!(!text.contains("AKIA") && !text.contains("glpat-"), "{name}");
        if name.contains("workflows") {
            assert!(text.contains("\npermissions: {}\n"), "{name}");
            assert!(!text.contains("write-all"), "{name}");
            assert!(text.contains("timeout-minutes"), "{name}");
        }
    }
}

/// What the two READMEs name is there.
#[test]
fn their_readmes_name_what_is_there() {
    for name in ["github-actions", "gitlab-ci"] {
        let dir = example(name);
        let readme = dir.read("README.md");
        let links: Vec<&str> =
            readme.split("](").skip(1).map(|rest| rest.split_once(')').unwrap().0).collect();
        assert!(links.len() >= 5, "{links:?}");
        for link in links {
            assert!(dir.exists(link), "{name}: {link}");
        }
        for policy in
            ["iam-plan.json", "iam-apply.json", "iam-trust-plan.json", "iam-trust-apply.json"]
        {
            let policy: serde_json::Value = serde_json::from_str(&dir.read(policy)).unwrap();
            assert_eq!(policy["Version"], "2012-10-17");
        }
    }
}
