//! Who changed objects: what is asked, and what is answered.

use crate::value::Value;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;

/// Objects of one account and Region of which it is asked who changed them last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// The address of the provider whose credentials ask.
    pub provider: Arc<str>,
    /// Where the objects are.
    pub region: Arc<str>,
    /// The objects, each with its live settings: a change that led to others is not the last one.
    pub objects: BTreeMap<Arc<str>, Value>,
    /// When that was read: what was done later is not asked for.
    pub until: Timestamp,
    /// When the asking ends, whatever is known by then.
    pub deadline: Instant,
}

/// Who changed an object, in the words of the service's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The ARN, or what the log names them.
    pub who: String,
    /// When.
    pub when: Timestamp,
    /// The operation.
    pub event: &'static str,
    /// The address that the request came from, or the service that made it for them.
    pub source: Option<String>,
    /// The program.
    pub agent: Option<String>,
}

/// What the log tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authors {
    /// By object.
    pub found: BTreeMap<Arc<str>, Author>,
    /// Why it is not known of the others, where there are any: sentences.
    pub note: Option<String>,
}
