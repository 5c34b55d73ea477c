//! What the services share: who asks, and how an answer leaves.

use std::borrow::Cow;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::DEFAULT_ACCOUNT;

/// Who asks, read off the credential of the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller<'a> {
    pub(super) access_key: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

impl<'a> Caller<'a> {
    /// Reads `Credential=KEY/DATE/REGION/SERVICE/aws4_request` out of the `Authorization` header.
    pub(super) fn of(headers: &'a HeaderMap) -> Option<Self> {
        let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (_, credential) = header.split_once("Credential=")?;
        let scope = credential.split([',', ' ']).next()?;
        // From the right: an access key may hold a slash.
        let mut parts = scope.rsplitn(5, '/');
        let (end, service, region) = (parts.next()?, parts.next()?, parts.next()?);
        let (_date, access_key) = (parts.next()?, parts.next()?);
        (end == "aws4_request").then_some(Self { access_key, region, service })
    }

    /// The account that the access key belongs to.
    pub(super) fn account(&self) -> &'a str {
        let is_account =
            |text: &&str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let assumed = self.access_key.strip_prefix(ASSUMED_PREFIX).and_then(|rest| rest.get(..12));
        Some(self.access_key)
            .filter(is_account)
            .or(assumed.filter(is_account))
            .unwrap_or(DEFAULT_ACCOUNT)
    }
}

const ASSUMED_PREFIX: &str = "ASIA";

/// The access key of a role's session, as long as a real one, from which [`Caller::account`] gets the account back.
pub(super) fn assumed_access_key(account: &str) -> String {
    format!("{ASSUMED_PREFIX}{account}SEAL")
}

/// An answer before it becomes an HTTP response.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// For `x-amz-bucket-region`.
    pub(super) bucket_region: Option<String>,
    /// Whatever else stands in the head.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Reply {
    pub(super) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            content_type: "application/xml",
            body: String::new(),
            bucket_region: None,
            headers: Vec::new(),
        }
    }

    pub(super) fn xml(status: StatusCode, body: String) -> Self {
        Self { body, ..Self::empty(status) }
    }

    /// In JSON 1.1, as KMS and `CloudTrail` speak it.
    pub(super) fn json(status: StatusCode, body: String) -> Self {
        Self { content_type: "application/x-amz-json-1.1", body, ..Self::empty(status) }
    }
}

/// Why a service that speaks JSON does not do what it is asked.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    pub(super) fn reply(&self) -> Reply {
        let document = serde_json::json!({ "__type": self.code, "message": self.message });
        Reply::json(self.status, document.to_string())
    }
}

/// The pairs of a query string or form, decoded; a name without `=` has an empty value.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// The value of one name in a query string or form.
pub(super) fn value<'a>(text: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    pairs(text).find(|(name, _)| name == wanted).map(|(_, value)| value)
}

/// A path, decoded: a plus is a plus there.
pub(super) fn percent_decoded(text: &str) -> String {
    decode(&text.replace('+', "%2B")).into_owned()
}

fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Cow::Borrowed(text);
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(byte) = bytes.get(index) {
        let escaped = (*byte == b'%')
            .then(|| digit(bytes.get(index + 1)).zip(digit(bytes.get(index + 2))))
            .flatten()
            .and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        index += if escaped.is_some() { 3 } else { 1 };
        decoded.push(match (escaped, *byte) {
            (Some(escaped), _) => escaped,
            (None, b'+') => b' ',
            (None, plain) => plain,
        });
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn account_of(access_key: &str) -> String {
        Caller { access_key, region: "us-east-1", service: "s3" }.account().to_owned()
    }

    #[test]
    fn the_access_key_is_the_account() {
        assert_eq!(account_of("111122223333"), "111122223333");
        assert_eq!(account_of(&assumed_access_key("444455556666")), "444455556666");
        assert_eq!(assumed_access_key("444455556666").len(), 20);
        for other in ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "1111222233334", "", "ASIAü"]
        {
            assert_eq!(account_of(other), DEFAULT_ACCOUNT);
        }
    }

    #[test]
    fn the_credential_is_read_from_the_authorization_header() {
        let caller = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_str(text).unwrap());
            Caller::of(&headers)
                .map(|caller| [caller.access_key, caller.region, caller.service].join(" "))
        };
        assert_eq!(
            caller(
                "AWS4-HMAC-SHA256 Credential=a/b/20260401/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0"
            ),
            Some("a/b eu-west-1 s3".to_owned())
        );
        assert_eq!(caller("AWS4-HMAC-SHA256 Credential=a/20260401/s3/aws4_request, X=1"), None);
        assert_eq!(caller("Basic YTpi"), None);
        assert_eq!(Caller::of(&HeaderMap::new()), None);
    }

    #[test]
    fn query_strings_are_decoded() {
        let decoded: Vec<_> = pairs("encryption&a=b%2Fc+d&%zz=%4&&e=%C3%BC").collect();
        let expected = [("encryption", ""), ("a", "b/c d"), ("%zz", "%4"), ("e", "ü")];
        assert_eq!(decoded, expected.map(|(name, value)| (name.into(), value.into())));
        assert_eq!(value("a=1&b=2", "b").as_deref(), Some("2"));
        assert_eq!(value("a=1", "b"), None);
    }
}
