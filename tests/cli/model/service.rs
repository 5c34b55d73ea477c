//! An S3 of our own: a few buckets and what each is encrypted with, and a log of what was asked of
//! it. It shares no code with the sandbox, so that the two cannot err alike.

use super::world::{Algorithm, Settings};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// What is asked of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Read,
    /// The whole of the settings is replaced.
    Write(Settings),
    Reset,
}

/// A request that came in.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) bucket: String,
    pub(super) call: Call,
    /// Whether the bucket is now what was asked for.
    pub(super) effect: bool,
    /// What befell it.
    pub(super) struck: Option<What>,
}

/// What befalls a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It is refused.
    Denied,
    /// The service breaks down before anything was done.
    Broken,
    /// The connection is cut before anything was done.
    CutBefore,
    /// The connection is cut when all was done.
    CutAfter,
    /// The run that asks is killed before anything was done.
    KillBefore,
    /// The run is killed when all was done, before it is told.
    KillAfter,
    /// The run is told, and killed after so many microseconds.
    KillTold(u64),
    /// The run is told, and asked to stop.
    Stop,
}

/// Which request is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Strike {
    /// Only those that write are counted, or only those that read.
    pub(super) writes: bool,
    /// Which of them, from 0.
    pub(super) nth: usize,
    pub(super) what: What,
}

#[derive(Default)]
pub(super) struct Inside {
    pub(super) buckets: BTreeMap<String, Settings>,
    pub(super) log: Vec<Request>,
    strike: Option<Strike>,
    /// The process that asks.
    client: Option<u32>,
}

/// The service, listening for as long as the test runs.
pub(super) struct Service {
    pub(super) url: String,
    inside: Arc<Mutex<Inside>>,
}

impl Service {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inside = Arc::new(Mutex::new(Inside::default()));
        let shared = Arc::clone(&inside);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let inside = Arc::clone(&shared);
                // A connection that breaks is a part of the game.
                std::thread::spawn(move || serve(&client, &inside).ok());
            }
        });
        Self { url, inside }
    }

    pub(super) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    /// Forgets what was asked, and has a request struck.
    pub(super) fn expect(&self, strike: Option<Strike>) {
        let mut inside = self.inside();
        inside.log.clear();
        inside.strike = strike;
        inside.client = None;
    }

    /// Tells which process is meant.
    pub(super) fn client(&self, pid: u32) {
        self.inside().client = Some(pid);
    }
}

fn serve(client: &TcpStream, inside: &Mutex<Inside>) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut reader = BufReader::new(client);
    let mut writer = client;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            if header.trim().is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let Some((request, answer)) = take(inside, &line, &String::from_utf8_lossy(&body)) else {
            writer.write_all(refusal("403 Forbidden", "AccessDenied").as_bytes())?;
            continue;
        };
        // Nothing is killed before it is known who asks.
        let pid = || loop {
            if let Some(pid) = inside.lock().unwrap().client {
                return pid;
            }
            std::thread::yield_now();
        };
        match request.struck {
            None => writer.write_all(answer.as_bytes())?,
            Some(What::Denied) => {
                writer.write_all(refusal("403 Forbidden", "AccessDenied").as_bytes())?;
            }
            Some(What::Broken) => {
                writer.write_all(refusal("500 x", "InternalError").as_bytes())?;
            }
            Some(What::CutBefore | What::CutAfter) => return client.shutdown(Shutdown::Both),
            Some(What::KillBefore | What::KillAfter) => {
                send("KILL", pid());
                return client.shutdown(Shutdown::Both);
            }
            Some(What::KillTold(after)) => {
                let pid = pid();
                writer.write_all(answer.as_bytes())?;
                std::thread::sleep(Duration::from_micros(after));
                send("KILL", pid);
            }
            Some(What::Stop) => {
                send("TERM", pid());
                writer.write_all(answer.as_bytes())?;
            }
        }
    }
}

/// Whoever has ended already is past being told.
fn send(signal: &str, pid: u32) {
    let kill = std::process::Command::new("kill")
        .args(["-s", signal, &pid.to_string()])
        .stderr(std::process::Stdio::null())
        .status();
    assert!(kill.is_ok(), "there is no `kill`");
}

/// Does what a request asks for, unless it is struck before; none where it is not about a bucket.
fn take(inside: &Mutex<Inside>, line: &str, body: &str) -> Option<(Request, String)> {
    let mut words = line.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?')?;
    let bucket = path.trim_matches('/').to_owned();
    if !query.split('&').any(|part| part.trim_end_matches('=') == "encryption") {
        return None;
    }
    let call = match method {
        "GET" => Call::Read,
        "PUT" => Call::Write(Settings::from_xml(body)),
        "DELETE" => Call::Reset,
        _ => return None,
    };
    let mut inside = inside.lock().unwrap();
    let writes = call != Call::Read;
    let before = inside.log.iter().filter(|it| (it.call != Call::Read) == writes).count();
    let strike = inside.strike.filter(|it| it.writes == writes && it.nth == before);
    let struck = strike.map(|it| it.what);
    let stopped =
        matches!(struck, Some(What::Denied | What::Broken | What::CutBefore | What::KillBefore));
    let mut answer = refusal("404 Not Found", "NoSuchBucket");
    let mut effect = false;
    if let Some(settings) = inside.buckets.get_mut(&bucket)
        && !stopped
    {
        effect = true;
        answer = match call {
            Call::Read => answered("200 OK", &settings.to_xml()),
            Call::Write(wanted) => {
                *settings = wanted;
                answered("200 OK", "")
            }
            Call::Reset => {
                *settings = settings.reset();
                "HTTP/1.1 204 No Content\r\n\r\n".to_owned()
            }
        };
    }
    let request = Request { bucket, call, effect, struck };
    inside.log.push(request.clone());
    Some((request, answer))
}

fn answered(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn refusal(status: &str, code: &str) -> String {
    answered(status, &format!("<Error><Code>{code}</Code><Message>planned</Message></Error>"))
}

impl Settings {
    /// The text between two others, if both are there.
    fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
        Some(text.split_once(before)?.1.split_once(after)?.0)
    }

    /// What a PutBucketEncryption asks for.
    fn from_xml(body: &str) -> Self {
        let text = |name: &str| Self::between(body, &format!("<{name}>"), "<");
        Self {
            algorithm: text("SSEAlgorithm").and_then(Algorithm::of).unwrap(),
            key: text("KMSMasterKeyID").map(|key| key.ends_with('1')),
            bucket_key: text("BucketKeyEnabled") == Some("true"),
            blocked: body.contains("<EncryptionType>SSE-C</EncryptionType>"),
        }
    }

    /// What a GetBucketEncryption answers.
    fn to_xml(self) -> String {
        let key = self
            .key_arn()
            .map_or_else(String::new, |key| format!("<KMSMasterKeyID>{key}</KMSMasterKeyID>"));
        let blocked = if self.blocked {
            "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>"
        } else {
            ""
        };
        format!(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
             <SSEAlgorithm>{}</SSEAlgorithm>{key}</ApplyServerSideEncryptionByDefault>\
             <BucketKeyEnabled>{}</BucketKeyEnabled>{blocked}</Rule>\
             </ServerSideEncryptionConfiguration>",
            self.algorithm.name(),
            self.bucket_key
        )
    }
}
