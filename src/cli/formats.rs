//! `--output FORMAT[=FILE]`: what a run found, in as many formats as are asked for.

use super::ui::Ui;
use crate::addr::Address;
use crate::diag::{Diagnostic, Diagnostics, Sources, Span};
use crate::engine::{Project, VERSION};
use crate::event::{Event, Reporter};
use crate::render::json_lines::Lines;
use crate::render::{self, Style};
use crate::report::{Command, Facts, Report, Share};
use crate::state;
use clap::ValueEnum as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A format of reports. What a new one needs is here and in [`Outputs::draw`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Text for people.
    Human,
    /// One JSON document, of which there is a schema.
    Json,
    /// Events as they happen: one JSON object a line, of which there is a schema.
    JsonLines,
    /// For a comment on a pull request.
    Markdown,
    /// Annotations of GitHub's workflows, and the summary of the job.
    Github,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// For test reports: the XML of `JUnit`.
    Junit,
    /// For monitoring: Prometheus's text format.
    Prometheus,
    /// One page for a browser.
    Html,
}

impl Format {
    /// What the file of the run before says, where that is taken over.
    fn previous(self, file: &Path) -> Option<String> {
        match self {
            Self::Prometheus => std::fs::read_to_string(file).ok(),
            Self::Human
            | Self::Json
            | Self::JsonLines
            | Self::Markdown
            | Self::Github
            | Self::Sarif
            | Self::Junit
            | Self::Html => None,
        }
    }
}

/// A format, and the file that it goes to; standard output where there is none.
#[derive(Clone, Debug)]
pub(super) struct Output {
    format: Format,
    file: Option<PathBuf>,
}

/// In which formats a run tells what it found.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Outputs {
    /// Print in this format, or write it to a file. May be repeated. Formats: human, json,
    /// json-lines, markdown, github, sarif, junit, prometheus, html.
    #[arg(long = "output", value_name = "FORMAT[=FILE]", value_parser = output)]
    wanted: Vec<Output>,
    /// Print one JSON document instead of text: --output json.
    #[arg(long)]
    json: bool,
    /// Print one line for each change.
    #[arg(long)]
    pub(super) concise: bool,
    /// How long markdown may be, in bytes: a comment on GitHub has room for 65536 characters.
    #[arg(long, value_name = "BYTES", default_value_t = render::markdown::LIMIT,
        value_parser = limit)]
    markdown_limit: usize,
    /// Where events go as they happen, once they are asked for.
    #[arg(skip)]
    live: Live,
}

/// The length of the shortest comment that says anything.
const SHORTEST: usize = 512;

/// Reads the length of a comment.
fn limit(text: &str) -> Result<usize, String> {
    let limit = text.parse().ok().filter(|limit| *limit >= SHORTEST);
    limit.ok_or_else(|| format!("it is a whole number from {SHORTEST}"))
}

fn output(text: &str) -> Result<Output, String> {
    let (name, file) = match text.split_once('=') {
        Some((_, "")) => return Err("there is no name of a file behind `=`".to_owned()),
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = Format::from_str(name, false).map_err(|_| {
        let known = Format::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value);
        let known: Vec<String> = known.map(|it| it.get_name().to_owned()).collect();
        let hint = crate::diag::did_you_mean(name, known.iter().map(String::as_str));
        format!("there is no format {name:?}.{hint} Known are {}", known.join(", "))
    })?;
    Ok(Output { format, file })
}

impl Outputs {
    /// The text of a report; `human` is what is drawn for people, `previous` what the file says that
    /// this replaces. Events have been told as they happened.
    fn draw(
        &self,
        format: Format,
        report: &Report,
        human: &dyn Fn(&Style) -> String,
        style: &Style,
        previous: Option<&str>,
    ) -> String {
        match format {
            Format::Human => human(style),
            Format::Json => render::json::text(&report.to_json().unwrap_or_default()),
            Format::JsonLines => String::new(),
            Format::Markdown => render::markdown::markdown(report, self.markdown_limit),
            Format::Github => render::github::annotations(report),
            Format::Sarif => format!("{}\n", render::sarif(report)),
            Format::Junit => render::junit(report),
            Format::Prometheus => render::prometheus(report, previous),
            Format::Html => render::html(report),
        }
    }

    /// Shows what happens as it does: to people, and to whoever asked for events.
    pub(super) fn telling(&self, dir: &Path, ui: &Ui) -> Telling {
        Telling { progress: ui.progress(), live: self.live(dir, ui) }
    }

    /// Where events go, opened when it is first needed.
    fn live(&self, dir: &Path, ui: &Ui) -> Option<Live> {
        let wanted = self.wanted.iter().find(|it| it.format == Format::JsonLines)?;
        self.live.open(wanted.file.as_ref().map(|file| dir.join(file)).as_deref(), ui);
        Some(self.live.clone())
    }

    /// Ends the events: what was found wrong, what is not as it should be, and the outcome.
    pub(super) fn end(
        &self,
        dir: &Path,
        report: &Report,
        (diagnostics, sources): (&[Diagnostic], &Sources),
        ui: &Ui,
    ) {
        if let Some(live) = self.live(dir, ui) {
            live.with(|lines| {
                lines.diagnostics(diagnostics, sources);
                lines.findings(report);
                lines.outcome(report);
            });
        }
    }

    /// The formats that go to standard output.
    fn on_screen(&self) -> impl Iterator<Item = Format> {
        let named = self.wanted.iter().filter(|it| it.file.is_none()).map(|it| it.format);
        self.json.then_some(Format::Json).into_iter().chain(named)
    }

    /// What standard output gets: text for people where nothing else is asked for.
    fn screen(&self) -> Format {
        self.on_screen().next().unwrap_or(Format::Human)
    }

    /// Whether standard output is for people.
    pub(super) fn is_for_people(&self) -> bool {
        self.screen() == Format::Human
    }

    /// Reports two formats that both go to standard output, or two to one file.
    pub(super) fn check(&self, diagnostics: &mut Diagnostics) {
        if self.on_screen().count() > 1 {
            diagnostics.push(Diagnostic::error(
                "Two formats on standard output",
                "Only one format can be printed. Give the others files: `--output FORMAT=FILE`.",
            ));
        }
        let mut files: Vec<&PathBuf> =
            self.wanted.iter().filter_map(|it| it.file.as_ref()).collect();
        files.sort();
        if let Some([twice, _]) = files.windows(2).find(|pair| matches!(pair, [a, b] if a == b)) {
            let detail = format!(
                "{} is to get two formats, and each would replace the other. Name another file.",
                twice.display()
            );
            diagnostics.push(Diagnostic::error("Two formats in one file", detail));
        }
    }

    /// Prints a report and writes it to files, which are named relative to `dir`; false where one
    /// could not be written, which is told.
    pub(super) fn write(
        &self,
        dir: &Path,
        report: &Report,
        human: &dyn Fn(&Style) -> String,
        ui: &Ui,
    ) -> bool {
        self.print(report, human, ui);
        self.write_files(dir, report, human, ui)
    }

    /// As [`Outputs::write`], without files.
    pub(super) fn print(&self, report: &Report, human: &dyn Fn(&Style) -> String, ui: &Ui) {
        let text = self.draw(self.screen(), report, human, &ui.style(), None);
        if !text.is_empty() {
            ui.out(&text);
        }
    }

    /// As [`Outputs::write`], without standard output.
    pub(super) fn write_files(
        &self,
        dir: &Path,
        report: &Report,
        human: &dyn Fn(&Style) -> String,
        ui: &Ui,
    ) -> bool {
        let style = Style { concise: self.concise, ..Style::PLAIN };
        let mut written = true;
        for Output { format, file } in &self.wanted {
            if *format == Format::Github {
                summarize(report, ui);
            }
            let Some(file) = file.as_ref().filter(|_| *format != Format::JsonLines) else {
                continue;
            };
            let path = dir.join(file);
            let previous = format.previous(&path);
            let text = self.draw(*format, report, human, &style, previous.as_deref());
            if let Err(error) = state::publish(&path, text.as_bytes()) {
                ui.error(
                    "Cannot write the report",
                    &format!("the file {}: {error}", file.display()),
                );
                written = false;
            }
        }
        written
    }
}

/// Adds to the summary of a job of GitHub's, where this is one.
fn summarize(report: &Report, ui: &Ui) {
    let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|it| !it.is_empty()) else {
        return;
    };
    let text = render::github::job_summary(report);
    let added = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&file)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    if let Err(error) = added {
        ui.error(
            "Cannot write the job's summary",
            &format!("the file {}: {error}", file.display()),
        );
    }
}

/// Writes events, a line each.
type EventLines = Lines<Box<dyn Write + Send>, fn() -> String>;

/// Where events go, once that is open.
#[derive(Clone, Default)]
pub(super) struct Live(Arc<Mutex<Option<EventLines>>>);

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Live")
    }
}

impl Live {
    /// Opens the file, or standard output, if that has not been done.
    fn open(&self, file: Option<&Path>, ui: &Ui) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_some() {
            return;
        }
        let out: Box<dyn Write + Send> = match file.map(std::fs::File::create) {
            None => Box::new(std::io::stdout()),
            Some(Ok(file)) => Box::new(file),
            Some(Err(error)) => {
                let name = file.unwrap_or(Path::new("")).display();
                ui.error("Cannot write the events", &format!("the file {name}: {error}"));
                Box::new(std::io::sink())
            }
        };
        *lines = Some(Lines::new(out, || jiff::Timestamp::now().to_string()));
    }

    fn with(&self, tell: impl FnOnce(&mut EventLines)) {
        if let Some(lines) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            tell(lines);
        }
    }
}

/// Shows what happens as it does.
pub(super) struct Telling {
    progress: render::human::Progress<std::io::Stderr>,
    live: Option<Live>,
}

impl Reporter for Telling {
    fn report(&mut self, event: &Event<'_>) {
        self.progress.report(event);
        if let Some(live) = &self.live {
            live.with(|lines| lines.report(event));
        }
    }
}

/// When a command began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Began(jiff::Timestamp);

impl Began {
    pub(super) fn now() -> Self {
        Self(jiff::Timestamp::now())
    }

    /// The day on which it began, in UTC.
    pub(super) fn day(self) -> jiff::civil::Date {
        self.0.to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// The facts of a run that has come so far.
    pub(super) fn facts<T>(
        self,
        command: Command,
        project: &Project,
        diagnostics: &[Diagnostic],
        share: Option<Share>,
        tell: impl FnOnce(&Facts<'_>) -> T,
    ) -> T {
        let block = |address: &Address| -> Option<Span> {
            let block = project.config.block(&address.resource)?;
            let whole = Some(block.body.span).filter(|it| it.file == block.header.file);
            Some(whole.map_or(block.header, |body| block.header.to(body)))
        };
        let started = self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let took = jiff::Timestamp::now().duration_since(self.0).as_secs_f64();
        tell(&Facts {
            command,
            version: VERSION,
            directory: &project.dir.display().to_string(),
            started: Some(&started),
            seconds: Some((took.max(0.0) * 1000.0).round() / 1000.0),
            share,
            block: &block,
            sources: &project.sources,
            diagnostics,
        })
    }
}
