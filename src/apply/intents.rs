//! When steps may write: what they are about to do is in the journal, durably, before.
//!
//! A step begins by reading its object, and the journal is written when the first one that has read
//! asks for it, with what all of them are about to do that have begun by then. So one sync of the
//! disk does for many steps, and no step waits for more than that.

use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// How much of what was recorded is durable.
#[derive(Clone, Copy, Default)]
struct Durable {
    /// How many times the journal was written.
    writes: u64,
    /// It could not be written once: what is not durable yet is given up.
    failed: bool,
}

/// Tells steps when what they are about to do is durable.
#[derive(Default)]
pub(super) struct Intents {
    durable: watch::Sender<Durable>,
    asked: Arc<Notify>,
}

impl Intents {
    /// For a step whose intent goes into the next write of the journal.
    pub(super) fn ticket(&self) -> Ticket {
        let write = self.durable.borrow().writes + 1;
        Ticket { write, durable: self.durable.subscribe(), asked: Arc::clone(&self.asked) }
    }

    /// Waits until a step asks for the journal to be written.
    pub(super) async fn asked(&self) {
        self.asked.notified().await;
    }

    /// The journal was written, or could not be.
    pub(super) fn written(&self, good: bool) {
        self.durable.send_modify(|durable| {
            durable.writes += u64::from(good);
            durable.failed |= !good;
        });
    }
}

/// What a step waits with until it may write.
pub(super) struct Ticket {
    /// The write of the journal that has its intent.
    write: u64,
    durable: watch::Receiver<Durable>,
    asked: Arc<Notify>,
}

impl Ticket {
    /// Waits until the intent is durable; `false` where it cannot be recorded.
    pub(super) async fn granted(mut self) -> bool {
        if self.durable.borrow().writes < self.write {
            self.asked.notify_one();
        }
        let decided = |durable: &Durable| durable.writes >= self.write || durable.failed;
        let durable = self.durable.wait_for(decided).await;
        durable.is_ok_and(|durable| durable.writes >= self.write)
    }
}
