//! The HTTP loop: connections, routing by the credential's service, latency and faults.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::fault::{FaultSource, Strike};
use super::s3::Refusal;
use super::wire::{Caller, Reply, percent_decoded};
use super::world::World;
use super::{Options, kms, objects, s3, sts, trail};

/// The longest body that is read of a request that is about no object; the longest legitimate one
/// is that of fifty tags.
const BODY_LIMIT: usize = 128 * 1024;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    world: World,
    latency: Mutex<Duration>,
    faults: Option<FaultSource>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
    lookups: trail::Quota,
    next_request: AtomicU64,
}

impl Shared {
    pub(super) fn new(world: World, options: &Options) -> Self {
        Self {
            world,
            latency: Mutex::new(options.latency),
            faults: options.faults.as_ref().map(FaultSource::new),
            counts: Mutex::default(),
            lookups: trail::Quota::default(),
            next_request: AtomicU64::new(1),
        }
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn requests(&self) -> BTreeMap<&'static str, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn hold_back(&self, latency: Duration) {
        *self.latency.lock().unwrap_or_else(PoisonError::into_inner) = latency;
    }

    fn latency(&self) -> Duration {
        *self.latency.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, operation: &'static str) {
        *self
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(operation)
            .or_default() += 1;
    }

    fn request_id(&self) -> String {
        let number = self.next_request.fetch_add(1, Ordering::Relaxed);
        // Spread over all digits, so that two ids do not look the same to a reader.
        format!("{:016X}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// The connection ends without an answer, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut by a planned fault")]
struct Cut;

/// Accepts connections until the sender of `stopped` is gone, then cuts them all.
pub(super) async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
                // Out of descriptors, most likely: those that are open must end first.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Without it the kernel holds small answers back; where it cannot be set, that is all that happens.
    let _slower = stream.set_nodelay(true);
    let service = service_fn(|request| answer(Arc::clone(&shared), request));
    // A connection that ends in an error was left by the client, or cut by a planned fault.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Cut> {
    let (parts, body) = request.into_parts();
    let request_id = shared.request_id();
    let reply = match Caller::of(&parts.headers) {
        None => Refusal::access_denied().reply("", &request_id),
        Some(caller) => match read(body, body_limit(&parts)).await? {
            None => Refusal::too_long().reply("", &request_id),
            Some(body) => {
                let ask = Ask { parts: &parts, caller, body: &body, request_id: &request_id };
                match Service::of(caller.service) {
                    Some(service) => answer_of(&shared, service, &ask).await?,
                    None => {
                        shared.count("Unsupported");
                        let message = "The sandbox serves S3, KMS, STS and CloudTrail only.";
                        Refusal::not_implemented(message).reply("", &request_id)
                    }
                }
            }
        },
    };
    let latency = shared.latency();
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    Ok(respond(reply, parts.method == Method::HEAD, &request_id))
}

/// Which protocol is spoken.
#[derive(Debug, Clone, Copy)]
enum Service {
    S3,
    Kms,
    Sts,
    Trail,
}

impl Service {
    /// By the name of the service in the credential.
    fn of(name: &str) -> Option<Self> {
        match name {
            "s3" | "s3express" => Some(Self::S3),
            "kms" => Some(Self::Kms),
            "sts" => Some(Self::Sts),
            "cloudtrail" => Some(Self::Trail),
            _ => None,
        }
    }
}

/// A request that is read to its end.
#[derive(Clone, Copy)]
struct Ask<'a> {
    parts: &'a Parts,
    caller: Caller<'a>,
    body: &'a [u8],
    request_id: &'a str,
}

/// Answers for a service, unless a planned fault strikes.
async fn answer_of(shared: &Shared, service: Service, ask: &Ask<'_>) -> Result<Reply, Cut> {
    let Ask { parts, caller, body, request_id } = *ask;
    let strike = || shared.faults.as_ref().and_then(FaultSource::strike);
    match service {
        Service::S3 => {
            let (bucket, key) = address(parts);
            let key = percent_decoded(key);
            let query = parts.uri.query().unwrap_or_default();
            let operation = s3::Operation::of(&parts.method, bucket, !key.is_empty(), query);
            shared.count(operation.name());
            let bucket = bucket.unwrap_or_default();
            let headers = &parts.headers;
            let key = &*key;
            let call =
                s3::Call { operation, bucket, key, caller, headers, query, body, request_id };
            let refuse = |overload: bool| {
                let refusal =
                    if overload { Refusal::slow_down() } else { Refusal::internal_error() };
                refusal.reply(bucket, request_id)
            };
            struck(strike(), refuse, || s3::handle(&shared.world, &call)).await
        }
        Service::Kms => {
            let operation = kms::Operation::of(&parts.headers);
            shared.count(operation.name());
            let act = || kms::handle(&shared.world, operation, caller, body);
            struck(strike(), kms::failure, act).await
        }
        Service::Sts => {
            let form = String::from_utf8_lossy(body);
            let operation = sts::Operation::of(&form);
            shared.count(operation.name());
            let act = || sts::handle(operation, caller, &parts.headers, &form, request_id);
            struck(strike(), |overload| sts::failure(overload, request_id), act).await
        }
        Service::Trail => {
            let headers = &parts.headers;
            let operation = trail::Operation::of(headers);
            shared.count(operation.name());
            let (world, lookups) = (&shared.world, &shared.lookups);
            let act = || trail::handle(world, lookups, operation, caller, headers, body);
            struck(strike(), trail::failure, act).await
        }
    }
}

/// What comes of a request that a fault may strike. `refuse` is told whether it is for overload.
async fn struck(
    strike: Option<Strike>,
    refuse: impl FnOnce(bool) -> Reply,
    act: impl FnOnce() -> Reply,
) -> Result<Reply, Cut> {
    match strike {
        None => Ok(act()),
        Some(Strike::SlowDown) => Ok(refuse(true)),
        Some(Strike::InternalError) => Ok(refuse(false)),
        Some(Strike::ResetBeforeEffect) => Err(Cut),
        Some(Strike::ResetAfterEffect) => {
            drop(act());
            Err(Cut)
        }
        // Ends with the connection, when the client goes away.
        Some(Strike::Stall) => std::future::pending().await,
    }
}

/// The body, or `None` if it is longer than anything that is meant.
async fn read(body: Incoming, limit: usize) -> Result<Option<Bytes>, Cut> {
    if body.is_end_stream() {
        return Ok(Some(Bytes::new()));
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(Some(collected.to_bytes())),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Ok(None),
        // The client went away in mid-body, so there is nobody to tell.
        Err(_) => Err(Cut),
    }
}

/// How long the body of a request may be.
fn body_limit(parts: &Parts) -> usize {
    if address(parts).1.is_empty() { BODY_LIMIT } else { objects::LONGEST }
}

/// The bucket that a request is about, and the key of the object: empty where it is about none.
fn address(parts: &Parts) -> (Option<&str>, &str) {
    let path = parts.uri.path().trim_start_matches('/');
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.host()).unwrap_or_default();
    if let Some(bucket) = virtual_bucket(host) {
        return (Some(bucket), path);
    }
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (Some(bucket).filter(|bucket| !bucket.is_empty()), key)
}

/// The bucket in a host name like `BUCKET.localhost` or `BUCKET.s3.eu-west-1.amazonaws.com`.
fn virtual_bucket(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if name.parse::<Ipv4Addr>().is_ok() {
        return None;
    }
    let by_service = [".s3.", ".s3-", ".s3express-"]
        .into_iter()
        .find_map(|service| name.rsplit_once(service))
        .map(|(bucket, _)| bucket);
    let by_host = name.strip_suffix(".localhost").filter(|bucket| *bucket != "s3");
    by_service.or(by_host)
}

fn respond(reply: Reply, head: bool, request_id: &str) -> Response<Full<Bytes>> {
    const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");
    const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");
    let body = if head { Bytes::new() } else { Bytes::from(reply.body) };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(region) = reply.bucket_region.and_then(|region| HeaderValue::try_from(region).ok())
    {
        headers.insert(BUCKET_REGION, region);
    }
    headers.extend(reply.headers);
    response
}

#[cfg(test)]
mod tests {
    use super::virtual_bucket;

    #[test]
    fn buckets_are_found_in_host_names() {
        let cases = [
            ("127.0.0.1:8080", None),
            ("localhost:8080", None),
            ("s3.localhost:8080", None),
            ("s3.eu-west-1.amazonaws.com", None),
            ("logs.localhost:8080", Some("logs")),
            ("logs.s3.localhost", Some("logs")),
            ("my.logs.localhost", Some("my.logs")),
            ("logs.s3.eu-west-1.amazonaws.com", Some("logs")),
            ("a.s3.b.s3.amazonaws.com", Some("a.s3.b")),
            (
                "a--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com",
                Some("a--usw2-az1--x-s3"),
            ),
        ];
        for (host, bucket) in cases {
            assert_eq!(virtual_bucket(host), bucket, "{host}");
        }
    }
}
