//! How a run is asked to stop.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How long calls that run may go on after a run was asked to stop: less than the ten seconds after
/// which batch systems kill.
pub const GRACE: Duration = Duration::from_secs(7);

/// Asks a run to stop. All clones ask the same run.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<Asked>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Asked {
    /// When what runs is cut, if anybody has asked.
    cut: Option<Instant>,
}

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Asked::default())))
    }
}

impl Stop {
    /// Nothing new begins from now on, and what runs is cut after [`GRACE`]; asked a second time,
    /// at once. Tells whether it was the first time.
    pub fn ask(&self) -> bool {
        let now = Instant::now();
        let mut first = false;
        self.0.send_modify(|asked| {
            first = asked.cut.is_none();
            asked.cut = Some(if first { now + GRACE } else { now });
        });
        first
    }

    /// Whether anybody has asked.
    pub(super) fn is_asked(&self) -> bool {
        self.0.borrow().cut.is_some()
    }

    /// Waits until what runs is to be cut.
    pub(super) async fn cut(&self) {
        let mut asked = self.0.subscribe();
        loop {
            let cut = asked.borrow_and_update().cut;
            let changed = asked.changed();
            match cut {
                None => {
                    if changed.await.is_err() {
                        return std::future::pending().await;
                    }
                }
                Some(at) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(at) => return,
                        _ = changed => {}
                    }
                }
            }
        }
    }
}
