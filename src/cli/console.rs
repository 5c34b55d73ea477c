//! `sealform console`.

use super::args::Variables;
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostic, Diagnostics, Sources, has_errors};
use crate::engine::Project;
use crate::engine::console::{Answer, Console, Entry, Word, is_open};
use crate::render::console as draw;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, CompletionType, ConditionalEventHandler, Config, Context, Editor, Event, EventContext,
    EventHandler, Helper, KeyEvent, RepeatCount,
};
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;

/// Evaluates expressions with what the configuration declares and what is recorded.
///
/// On a terminal it asks for one after the other, with history, and completes names with the Tab
/// key. Elsewhere it takes one on each line of standard input. What is in brackets or in a heredoc
/// may go on over several lines. Nothing is ever changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "The function `type` is the console's alone: it tells the type of a value.

Examples:
  echo 'cidrsubnet(\"10.0.0.0/8\", 8, 5)' | sealform console
  echo 'type(local.buckets)' | sealform console")]
pub(super) struct Args {
    #[command(flatten)]
    variables: Variables,
}

/// What the word `help` is answered with.
const HELP: &str = "\
An expression is answered with its value: 1 + 2, var.names, [for b in local.buckets : upper(b)].
A function's name is completed with the Tab key; `sealform explain NAME` tells more of it.
type(…) tells the type of a value. A blank line ends what is open, exit, Ctrl-D or Ctrl-C leaves.
";

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Exit {
    let mut diagnostics = Diagnostics::new();
    let project = Project::load_for_console(&args.variables.request(global), &mut diagnostics);
    let state = match super::state::read_of(&project, global, ui) {
        Ok(state) => state,
        Err(exit) => return exit,
    };
    project.console(state.as_ref(), &mut diagnostics, |console, diagnostics| {
        ui.diagnostics(diagnostics, &project.sources);
        let damaged = has_errors(diagnostics);
        if damaged {
            ui.note("What has errors is unknown to the expressions below.");
        }
        let answers = Answers { console, ui };
        let all_good = if ui.can_ask() { answers.ask() } else { answers.read() };
        if all_good && !damaged { Exit::Success } else { Exit::Failure }
    })
}

/// Answers what is typed.
struct Answers<'a> {
    console: &'a Console<'a>,
    ui: &'a Ui,
}

/// What became of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Answered,
    Failed,
    Leave,
}

impl Answers<'_> {
    /// Answers the lines of standard input; whether all had an answer.
    fn read(&self) -> bool {
        let mut entry = Entry::default();
        let mut all_good = true;
        let mut stdin = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            match stdin.read_until(b'\n', &mut line) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    self.ui.error("Cannot read the input", &format!("standard input: {error}"));
                    return false;
                }
            }
            let text = String::from_utf8_lossy(&line);
            if text.contains(char::REPLACEMENT_CHARACTER) && std::str::from_utf8(&line).is_err() {
                let detail = "A line of standard input is not text in UTF-8.";
                self.ui
                    .diagnostics(&[Diagnostic::error("Invalid text", detail)], &Sources::default());
                entry = Entry::default();
                all_good = false;
                continue;
            }
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            match entry.line(text).map(|text| self.answer(&text)) {
                Some(Outcome::Leave) => return all_good,
                outcome => all_good &= outcome != Some(Outcome::Failed),
            }
        }
        let rest = entry.finish().map(|text| self.answer(&text));
        all_good && rest != Some(Outcome::Failed)
    }

    /// Asks for expressions until somebody leaves. What was wrong was told, so that all is good.
    fn ask(&self) -> bool {
        let config =
            Config::builder().completion_type(CompletionType::List).auto_add_history(true).build();
        let mut editor = match Editor::<Prompt, DefaultHistory>::with_config(config) {
            Ok(editor) => editor,
            Err(error) => {
                self.ui.error("Cannot read the input", &format!("the terminal: {error}"));
                return false;
            }
        };
        editor.bind_sequence(KeyEvent::ctrl('C'), EventHandler::Conditional(Box::new(Leaving)));
        editor.set_helper(Some(Prompt { words: self.console.words() }));
        let history = history_file();
        if let Some(path) = &history {
            // The first time there is none.
            let _none_yet = editor.load_history(path);
        }
        let good = loop {
            match editor.readline("> ") {
                Ok(text) => {
                    if self.answer(&text) == Outcome::Leave {
                        break true;
                    }
                }
                // Ctrl-C gives up a line that something is on, and else the console, as Ctrl-D does.
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => break true,
                Err(error) => {
                    self.ui.error("Cannot read the input", &format!("the terminal: {error}"));
                    break false;
                }
            }
        };
        if let Some(path) = &history {
            let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            if let Err(error) = made.map_err(Into::into).and_then(|()| editor.save_history(path)) {
                self.ui.note(&format!("The history is not kept in {}: {error}.", path.display()));
            }
        }
        good
    }

    fn answer(&self, text: &str) -> Outcome {
        match text.trim() {
            "" => return Outcome::Answered,
            "exit" => return Outcome::Leave,
            "help" => {
                self.ui.out(HELP);
                return Outcome::Answered;
            }
            _ => {}
        }
        let answered = self.console.answer(text);
        match answered.answer {
            Ok(answer) => {
                let mut text = match &answer {
                    Answer::Value(value) => draw::value(value),
                    Answer::Type(ty) => draw::ty(ty),
                    Answer::TypeOfType => "type".to_owned(),
                };
                if io::stdout().is_terminal() {
                    text = draw::harmless(&text);
                }
                text.push('\n');
                self.ui.out(&text);
                Outcome::Answered
            }
            Err(faults) => {
                self.ui.diagnostics(&faults, &answered.sources);
                Outcome::Failed
            }
        }
    }
}

/// Where earlier lines are kept: in the user's directory for state, whatever the configuration.
fn history_file() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(base.join("sealform").join("console-history"))
}

/// Ctrl-C on an empty line: it leaves, as in Terraform's console.
struct Leaving;

impl ConditionalEventHandler for Leaving {
    fn handle(
        &self,
        _: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        Some(if context.line().is_empty() { Cmd::EndOfFile } else { Cmd::Interrupt })
    }
}

/// What the line editor asks while somebody types.
struct Prompt {
    /// What can be completed, in the order of the alphabet.
    words: Vec<Word>,
}

impl Completer for Prompt {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = line.get(..position).unwrap_or(line);
        let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let begun = before.trim_end_matches(in_word).len();
        let word = before.get(begun..).unwrap_or("");
        let from = self.words.partition_point(|known| known.text.as_str() < word);
        let known = self.words.iter().skip(from).take_while(|known| known.text.starts_with(word));
        let pairs = known
            .map(|known| Pair { display: known.shown.clone(), replacement: known.text.clone() });
        Ok((begun, pairs.collect()))
    }
}

impl Validator for Prompt {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_open(context.input()) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Hinter for Prompt {
    type Hint = String;
}

impl Highlighter for Prompt {}

impl Helper for Prompt {}

#[cfg(test)]
mod tests {
    use super::*;
    use rustyline::history::DefaultHistory;

    #[test]
    fn a_word_is_completed_where_it_stands() {
        let word = |text: &str, shown: &str| Word { text: text.into(), shown: shown.into() };
        let prompt = Prompt {
            words: vec![
                word("local.a", "local.a"),
                word("upper(", "upper(str: string) -> string"),
                word("var.names", "var.names"),
                word("var.number", "var.number"),
            ],
        };
        let history = DefaultHistory::new();
        let context = Context::new(&history);
        let complete = |line: &str| {
            let (at, found) = prompt.complete(line, line.len(), &context).unwrap();
            (at, found.into_iter().map(|pair| pair.replacement).collect::<Vec<_>>())
        };
        assert_eq!(complete("upper(var.n"), (6, vec!["var.names".into(), "var.number".into()]));
        assert_eq!(complete("[up"), (1, vec!["upper(".into()]));
        assert_eq!(complete("é + lo"), (5, vec!["local.a".into()]));
        assert_eq!(complete("nothing"), (0, vec![]));
        assert_eq!(complete("").1.len(), 4);
    }
}
