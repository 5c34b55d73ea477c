//! `--output FORMAT[=FILE]`: what a run found, in as many formats as are asked for.

use super::ui::Ui;
use crate::addr::Address;
use crate::diag::{Diagnostic, Diagnostics, Span};
use crate::engine::{Project, VERSION};
use crate::render::{self, Style};
use crate::report::{Command, Facts, Report, Share};
use crate::state;
use clap::ValueEnum as _;
use std::path::{Path, PathBuf};

/// A format of reports. What a new one needs is here and in [`Format::draw`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Text for people.
    Human,
    /// One JSON document, of which there is a schema.
    Json,
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
    /// The text of a report; `human` is what is drawn for people, `previous` what the file says that
    /// this replaces.
    fn draw(
        self,
        report: &Report,
        human: &dyn Fn(&Style) -> String,
        style: &Style,
        previous: Option<&str>,
    ) -> String {
        match self {
            Self::Human => human(style),
            Self::Json => report.to_json().unwrap_or_default(),
            Self::Sarif => format!("{}\n", render::sarif(report)),
            Self::Junit => render::junit(report),
            Self::Prometheus => render::prometheus(report, previous),
            Self::Html => render::html(report),
        }
    }

    /// What the file of the run before says, where that is taken over.
    fn previous(self, file: &Path) -> Option<String> {
        match self {
            Self::Prometheus => std::fs::read_to_string(file).ok(),
            Self::Human | Self::Json | Self::Sarif | Self::Junit | Self::Html => None,
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
    /// sarif, junit, prometheus, html.
    #[arg(long = "output", value_name = "FORMAT[=FILE]", value_parser = output)]
    wanted: Vec<Output>,
    /// Print one JSON document instead of text: --output json.
    #[arg(long)]
    json: bool,
    /// Print one line for each change.
    #[arg(long)]
    pub(super) concise: bool,
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
        let text = self.screen().draw(report, human, &ui.style(), None);
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
            let Some(file) = file else { continue };
            let path = dir.join(file);
            let text = format.draw(report, human, &style, format.previous(&path).as_deref());
            if let Err(error) = state::publish(&path, text.as_bytes()) {
                ui.error("Cannot write the report", &format!("{}: {error}", file.display()));
                written = false;
            }
        }
        written
    }
}

/// The metrics of a report, for whoever asks for them; `previous` are those of the round before.
pub(super) fn metrics(report: &Report, previous: Option<&str>) -> String {
    render::prometheus(report, previous)
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
