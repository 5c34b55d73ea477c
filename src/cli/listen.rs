//! The address on which `drift --watch` tells how it is: `/metrics` and `/healthz`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// The longest request that is read: whoever sends more asks for nothing that is here.
const REQUEST: usize = 8 * 1024;
/// How long one who asks may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many may ask at once; the others wait.
const AT_ONCE: usize = 16;

/// What is told, as of the last round.
#[derive(Clone, Debug, Default)]
pub(super) struct Exposed(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    metrics: String,
    /// When the next round must have ended, for all to be well.
    due: Option<tokio::time::Instant>,
}

impl Exposed {
    /// Takes note of a round; the next one must have ended within `patience`.
    pub(super) fn set(&self, metrics: String, patience: Duration) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { metrics, due: tokio::time::Instant::now().checked_add(patience) };
    }

    /// The metrics of the last round, if there was one.
    pub(super) fn metrics(&self) -> Option<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(state.metrics.clone()).filter(|text| !text.is_empty())
    }

    /// Status, type and body of the answer to a request.
    fn answer(&self, request: &str) -> (&'static str, &'static str, String) {
        const TEXT: &str = "text/plain; charset=utf-8";
        let mut words = request.split_ascii_whitespace();
        let (method, target) = (words.next(), words.next().unwrap_or_default());
        if !matches!(method, Some("GET" | "HEAD")) {
            return ("405 Method Not Allowed", TEXT, "only GET\n".to_owned());
        }
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match target.split('?').next() {
            Some("/metrics") => {
                ("200 OK", "text/plain; version=0.0.4; charset=utf-8", state.metrics.clone())
            }
            Some("/healthz") if state.due.is_none_or(|due| tokio::time::Instant::now() <= due) => {
                ("200 OK", TEXT, "ok\n".to_owned())
            }
            Some("/healthz") => {
                ("503 Service Unavailable", TEXT, "the last round is overdue\n".to_owned())
            }
            _ => ("404 Not Found", TEXT, "here are /metrics and /healthz\n".to_owned()),
        }
    }
}

/// Begins to listen; gives back where. It goes on until the runtime ends.
///
/// # Errors
/// The address cannot be listened on.
pub(super) async fn serve(address: SocketAddr, told: Exposed) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    tokio::spawn(async move {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((stream, _)) = listener.accept().await else {
                // Too many open files, most often: others may end meanwhile.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let told = told.clone();
            tokio::spawn(async move {
                // One who is slow or gone is nobody's worry.
                let _late = tokio::time::timeout(PATIENCE, talk(stream, &told)).await;
                drop(place);
            });
        }
    });
    Ok(bound)
}

async fn talk(mut stream: TcpStream, told: &Exposed) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0; 1024];
    while request.len() < REQUEST && !request.windows(4).any(|it| it == b"\r\n\r\n") {
        let count = stream.read(&mut part).await?;
        if count == 0 {
            break;
        }
        request.extend(part.iter().take(count));
    }
    let request = String::from_utf8_lossy(&request);
    let (status, kind, body) = told.answer(&request);
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    if !request.starts_with("HEAD") {
        stream.write_all(body.as_bytes()).await?;
    }
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_tells_of_the_last_round_and_whether_the_next_is_late() {
        let told = Exposed::default();
        let status = |told: &Exposed, request: &str| told.answer(request).0[..3].to_owned();
        assert_eq!(status(&told, "GET /healthz HTTP/1.1"), "200", "the first is on its way");
        told.set("sealform_failed 0\n".to_owned(), Duration::from_mins(1));
        assert_eq!(told.answer("GET /metrics?x HTTP/1.1").2, "sealform_failed 0\n");
        assert_eq!(status(&told, "GET /healthz HTTP/1.1"), "200");
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(status(&told, "GET /healthz HTTP/1.1"), "503");
        for (request, expected) in [
            ("GET / HTTP/1.1", "404"),
            ("GET /metricsx HTTP/1.1", "404"),
            ("POST /metrics HTTP/1.1", "405"),
            ("GET", "404"),
            ("", "405"),
        ] {
            assert_eq!(status(&told, request), expected, "{request}");
        }
    }
}
