//! The sandbox through real HTTP: by the real SDK where it is the SDK's business, by bare requests where it is S3's.

mod behaviour;
mod encryption;
mod objects;
mod services;
mod store;
mod subresources;
mod trail;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Options, Sandbox, World};

/// A bucket of the default account in eu-west-1.
const LOGS: &str = "logs";
const DIRECTORY: &str = "fast--euw1-az1--x-s3";
const REGION: &str = "eu-west-1";
const OTHER_ACCOUNT: &str = "999988887777";

/// A world with one bucket of each kind.
fn world() -> World {
    let world = World::in_memory();
    assert!(world.seed_bucket(LOGS, REGION, super::DEFAULT_ACCOUNT).unwrap());
    assert!(world.seed_bucket(DIRECTORY, REGION, super::DEFAULT_ACCOUNT).unwrap());
    world
}

async fn start(world: &World) -> Sandbox {
    Sandbox::start(world.clone(), Options::default()).await.unwrap()
}

/// A bare request, signed for S3 in [`REGION`] by the default account unless told otherwise.
#[derive(Debug, Clone)]
struct Raw {
    method: &'static str,
    target: String,
    body: String,
    credential: Option<[String; 3]>,
    headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Raw {
    fn new(method: &'static str, target: &str) -> Self {
        let credential = ["test", REGION, "s3"].map(str::to_owned);
        Self {
            method,
            target: target.to_owned(),
            body: String::new(),
            credential: Some(credential),
            headers: Vec::new(),
        }
    }

    fn body(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }

    fn signed(self, access_key: &str, region: &str, service: &str) -> Self {
        Self { credential: Some([access_key, region, service].map(str::to_owned)), ..self }
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    async fn try_send(self, sandbox: &Sandbox) -> hyper::Result<Answer> {
        let stream = TcpStream::connect(("127.0.0.1", sandbox.port())).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let mut request = Request::builder().method(self.method).uri(self.target);
        if let Some([access_key, region, service]) = &self.credential {
            let scope = format!("{access_key}/20260401/{region}/{service}/aws4_request");
            let header =
                format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
            request = request.header("authorization", header);
        }
        if self.headers.iter().all(|(name, _)| *name != "host") {
            request = request.header("host", format!("127.0.0.1:{}", sandbox.port()));
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.body))).unwrap();
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        connection.abort();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    async fn send(self, sandbox: &Sandbox) -> Answer {
        self.try_send(sandbox).await.unwrap()
    }
}

impl Answer {
    /// The text of the first element of this name.
    fn element(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        rest.split_once('<').map(|(text, _)| text)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and S3's error code, which is empty without an error.
    fn outcome(&self) -> (u16, &str) {
        (self.status, self.element("Code").unwrap_or_default())
    }
}

fn s3(sandbox: &Sandbox, access_key: &str, region: &str) -> aws_sdk_s3::Client {
    use aws_sdk_s3::config::retry::RetryConfig;
    use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials};
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new(region.to_owned()))
        .credentials_provider(Credentials::new(access_key, "secret", None, None, "test"))
        .endpoint_url(sandbox.endpoint())
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

#[tokio::test]
async fn stopping_frees_the_port_and_cuts_connections() {
    let sandbox = start(&world()).await;
    let port = sandbox.port();
    let mut idle = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    sandbox.stop().await;
    let mut rest = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut idle, &mut rest).await;
    assert!(read.is_err() || rest.is_empty());
    let options = Options { port, ..Options::default() };
    let again = Sandbox::start(world(), options).await.unwrap();
    assert_eq!(again.endpoint(), format!("http://127.0.0.1:{port}"));
}

#[tokio::test]
async fn requests_are_counted_by_operation() {
    let sandbox = start(&world()).await;
    for target in ["/logs?encryption", "/logs?encryption", "/nowhere?encryption"] {
        Raw::new("GET", target).send(&sandbox).await;
    }
    let head = Raw::new("HEAD", "/logs").send(&sandbox).await;
    assert_eq!(head.status, StatusCode::OK);
    Raw::new("GET", "/logs?policy").send(&sandbox).await;
    let counts: Vec<_> = sandbox.requests().into_iter().collect();
    assert_eq!(counts, [("GetBucketEncryption", 3), ("HeadBucket", 1), ("Unsupported", 1)]);
}
