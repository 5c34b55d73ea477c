//! How a run goes on: plain lines, and a bar where there is a terminal.

use super::super::Style;
use super::super::canvas::{Canvas, Tint, clean, counted, literal, number};
use crate::event::{Event, Reporter};
use crate::plan::{Action, Step};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use std::io;
use std::time::Duration;

/// Shows how a run goes on, as lines to `W`. On a terminal a bar below them says how far it is;
/// it draws itself on standard error.
#[derive(Debug)]
pub struct Progress<W: io::Write> {
    out: W,
    style: Style,
    terminal: bool,
    bar: Option<ProgressBar>,
    /// Steps that are done with, in one way or another.
    done: usize,
    total: usize,
}

impl<W: io::Write> Progress<W> {
    /// Shows what happens on `out`; `terminal` says whether that is one.
    pub fn new(out: W, style: Style, terminal: bool) -> Self {
        Self { out, style, terminal, bar: None, done: 0, total: 0 }
    }

    /// The writer, when all is over.
    pub fn into_inner(mut self) -> W {
        self.clear();
        self.out
    }

    /// Writes whole lines.
    fn write(&mut self, text: &str) {
        let out = &mut self.out;
        // That nobody can see the progress is no reason to stop.
        let mut write = || out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        };
    }

    fn begin(&mut self, total: usize, what: &'static str) {
        self.clear();
        (self.done, self.total) = (0, total);
        if !self.terminal || total == 0 {
            return;
        }
        let template = if self.style.color {
            "{msg} [{bar:30.cyan}] {human_pos}/{human_len} {elapsed}"
        } else {
            "{msg} [{bar:30}] {human_pos}/{human_len} {elapsed}"
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ");
        let length = u64::try_from(total).ok();
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr())
            .with_style(style)
            .with_message(what)
            .with_finish(ProgressFinish::AndClear);
        bar.tick();
        self.bar = Some(bar);
    }

    fn advance(&mut self, done: usize) {
        self.done = done;
        if let Some(bar) = &self.bar {
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
        }
        if self.done >= self.total {
            self.clear();
        }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// One line about a step.
    fn step(&mut self, step: &Step, tint: Tint, text: &str) {
        let mut canvas = Canvas::new(self.style.color);
        canvas.tinted(Tint::Strong, &step.address).push(": ").tinted(tint, text);
        let bucket = &*step.identity;
        // A name of the usual kind needs no quotes.
        let plain = bucket.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        let bucket = if plain { bucket.to_owned() } else { literal(bucket) };
        canvas.push(" [bucket=").push(&bucket).push("]\n");
        self.write(&canvas.finish());
    }
}

/// A step while it is done, when it is done, and as a thing that can fail.
fn words(action: Action) -> (&'static str, &'static str, &'static str) {
    match action {
        Action::Update => ("Updating...", "Update complete", "Update failed"),
        Action::Reset => ("Resetting...", "Reset complete", "Reset failed"),
        Action::Adopt => ("Adopting...", "Adopted", "Adoption failed"),
        Action::Forget => ("Forgetting...", "Forgotten", "Forgetting failed"),
        Action::NoOp => ("Looking...", "Unchanged", "Failed"),
    }
}

/// Whether an action asks the service for anything, and so takes time.
fn takes_time(action: Action) -> bool {
    match action {
        Action::Update | Action::Reset => true,
        Action::Adopt | Action::Forget | Action::NoOp => false,
    }
}

fn duration(took: Duration) -> String {
    let tenths = took.as_millis().div_ceil(100).max(1);
    let (seconds, tenth) = (tenths / 10, tenths % 10);
    if seconds < 60 {
        format!("{seconds}.{tenth}s")
    } else {
        format!("{}m{:02}s", seconds / 60, seconds % 60)
    }
}

impl<W: io::Write> Reporter for Progress<W> {
    fn report(&mut self, event: &Event<'_>) {
        match event {
            Event::Waiting { holder: Some(holder) } => {
                let holder = clean(holder);
                self.write(&format!("Waiting for the lock, which is held by {holder}...\n"));
            }
            Event::Waiting { holder: None } => {
                self.write("Waiting for the lock, which another run holds...\n");
            }
            Event::Seeded { buckets } => {
                let buckets = counted(*buckets, "bucket", "buckets");
                self.write(&format!("The sandbox made {buckets} that the configuration names.\n"));
            }
            Event::Reading { total } => {
                if *total > 0 && !self.terminal {
                    self.write(&format!("Reading {}...\n", counted(*total, "bucket", "buckets")));
                }
                self.begin(*total, "Reading");
            }
            Event::Read { done, total, unread } => {
                self.advance(*done);
                if done == total && !self.terminal {
                    let all = counted(*total, "bucket", "buckets");
                    let read = total.saturating_sub(*unread);
                    self.write(&match (*unread, read) {
                        (0, _) => format!("Read {all}.\n"),
                        (1, 0) => "The bucket could not be read.\n".to_owned(),
                        (_, 0) => format!("None of {all} could be read.\n"),
                        (_, read) => format!("Read {} of {all}.\n", number(read)),
                    });
                }
            }
            Event::Planned { plan: _ } => self.clear(),
            Event::Applying { total } => self.begin(*total, "Applying"),
            Event::Started { step } => {
                if takes_time(step.action) && !self.terminal {
                    self.step(step, Tint::Dim, words(step.action).0);
                }
            }
            Event::Done { step, took } => {
                let done = words(step.action).1;
                if takes_time(step.action) {
                    let text = format!("{done} after {}", duration(*took));
                    self.step(step, Tint::Good, &text);
                } else {
                    self.step(step, Tint::Good, done);
                }
                self.advance(self.done + 1);
            }
            Event::Failed { step, diagnostic } => {
                let text = format!("{}: {}", words(step.action).2, diagnostic.summary);
                self.step(step, Tint::Bad, &text);
                self.advance(self.done + 1);
            }
            Event::Cut { step } => {
                self.step(step, Tint::Bad, "Cut; not known whether written");
                self.advance(self.done + 1);
            }
            // The outcome lists them.
            Event::Skipped { step: _ } => self.advance(self.done + 1),
        }
    }
}
