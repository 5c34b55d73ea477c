//! `notify` blocks: what a webhook gets, and what nobody else does.

use crate::drift::{Fleet, valid};
use crate::harness::{Dir, Ran, resource};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A port on which nobody listens: of a service that is gone for good.
const CLOSED: u16 = 1;

/// What must be seen nowhere but in a request.
const TOKEN: &str = "T0ken5ecret";

/// How a webhook answers.
#[derive(Clone, Copy)]
enum Answer {
    /// With a status, and headers and a body behind it.
    Status(&'static str),
    /// Not at all.
    Hang,
}

const OK: Answer = Answer::Status("200 OK\r\n\r\nok");

#[derive(Debug)]
struct Got {
    request: String,
    headers: BTreeMap<String, String>,
    body: Json,
}

/// A webhook that answers with one after the other, and with the last from then on.
struct Hook {
    port: u16,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Hook {
    fn that(answers: &'static [Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&got);
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for (nth, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                all.lock().unwrap().push(read(&mut stream));
                match answers.get(nth).unwrap_or(&answers[answers.len() - 1]) {
                    Answer::Status(text) => {
                        let (head, body) = text.split_once("\r\n\r\n").unwrap();
                        let length = body.len();
                        let _gone = write!(
                            stream,
                            "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: \
                             close\r\n\r\n{body}"
                        );
                    }
                    Answer::Hang => open.push(stream),
                }
            }
        });
        Self { port, got }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/services/{TOKEN}", self.port)
    }

    /// What has come since this was asked last.
    fn taken(&self) -> Vec<Got> {
        std::mem::take(&mut *self.got.lock().unwrap())
    }

    /// The events of the JSON documents that have come since this was asked last.
    fn events(&self) -> Vec<String> {
        let taken = self.taken();
        taken.iter().map(|got| got.body["event"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits for a message.
    fn await_one(&self) -> Got {
        let begun = Instant::now();
        loop {
            if let Some(got) = self.got.lock().unwrap().pop() {
                return got;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "no message came");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn read(stream: &mut TcpStream) -> Got {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let request = line();
    let mut headers = BTreeMap::new();
    loop {
        let header = line();
        let Some((name, value)) = header.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Got { request, headers, body: serde_json::from_slice(&body).unwrap() }
}

/// A `notify` block with this in it.
fn notify(name: &str, hook: &Hook, more: &str) -> String {
    format!("notify \"{name}\" {{\n  url = \"{}\"\n{more}\n}}\n", hook.url())
}

/// Holds a run to show nothing of a URL.
#[track_caller]
fn discreet(ran: Ran) -> Ran {
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains(TOKEN) && !text.contains("127.0.0.1"), "{text}");
    }
    ran
}

#[tokio::test(flavor = "multi_thread")]
async fn each_block_gets_one_message_a_run_and_nobody_else_sees_its_url() {
    let fleet = Fleet::of(&["aaa", "bbb"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change("bbb", "AES256");
    let hook = Hook::that(&[OK]);
    // Sensitive or not, written out or not: nobody is shown it.
    let blocks = format!(
        "variable \"hook\" {{ type = string }}\n\
         locals {{ path = \"services\" }}\n\
         {}\
         notify \"chat\" {{\n  url = \"${{var.hook}}\"\n  format = \"slack\"\n}}\n\
         notify \"office\" {{\n  url = join(\"/\", [var.hook, local.path])\n  format = \"teams\"\n}}\n",
        notify("programs", &hook, &format!("  headers = {{ Authorization = \"Bearer {TOKEN}\" }}"))
    );
    fleet.dir.write("notify.seal.hcl", blocks);
    fleet.dir.write("hook.auto.sealvars.hcl", format!("hook = \"{}\"\n", hook.url()));
    let formats = ["json", "json-lines", "markdown", "sarif", "junit", "prometheus", "html"];
    let outputs: Vec<String> = formats.iter().map(|it| format!("-output={it}=out.{it}")).collect();
    let outputs = outputs.iter().map(String::as_str);
    let arguments: Vec<&str> = ["drift", "-no-color"].into_iter().chain(outputs).collect();
    discreet(fleet.run(&arguments).status(2).says("Drift."));
    let mut taken = hook.taken();
    taken.sort_by(|a, b| a.request.cmp(&b.request));
    assert_eq!(taken.len(), 3, "{taken:?}");
    for got in &taken {
        assert!(got.request.starts_with(&format!("POST /services/{TOKEN}")), "{}", got.request);
        assert_eq!(got.headers["content-type"], "application/json");
        assert!(got.headers["user-agent"].starts_with("sealform/"));
    }
    let json = taken.iter().find(|it| it.body.get("event").is_some()).unwrap();
    assert_eq!(json.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(
        (&json.body["event"], &json.body["notification"]),
        (&"drift".into(), &"programs".into())
    );
    assert_eq!(json.body["workspace"], "default");
    assert!(json.body["directory"].as_str().unwrap().starts_with('/'), "{:#}", json.body);
    assert_eq!(json.body["report"]["summary"]["checked"], 2);
    let resources = json.body["report"]["resources"].as_array().unwrap();
    assert_eq!(resources.len(), 1, "what is as it should be is not told");
    assert_eq!(resources[0]["bucket"], "bbb");
    valid(&json.body["report"]);
    let slack = taken.iter().find(|it| it.body.get("blocks").is_some()).unwrap();
    assert_eq!(slack.body["blocks"][0]["text"]["text"], "Drift: 1 bucket changed outside");
    assert!(slack.body.to_string().contains("bbb"));
    let teams = &taken.iter().find(|it| it.body.get("attachments").is_some()).unwrap().body;
    assert_eq!(teams["attachments"][0]["content"]["type"], "AdaptiveCard");
    assert!(taken.iter().all(|it| !it.body.to_string().contains(TOKEN)), "{taken:?}");
    // And so it is with whatever else a configuration goes through.
    discreet(fleet.run(&["plan", "-out=p.sealplan"]).status(0));
    discreet(fleet.run(&["show", "-json", "p.sealplan"]).status(0));
    discreet(fleet.run(&["graph"]).status(0).says("notify.chat"));
    discreet(fleet.run(&["validate", "-json"]).status(0));
    assert_eq!(hook.taken().len(), 0, "nothing of this sends anything");
    discreet(fleet.run(&["apply", "p.sealplan"]).status(0));
    discreet(fleet.run(&["state", "pull"]).status(0));
    let mut files = vec![fleet.dir.path().to_owned()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|it| it.unwrap().path()));
        } else if path.extension().is_none_or(|it| it != "hcl") {
            let text = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains(TOKEN), "{}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_passing_is_sent_again_and_what_fails_for_good_is_a_warning() {
    const BUSY: Answer = Answer::Status("503 Service Unavailable\r\nRetry-After: 0\r\n\r\n");
    let fleet = Fleet::of(&["aaa"]).await;
    let block = |hook: &Hook, more: &str| {
        let more = format!("  on = [\"pending\"]\n  {more}");
        fleet.dir.write("notify.seal.hcl", notify("ops", hook, &more));
    };
    let hook = Hook::that(&[BUSY, BUSY, OK]);
    block(&hook, "");
    let ran = discreet(fleet.run(&["drift"]).status(3));
    assert_eq!(hook.events(), ["pending", "pending", "pending"]);
    assert!(!ran.stderr.contains("Notification"), "it came through: {}", ran.stderr);
    let rows: [(&'static [Answer], usize, &str); 5] = [
        (
            &[Answer::Status("404 Not Found\r\n\r\nno_service\n")],
            1,
            "answered 404 Not Found, \"no_service\" (tried once)",
        ),
        (
            &[Answer::Status("400 Bad Request\r\n\r\nT0ken5ecret is bad")],
            1,
            "answered 400 Bad Request (tried once)",
        ),
        (
            &[Answer::Status("400 Bad Request\r\n\r\nbad t0ken5ecret services")],
            1,
            "answered 400 Bad Request (tried once)",
        ),
        (
            &[Answer::Status("302 Found\r\nLocation: /x\r\n\r\n")],
            1,
            "redirects are not followed (tried once)",
        ),
        (
            &[Answer::Status("503 Service Unavailable\r\nRetry-After: 3600\r\n\r\n")],
            1,
            "answered 503 Service Unavailable (tried once)",
        ),
    ];
    for (answers, times, told) in rows {
        let hook = Hook::that(answers);
        block(&hook, "");
        discreet(
            fleet.run(&["drift"]).status(3).complains("Notification not sent").complains(told),
        );
        assert_eq!(hook.taken().len(), times, "{told}");
    }
    let hook = Hook::that(&[Answer::Status("500 Oops\r\n\r\n")]);
    block(&hook, "timeout = \"6s\"");
    discreet(fleet.run(&["drift"]).status(3).complains("answered 500 Internal Server Error"));
    assert!(hook.taken().len() > 1, "repeated as long as there is time");
    let hook = Hook::that(&[Answer::Hang]);
    block(&hook, "timeout = \"8s\"");
    discreet(fleet.run(&["drift"]).status(3).complains("gave no answer in time (tried 2 times)"));
    block(&Hook { port: CLOSED, got: Arc::default() }, "timeout = \"4s\"");
    discreet(fleet.run(&["drift"]).status(3).complains("the webhook refused the connection"));
    // A webhook that is down keeps no other from its message, and no apply from its success.
    let hook = Hook::that(&[OK]);
    let on = "  on = [\"applied\"]\n";
    let down = Hook { port: CLOSED, got: Arc::default() };
    let down = notify("down", &down, &format!("{on}  timeout = \"1s\"\n"));
    fleet.dir.write("notify.seal.hcl", down + &notify("up", &hook, on));
    discreet(fleet.run(&["apply", "-auto-approve"]).status(0).complains("\"down\""));
    assert_eq!(hook.events(), ["applied"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_tells_what_it_is_asked_to_tell() {
    let fleet = Fleet::of(&["aaa", "bbb"]).await;
    let hook = Hook::that(&[OK]);
    let block = |more: &str| fleet.dir.write("notify.seal.hcl", notify("ops", &hook, more));
    block("");
    fleet.run(&["drift"]).status(3);
    fleet.run(&["plan"]).status(0);
    assert_eq!(hook.events(), [""; 0], "pending changes are what the next apply is for");
    block("on = [\"pending\", \"clean\", \"applied\", \"error\", \"drift\"]");
    fleet.run(&["plan", "-detailed-exitcode"]).status(2);
    fleet.run(&["apply"]).status(1);
    fleet.run(&["apply", "-no-notify", "-auto-approve", "-target=nothing.here"]).status(1);
    assert_eq!(hook.events(), [""; 0], "nothing was begun");
    fleet.run(&["drift"]).status(3);
    fleet.run(&["drift", "-no-notify"]).status(3);
    fleet.run(&["drift", "--sandbox"]).status(3);
    assert_eq!(hook.events(), ["pending"]);
    fleet.run(&["plan", "-out=p.sealplan"]).status(0);
    fleet.run(&["apply", "p.sealplan"]).status(0);
    fleet.run(&["apply", "-auto-approve"]).status(0);
    assert_eq!(hook.events(), ["applied"], "once there was something to do");
    fleet.run(&["drift"]).status(0);
    assert_eq!(hook.events(), ["clean"]);
    // Stronger than declared is drift, too, and wakes nobody.
    fleet.change("aaa", "aws:kms:dsse");
    block("min_severity = \"medium\"");
    fleet.run(&["drift"]).status(2);
    assert_eq!(hook.events(), [""; 0]);
    fleet.change("bbb", "AES256");
    fleet.run(&["drift"]).status(2);
    let got = hook.taken().pop().unwrap().body;
    assert_eq!((&got["event"], &got["min_severity"]), (&"drift".into(), &"medium".into()));
    assert_eq!(got["report"]["summary"]["drifted"], 1);
    // Somebody must be told of what is wrong with the configuration, too.
    fleet.dir.write("more.seal.hcl", "locals { a = nothing.here }\n");
    fleet.run(&["drift"]).status(1);
    let got = hook.taken().pop().unwrap().body;
    assert_eq!(got["event"], "error");
    assert_eq!(got["report"]["diagnostics"][0]["summary"], "Unknown resource");
    fleet.run(&["apply", "-auto-approve"]).status(1);
    fleet.run(&["test"]);
    fleet.run(&["validate"]).status(1);
    assert_eq!(hook.events(), [""; 0]);
    std::fs::remove_file(fleet.dir.path().join("more.seal.hcl")).unwrap();
    let quiet =
        Ran::of(fleet.dir.command(&["drift"]).env("SEALFORM_NO_NOTIFY", "1").output().unwrap());
    quiet.status(2);
    fleet.run(&["destroy", "-no-notify", "-auto-approve"]).status(0);
    assert_eq!(hook.events(), [""; 0]);
}

/// What is given to a saved plan by the environment is not known by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_says_why_it_cannot_tell() {
    let fleet = Fleet::of(&["aaa"]).await;
    let hook = Hook::that(&[OK]);
    let block = "variable \"hook\" {\n  type = string\n  sensitive = true\n}\n\
                 notify \"ops\" {\n  url = var.hook\n  on = [\"applied\"]\n}\n";
    fleet.dir.write("notify.seal.hcl", block);
    fleet.run(&["plan", "-out=p.sealplan", &format!("-var=hook={}", hook.url())]).status(0);
    fleet.run(&["apply", "p.sealplan"]).status(0).complains("give the value by the environment");
    assert_eq!(hook.events(), [""; 0]);
}

/// As it prints: each change of the verdict once. What did not get through comes with the next look.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_tells_of_changes_of_the_verdict_only() {
    const GONE: Answer = Answer::Status("410 Gone\r\n\r\n");
    let fleet = Fleet::of(&["aaa"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    let hook = Hook::that(&[OK, OK, GONE, OK]);
    fleet.dir.write("notify.seal.hcl", notify("ops", &hook, ""));
    let mut child = fleet
        .dir
        .command(&["drift", "-watch=1s"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    tokio::task::block_in_place(|| {
        let asked = || fleet.sandbox.requests().get("GetBucketEncryption").copied().unwrap_or(0);
        let rounds = |more: u64| {
            let before = asked();
            while asked() < before + more {
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        rounds(3);
        assert_eq!(hook.events(), [""; 0], "all was well from the beginning");
        fleet.change("aaa", "AES256");
        assert_eq!(hook.await_one().body["event"], "drift");
        rounds(3);
        assert_eq!(hook.events(), [""; 0], "it still drifts");
        fleet.change("aaa", "aws:kms");
        assert_eq!(hook.await_one().body["event"], "recovered");
        fleet.change("aaa", "AES256");
        assert_eq!(hook.await_one().body["event"], "drift");
        assert_eq!(hook.await_one().body["event"], "drift", "the first was refused");
        rounds(3);
        assert_eq!(hook.events(), [""; 0]);
        let pid = child.id().to_string();
        assert!(
            std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success()
        );
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(stderr.matches("Notification not sent").count(), 1, "{stderr}");
        assert!(!stderr.contains(TOKEN), "{stderr}");
    });
}

/// Nobody who asks a run to stop waits for a webhook.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_sending_and_changes_no_exit_status() {
    let fleet = Fleet::of(&["aaa"]).await;
    let hook = Hook::that(&[Answer::Hang]);
    let more = "on = [\"applied\", \"pending\"]\ntimeout = \"2m\"";
    fleet.dir.write("notify.seal.hcl", notify("ops", &hook, more));
    for (arguments, status) in [(&["drift"][..], 3), (&["apply", "-auto-approve"], 0)] {
        let child = fleet
            .dir
            .command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        tokio::task::block_in_place(|| {
            hook.await_one();
            let begun = Instant::now();
            let pid = child.id().to_string();
            std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
            let ran = Ran::of(child.wait_with_output().unwrap());
            discreet(ran.status(status).complains("it was cut short"));
            assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
        });
    }
}

#[test]
fn a_job_that_has_no_secret_plans_and_is_warned_once() {
    let dir = Dir::with(
        "variable \"webhook\" { default = null }\n\
         notify \"ops\" {\n  format = \"slack\"\n  url    = var.webhook\n}\n",
    );
    for text in ["", " "] {
        let given = format!("-var=webhook={text}");
        for command in ["plan", "drift"] {
            let ran = dir.run(&[command, "-sandbox", &given]).status(0);
            assert_eq!(
                ran.stderr.matches("Notification without a URL").count(),
                1,
                "{}",
                ran.stderr
            );
            ran.complains("main.seal.hcl:4:12").complains("or null");
        }
    }
    let ran = dir.run(&["plan", "-sandbox"]).status(0);
    assert!(!ran.stderr.contains("without a URL"), "{}", ran.stderr);
    // What is wrong with it stands where its value does.
    dir.run(&["validate", "-var=webhook=x"]).status(1).complains("main.seal.hcl:4:12");
}

#[test]
fn what_is_wrong_with_a_block_is_told_without_its_secret() {
    let hooked = |more: &str| {
        let url = "url = \"https://127.0.0.1/T0ken5ecret\"";
        Dir::with(&format!("notify \"ops\" {{\n  {url}\n  {more}\n}}\n"))
    };
    for (more, told) in [
        ("on = [\"drfit\"]", "Did you mean \"drift\"?"),
        ("on = []", "Nothing to notify of"),
        ("on = \"drift\"", "\"on\" must be a list that is written out"),
        ("format = \"slak\"", "Did you mean \"slack\"?"),
        ("min_severity = \"hi\"", "`min_severity` knows no \"hi\""),
        ("timeout = \"1h\"", "from \"1s\" to \"2m\""),
        ("timeout = 3", "Write 3 seconds as \"3s\""),
        ("formt = \"json\"", "Did you mean \"format\"?"),
        ("headers = { Host = \"x\" }", "how the message is sent"),
        ("headers = [\"T0ken5ecret\"]", "no map of texts"),
        ("headers = { a = \"T0ken5ecret\\n\" }", "without line breaks"),
    ] {
        discreet(hooked(more).run(&["validate"]).status(1).complains(told));
    }
    discreet(hooked("on = [\"drift\"]").run(&["validate"]).status(0));
    // On one line even the excerpt of another fault would show it.
    for (text, told) in [
        ("notify \"a\" { url = \"T0ken5ecret\" }", "does not begin with https:// or http://"),
        ("notify \"a\" { url = \"https://u:T0ken5ecret@x/\" }", "holds a user or a password"),
        ("notify \"a\" { timeout = \"3s\" }", "needs the attribute \"url\""),
        ("notify \"a\" { ulr = \"https://x/T0ken5ecret\" }", "Did you mean \"url\"?"),
        (
            "notify \"a\" {\n  url = \"https://x/\"\n  headers { X = \"T0ken5ecret\" }\n}",
            "Block instead of an attribute",
        ),
        ("notify { url = \"https://x/T0ken5ecret\" }", "Wrong number of labels"),
        ("notify \"a\" { url = [\"T0ken5ecret\"] }", "Its `url` is no text."),
        ("notify \"a\" { url = tonumber(\"T0ken5ecret\") }", "could show a secret"),
        ("notify \"a\" { url = var.hok }", "There is no variable \"hok\""),
        ("notify \"a\" { url = \"http://example.com/T0ken5ecret\" }\nx = 1", "Webhook without TLS"),
        (
            "notify \"a\" { url = \"https://x/T0ken5ecret\" }\nnotify \"a\" { url = \"https://x/T0ken5ecret\" }",
            "The notification \"a\" is already declared",
        ),
    ] {
        let dir = Dir::with(text);
        discreet(dir.run(&["validate"]).status(1).complains(told));
        dir.run(&["validate", "-json"]).status(1).never_says(TOKEN);
    }
    // Nor does what cannot be read.
    for (text, told) in [
        ("notify \"a\" {\n  url = \"https://x/T0ken5ecret\" oops\n}\n", "Missing newline"),
        ("notify \"a\" {\n  url = \"https://x/T0ken5ecret\n}\n", "Unclosed string"),
        ("notify \"a\" {\n  url \"https://x/T0ken5ecret\"\n}\n", "Missing equals sign"),
        ("notify \"a\" {\n  url = https://x/T0ken5ecret\n}\n", "Invalid syntax"),
        (
            "notify \"a\" {\n  headers = { A = \"T0ken5ecret\" B = \"b\" }\n}\n",
            "A comma or a new line is missing",
        ),
        (
            "notify \"a\" {\n  url = \"https://x/1\"\n  url = \"https://x/T0ken5ecret\"\n}\n",
            "Attribute set twice",
        ),
    ] {
        let dir = Dir::with(text);
        discreet(dir.run(&["validate"]).status(1).complains(told));
        dir.run(&["validate", "-json"]).status(1).never_says(TOKEN);
    }
    // What AWS must be asked for is too late where just that fails.
    let dir = Dir::with(
        "data \"aws_caller_identity\" \"me\" {}\nnotify \"a\" {\n  url = \
         \"https://x/${data.aws_caller_identity.me.account_id}\"\n}\n",
    );
    dir.run(&["validate"]).status(0);
    dir.run(&["plan", "--sandbox"]).status(1).complains("Unknown webhook");
    let dir = Dir::with("module \"m\" { source = \"./m\" }\n");
    dir.write("m/main.seal.hcl", "notify \"a\" { url = \"https://x/T0ken5ecret\" }\n");
    discreet(dir.run(&["validate"]).status(1).complains("stands in the root module"));
    let dir = Dir::with("variable \"hook\" { type = string }\n");
    let json = r#"{"notify": {"ops": {"url": "${var.hook}", "on": ["drift", "applied"],
        "format": "slack", "headers": {"X-Key": "T0ken5ecret"}}}}"#;
    dir.write("notify.seal.hcl.json", json);
    dir.run(&["validate"]).status(0);
    dir.write("notify.seal.hcl.json", json.replace("slack", "slock"));
    discreet(dir.run(&["validate"]).status(1).complains("Did you mean \"slack\"?"));
}

/// Nobody heard of it, and nothing was in any report.
#[test]
fn a_drift_that_is_out_of_time_is_told_like_any_other_error() {
    let hook = Hook::that(&[OK]);
    // Connections are taken, and nobody reads what comes by them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let provider = format!(
        "provider \"aws\" {{\n  region = \"eu-west-1\"\n  endpoints {{\n    s3 = \"http://127.0.0.1:{}\"\n  \
         }}\n}}\n",
        silent.local_addr().unwrap().port()
    );
    let block = notify("ops", &hook, "");
    let dir = Dir::with(&(provider + &block + &resource("x", "acme-x", "AES256", "")))
        .env("AWS_ACCESS_KEY_ID", "123456789012")
        .env("AWS_SECRET_ACCESS_KEY", "x");
    let ran = discreet(dir.run(&["drift", "-json", "-timeout=1s"]).status(1));
    let report = ran.complains("Out of time").json();
    assert_eq!(report["verdict"], "error");
    assert_eq!(report["diagnostics"][0]["summary"], "Out of time");
    assert_eq!(hook.events(), ["error"]);
}

#[test]
fn the_flag_is_where_something_is_sent() {
    let dir = Dir::with(&resource("x", "x", "AES256", ""));
    for command in ["drift", "apply", "destroy"] {
        dir.run(&[command, "--help"]).status(0).says("--no-notify");
    }
    dir.run(&["plan", "--help"]).status(0).never_says("--no-notify");
    dir.run(&["explain", "notify"]).status(0).says("min_severity").says("recovered");
}

/// The example's own block: silent until a URL is given.
#[tokio::test(flavor = "multi_thread")]
async fn the_example_for_cron_tells_whoever_it_is_given() {
    let fleet = Fleet::of(&["aaa"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change("aaa", "AES256");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cron/main.seal.hcl");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, block) = text.split_once("variable \"webhook\"").unwrap();
    fleet.dir.write("notify.seal.hcl", format!("variable \"webhook\"{block}"));
    let hook = Hook::that(&[OK]);
    fleet.run(&["drift"]).status(2);
    assert_eq!(hook.taken().len(), 0);
    let mut command = fleet.dir.command(&["drift"]);
    let output = command.env("SEALFORM_VAR_webhook", hook.url()).output().unwrap();
    discreet(Ran::of(output).status(2));
    let taken = hook.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].body["blocks"][0]["type"], "header");
}
