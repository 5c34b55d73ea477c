//! The signals that ask to stop: SIGINT, SIGTERM as batch systems send it, and SIGHUP of a terminal
//! that closes.

use super::Exit;
use super::ui::Ui;
use crate::diag::{Diagnostic, Sources};
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

#[cfg(unix)]
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// A signal that asks to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Ctrl-C.
    Interrupt,
    Terminate,
    /// The terminal is gone.
    HangUp,
    /// No signal of the system: the time that a run may take is over.
    Time,
}

impl Signal {
    /// The exit status of a command that it stopped.
    pub(super) fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate => Exit::Terminated,
            Self::HangUp => Exit::HungUp,
            Self::Time => Exit::Failure,
        }
    }
}

/// What is true of a command that was given up before it had changed anything.
pub(super) const NOTHING: &str = "Nothing was changed.";

/// Whether a command has decided what it changes: then it does and saves it, whatever signal comes.
#[derive(Debug, Default)]
pub(super) struct Decision {
    made: AtomicBool,
    /// What came of it, where that is over and the command is not.
    settled: OnceLock<&'static str>,
}

impl Decision {
    /// From here on nothing is given up.
    pub(super) fn make(&self) {
        self.made.store(true, Ordering::Relaxed);
    }

    /// It is done, and this is what came of it, as a sentence. What follows changes nothing, and may be
    /// given up again.
    pub(super) fn settle(&self, told: &'static str) {
        // Each command decides once.
        let _first = self.settled.set(told);
    }

    /// What is true of the command where it was given up.
    pub(super) fn told(&self) -> &'static str {
        self.settled.get().copied().unwrap_or(NOTHING)
    }

    /// Whether the command is to be waited for.
    fn is_open(&self) -> bool {
        self.made.load(Ordering::Relaxed) && self.settled.get().is_none()
    }
}

/// Takes note of signals from when it is made, within a runtime. From then on they do not end the
/// program by themselves.
pub(super) struct Signals {
    #[cfg(unix)]
    streams: Vec<(Signal, Stream)>,
    /// When the time is over.
    end: Option<Instant>,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn new() -> Self {
        let wanted = [
            (Signal::Interrupt, SignalKind::interrupt()),
            (Signal::Terminate, SignalKind::terminate()),
            (Signal::HangUp, SignalKind::hangup()),
        ];
        // What was ignored when the program began, as by nohup, stays so.
        let ignored = ignored();
        let streams = wanted
            .into_iter()
            .filter(|(_, kind)| ignored >> (kind.as_raw_value() - 1) & 1 == 0)
            .filter_map(|(name, kind)| Some((name, signal(kind).ok()?)));
        Self { streams: streams.collect(), end: None }
    }

    #[cfg(not(unix))]
    pub(super) fn new() -> Self {
        Self { end: None }
    }

    /// The same; after this time it is as if a signal came.
    pub(super) fn within(self, time: Duration) -> Self {
        Self { end: Instant::now().checked_add(time), ..self }
    }

    /// Waits for the next signal, or until the time is over, which is told once.
    pub(super) async fn next(&mut self) -> Signal {
        let Some(end) = self.end else { return self.signal().await };
        let signal = tokio::select! {
            signal = self.signal() => Some(signal),
            () = tokio::time::sleep_until(end) => None,
        };
        signal.unwrap_or_else(|| {
            self.end = None;
            Signal::Time
        })
    }

    #[cfg(unix)]
    async fn signal(&mut self) -> Signal {
        let came = std::future::poll_fn(|context| {
            for (name, stream) in &mut self.streams {
                if let std::task::Poll::Ready(Some(())) = stream.poll_recv(context) {
                    return std::task::Poll::Ready(*name);
                }
            }
            std::task::Poll::Pending
        });
        came.await
    }

    #[cfg(not(unix))]
    async fn signal(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            // No signal can be heard.
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }

    /// Waits for `work`, or for a signal: then the work is given up where it is. What a command does
    /// is large; here it is behind a pointer.
    pub(super) async fn unless<T>(
        &mut self,
        work: Pin<Box<dyn Future<Output = T> + '_>>,
    ) -> Result<T, Signal> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            signal = self.next() => Err(signal),
        }
    }

    /// The same until the work has decided what it changes; from then on it is waited for, until that
    /// is done.
    pub(super) async fn unless_decided<T>(
        &mut self,
        decision: &Decision,
        mut work: Pin<Box<dyn Future<Output = T> + '_>>,
    ) -> Result<T, Signal> {
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                signal = self.next() => {
                    if !decision.is_open() {
                        return Err(signal);
                    }
                }
            }
        }
    }
}

/// A write beyond the limit on the size of files (`ulimit -f`) is an error like that of a full disk,
/// instead of the end of the program. Within a runtime; from then on.
#[cfg(unix)]
pub(super) fn survive_limits() {
    // SIGXFSZ, wherever this is built for.
    const TOO_LARGE: i32 = 25;
    // Where it cannot be had, the program ends by it as it would have.
    let _handled_from_now_on = signal(SignalKind::from_raw(TOO_LARGE));
}

/// There is no such signal.
#[cfg(not(unix))]
pub(super) fn survive_limits() {}

/// Says that a signal ended a command that had changed nothing.
pub(super) fn stopped(signal: Signal, ui: &Ui) -> Exit {
    stopped_after(signal, NOTHING, ui)
}

/// Says that a signal ended a command, and what it had changed: a sentence.
pub(super) fn stopped_after(signal: Signal, told: &str, ui: &Ui) -> Exit {
    if signal == Signal::Time {
        ui.diagnostics(&[ended_by(signal, told)], &Sources::default());
    } else {
        ui.note(&format!("\nStopped by a signal. {told}"));
    }
    signal.exit()
}

/// The fault of a run that was not done when a signal ended it, for whoever reads its outputs; what it
/// had changed by then is `told`, as a sentence.
pub(super) fn ended_by(signal: Signal, told: &str) -> Diagnostic {
    let by = match signal {
        Signal::Interrupt => "Ctrl-C (SIGINT)",
        Signal::Terminate => "SIGTERM",
        Signal::HangUp => "The end of the terminal (SIGHUP)",
        Signal::Time => {
            let detail = format!(
                "The run took longer than --timeout allows. {told} If the service answers, give it \
                 more time; if it does not, see what is wrong with it first."
            );
            return Diagnostic::error("Out of time", detail);
        }
    };
    Diagnostic::error("Stopped by a signal", format!("{by} asked the run to stop. {told}"))
}

/// The signals that this process ignores, as a mask.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time is over after so many milliseconds, and no signal comes.
    fn within(milliseconds: u64) -> Signals {
        let end = Instant::now().checked_add(Duration::from_millis(milliseconds));
        Signals {
            #[cfg(unix)]
            streams: Vec::new(),
            end,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_decided_is_waited_for_until_it_is_done() {
        let pause = || tokio::time::sleep(Duration::from_millis(20));
        let decision = Decision::default();
        let looking = within(1).unless_decided(&decision, Box::pin(pause())).await;
        assert_eq!((looking, decision.told()), (Err(Signal::Time), NOTHING));
        let writing = async {
            decision.make();
            pause().await;
            decision.settle("It is written.");
        };
        assert_eq!(within(1).unless_decided(&decision, Box::pin(writing)).await, Ok(()));
        let asking = within(1).unless_decided(&decision, Box::pin(pause())).await;
        assert_eq!((asking, decision.told()), (Err(Signal::Time), "It is written."));
    }
}
