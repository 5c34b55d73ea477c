//! The terminal: what is written where, and what is asked.

use super::{Exit, Global};
use crate::diag::{Diagnostic, Sources, capital, has_errors};
use crate::render::{self, Style};
use std::cell::Cell;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

/// What came of asking for approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The word that was asked for.
    Yes,
    /// Anything else.
    No,
    /// Nobody answered: standard input ended.
    None,
}

/// Where a command writes to and asks.
#[derive(Debug)]
pub(super) struct Ui {
    color_out: bool,
    color_err: bool,
    pub(super) concise: bool,
    /// Warnings are summed up.
    pub(super) compact_warnings: bool,
    width: usize,
    /// Standard output could not be written: the command failed, whatever else it did.
    failed: Cell<bool>,
}

impl Ui {
    pub(super) fn new(global: &Global) -> Self {
        let plain = global.no_color
            || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let terminal = || terminal_size::terminal_size().map_or(80, |(width, _)| width.0.into());
        let wanted = std::env::var("COLUMNS").ok().and_then(|text| text.parse::<u16>().ok());
        let width = wanted.filter(|width| *width > 0).map_or_else(terminal, usize::from);
        Self {
            color_out: !plain && io::stdout().is_terminal(),
            color_err: !plain && io::stderr().is_terminal(),
            concise: false,
            compact_warnings: false,
            width,
            failed: Cell::new(false),
        }
    }

    /// How the command ended, given how its work ended.
    pub(super) fn exit(&self, exit: Exit) -> Exit {
        if self.failed.get() { Exit::Failure } else { exit }
    }

    /// Ends the program here. What a command holds in memory at its end goes back to the system all
    /// at once, instead of piece by piece.
    pub(super) fn leave(&self, exit: Exit) -> ! {
        std::process::exit(self.exit(exit).code().into())
    }

    /// How standard output is drawn on.
    pub(super) fn style(&self) -> Style {
        Style { color: self.color_out, concise: self.concise, width: self.width }
    }

    fn error_style(&self) -> Style {
        Style { color: self.color_err, ..self.style() }
    }

    /// Writes data to standard output. A closed pipe ends the program quietly: nobody reads on.
    pub(super) fn out(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.failed.set(true);
            self.error("Cannot write the output", &format!("standard output: {error}"));
        }
    }

    /// Writes a JSON document to standard output.
    pub(super) fn out_json(&self, json: &serde_json::Value) {
        self.out(&render::visible(format!("{json:#}\n")));
    }

    /// Writes a line of progress or of advice to standard error.
    pub(super) fn note(&self, text: &str) {
        // Nobody reads standard error: there is nobody to tell.
        let _closed = writeln!(io::stderr().lock(), "{text}");
    }

    /// Writes an error that belongs to no place to standard error: what kind of thing is wrong,
    /// and what, as a sentence without its capital and its stop.
    pub(super) fn error(&self, summary: &'static str, text: &str) {
        let detail = format!("{}.", capital(text.trim_end_matches('.')));
        self.diagnostics(&[Diagnostic::error(summary, detail)], &Sources::default());
    }

    /// Writes diagnostics to standard error.
    pub(super) fn diagnostics(&self, list: &[Diagnostic], sources: &Sources) {
        if !list.is_empty() {
            let text = if self.compact_warnings && !has_errors(list) {
                render::compact_warnings(list, sources)
            } else {
                render::diagnostics(list, sources, &self.error_style())
            };
            let _closed = io::stderr().lock().write_all(text.as_bytes());
        }
    }

    /// Shows progress on standard error: a bar on a terminal that nobody records, lines elsewhere.
    pub(super) fn progress(&self) -> render::human::Progress<io::Stderr> {
        let bar = io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        render::human::Progress::new(io::stderr(), self.error_style(), bar)
    }

    /// Whether somebody is there to be asked.
    pub(super) fn can_ask(&self) -> bool {
        io::stdin().is_terminal()
    }

    /// Asks for the word `yes`; whoever reads standard input may be a person or a pipe. Whoever waits
    /// for the answer can give up waiting.
    pub(super) async fn confirm(&self, question: &str) -> Answer {
        const LONGEST: u64 = 1 << 10;
        {
            let mut stderr = io::stderr().lock();
            let asked =
                write!(stderr, "\n{question}\n  Only \"yes\" is accepted.\n\n  Enter a value: ")
                    .and_then(|()| stderr.flush());
            if asked.is_err() {
                return Answer::None;
            }
        }
        let (answer, answered) = tokio::sync::oneshot::channel();
        // A thread of nobody: it may wait for a line for ever, and the program ends without it.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
            let said = match read {
                // A word that nobody ended may be the half of another.
                Ok(_) if !line.ends_with('\n') => Answer::None,
                Ok(_) if line.trim_end() == "yes" => Answer::Yes,
                Ok(_) => Answer::No,
                Err(_) => Answer::None,
            };
            // Nobody waits any more: a signal came first.
            let _given_up = answer.send(said);
        });
        answered.await.unwrap_or(Answer::None)
    }
}
