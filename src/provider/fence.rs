//! What may end the right to write while a run is under way.

use std::fmt;
use std::sync::Arc;

/// Tells, without waiting for anything, whether writing is still allowed. Asked at the last moment
/// before each attempt of each request that writes.
#[derive(Clone)]
pub struct Fence(Arc<dyn Fn() -> bool + Send + Sync>);

impl Fence {
    /// A fence that asks this.
    pub fn new(holds: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }

    /// Whether writing is still allowed.
    pub fn holds(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fence").field(&self.holds()).finish()
    }
}

/// Writing is not allowed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lock of the state is not held any more")]
pub struct Fenced;
