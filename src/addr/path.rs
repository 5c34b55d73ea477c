//! Paths of attributes within a resource.

use std::fmt;
use std::sync::Arc;

/// The path of an attribute within a resource, from the outside in. A block that occurs at most
/// once is a step without an index: `rule.bucket_key_enabled`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct AttrPath(Vec<Arc<str>>);

impl AttrPath {
    /// The path of `name` within what this path names.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(name.into());
        Self(steps)
    }

    /// The names, from the outside in.
    pub fn steps(&self) -> &[Arc<str>] {
        &self.0
    }

    /// Whether `other` is this path or lies within what it names.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl<S: AsRef<str>> FromIterator<S> for AttrPath {
    fn from_iter<I: IntoIterator<Item = S>>(steps: I) -> Self {
        Self(steps.into_iter().map(|step| Arc::from(step.as_ref())).collect())
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(".")?;
            }
            f.write_str(step)?;
        }
        Ok(())
    }
}

impl serde::Serialize for AttrPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for AttrPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Ok(text.split('.').collect())
    }
}
