//! The examples for cron and Kubernetes: each command in them is run as it stands there, but on the
//! sandbox and below a directory of the test.

use crate::harness::{Dir, Ran};
use saphyr_parser::Parser;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(example(name)).unwrap()
}

/// A machine: what an example puts below the root is below a directory here.
struct Machine {
    dir: Dir,
}

impl Machine {
    fn with(example: &str) -> Self {
        let machine = Self { dir: Dir::empty() };
        for dir in ["etc/sealform", "var/lib/sealform", "var/lib/node_exporter"] {
            std::fs::create_dir_all(machine.dir.path().join(dir)).unwrap();
        }
        let collector = "var/lib/node_exporter/textfile_collector/sealform";
        std::fs::create_dir_all(machine.dir.path().join(collector)).unwrap();
        let configuration = machine.moved(&read(&format!("{example}/main.seal.hcl")));
        machine.dir.write("etc/sealform/main.seal.hcl", configuration);
        machine
    }

    /// A text with the paths of the machine in it.
    fn moved(&self, text: &str) -> String {
        let root = self.dir.path().to_str().unwrap();
        text.replace("/etc/", &format!("{root}/etc/")).replace("/var/", &format!("{root}/var/"))
    }

    /// Runs the words of a command, which begin with the name of the program.
    #[track_caller]
    fn run(&self, command: &str) -> Ran {
        let command = self.moved(command);
        let mut words = command.split_whitespace();
        assert!(words.next().unwrap().ends_with("sealform"), "{command}");
        let mut arguments: Vec<&str> = words.collect();
        arguments.push("--sandbox");
        self.dir.run(&arguments)
    }

    fn apply(&self) {
        self.run("sealform apply --chdir /etc/sealform -auto-approve").status(0);
    }

    fn weaken(&self, bucket: &str) {
        let command = format!(
            "sealform sandbox change {bucket} --sse-algorithm AES256 --chdir /etc/sealform"
        );
        self.run(&command).status(0);
    }
}

/// Fails unless a text is YAML.
#[track_caller]
fn is_yaml(name: &str) {
    let text = read(name);
    for event in Parser::new_from_str(&text) {
        event.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// The command of the service of systemd.
fn service() -> String {
    let unit = read("cron/sealform-drift.service");
    unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap().to_owned()
}

/// The command in the crontab, from its name to where its output goes.
fn crontab() -> String {
    let table = read("cron/crontab");
    let (_, line) = table.split_once("timeout 30m ").unwrap();
    line.split_once(" >/dev/null").unwrap().0.to_owned()
}

const METRICS: &str = "var/lib/node_exporter/textfile_collector/sealform/sealform.prom";

#[test]
fn the_service_writes_metrics_a_page_and_a_report() {
    let machine = Machine::with("cron");
    machine.apply();
    machine.run(&service()).status(0).says("Clean.");
    let clean = machine.dir.read(METRICS);
    assert!(clean.contains("severity=\"high\"} 0\n"), "{clean}");
    machine.weaken("acme-audit-logs");
    machine.run(&service()).status(2).says("weakened");
    let metrics = machine.dir.read(METRICS);
    assert!(metrics.contains("severity=\"high\"} 1\n"), "{metrics}");
    let page = machine.dir.read("var/lib/sealform/drift.html");
    assert!(page.contains("<strong>! Drift.</strong>"));
    let report = machine.dir.read("var/lib/sealform/drift.json");
    let report: Json = serde_json::from_str(&report).unwrap();
    assert_eq!(report["summary"]["drifted"], 1);
    // What the service takes for success is what these runs end with.
    assert!(read("cron/sealform-drift.service").contains("\nSuccessExitStatus=2 3\n"));
}

#[test]
fn the_crontab_does_the_same() {
    let machine = Machine::with("cron");
    // Nothing is recorded yet, so that what differs is pending.
    machine.run(&crontab()).status(3);
    machine.apply();
    machine.weaken("acme-app-logs");
    machine.run(&crontab()).status(2);
    assert!(machine.dir.read("var/lib/sealform/drift.txt").contains("acme-app-logs"));
    assert!(machine.dir.read(METRICS).contains("severity=\"high\"} 1\n"));
}

/// The time of the last success outlives a run that fails.
#[test]
fn the_last_success_is_kept() {
    let machine = Machine::with("cron");
    machine.apply();
    let success = |machine: &Machine| {
        let name = "sealform_last_success_timestamp_seconds{";
        let metrics = machine.dir.read(METRICS);
        metrics.lines().find(|line| line.starts_with(name)).unwrap().to_owned()
    };
    machine.run(&service()).status(0);
    let first = success(&machine);
    assert!(!first.ends_with(" 0"), "{first}");
    // A bucket that nobody can read.
    let configuration = machine.dir.read("etc/sealform/main.seal.hcl");
    let bucket = "bucket = \"acme-nowhere\"\n  expected_bucket_owner = \"999999999999\"";
    let more = crate::harness::resource("bad", "acme-nowhere", "AES256", "")
        .replace("bucket = \"acme-nowhere\"", bucket);
    machine.dir.write("etc/sealform/main.seal.hcl", format!("{configuration}{more}"));
    machine.run(&service()).status(1);
    let metrics = machine.dir.read(METRICS);
    assert!(metrics.contains("sealform_failed{") && metrics.contains("class=\"error\"} 1\n"));
    assert_eq!(success(&machine), first);
}

/// Every series that an alert asks for is one that a run writes.
#[test]
fn the_alerts_ask_for_what_there_is() {
    is_yaml("cron/alerts.rules.yml");
    let machine = Machine::with("cron");
    machine.apply();
    machine.run(&service()).status(0);
    let metrics = machine.dir.read(METRICS);
    let there: BTreeSet<&str> =
        metrics.lines().filter_map(|line| line.split_once('{')).map(|(name, _)| name).collect();
    let rules = read("cron/alerts.rules.yml");
    let mut asked = 0;
    for line in rules.lines().filter(|line| line.trim_start().starts_with("expr:")) {
        for word in line.split(|c: char| !c.is_ascii_lowercase() && c != '_') {
            if word.starts_with("sealform_") {
                assert!(there.contains(word), "{word} is in no file: {there:?}");
                asked += 1;
            }
        }
    }
    assert_eq!(asked, 5);
}

/// The actions that a policy allows.
fn actions(name: &str) -> BTreeSet<String> {
    let policy: Json = serde_json::from_str(&read(name)).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let named = statements.iter().flat_map(|statement| match &statement["Action"] {
        Json::String(one) => vec![one.clone()],
        Json::Array(many) => many.iter().map(|it| it.as_str().unwrap().to_owned()).collect(),
        other => panic!("{name}: {other}"),
    });
    named.collect()
}

#[test]
fn the_role_of_drift_may_only_read() {
    for example in ["cron", "kubernetes-cronjob"] {
        let drift = actions(&format!("{example}/iam-drift.json"));
        assert!(drift.iter().all(|action| action.starts_with("s3:Get")), "{drift:?}");
        let apply = actions(&format!("{example}/iam-apply.json"));
        assert!(apply.is_superset(&drift) && apply.len() > drift.len(), "{apply:?}");
    }
    let trust = actions("kubernetes-cronjob/iam-trust.json");
    assert_eq!(trust, BTreeSet::from(["sts:AssumeRoleWithWebIdentity".to_owned()]));
}

#[test]
fn the_shares_of_the_job_are_the_whole_fleet() {
    for name in ["cronjob", "kustomization", "namespace", "serviceaccount", "storage"] {
        is_yaml(&format!("kubernetes-cronjob/{name}.yaml"));
    }
    let job = read("kubernetes-cronjob/cronjob.yaml");
    let value = |name: &str| {
        let line = job.lines().find_map(|line| line.trim_start().strip_prefix(name)).unwrap();
        line.trim().trim_matches('"').to_owned()
    };
    let shares: usize = value("completions:").parse().unwrap();
    assert_eq!(value("parallelism:"), value("completions:"));
    assert!(job.contains(&format!("- name: SHARES\n                  value: \"{shares}\"")));

    let machine = Machine::with("kubernetes-cronjob");
    machine.apply();
    machine.weaken("acme-tenant-07");
    let script = machine.moved(&value("- exec")).replace("sealform drift", "\"$SEALFORM\" drift");
    let script = format!("exec {script} --sandbox");
    let mut checked = 0;
    let mut files = Vec::new();
    let mut statuses = Vec::new();
    for index in 0..shares {
        let ran = Command::new("/bin/sh")
            .args(["-c", &script])
            .env_clear()
            .env("SEALFORM", env!("CARGO_BIN_EXE_sealform"))
            .env("HOME", machine.dir.path())
            .env("SHARES", shares.to_string())
            .env("JOB_COMPLETION_INDEX", index.to_string())
            .output()
            .unwrap();
        let report: Json = serde_json::from_slice(&ran.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&ran.stderr)));
        assert_eq!(report["share"]["part"], index + 1);
        checked += report["summary"]["checked"].as_u64().unwrap();
        statuses.push(ran.status.code().unwrap());
        let file = format!("share-{index}.json");
        machine.dir.write(&file, &ran.stdout);
        files.push(file);
    }
    assert_eq!(checked, 20);
    statuses.sort_unstable();
    assert_eq!(statuses, [0, 0, 0, 2]);

    // The README joins them by this.
    let readme = read("kubernetes-cronjob/README.md");
    assert!(readme.contains(&format!("\nsealform report merge {}\n", files.join(" "))));
    let mut merge = vec!["report", "merge"];
    merge.extend(files.iter().map(String::as_str));
    machine.dir.run(&merge).status(2).says("20 buckets checked");
}
