//! Expressions that somebody types, evaluated in the root module.
//!
//! Owns what an expression is answered with, where one ends that takes several lines, and what can
//! be completed. It never reads what is typed and never draws an answer.

use super::check::{Known, Strictness};
use super::project::{Project, Request};
use crate::addr::Address;
use crate::config::load::NO_CONFIGURATION;
use crate::config::syntax::{Lexer, Stand, TokenKind};
use crate::config::{self, Expr, ExprKind, Part};
use crate::diag::{Diagnostic, Diagnostics, Sources, Span};
use crate::eval::Session;
use crate::eval::functions::FUNCTIONS;
use crate::state::StateFile;
use crate::value::{Type, Value};

/// What an expression is called in messages.
const SOURCE: &str = "<console>";

/// The answer to an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its value.
    Value(Value),
    /// The type of the value that `type(…)` was asked for.
    Type(Type),
    /// The type of a type: of `type(type(…))`.
    TypeOfType,
}

/// The answer to an expression, or what is wrong, and the text that this refers to.
#[derive(Debug)]
pub struct Answered {
    /// The answer.
    pub answer: Result<Answer, Diagnostics>,
    /// The expression and the files of the configuration.
    pub sources: Sources,
}

/// A configuration that has been evaluated, for expressions.
pub struct Console<'a> {
    project: &'a Project,
    session: &'a Session<'a>,
}

/// What is recorded stands for what is live.
struct Recorded<'a>(Option<&'a StateFile>);

impl Known for Recorded<'_> {
    fn live(&self, address: &Address) -> Option<Value> {
        Some(self.0?.resources.get(address)?.values.clone())
    }

    fn data(&self, _: &Address) -> Option<Value> {
        None
    }
}

impl Project {
    /// Reads a directory for expressions: that it has no configuration is nothing wrong.
    pub fn load_for_console(request: &Request, diagnostics: &mut Diagnostics) -> Self {
        let mut found = Diagnostics::new();
        let project = Self::load(request, &mut found);
        diagnostics.extend(found.into_iter().filter(|fault| fault.summary != NO_CONFIGURATION));
        project
    }

    /// Evaluates the configuration with what is recorded, for expressions. Variables without a
    /// value are unknown.
    pub fn console<T>(
        &self,
        state: Option<&StateFile>,
        diagnostics: &mut Diagnostics,
        use_it: impl FnOnce(&Console<'_>, &mut Diagnostics) -> T,
    ) -> T {
        let known = Recorded(state);
        self.in_session(Strictness::Lenient, &known, diagnostics, |session, diagnostics| {
            use_it(&Console { project: self, session }, diagnostics)
        })
    }
}

impl Console<'_> {
    /// Evaluates an expression.
    pub fn answer(&self, text: &str) -> Answered {
        let mut sources = self.project.sources.clone();
        let file = sources.add(SOURCE, text);
        let mut faults = Diagnostics::new();
        let expr = config::parse_expr(&sources, file, &mut faults);
        let answer = match expr {
            Some(expr) if faults.is_empty() => self.evaluate(&expr),
            Some(_) | None => Err(faults),
        };
        Answered { answer, sources }
    }

    fn evaluate(&self, expr: &Expr) -> Result<Answer, Diagnostics> {
        if let Some(argument) = type_argument(expr)? {
            return Ok(match self.evaluate(argument)? {
                Answer::Value(value) => Answer::Type(value.ty()),
                Answer::Type(_) | Answer::TypeOfType => Answer::TypeOfType,
            });
        }
        if let Some(span) = type_within(expr) {
            let detail = "`type` tells the type of a whole expression and stands around it: its \
                          answer is no value that anything else could use.";
            return Err(vec![Diagnostic::error("Invalid use of type", detail).at(span)]);
        }
        let value = self.session.eval(expr, &[])?;
        let endless = |part: &Value| part.as_number().is_some_and(|number| !number.has_text());
        if value.any(&endless) {
            let detail = "The value holds a number of more than 100,000 digits, which are not \
                          written out.";
            return Err(vec![Diagnostic::error("Number too long", detail).at(expr.span)]);
        }
        Ok(Answer::Value(value))
    }

    /// What can be typed, in the order of the alphabet.
    pub fn words(&self) -> Vec<Word> {
        let config = &self.project.config;
        let functions = FUNCTIONS.iter().map(|function| Word {
            text: format!("{}(", function.name),
            shown: function.signature(),
        });
        let variables = config.variables.keys().map(|name| format!("var.{name}"));
        let locals = config.locals.keys().map(|name| format!("local.{name}"));
        let modules = config.modules.keys().map(|name| format!("module.{name}"));
        let resources = config.resources.keys().map(ToString::to_string);
        let paths = ["cwd", "module", "root"].map(|name| format!("path.{name}"));
        let names = variables.chain(locals).chain(modules).chain(resources).chain(paths);
        let names = names.map(|name| Word { text: name.clone(), shown: name });
        let asked = Word { text: "type(".into(), shown: "type(value: any) -> type".into() };
        let mut words: Vec<Word> = functions.chain(names).chain([asked]).collect();
        words.sort();
        words
    }
}

/// Something that can be completed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// What is put in.
    pub text: String,
    /// What is shown of it.
    pub shown: String,
}

/// What stands between the brackets of `type(…)`. That function is the console's alone: there is no
/// value of a type.
fn type_argument(expr: &Expr) -> Result<Option<&Expr>, Diagnostics> {
    let call = match &expr.kind {
        ExprKind::Call(call) if &*call.name.text == "type" => call,
        // A lone interpolation is what stands in it.
        ExprKind::Template(parts) => match &**parts {
            [Part::Value(only)] => return type_argument(only),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    match call.arguments.as_slice() {
        [only] if !call.expand => Ok(Some(only)),
        _ => {
            let detail = "`type` takes one argument: the value of which it tells the type.";
            Err(vec![Diagnostic::error("Invalid function call", detail).at(expr.span)])
        }
    }
}

/// Where `type(…)` is asked for within an expression.
fn type_within(expr: &Expr) -> Option<Span> {
    if let ExprKind::Call(call) = &expr.kind
        && &*call.name.text == "type"
    {
        return Some(expr.span);
    }
    let mut found = None;
    expr.children(&mut |child| found = found.or_else(|| type_within(child)));
    found
}

/// Lines that make an expression: as many as it takes to close its brackets, heredocs and comments.
/// A blank line ends what is left open, but for a heredoc or a comment.
#[derive(Debug, Default)]
pub struct Entry {
    text: String,
    stand: Stand,
    open: Vec<TokenKind>,
    in_comment: bool,
}

impl Entry {
    /// Adds a line, without its end. Gives the expression if it is complete, or cannot become so.
    pub fn line(&mut self, line: &str) -> Option<String> {
        let in_heredoc = self.open.last() == Some(&TokenKind::HeredocBegin);
        if line.trim().is_empty() && !in_heredoc && !self.in_comment {
            return self.finish();
        }
        self.text.push_str(line);
        self.text.push('\n');
        // A comment is scanned again only when it may end.
        if self.in_comment && !line.contains("*/") {
            return None;
        }
        let mut lexer = Lexer::at(&self.text, std::mem::take(&mut self.stand));
        let stop = lexer.find(|token| !bracket(&mut self.open, token.kind));
        self.in_comment = false;
        match stop {
            Some(comment) if comment.kind == TokenKind::UnclosedComment => {
                self.in_comment = true;
                self.stand = lexer.stand_before(&comment);
                return None;
            }
            Some(_) => return self.finish(),
            None => self.stand = lexer.stand(),
        }
        if self.open.is_empty() { self.finish() } else { None }
    }

    /// What was typed so far, if it is anything.
    pub fn finish(&mut self) -> Option<String> {
        let Self { text, .. } = std::mem::take(self);
        (!text.trim().is_empty()).then_some(text)
    }
}

/// Whether something is open behind these lines, so that more must come.
pub fn is_open(text: &str) -> bool {
    let mut entry = Entry::default();
    let mut complete = false;
    for line in text.split('\n') {
        complete = entry.line(line).is_some();
    }
    !complete && entry.finish().is_some()
}

/// Keeps account of what is open. Gives false where the text cannot be an expression any more.
fn bracket(open: &mut Vec<TokenKind>, kind: TokenKind) -> bool {
    let opening: &[TokenKind] = match kind {
        TokenKind::OpenBrace
        | TokenKind::OpenBracket
        | TokenKind::OpenParen
        | TokenKind::OpenQuote
        | TokenKind::HeredocBegin
        | TokenKind::OpenValue
        | TokenKind::OpenDirective => {
            open.push(kind);
            return true;
        }
        TokenKind::CloseBrace => &[TokenKind::OpenBrace],
        TokenKind::CloseBracket => &[TokenKind::OpenBracket],
        TokenKind::CloseParen => &[TokenKind::OpenParen],
        TokenKind::CloseQuote => &[TokenKind::OpenQuote],
        TokenKind::HeredocEnd => &[TokenKind::HeredocBegin],
        TokenKind::CloseTemplate => &[TokenKind::OpenValue, TokenKind::OpenDirective],
        // A quoted text is of one line.
        TokenKind::Newline => return open.last() != Some(&TokenKind::OpenQuote),
        TokenKind::UnclosedComment | TokenKind::Invalid => return false,
        _ => return true,
    };
    open.pop().is_some_and(|last| opening.contains(&last))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expressions that lines make.
    fn expressions(text: &str) -> Vec<String> {
        let mut entry = Entry::default();
        let mut found: Vec<String> = text.split('\n').filter_map(|line| entry.line(line)).collect();
        found.extend(entry.finish());
        found
    }

    #[test]
    fn an_expression_ends_where_its_brackets_do() {
        let rows: &[(&str, &[&str])] = &[
            ("1\n2", &["1\n", "2\n"]),
            ("[\n1,\n2\n]\n3", &["[\n1,\n2\n]\n", "3\n"]),
            ("{\n  a = (\n1\n)\n}", &["{\n  a = (\n1\n)\n}\n"]),
            ("<<E\na\n\n[\nE\n1", &["<<E\na\n\n[\nE\n", "1\n"]),
            ("upper(<<E\na\nE\n)\n1", &["upper(<<E\na\nE\n)\n", "1\n"]),
            ("\"${\n1\n}\"", &["\"${\n1\n}\"\n"]),
            ("\"[\"\n1", &["\"[\"\n", "1\n"]),
            ("1 # [\n2", &["1 # [\n", "2\n"]),
            ("[\n1\n\n2", &["[\n1\n", "2\n"]),
            ("[\n1)\n2", &["[\n1)\n", "2\n"]),
            ("\"a\n2", &["\"a\n", "2\n"]),
            ("[\"a\n2", &["[\"a\n", "2\n"]),
            ("[ /* \n\n2\n*/ 3 ]\n4", &["[ /* \n\n2\n*/ 3 ]\n", "4\n"]),
            ("1 /* [\n*/ /*\n] */ + 2\n3", &["1 /* [\n*/ /*\n] */ + 2\n", "3\n"]),
            ("/*\n1", &["/*\n1\n"]),
            ("]\n2", &["]\n", "2\n"]),
            ("\n  \n", &[]),
            ("[", &["[\n"]),
        ];
        for (text, expected) in rows {
            assert_eq!(expressions(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_open_asks_for_more() {
        for text in ["[", "[1,\n2", "<<E\n\na", "f(", "\"${", "/*", "1 /*\n"] {
            assert!(is_open(text), "{text:?}");
        }
        for text in ["", "1", "[1]", "[\n\n", "]", "\"a", "<<E\nE"] {
            assert!(!is_open(text), "{text:?}");
        }
    }

    #[test]
    fn many_lines_take_no_longer_than_they_are() {
        let mut entry = Entry::default();
        assert_eq!(entry.line("["), None);
        for _ in 0..200_000 {
            assert_eq!(entry.line("[],"), None);
        }
        assert!(entry.line("]").is_some());
        for _ in 0..200_000 {
            assert_eq!(entry.line("/* * /"), None);
        }
        assert!(entry.line("*/ 1").is_some());
    }
}
