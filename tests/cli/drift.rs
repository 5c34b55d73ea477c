//! `drift`, `report merge` and `--output`.

use crate::harness::{Dir, Ran, resource};
use sealform::resource::BucketEncryption;
use sealform::sandbox::{DEFAULT_ACCOUNT, Options, Sandbox, World};
use sealform::state::{Intent, Local, Writing};
use serde_json::Value as Json;

const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

/// A directory with buckets of these names, and a sandbox that has them.
pub(crate) struct Fleet {
    pub(crate) dir: Dir,
    pub(crate) world: World,
    pub(crate) sandbox: Sandbox,
}

impl Fleet {
    pub(crate) async fn of(buckets: &[&str]) -> Self {
        let text: String = buckets.iter().map(|it| resource(it, it, "aws:kms", "")).collect();
        let world = World::in_memory();
        for bucket in buckets {
            assert!(world.seed_bucket(bucket, "us-east-1", DEFAULT_ACCOUNT).unwrap());
        }
        let sandbox = Sandbox::start(world.clone(), Options::default()).await.unwrap();
        let dir = Dir::with(&text)
            .env("AWS_ENDPOINT_URL", &sandbox.endpoint())
            .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCOUNT)
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1");
        Self { dir, world, sandbox }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        tokio::task::block_in_place(|| self.dir.run(arguments))
    }

    /// Somebody else's change.
    pub(crate) fn change(&self, bucket: &str, algorithm: &str) {
        self.change_as(DEFAULT_ACCOUNT, None, bucket, algorithm);
    }

    /// Anybody's requests.
    pub(crate) fn client(&self, access_key: &str, session: Option<&str>) -> aws_sdk_s3::Client {
        let session = session.map(|session| format!("sandbox-session:{session}"));
        aws_sdk_s3::Client::from_conf(
            aws_sdk_s3::Config::builder()
                .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
                .endpoint_url(self.sandbox.endpoint())
                .region(aws_sdk_s3::config::Region::new("us-east-1"))
                .credentials_provider(aws_sdk_s3::config::Credentials::new(
                    access_key, "test", session, None, "test",
                ))
                .force_path_style(true)
                .build(),
        )
    }

    /// A change with these credentials.
    pub(crate) fn change_as(
        &self,
        access_key: &str,
        session: Option<&str>,
        bucket: &str,
        algorithm: &str,
    ) {
        let client = self.client(access_key, session);
        let default = aws_sdk_s3::types::ServerSideEncryptionByDefault::builder()
            .sse_algorithm(algorithm.into())
            .build()
            .unwrap();
        let rule = aws_sdk_s3::types::ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default)
            .build();
        let rules = aws_sdk_s3::types::ServerSideEncryptionConfiguration::builder()
            .rules(rule)
            .build()
            .unwrap();
        let put = client
            .put_bucket_encryption()
            .bucket(bucket)
            .server_side_encryption_configuration(rules)
            .send();
        let put = async {
            put.await.unwrap();
        };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(put));
    }
}

/// Holds a document to the published schema.
#[track_caller]
pub(crate) fn valid(document: &Json) {
    let schema: Json = serde_json::from_str(include_str!("../../src/report/schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = schema.iter_errors(document).map(|it| it.to_string()).collect();
    assert_eq!(faults, [""; 0], "{document:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_statuses_say_what_was_found() {
    let fleet = Fleet::of(&["aaa", "bbb"]).await;
    fleet.run(&["drift"]).status(3).says("Pending. 2 buckets checked, 2 with changes pending.");
    fleet.run(&["drift", "-exit-code=drift"]).status(0);
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.run(&["drift"]).status(0).says("Clean. 2 buckets checked.");
    fleet.change("bbb", "AES256");
    fleet
        .run(&["drift"])
        .status(2)
        .says("Drift. 2 buckets checked, 1 changed outside.")
        .says("drift: sse_algorithm = \"aws:kms\" -> \"AES256\"")
        .says("weakened: AWS managed key → SSE-S3");
    fleet.run(&["drift", "-exit-code=drift"]).status(2);
    fleet.run(&["drift", "-exit-code=never"]).status(0);
    fleet.run(&["drift", "-severity=high"]).status(2);
    fleet.run(&["drift", &format!("-exclude={TYPE}.bbb")]).status(0);
    fleet.change("bbb", "aws:kms:dsse");
    fleet.run(&["drift", "-severity=low"]).status(2).says("low");
    fleet.run(&["drift", "-severity=medium"]).status(0).says("Clean.");
    // Somebody else did what the files ask for: that is nobody's worry.
    fleet.change("bbb", "AES256");
    fleet.dir.write(
        "main.seal.hcl",
        resource("aaa", "aaa", "aws:kms", "") + &resource("bbb", "bbb", "AES256", ""),
    );
    fleet.run(&["drift"]).status(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_only_reads_and_writes_nothing() {
    let fleet = Fleet::of(&["aaa", "bbb"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change("aaa", "AES256");
    let state = fleet.dir.read("state/sealform.state.json");
    let before = fleet.sandbox.requests();
    let holder = sealform::state::Holder {
        operation: "apply".into(),
        who: "somebody".into(),
        pid: 1,
        since: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    let local = Local::new(fleet.dir.path().join("state/sealform.state.json"));
    let lock = local.try_lock(&holder).unwrap();
    fleet.run(&["drift"]).status(2);
    // What writes waits its turn.
    fleet.run(&["drift", "-record"]).status(1).complains("lock");
    drop(lock);
    let after = fleet.sandbox.requests();
    let grown = after.iter().filter(|(name, count)| before.get(*name) != Some(count));
    let changed: Vec<&str> = grown.map(|(name, _)| &**name).collect();
    assert_eq!(changed, ["GetBucketEncryption", "GetCallerIdentity"]);
    assert_eq!(fleet.dir.read("state/sealform.state.json"), state);
    fleet.run(&["drift", "-record"]).status(2).complains("Recorded 1 bucket as it is live.");
    assert_ne!(fleet.dir.read("state/sealform.state.json"), state);
    fleet.run(&["drift"]).status(3);
    fleet.run(&["drift", "-from-state"]).status(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_hides_no_finding() {
    let fleet = Fleet::of(&["aaa", "bbb", "ccc"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change("aaa", "AES256");
    assert!(fleet.world.deny_bucket("bbb").unwrap());
    let ran = fleet
        .run(&["drift", "-output=json=found.json"])
        .status(1)
        .says("Error. 3 buckets checked, 1 changed outside, 1 not known.")
        .says("\"AES256\"")
        .complains("error: Access denied");
    drop(ran);
    let found: Json = serde_json::from_str(&fleet.dir.read("found.json")).unwrap();
    valid(&found);
    let classes: Vec<&str> = found["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["class"].as_str().unwrap())
        .collect();
    assert_eq!(classes, ["drift", "error", "unchanged"]);
    assert_eq!(found["resources"][1]["bucket"], "bbb");
    assert_eq!(found["resources"][0]["place"]["file"], "main.seal.hcl");
    // The account was asked for anyway: every request names it as the owner of the bucket.
    for item in found["resources"].as_array().unwrap() {
        assert_eq!(item["account"], DEFAULT_ACCOUNT, "{item}");
    }
    fleet.run(&["drift", "-from-state"]).status(1).says("1 changed outside, 1 not known");
}

/// An alias that was recorded and the ARN of its key, as others name it, are one key: it was told as
/// drift.
#[tokio::test(flavor = "multi_thread")]
async fn the_state_alone_knows_an_alias_for_its_key() {
    let fleet = Fleet::of(&[]).await;
    let alias = "alias/team";
    assert!(fleet.world.seed_key(alias, "us-east-1", DEFAULT_ACCOUNT).unwrap());
    let algorithm = "aws:kms\"\n      kms_master_key_id = \"alias/team";
    let blocks = ["aaa", "bbb"].map(|bucket| {
        assert!(fleet.world.seed_bucket(bucket, "us-east-1", DEFAULT_ACCOUNT).unwrap());
        resource(bucket, bucket, algorithm, "")
    });
    fleet.dir.write("main.seal.hcl", blocks.concat());
    fleet.run(&["apply", "-auto-approve"]).status(0);
    let before = fleet.sandbox.requests();
    fleet.run(&["drift", "-from-state"]).status(0);
    // What is spelled alike takes nobody to say so.
    assert_eq!(before.get("DescribeKey"), fleet.sandbox.requests().get("DescribeKey"));
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(aws_sdk_kms::config::BehaviorVersion::latest())
        .endpoint_url(fleet.sandbox.endpoint())
        .region(aws_sdk_kms::config::Region::new("us-east-1"))
        .credentials_provider(aws_sdk_kms::config::Credentials::new(
            DEFAULT_ACCOUNT,
            "test",
            None,
            None,
            "test",
        ))
        .build();
    let kms = aws_sdk_kms::Client::from_conf(config);
    let arn = kms.describe_key().key_id(alias).send().await.unwrap();
    let arn = arn.key_metadata.unwrap().arn.unwrap();
    let others =
        ["aaa", "bbb"].map(|bucket| resource(bucket, bucket, &algorithm.replace(alias, &arn), ""));
    let other = Dir::with(&others.concat())
        .env("AWS_ENDPOINT_URL", &fleet.sandbox.endpoint())
        .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1");
    // Who does not ask KMS writes what is spelled otherwise.
    other.write("provider.seal.hcl", "provider \"aws\" {\n  preflight = false\n}\n");
    let apply = ["apply", "-auto-approve", "-allow-weakening"];
    tokio::task::block_in_place(|| other.run(&apply)).status(0).says("2 updated");
    let before = fleet.sandbox.requests();
    fleet.run(&["drift", "-from-state"]).status(0).never_complains("spelling");
    let asked = fleet.sandbox.requests().get("DescribeKey").copied().unwrap_or_default()
        - before.get("DescribeKey").copied().unwrap_or_default();
    assert_eq!(asked, 2, "each name once");
    assert!(fleet.world.deny_key(alias, "us-east-1", DEFAULT_ACCOUNT).unwrap());
    fleet
        .run(&["drift", "-from-state"])
        .status(2)
        .complains("Aliases compared by spelling")
        .complains(&format!("{TYPE}.aaa and 1 more"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_alone_is_enough() {
    let fleet = Fleet::of(&["aaa", "bbb"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    let state = fleet.dir.read("state/sealform.state.json");
    std::fs::remove_file(fleet.dir.path().join("main.seal.hcl")).unwrap();
    fleet.run(&["drift", "-from-state"]).status(0);
    fleet.change("aaa", "AES256");
    fleet.dir.write("elsewhere.json", state);
    std::fs::remove_dir_all(fleet.dir.path().join("state")).unwrap();
    fleet.run(&["drift", "-from-state"]).status(1).complains("There is no state at");
    let found = fleet.run(&["drift", "-from-state=elsewhere.json", "-json"]).status(2).json();
    valid(&found);
    assert_eq!(found["resources"][0]["class"], "drift");
    assert_eq!(found["resources"][0]["severity"], "high");
    assert!(found["resources"][0]["differences"][0].get("desired").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_make_up_the_whole() {
    let names: Vec<String> = (0..24).map(|n| format!("bucket-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let fleet = Fleet::of(&names).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change("bucket-3", "AES256");
    let mut files = vec!["report", "merge"];
    let mut seen = 0;
    for part in ["1", "2", "3"] {
        let file: &str = Box::leak(format!("{part}.json").into_boxed_str());
        let partition = format!("-partition=hash:{part}/3");
        let ran = fleet.run(&["drift", &partition, &format!("-output=json={file}")]);
        assert!([0, 2].contains(&ran.status), "{}", ran.stderr);
        let found: Json = serde_json::from_str(&fleet.dir.read(file)).unwrap();
        valid(&found);
        let count = found["summary"]["checked"].as_u64().unwrap();
        assert!(count > 0, "a share of 24 is empty");
        seen += count;
        files.push(file);
    }
    assert_eq!(seen, 24);
    let whole = fleet.run(&[&files[..], &["-json"]].concat()).status(2).json();
    valid(&whole);
    assert_eq!(
        (&whole["summary"]["checked"], &whole["summary"]["drifted"]),
        (&24.into(), &1.into())
    );
    fleet.run(&[&files[..], &["-exit-code=never"]].concat()).status(0).says("Drift. 24 buckets");
    // A share that is missing is not known to be well.
    fleet.run(&files[..4]).status(1).says("there is no report of: 3");
    fleet.run(&["report", "merge", "1.json", "1.json"]).status(1).complains("as another one is");
    fleet.run(&["report", "merge", "main.seal.hcl"]).status(1).complains("it is not a report");
    fleet.run(&["report", "merge", "none.json"]).status(1).complains("none.json");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_every_command_are_of_one_schema() {
    let fleet = Fleet::of(&["aaa", "bbb"]).await;
    valid(&fleet.run(&["plan", "-json", "-out=p.sealplan"]).status(0).json());
    valid(&fleet.run(&["show", "-json", "p.sealplan"]).status(0).json());
    let applied = fleet.run(&["apply", "-json", "p.sealplan"]).status(0).json();
    valid(&applied);
    assert_eq!(
        (&applied["verdict"], &applied["resources"][0]["status"]),
        (&"clean".into(), &"done".into())
    );
    // Refused before anything was planned.
    let refused = fleet.run(&["apply", "-json", "p.sealplan"]).status(1).json();
    valid(&refused);
    assert_eq!(refused["diagnostics"][0]["summary"], "Saved plan is stale");
    valid(&fleet.run(&["apply", "-json"]).status(1).json());
    fleet.dir.write("more.seal.hcl", "locals {");
    valid(&fleet.run(&["plan", "-json"]).status(1).json());
    valid(&fleet.run(&["drift", "-json"]).status(1).json());
}

#[tokio::test(flavor = "multi_thread")]
async fn several_formats_from_one_run() {
    let fleet = Fleet::of(&["aaa"]).await;
    let ran = fleet
        .run(&["plan", "-output=json=plan.json", "-output=human=plan.txt"])
        .status(0)
        .says("Plan: 1 to update.");
    assert_eq!(fleet.dir.read("plan.txt"), ran.stdout);
    let plan: Json = serde_json::from_str(&fleet.dir.read("plan.json")).unwrap();
    assert_eq!(plan["summary"]["actions"]["update"], 1);
    fleet
        .run(&["plan", "-json", "-output=human"])
        .status(1)
        .complains("Two formats on standard output");
    fleet
        .run(&["plan", "-output=json=x", "-output=human=x"])
        .status(1)
        .complains("Two formats in one file");
    fleet.run(&["plan", "-output=jsn"]).status(1).complains("Did you mean \"json\"?");
    fleet
        .run(&["plan", "-output=json=no/such/dir.json"])
        .status(1)
        .complains("Cannot write the report");
    fleet
        .run(&["apply", "-auto-approve", "-output=json=done.json"])
        .status(0)
        .says("Apply complete!");
    let done: Json = serde_json::from_str(&fleet.dir.read("done.json")).unwrap();
    assert_eq!(done["resources"][0]["status"], "done");
}

/// Others read what is written: a web server, a collector of metrics.
#[cfg(unix)]
#[test]
fn a_file_of_a_report_is_as_readable_as_the_umask_says() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    let binary = env!("CARGO_BIN_EXE_sealform");
    let script = format!("umask 022; {binary} plan --sandbox --output=json=plan.json");
    let status = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(dir.path())
        .output()
        .unwrap()
        .status;
    assert!(status.success());
    let mode = std::fs::metadata(dir.path().join("plan.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    // What is no file is written to, not replaced.
    dir.run(&["plan", "--sandbox", "--output=json=/dev/stderr"])
        .status(0)
        .complains("\"format_version\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn known_drift_is_told_and_does_not_count() {
    let fleet = Fleet::of(&["aaa", "bbb"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change("aaa", "AES256");
    let suppress = |expires: &str| {
        format!(
            "suppress \"migration\" {{\n  addresses  = [{TYPE}.aaa]\n  buckets    = [\"old-*\"]\n  \
             attributes = [sse_algorithm]\n  reason     = \"moves in May\"\n  expires    = \
             \"{expires}\"\n}}\n"
        )
    };
    fleet.dir.write("known.seal.hcl", suppress("2999-12-31"));
    fleet
        .run(&["drift"])
        .status(0)
        .says("Clean. 2 buckets checked, 1 suppressed.")
        .says("migration: moves in May until 2999-12-31");
    valid(&fleet.run(&["drift", "-json"]).status(0).json());
    // A silence is about reports: a plan takes the change back all the same, and says so.
    fleet
        .run(&["plan", "-detailed-exitcode", "-out=p.sealplan"])
        .status(2)
        .says("Changed outside of Sealform, and suppressed:")
        .says("# \"migration\" until 2999-12-31: moves in May")
        .says("# drift: somebody else changed the bucket")
        .says("# suppressed by \"migration\", which silences reports: this step takes it back")
        .says("Plan: 1 to update. 1 unchanged. 1 changed outside and suppressed.");
    fleet.run(&["plan", "-concise"]).status(0).says("~ aws_").says("this step takes it back");
    let plan = fleet.run(&["plan", "-json"]).status(0).json();
    valid(&plan);
    assert_eq!((&plan["verdict"], &plan["summary"]["drifted"]), (&"pending".into(), &0.into()));
    assert_eq!(plan["summary"]["suppressed"], 1);
    assert_eq!(plan["resources"][0]["suppressed"]["name"], "migration");
    assert_eq!(plan["resources"][0]["action"], "update");
    fleet
        .run(&["plan", "-output=markdown"])
        .status(0)
        .says("1 bucket was changed outside, which is suppressed, and is taken back all the same");
    // The step is a finding that nothing silences.
    let sarif = fleet.run(&["plan", "-output=sarif"]).status(0).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let told: Vec<(&str, bool)> = results
        .iter()
        .map(|it| (it["ruleId"].as_str().unwrap(), it.get("suppressions").is_some()))
        .collect();
    assert_eq!(told, [("drift-weakening", true), ("pending-change", false)]);
    fleet.run(&["show", "p.sealplan"]).status(0).says("and suppressed:");
    fleet.run(&["apply", "-auto-approve"]).status(0).says("and suppressed:").says("1 updated");
    fleet.change("aaa", "AES256");
    let typo = suppress("2999-12-31").replace("sse_algorithm", "sse_algoritm");
    fleet.dir.write("known.seal.hcl", typo);
    fleet.run(&["drift"]).status(1).complains("Did you mean \"sse_algorithm\"?");
    fleet.dir.write("known.seal.hcl", suppress("2020-02-29"));
    fleet.run(&["drift"]).status(2).complains("expired on 2020-02-29");
    fleet.change("aaa", "aws:kms");
    fleet.dir.write("known.seal.hcl", suppress("2999-12-31"));
    fleet.run(&["drift"]).status(0).complains("silences nothing");
    fleet.dir.write("known.seal.hcl", suppress("2021-02-29"));
    fleet.run(&["drift"]).status(1).complains("\"2021-02-29\" is no day");
    fleet.dir.write("known.seal.hcl", "suppress \"x\" {\n  reason = \"none\"\n}\n");
    fleet.run(&["validate"]).status(1).complains("needs `addresses` or `buckets`");
}

/// Addresses begin in the root module, and so do silences, also for what is in others.
#[tokio::test(flavor = "multi_thread")]
async fn a_silence_stands_in_the_root_module_for_all_modules() {
    let fleet = Fleet::of(&["aaa"]).await;
    fleet.dir.write("team/main.seal.hcl", fleet.dir.read("main.seal.hcl"));
    fleet.dir.write("main.seal.hcl", "module \"team\" {\n  source = \"./team\"\n}\n");
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change("aaa", "AES256");
    fleet.run(&["drift"]).status(2);
    let silence = |address: &str| {
        format!("suppress \"known\" {{\n  addresses = [{address}]\n  reason    = \"why not\"\n}}\n")
    };
    for address in ["module.team", &format!("module.team.{TYPE}.aaa")] {
        fleet.dir.write("known.seal.hcl", silence(address));
        fleet.run(&["drift"]).status(0).says("1 suppressed");
    }
    std::fs::remove_file(fleet.dir.path().join("known.seal.hcl")).unwrap();
    fleet.dir.write("team/known.seal.hcl", silence(&format!("{TYPE}.aaa")));
    fleet
        .run(&["drift"])
        .status(1)
        .complains("Misplaced block")
        .complains("Move it there; what is in a module is named as `module.NAME`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_carried_out_as_it_was_or_refused_with_its_reason() {
    let fleet = Fleet::of(&["aaa"]).await;
    fleet.run(&["plan", "-out=p.sealplan"]).status(0);
    let whole = fleet.dir.read("p.sealplan");
    assert!(whole.contains(DEFAULT_ACCOUNT), "{whole}");
    fleet.dir.write("damaged.sealplan", whole.replacen("aws:kms", "AES256", 1));
    fleet.run(&["apply", "damaged.sealplan"]).status(1).complains("its checksum does not fit");
    let elsewhere = Dir::with("").env("AWS_ACCESS_KEY_ID", "444455556666");
    elsewhere.write("p.sealplan", &whole);
    let elsewhere = elsewhere
        .env("AWS_ENDPOINT_URL", &fleet.sandbox.endpoint())
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1");
    tokio::task::block_in_place(|| elsewhere.run(&["apply", "p.sealplan"]))
        .status(1)
        .complains("Plan of another account")
        .complains("444455556666");
    fleet.dir.write("more.seal.hcl", "locals {}\n");
    fleet
        .run(&["apply", "p.sealplan"])
        .status(0)
        .says("1 updated")
        .complains("The files have changed since the plan was made");
}

/// What a stopped run had left was settled by a plan from before it, and shown as somebody else's.
#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_stale_when_a_run_was_stopped_since() {
    let fleet = Fleet::of(&["aaa"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.run(&["plan", "-out=p.sealplan"]).status(0);
    let local = Local::new(fleet.dir.path().join("state/sealform.state.json"));
    let mut session = local.session(None, "0").unwrap();
    let settings = |algorithm| BucketEncryption::live(algorithm, None, false, ["SSE-C".to_owned()]);
    let intent = Intent::new(
        format!("{TYPE}.aaa").parse().unwrap(),
        "aws".into(),
        "aaa".into(),
        Writing::Update,
        (&settings("aws:kms"), &settings("AES256")),
    );
    session.intend(intent).unwrap();
    session.flush().unwrap();
    drop(session);
    fleet.change("aaa", "AES256");
    fleet
        .run(&["apply", "p.sealplan"])
        .status(1)
        .complains("Saved plan is stale")
        .complains("a run has ended while it wrote");
    // What it has left is not somebody else's change.
    fleet.run(&["drift", "-from-state"]).status(0).complains("Earlier run was stopped");
    fleet.run(&["drift"]).status(3).complains("Earlier run was stopped");
    fleet.run(&["plan", "-out=p.sealplan"]).status(0);
    fleet.run(&["apply", "p.sealplan"]).status(0).says("1 updated");
    fleet.run(&["drift"]).status(0);
}

/// Each change of the verdict is printed once, the metrics are served, and a signal ends it.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_tells_of_changes_only_and_stops_when_asked_to() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::process::Stdio;
    let fleet = Fleet::of(&["aaa"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    let mut child = fleet
        .dir
        .command(&["drift", "-watch=1s", "-listen=127.0.0.1:0", "-concise"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    tokio::task::block_in_place(|| {
        let listening = stderr.next().unwrap().unwrap();
        let address = listening.split("http://").nth(1).unwrap().split(": ").next().unwrap();
        let address = address.trim_end_matches(':').to_owned();
        let mut verdict = || {
            let line = stdout.next().unwrap().unwrap();
            let (when, verdict) = line.split_once(' ').unwrap();
            assert!(when.parse::<jiff::Timestamp>().is_ok(), "{line}");
            verdict.to_owned()
        };
        assert_eq!(verdict(), "Clean. 1 bucket checked.");
        let get = |target: &str| {
            let mut stream = std::net::TcpStream::connect(&address).unwrap();
            write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        assert!(get("/healthz").starts_with("HTTP/1.1 200"));
        fleet.change("aaa", "AES256");
        assert_eq!(verdict(), "Drift. 1 bucket checked, 1 changed outside.");
        assert!(stdout.next().unwrap().unwrap().contains("high"));
        let asked = |fleet: &Fleet| fleet.sandbox.requests()["GetBucketEncryption"];
        let before = asked(&fleet);
        while asked(&fleet) < before + 2 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert!(get("/metrics").contains("sealform_"), "{}", get("/metrics"));
        let pid = child.id().to_string();
        let kill = std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(kill.success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(stdout.next().is_none(), "nothing else is printed");
    });
}
