//! The signals that ask to stop: SIGINT, SIGTERM as batch systems send it, and SIGHUP of a terminal
//! that closes.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Takes note of signals from when it is made, within a runtime.
pub(super) struct Signals {
    #[cfg(unix)]
    others: Option<(Signal, Signal)>,
}

impl Signals {
    pub(super) fn new() -> Self {
        #[cfg(unix)]
        {
            let others = signal(SignalKind::terminate()).ok();
            Self { others: others.zip(signal(SignalKind::hangup()).ok()) }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some((terminate, hangup)) = &mut self.others {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            return;
        }
        if tokio::signal::ctrl_c().await.is_err() {
            // No signal can be heard.
            std::future::pending::<()>().await;
        }
    }
}
