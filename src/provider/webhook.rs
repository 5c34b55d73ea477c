//! Webhooks: one POST, repeated where that may help, within a time.
//!
//! Owns what is a usable URL and how a message is brought there: through the proxy of the
//! environment, with the system's certificates, as the AWS client does. Redirects are not followed.
//! The URL and the headers are secrets, as most often whoever knows them may write to the channel:
//! nothing of them is in any error or in the debug form. Texts of other libraries, which could quote
//! them, are not handed on.

use super::aws::retry::{Verdict, asked_pause, verdict};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider as Tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::Instant;

/// The longest URL and the longest value of a header.
const LONGEST: usize = 8 * 1024;
/// What is waited for before the first repetition; before each further one it is twice as long.
const PAUSE: Duration = Duration::from_millis(200);
/// How much is read of what a webhook answers.
const ANSWER: usize = 1024;
/// How much of it is told.
const TOLD: usize = 64;
/// Headers that say how a message is brought, or what it is.
const OWN: [&str; 9] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// A place that takes messages.
#[derive(Clone)]
pub struct Webhook {
    uri: Uri,
    headers: HeaderMap,
    timeout: Duration,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// Why a message was not taken: a clause with its verb, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Undelivered {
    /// What came of the last attempt.
    pub why: String,
    /// How many there were.
    pub attempts: u32,
}

impl Webhook {
    /// The webhook at a URL, which may take `timeout` for a message in all.
    ///
    /// # Errors
    /// Says what is wrong with the URL or with a header, without showing it: sentences.
    pub fn new(
        url: &str,
        headers: &[(&str, &str)],
        timeout: Duration,
    ) -> Result<Self, &'static str> {
        let uri = address(url)?;
        let mut all = HeaderMap::new();
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        all.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("sealform/", env!("CARGO_PKG_VERSION"))),
        );
        for (name, value) in headers {
            let Ok(name) = HeaderName::try_from(*name) else {
                return Err("A name in `headers` is none that HTTP knows: it has letters, digits \
                            and dashes only.");
            };
            if OWN.contains(&name.as_str()) {
                return Err(
                    "`headers` holds one that says how the message is sent or what it is, \
                            such as Content-Type or Host. Leave it out.",
                );
            }
            let fits = value.len() <= LONGEST && value.bytes().all(|b| matches!(b, b' '..=b'~'));
            let value = HeaderValue::try_from(*value).ok().filter(|_| fits);
            let Some(mut value) = value else {
                return Err("A value in `headers` cannot be sent: it is of visible ASCII \
                            characters, without line breaks. One may have crept in at its end; \
                            `chomp(…)` removes it.");
            };
            value.set_sensitive(true);
            all.insert(name, value);
        }
        Ok(Self { uri, headers: all, timeout })
    }

    /// Whether messages go to another machine as anyone on the way can read them, the URL included.
    pub fn is_in_the_open(&self) -> bool {
        let host = self.uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let here = bare.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        self.is_plain() && !here
    }

    fn is_plain(&self) -> bool {
        self.uri.scheme_str() == Some("http")
    }

    /// Sends a JSON document. It may arrive twice: whoever gives no answer may have taken it.
    ///
    /// # Errors
    /// It was not taken within the time.
    pub async fn post(&self, document: &str) -> Result<(), Undelivered> {
        let begun = Instant::now();
        let end = begun + self.timeout;
        let connector = self.connector();
        let mut pause = PAUSE;
        let mut attempts = 0;
        loop {
            attempts += 1;
            // One that hangs leaves room for another.
            let within = (self.timeout / 2).min(end.saturating_duration_since(Instant::now()));
            let attempt = tokio::time::timeout(within, self.attempt(&connector, document));
            let Err(failed) = attempt.await.unwrap_or_else(|_| Err(Failed::silent())) else {
                return Ok(());
            };
            // Many that were refused at once do not come back at once.
            let wait = failed.pause.unwrap_or_else(|| pause.mul_f64(0.5 + 0.5 * fastrand::f64()));
            if !failed.again || Instant::now() + wait >= end {
                return Err(Undelivered { why: failed.why, attempts });
            }
            tokio::time::sleep(wait).await;
            pause *= 2;
        }
    }

    /// The way there. The system's certificates are read where they are needed.
    fn connector(&self) -> Connector {
        let builder = Connector::builder().proxy_config(ProxyConfig::from_env());
        if self.is_plain() {
            builder.build_http()
        } else {
            builder.tls_provider(Tls::Rustls(CryptoMode::AwsLc)).build()
        }
    }

    async fn attempt(&self, connector: &Connector, document: &str) -> Result<(), Failed> {
        let mut request = Request::new(SdkBody::from(document));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        let request = HttpRequest::try_from(request)
            .map_err(|_| Failed::for_good("could not be asked: the request cannot be made"))?;
        let answer = connector.call(request).await.map_err(|error| Failed::of(&error))?;
        let status = answer.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(());
        }
        let pause = asked_pause(answer.headers().get("retry-after"));
        let name = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let mut why = format!("answered {status}");
        why.extend(name.into_iter().flat_map(|name| [" ", name]));
        if let Some(said) = self.said(answer).await {
            why += &format!(", {said:?}");
        }
        if (300..400).contains(&status) {
            why += ", and redirects are not followed";
        }
        Err(Failed { why, again: verdict(None, Some(status)) != Verdict::Fatal, pause })
    }

    /// What an answer says, if that is a word or two, as Slack's errors are, and nothing that it
    /// was sent.
    async fn said(&self, answer: HttpResponse) -> Option<String> {
        let mut body = answer.into_body();
        let mut bytes = Vec::new();
        while bytes.len() <= ANSWER {
            let Some(Ok(frame)) = body.frame().await else { break };
            bytes.extend(frame.into_data().unwrap_or_default());
        }
        let text = String::from_utf8(bytes).ok()?;
        let text = text.trim();
        let is_word = |b: u8| matches!(b, b'a'..=b'z' | b'_' | b' ');
        let fits = (1..=TOLD).contains(&text.len()) && text.bytes().all(is_word);
        let headers = self.headers.values().filter(|value| value.is_sensitive());
        let headers = headers.filter_map(|value| value.to_str().ok().map(str::to_owned));
        let repeats = |secret: String| {
            let secret = secret.to_ascii_lowercase();
            let mut parts = secret.split(|c: char| !c.is_ascii_alphanumeric());
            let mut words = text.split(' ');
            parts.any(|part| part.len() > 3 && text.contains(part))
                || words.any(|word| word.len() > 3 && secret.contains(word))
        };
        let is_told = fits && !headers.chain([self.uri.to_string()]).any(repeats);
        is_told.then(|| text.to_owned())
    }
}

/// What came of an attempt that failed.
struct Failed {
    why: String,
    /// Whether another attempt may help.
    again: bool,
    /// How long is to be waited before it.
    pause: Option<Duration>,
}

impl Failed {
    fn again(why: &str) -> Self {
        Self { why: why.to_owned(), again: true, pause: None }
    }

    fn for_good(why: &str) -> Self {
        Self { again: false, ..Self::again(why) }
    }

    /// No answer came in time.
    fn silent() -> Self {
        Self::again("gave no answer in time")
    }

    /// No answer came: its kind alone is told, since the text of an error may name the host.
    fn of(error: &ConnectorError) -> Self {
        if error.is_user() {
            return Self::for_good("could not be asked: the request cannot be made");
        }
        if error.is_timeout() {
            return Self::silent();
        }
        let mut next: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = next {
            if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
                return Self::for_good(
                    "has a certificate that is not trusted; SSL_CERT_FILE names a file with those \
                     of other authorities",
                );
            }
            let io = error.downcast_ref::<io::Error>();
            match io.map(io::Error::kind) {
                Some(io::ErrorKind::ConnectionRefused) => {
                    return Self::again("refused the connection");
                }
                Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
                    return Self::again("cut the connection");
                }
                Some(_) | None => {}
            }
            // What an error of the system wraps is not among its sources.
            let inner =
                io.and_then(io::Error::get_ref).map(|inner| inner as &(dyn Error + 'static));
            next = inner.or_else(|| error.source());
        }
        Self::again("could not be reached")
    }
}

/// Reads a URL.
fn address(url: &str) -> Result<Uri, &'static str> {
    if url.is_empty() {
        return Err("Its `url` is empty.");
    }
    if url.trim() != url || url.contains(['\n', '\r']) {
        return Err(
            "Its `url` begins or ends with a blank or a line break; `trimspace(…)` removes them.",
        );
    }
    let uri: Uri = match url.parse() {
        Ok(uri) if url.len() <= LONGEST => uri,
        Ok(_) => return Err("Its `url` is longer than 8192 characters."),
        Err(_) => return Err("Its `url` is none: it is written as https://HOST/PATH."),
    };
    if !matches!(uri.scheme_str(), Some("https" | "http")) {
        return Err("Its `url` does not begin with https:// or http://.");
    }
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if authority.contains('@') {
        return Err("Its `url` holds a user or a password. Give them as a header: `headers = { \
                    Authorization = … }`.");
    }
    let host = uri.host().unwrap_or_default();
    let behind = authority.get(host.len()..).unwrap_or_default();
    if host.is_empty() || (!behind.is_empty() && uri.port_u16().is_none_or(|port| port == 0)) {
        return Err(
            "Its `url` names no host, or no port that there is: it is written as https://HOST/PATH.",
        );
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(10);

    #[test]
    fn urls_are_of_the_web_and_have_a_host() {
        for url in [
            "https://hooks.slack.com/services/T0/B0/x",
            "http://localhost:8080",
            "https://[::1]:8443/a?b=c#d",
            "HTTPS://EXAMPLE.COM/x",
        ] {
            assert!(Webhook::new(url, &[], TIME).is_ok(), "{url}");
        }
        for url in [
            "",
            "hooks.slack.com/services",
            "/services",
            "ftp://example.com/x",
            "file:///etc/passwd",
            "https://",
            "https:///x",
            "https://:443/x",
            "https://example.com:99999/x",
            "https://example.com:0/x",
            "https://example.com:x/",
            "https://user:secret@example.com/",
            "https://exam ple.com/",
            "https://example.com/x\n",
            " https://example.com/x",
            "https://ex\u{e4}mple.com/x",
        ] {
            let fault = Webhook::new(url, &[], TIME).unwrap_err();
            assert!(!fault.contains("example") && !fault.contains("secret"), "{url}: {fault}");
        }
    }

    #[test]
    fn headers_go_along_unless_they_are_the_messages_own() {
        let url = "https://example.com/";
        let with = |name, value| Webhook::new(url, &[(name, value)], TIME);
        assert!(with("Authorization", "Bearer x").is_ok());
        assert!(with("User-Agent", "else").is_ok());
        for (name, value) in [
            ("Host", "x"),
            ("content-LENGTH", "0"),
            ("Transfer-Encoding", "chunked"),
            ("bad name", "x"),
            ("", "x"),
            ("x", "secret\r\nInjected: y"),
            ("x", "s\u{e9}cret"),
        ] {
            assert!(!with(name, value).unwrap_err().contains("secret"), "{name}");
        }
    }

    #[test]
    fn what_goes_to_another_machine_without_tls_is_in_the_open() {
        for (url, open) in [
            ("https://example.com/", false),
            ("http://example.com/", true),
            ("http://10.0.0.1/", true),
            ("http://localhost:80/", false),
            ("http://127.0.0.2/", false),
            ("http://[::1]/", false),
            ("http://localhost.example.com/", true),
        ] {
            assert_eq!(Webhook::new(url, &[], TIME).unwrap().is_in_the_open(), open, "{url}");
        }
    }

    #[test]
    fn the_debug_form_shows_no_secret() {
        let hook = Webhook::new("https://h.example/token", &[("X-Key", "key-1")], TIME).unwrap();
        let shown = format!("{hook:?}");
        assert!(!["h.example", "token", "key-1"].iter().any(|it| shown.contains(it)), "{shown}");
    }
}
