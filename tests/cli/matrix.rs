//! Every operation that a run makes, with everything that can become of its answer: the outcome is
//! the right one, the state is valid, and the run after it goes on.
//!
//! The faults are made by a proxy that knows nothing but where a request and its answer end.

use crate::harness::Dir;
use sealform::sandbox::{Options, Sandbox, World};
use sealform::state::Local;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    SlowDown,
    InternalError,
    ResetBefore,
    ResetAfter,
    Stall,
    SlowBody,
    Malformed,
    Truncated,
    Denied,
    Missing,
}

const FAULTS: [Fault; 10] = [
    Fault::SlowDown,
    Fault::InternalError,
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::Stall,
    Fault::SlowBody,
    Fault::Malformed,
    Fault::Truncated,
    Fault::Denied,
    Fault::Missing,
];

impl Fault {
    fn keeps_waiting(self) -> bool {
        matches!(self, Self::Stall | Self::SlowBody)
    }
}

/// Which requests of an operation it strikes, from 1.
const WHICH: [(&str, std::ops::RangeInclusive<usize>); 3] =
    [("first", 1..=1), ("second", 2..=2), ("always", 1..=usize::MAX)];

/// What the proxy does, and how many requests of the operation it has seen.
#[derive(Clone, Debug)]
struct Orders {
    method: &'static str,
    /// What stands in the target of the requests that are meant.
    target: &'static str,
    fault: Option<Fault>,
    which: std::ops::RangeInclusive<usize>,
    seen: usize,
}

impl Orders {
    fn none() -> Self {
        Self { method: "", target: "", fault: None, which: 1..=1, seen: 0 }
    }

    /// What befalls a request, if anything.
    fn strike(&mut self, head: &str) -> Option<Fault> {
        let line = head.lines().next().unwrap_or_default();
        if !line.starts_with(self.method) || !line.contains(self.target) {
            return None;
        }
        self.seen += 1;
        self.fault.filter(|_| self.which.contains(&self.seen))
    }
}

/// Listens before a server, and gives its URL.
fn proxy(server: u16, orders: &Arc<Mutex<Orders>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let orders = Arc::clone(orders);
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let orders = Arc::clone(&orders);
            // A connection that breaks is what this is about.
            std::thread::spawn(move || serve(client, server, &orders).ok());
        }
    });
    url
}

fn serve(mut client: TcpStream, server: u16, orders: &Mutex<Orders>) -> std::io::Result<()> {
    while let Some((head, body)) = message(&mut client)? {
        let strike = orders.lock().unwrap().strike(&head);
        let refusal = |status: &str, code: &str| {
            let body = format!("<Error><Code>{code}</Code><Message>planned</Message></Error>");
            let length = body.len();
            format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
        };
        let ask = || -> std::io::Result<(String, Vec<u8>)> {
            let mut server = TcpStream::connect(("127.0.0.1", server))?;
            server.write_all(head.as_bytes())?;
            server.write_all(&body)?;
            message(&mut server)?.ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
        };
        let cut = |client: &TcpStream| client.shutdown(Shutdown::Both);
        match strike {
            None => {
                let (head, body) = ask()?;
                client.write_all(head.as_bytes())?;
                client.write_all(&body)?;
            }
            Some(Fault::SlowDown) => client.write_all(&refusal("503", "SlowDown"))?,
            Some(Fault::InternalError) => client.write_all(&refusal("500", "InternalError"))?,
            Some(Fault::Denied) => client.write_all(&refusal("403", "AccessDenied"))?,
            Some(Fault::Missing) => client.write_all(&refusal("404", "NoSuchBucket"))?,
            Some(Fault::ResetBefore) => return cut(&client),
            Some(Fault::ResetAfter) => {
                ask()?;
                return cut(&client);
            }
            // Until the client goes away.
            Some(Fault::Stall) => return client.read_to_end(&mut Vec::new()).map(|_| ()),
            Some(Fault::SlowBody) => {
                let (head, body) = ask()?;
                client.write_all(head.as_bytes())?;
                for byte in body {
                    std::thread::sleep(Duration::from_millis(50));
                    client.write_all(&[byte])?;
                }
            }
            Some(Fault::Malformed) => {
                let (head, mut body) = ask()?;
                let half = body.len() / 2;
                body.get_mut(half..).unwrap_or_default().fill(b'<');
                client.write_all(head.as_bytes())?;
                client.write_all(&body)?;
            }
            Some(Fault::Truncated) => {
                let (head, body) = ask()?;
                client.write_all(head.as_bytes())?;
                client.write_all(&body[..body.len() / 2])?;
                return cut(&client);
            }
        }
    }
    Ok(())
}

/// The head and the body of a request or an answer; `None` at the end of the connection.
fn message(stream: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(Some((head, body)))
}

fn configuration(algorithm: &str) -> String {
    crate::harness::resource("x", "bucket", algorithm, "")
}

/// All faults of one operation, as lines of a table: how the apply ended.
async fn row(method: &'static str) -> String {
    let world = World::in_memory();
    world.seed_bucket("bucket", "us-east-1", "123456789012").unwrap();
    let sandbox = Sandbox::start(world, Options::default()).await.unwrap();
    let orders = Arc::new(Mutex::new(Orders::none()));
    let url = proxy(sandbox.port(), &orders);
    let dir = Dir::empty()
        .env("AWS_ENDPOINT_URL", &url)
        .env("AWS_ACCESS_KEY_ID", "123456789012")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1");
    let set = |new: Orders| *orders.lock().unwrap() = new;
    let run = |arguments: &[&str]| tokio::task::block_in_place(|| dir.run(arguments));
    let apply = ["apply", "-auto-approve", "-allow-weakening", "-max-retries=2"];
    let mut table = String::new();
    for fault in FAULTS {
        let mut cells = Vec::new();
        for (name, which) in WHICH {
            // From AES256 to aws:kms, or back by leaving the configuration.
            set(Orders::none());
            let (first, second) = if method == "DELETE" {
                (configuration("aws:kms"), String::new())
            } else {
                (configuration("AES256"), configuration("aws:kms"))
            };
            dir.write("main.seal.hcl", first);
            run(&apply).status(0);
            dir.write("main.seal.hcl", second);
            set(Orders { method, target: "?encryption", fault: Some(fault), which, seen: 0 });
            // Only who is to be kept waiting is impatient.
            let patience = if fault.keeps_waiting() { "read_timeout = 2" } else { "" };
            dir.write("provider.seal.hcl", format!("provider \"aws\" {{\n  {patience}\n}}\n"));
            let ran = run(&apply);
            dir.write("provider.seal.hcl", "provider \"aws\" {}\n");
            let cell = format!("{method} {fault:?} {name}: {}\n{}", ran.stdout, ran.stderr);
            assert!(ran.status == 0 || ran.status == 1, "{cell}");
            cells.push(if ran.status == 0 { "done" } else { "failed" });
            set(Orders::none());
            // The state can be read, and what became of the bucket is told as our own doing.
            let local = Local::new(dir.path().join("state/sealform.state.json"));
            assert!(local.look().unwrap().state.is_some(), "{cell}");
            let plan = run(&["plan", "-json"]).status(0).json();
            assert_eq!(plan["summary"]["drifted"], 0, "{cell}");
            // What was said to be done is done.
            assert!(ran.status == 1 || plan["verdict"] == "clean", "{cell}\n{plan}");
            run(&apply).status(0);
            run(&["plan", "-detailed-exitcode"]).status(0);
        }
        let fault = format!("{fault:?}");
        writeln!(table, "{method:6} {fault:13} {}", cells.join(" ")).unwrap();
    }
    print!("{table}");
    sandbox.stop().await;
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_a_read() {
    insta::assert_snapshot!(row("GET").await, @r"
    GET    SlowDown      done done failed
    GET    InternalError done done failed
    GET    ResetBefore   done done failed
    GET    ResetAfter    done done failed
    GET    Stall         done done failed
    GET    SlowBody      done done failed
    GET    Malformed     failed failed failed
    GET    Truncated     done done failed
    GET    Denied        failed failed failed
    GET    Missing       failed failed failed
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_a_write() {
    insta::assert_snapshot!(row("PUT").await, @r"
    PUT    SlowDown      done done failed
    PUT    InternalError done done failed
    PUT    ResetBefore   done done failed
    PUT    ResetAfter    done done failed
    PUT    Stall         done done failed
    PUT    SlowBody      done done done
    PUT    Malformed     done done done
    PUT    Truncated     done done done
    PUT    Denied        failed done failed
    PUT    Missing       failed done failed
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_a_reset() {
    insta::assert_snapshot!(row("DELETE").await, @r"
    DELETE SlowDown      done done failed
    DELETE InternalError done done failed
    DELETE ResetBefore   done done failed
    DELETE ResetAfter    done done failed
    DELETE Stall         done done failed
    DELETE SlowBody      done done done
    DELETE Malformed     done done done
    DELETE Truncated     done done done
    DELETE Denied        failed done failed
    DELETE Missing       failed done failed
    ");
}

/// What befalls the requests about a state on S3. Who waits for an answer in vain is left out: it costs
/// minutes, and ends as one that was cut.
const OF_STATE: [Fault; 7] = [
    Fault::InternalError,
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::Malformed,
    Fault::Truncated,
    Fault::Denied,
    Fault::Missing,
];

/// A machine with its state on S3, behind a proxy.
struct Remote {
    world: World,
    sandbox: Sandbox,
    orders: Arc<Mutex<Orders>>,
    dir: Dir,
}

impl Remote {
    async fn new() -> Self {
        let world = World::in_memory();
        for bucket in ["bucket", "states"] {
            world.seed_bucket(bucket, "us-east-1", "123456789012").unwrap();
        }
        let sandbox = Sandbox::start(world.clone(), Options::default()).await.unwrap();
        let orders = Arc::new(Mutex::new(Orders::none()));
        let url = proxy(sandbox.port(), &orders);
        let dir = Dir::empty()
            .env("AWS_ENDPOINT_URL", &url)
            .env("AWS_ACCESS_KEY_ID", "123456789012")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1");
        Self { world, sandbox, orders, dir }
    }

    fn declare(&self, algorithm: &str) {
        let backend = "sealform {\n  backend \"s3\" {\n    bucket = \"states\"\n    key = \"s.json\"\n    \
                       max_retries = 1\n  }\n}\n";
        self.dir.write("main.seal.hcl", format!("{backend}{}", configuration(algorithm)));
    }

    fn run(&self, arguments: &[&str]) -> crate::harness::Ran {
        tokio::task::block_in_place(|| self.dir.run(arguments))
    }

    /// Takes a lock away that a run could not give back, instead of waiting until its lease is over.
    fn unlock(&self) {
        if let Some(lock) = self.world.object("states", "s.json.lock") {
            let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
            self.run(&["force-unlock", lock["id"].as_str().unwrap()]).status(0);
        }
    }

    fn set(&self, orders: Orders) {
        *self.orders.lock().unwrap() = orders;
    }
}

/// All faults of one operation on an object of the state.
async fn row_of_state(method: &'static str, target: &'static str) -> String {
    let remote = Remote::new().await;
    let run = |arguments: &[&str]| remote.run(arguments);
    let apply = ["apply", "-auto-approve", "-allow-weakening"];
    let mut table = String::new();
    for fault in OF_STATE {
        let mut cells = Vec::new();
        for (name, which) in [&WHICH[0], &WHICH[2]] {
            remote.declare("AES256");
            run(&apply).status(0);
            remote.declare("aws:kms");
            remote.set(Orders {
                method,
                target,
                fault: Some(fault),
                which: which.clone(),
                seen: 0,
            });
            let ran = run(&apply);
            let cell =
                format!("{method} {target} {fault:?} {name}: {}\n{}", ran.stdout, ran.stderr);
            assert!(remote.orders.lock().unwrap().seen > 0, "{cell}");
            assert!(ran.status == 0 || ran.status == 1, "{cell}");
            let warned = ran.stderr.contains("warning: ");
            cells.push(match (ran.status, warned) {
                (0, false) => "done",
                (0, true) => "warned",
                _ => "failed",
            });
            assert!(ran.status == 0 || ran.stderr.contains("error: "), "{cell}");
            remote.set(Orders::none());
            remote.unlock();
            // What became of the bucket is told as our own doing, and what was said to be done is.
            let plan = run(&["plan", "-json"]).status(0).json();
            assert_eq!(plan["summary"]["drifted"], 0, "{cell}\n{plan}");
            assert!(ran.status == 1 || plan["verdict"] == "clean", "{cell}\n{plan}");
            let tells_of_a_stop = plan.to_string().contains("Earlier run was stopped");
            assert!(ran.status == 1 || !tells_of_a_stop, "{cell}\n{plan}");
            run(&apply).status(0);
            run(&["plan", "-detailed-exitcode"]).status(0);
            assert_eq!(remote.world.object_keys("states"), ["s.json"], "{cell}");
        }
        let fault = format!("{fault:?}");
        writeln!(table, "{fault:13} {}", cells.join(" ")).unwrap();
    }
    println!("{method} {target}\n{table}");
    remote.sandbox.stop().await;
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_reading_a_state_on_s3() {
    insta::assert_snapshot!(row_of_state("GET", "/s.json?").await, @r"
    InternalError done failed
    ResetBefore   done failed
    ResetAfter    done failed
    Malformed     failed failed
    Truncated     done failed
    Denied        failed failed
    Missing       failed failed
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_writing_a_state_on_s3() {
    insta::assert_snapshot!(row_of_state("PUT", "/s.json?").await, @r"
    InternalError done failed
    ResetBefore   done failed
    ResetAfter    done failed
    Malformed     done done
    Truncated     done done
    Denied        failed failed
    Missing       failed failed
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_looking_at_a_lock_on_s3() {
    insta::assert_snapshot!(row_of_state("GET", "/s.json.lock").await, @r"
    InternalError done failed
    ResetBefore   done failed
    ResetAfter    done failed
    Malformed     done done
    Truncated     done failed
    Denied        failed failed
    Missing       failed failed
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_taking_a_lock_on_s3() {
    insta::assert_snapshot!(row_of_state("PUT", "/s.json.lock").await, @r"
    InternalError done failed
    ResetBefore   done failed
    ResetAfter    done failed
    Malformed     done done
    Truncated     done done
    Denied        failed failed
    Missing       failed failed
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_giving_a_lock_on_s3_back() {
    insta::assert_snapshot!(row_of_state("DELETE", "/s.json.lock").await, @r"
    InternalError done warned
    ResetBefore   done warned
    ResetAfter    done warned
    Malformed     done done
    Truncated     done done
    Denied        warned warned
    Missing       warned warned
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_reading_a_journal_on_s3() {
    insta::assert_snapshot!(row_of_state("GET", "/s.json.journal").await, @r"
    InternalError done failed
    ResetBefore   done failed
    ResetAfter    done failed
    Malformed     done done
    Truncated     done failed
    Denied        failed failed
    Missing       failed failed
    ");
}

/// Where nobody else could learn what is about to be written, nothing is.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_pushing_a_journal_to_s3() {
    insta::assert_snapshot!(row_of_state("PUT", "/s.json.journal").await, @r"
    InternalError done failed
    ResetBefore   done failed
    ResetAfter    done failed
    Malformed     done done
    Truncated     done done
    Denied        failed failed
    Missing       failed failed
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_removing_a_journal_from_s3() {
    insta::assert_snapshot!(row_of_state("DELETE", "/s.json.journal").await, @r"
    InternalError done done
    ResetBefore   done done
    ResetAfter    done done
    Malformed     done done
    Truncated     done done
    Denied        done done
    Missing       done done
    ");
}

/// It had been recorded in the journal, from where the next run took it.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_state_that_failed_is_not_made_later() {
    let remote = Remote::new().await;
    remote.declare("aws:kms");
    remote.run(&["apply", "-auto-approve"]).status(0);
    let before = remote.world.object("states", "s.json");
    let fault = Some(Fault::Denied);
    remote.set(Orders { method: "PUT", target: "/s.json?", fault, which: 1..=usize::MAX, seen: 0 });
    let address = "aws_s3_bucket_server_side_encryption_configuration.x";
    remote.run(&["state", "rm", address]).status(1).complains("s3:PutObject");
    remote.set(Orders::none());
    remote.run(&["state", "list"]).status(0).says(address);
    remote.run(&["apply", "-auto-approve"]).status(0);
    assert_eq!(remote.world.object("states", "s.json"), before);
    remote.sandbox.stop().await;
}

/// Who may only read is told how to go without a lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_the_right_to_lock_says_how_to_go_on() {
    let remote = Remote::new().await;
    remote.declare("aws:kms");
    let fault = Some(Fault::Denied);
    remote.set(Orders { method: "PUT", target: "/s.json", fault, which: 1..=usize::MAX, seen: 0 });
    remote.run(&["plan"]).status(1).complains("looks at it with -lock=false");
    remote.run(&["plan", "-lock=false"]).status(0);
    let apply = remote.run(&["apply", "-auto-approve"]).status(1);
    apply.complains("s3:PutObject").never_complains("-lock=false");
    remote.sandbox.stop().await;
}
