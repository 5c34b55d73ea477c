//! What the engine asks of a service, and what can go wrong with it.
//!
//! Owns the [`Provider`] trait and its errors; the AWS SDK lives in `aws`, of which [`Webhook`] takes
//! the HTTP client. It decides nothing: it reads and writes settings in the shape that `resource`
//! describes, and sends what it is given.

pub mod aws;
mod fence;
mod inquiry;
mod pace;
mod webhook;

pub use self::fence::{Fence, Fenced};
pub use self::inquiry::{Author, Authors, Inquiry};
pub use self::pace::Pace;
pub use self::webhook::{Undelivered, Webhook};

use crate::addr::AttrPath;
use crate::diag::Diagnostic;
use crate::resource::{KeyAnswer, KeyName, Observed};
use crate::value::Value;
use std::sync::Arc;

/// The live object that a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The resource type.
    pub ty: Arc<str>,
    /// The address of the provider: `aws` or `aws.eu`.
    pub provider: Arc<str>,
    /// What names the object: the bucket's name.
    pub identity: Arc<str>,
    /// What goes along with every request, as `resource::ResourceType::request` gives it.
    pub request: Value,
}

/// A question that only reads: a data source and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The data source, such as `aws_kms_key`.
    pub ty: Arc<str>,
    /// The address of the provider: `aws` or `aws.eu`.
    pub provider: Arc<str>,
    /// Every attribute that a configuration may set; null where it is not given.
    pub arguments: Value,
}

/// A service that holds live objects. Every call may be made many times at once.
pub trait Provider: Send + Sync + 'static {
    /// Prepares the provider of this address once: Region, credentials and account.
    fn connect(&self, address: &str) -> impl Future<Output = Result<(), ProviderError>> + Send;

    /// The account that the provider's credentials are of, asked for once in a run; `None` where
    /// nobody asks for it. Without the account of which it says that it must own every object, a
    /// provider does not work.
    fn account(
        &self,
        _address: &str,
    ) -> impl Future<Output = Result<Option<Arc<str>>, ProviderError>> + Send {
        async { Ok(None) }
    }

    /// Learns in which Regions objects are, in as few requests as can be: `None` where that is not
    /// known yet. What cannot be learnt is found out by the requests that follow.
    fn locate(
        &self,
        address: &str,
        objects: &[(Arc<str>, Option<Arc<str>>)],
    ) -> impl Future<Output = ()> + Send;

    /// Reads the settings of an object.
    fn read(&self, target: &Target)
    -> impl Future<Output = Result<Observed, ProviderError>> + Send;

    /// What an object that could not be read has in common with all others of its service, where that
    /// is out of order: the same for all of them, once the last has been asked for.
    fn outage(&self, _target: &Target, _error: &ProviderError) -> Option<ProviderError> {
        None
    }

    /// What KMS says of a key.
    fn key(&self, name: &KeyName) -> impl Future<Output = KeyAnswer> + Send;

    /// Answers a question: an object with every attribute of the data source's schema. What was
    /// asked with something that must not be shown is answered so, too.
    fn query(&self, query: &Query) -> impl Future<Output = Result<Value, ProviderError>> + Send;

    /// Replaces the settings of an object. The service may take a while to show them.
    fn write(
        &self,
        target: &Target,
        settings: &Value,
    ) -> impl Future<Output = Result<(), ProviderError>> + Send;

    /// Puts the settings of an object back to what the service sets by itself.
    fn reset(&self, target: &Target) -> impl Future<Output = Result<(), ProviderError>> + Send;

    /// Who changed objects last, as far as the service's own log tells. That it does not is no
    /// failure: the answer says why.
    fn authors(&self, _inquiry: &Inquiry) -> impl Future<Output = Authors> + Send {
        async { Authors::default() }
    }

    /// How often the service has asked to slow down so far.
    fn throttled(&self) -> u64;
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{summary}: {detail}")]
pub struct ProviderError {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// The kind in a few constant words, as the summary of a diagnostic.
    pub summary: &'static str,
    /// What, why and how to mend it: sentences.
    pub detail: String,
    /// The service's own code, such as `AccessDenied`.
    pub code: Option<String>,
    /// The service's id of the request, for its support.
    pub request_id: Option<String>,
    /// The attribute of the object that a write is refused for, where the service tells.
    pub attribute: Option<AttrPath>,
}

/// The kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no such object.
    NotFound,
    /// The service refuses for lack of permission.
    Denied,
    /// No credentials, or none that the service knows.
    Credentials,
    /// The service asks to slow down, and went on asking.
    Throttled,
    /// No answer: no connection, a cut one, or a timeout.
    Unreachable,
    /// The service had answered nothing but failures for too long: nothing was sent.
    Outage,
    /// Another operation is in the way, and stayed there.
    Conflict,
    /// The service refuses the request itself.
    Invalid,
    /// The service does not know the operation.
    Unsupported,
    /// The provider's configuration is wrong.
    Configuration,
    /// Anything else.
    Other,
}

impl ProviderError {
    /// A request that ended the task that made it: a fault of this program or of the SDK.
    pub fn panicked(identity: &str) -> Self {
        Self {
            kind: ErrorKind::Other,
            summary: "Request broke down",
            detail: format!(
                "The request for {identity:?} broke down within this program; what it said stands \
                 above. A credential or a Region with a line break in it is a known cause."
            ),
            code: None,
            attribute: None,
            request_id: None,
        }
    }
}

impl From<ProviderError> for Diagnostic {
    fn from(error: ProviderError) -> Self {
        Self::error(error.summary, error.detail)
    }
}
