//! What a service says of a live object.

use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is live of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The settings, in the shape of the type's schema.
    pub settings: Value,
    /// The Region that answered for the object; none where that cannot be told.
    pub region: Option<Arc<str>>,
    /// What the answer holds and this version does not know: a write would drop it.
    pub unknown: Vec<UnknownElement>,
}

impl Observed {
    /// Settings of which nothing more is known.
    pub fn of(settings: Value) -> Self {
        Self { settings, region: None, unknown: Vec::new() }
    }
}

/// An element of an answer that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnknownElement {
    /// Where it stands, such as `Rule.NewElement`.
    pub path: String,
    /// Its content as XML, cut where it is long.
    pub content: String,
}
