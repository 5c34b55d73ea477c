//! `sealform plan`.

use super::args::Planning;
use super::formats::Began;
use super::signals::{NOTHING, Signals, ended_by, stopped};
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostics, has_errors};
use crate::engine::{Checked, PlanOptions, Project, Run, Setup, Strictness};
use crate::event::Reporter;
use crate::plan::{Plan, PlanFileError};
use crate::render::{self, Style};
use crate::report::{Command, Report};
use std::path::{Path, PathBuf};

/// Reads what is live and shows what apply would do. Changes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    planning: Planning,
    /// Plan to reset every bucket that is managed.
    #[arg(long)]
    destroy: bool,
    /// Save the plan to this file, for `apply FILE`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 0 if there is nothing to do, 1 for an error, 2 if there is something to do.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let began = Began::now();
    args.planning.apply_style(ui);
    let mut diagnostics = Diagnostics::new();
    let prepared = prepare(global, &args.planning, args.destroy, &mut diagnostics);
    let setup = args.planning.setup(global, "plan", true);
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let planned = prepared.checked.as_ref().map(|checked| {
        let mut progress = args.planning.outputs.telling(&prepared.project.dir, ui);
        runtime.block_on(async {
            let saved = args.out.is_some();
            let making = make(&prepared, checked, &setup, saved, &mut progress, &mut diagnostics);
            Signals::new().within(args.planning.selecting.timeout).unless(Box::pin(making)).await
        })
    });
    let (plan, ended) = match planned.transpose() {
        Ok(plan) => (plan.flatten(), None),
        Err(signal) => (None, Some(signal)),
    };
    let project = &prepared.project;
    // Whoever reads an output learns of it there; whoever is at the terminal, at the end.
    let mut told = diagnostics.clone();
    told.extend(ended.map(|signal| ended_by(signal, NOTHING)));
    let mut report = began.facts(Command::Plan, project, &told, None, |facts| {
        let failed = || Report { destroy: args.destroy, ..Report::of_failure(facts) };
        plan.as_ref().map_or_else(failed, |plan| Report::of_plan(plan, facts))
    });
    let expired = began.silence(&mut report, project, false);
    told.extend_from_slice(&expired);
    diagnostics.extend(expired);
    let known = report.suppressed();
    let human =
        |style: &Style| plan.as_ref().map(|it| render::human::plan_knowing(it, &known, style));
    let human = |style: &Style| human(style).unwrap_or_default();
    let outputs = &args.planning.outputs;
    let written = outputs.write(&project.dir, &report, &human, ui);
    outputs.end(&project.dir, &report, (&told, &project.sources), ui);
    ui.diagnostics(&diagnostics, &project.sources);
    if let Some(signal) = ended {
        return stopped(signal, ui);
    }
    let Some(plan) = plan.filter(|_| !has_errors(&diagnostics)) else { return Exit::Failure };
    if let Some(path) = &args.out {
        if let Err(reason) = save(&plan, &prepared, &report, path) {
            ui.error("Cannot save the plan", &format!("the file {}: {reason}", path.display()));
            return Exit::Failure;
        }
        ui.note(&what_next(global, &plan, path));
    }
    if !written {
        return Exit::Failure;
    }
    if args.detailed_exitcode && !plan.is_empty() { Exit::Changes } else { Exit::Success }
}

/// A configuration that is ready to be planned, if it has no errors.
pub(super) struct Prepared {
    pub(super) project: Project,
    pub(super) checked: Option<Checked>,
    pub(super) options: PlanOptions,
}

/// Loads and checks the configuration.
pub(super) fn prepare(
    global: &Global,
    planning: &Planning,
    destroy: bool,
    diagnostics: &mut Diagnostics,
) -> Prepared {
    let options = planning.options(destroy, diagnostics);
    let project = Project::load(&planning.variables.request(global), diagnostics);
    let checked = project.check(Strictness::Strict, diagnostics);
    let checked = (!has_errors(diagnostics)).then_some(checked);
    Prepared { project, checked, options }
}

/// Opens a run, makes the plan and ends the run.
async fn make(
    prepared: &Prepared,
    checked: &Checked,
    setup: &Setup,
    saved: bool,
    progress: &mut dyn Reporter,
    diagnostics: &mut Diagnostics,
) -> Option<Plan> {
    let Prepared { project, options, .. } = prepared;
    let mut run = Run::open(project, checked, setup, progress, diagnostics).await?;
    let mut plan = run.plan(project, checked, options, progress, diagnostics).await;
    if let Some(plan) = plan.as_mut().filter(|_| saved) {
        run.complete(plan).await;
    }
    diagnostics.extend(run.close().await);
    let plan = plan?;
    // A plan of nothing, because of an error, says nothing.
    let nothing = plan.steps.is_empty() && plan.unplanned.is_empty();
    (!nothing || !has_errors(diagnostics)).then_some(plan)
}

/// Writes the plan to a file that only its owner reads: it tells of every bucket. As in Terraform, the
/// path is relative to the directory of the configuration.
fn save(plan: &Plan, prepared: &Prepared, report: &Report, path: &Path) -> Result<(), String> {
    let secret = prepared.checked.iter().flat_map(|it| &it.evaluation.providers);
    let mut secret = secret.filter(|(_, it)| it.any(&|part| part.is_sensitive()));
    if let Some((name, _)) = secret.next() {
        return Err(PlanFileError::SensitiveProvider(name.to_string()).to_string());
    }
    let path = &prepared.project.dir.join(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path.exists() && !path.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if name.ends_with(".hcl") || name.ends_with(".state.json") {
        return Err("its name is that of a configuration or a state; take another, such as \
                    `this.sealplan`"
            .to_owned());
    }
    let mut origin = prepared.project.origin();
    origin.circumstances =
        serde_json::to_value(report.circumstances()).map_err(|error| error.to_string())?;
    let bytes = plan.to_bytes(&origin).map_err(|error| error.to_string())?;
    crate::state::write_atomically(path, &bytes).map_err(|error| error.to_string())
}

/// What to do with a plan that was saved: a command for a shell in the same directory.
fn what_next(global: &Global, plan: &Plan, path: &Path) -> String {
    let mut words = vec!["sealform".to_owned()];
    if let Some(dir) = &global.chdir {
        words.push(format!("-chdir={}", dir.display()));
    }
    words.push("apply".to_owned());
    if global.sandbox {
        words.push("-sandbox".to_owned());
    }
    let weakening = plan.unconfirmed().count();
    if weakening > 0 {
        words.push("-allow-weakening".to_owned());
    }
    let file = path.display().to_string();
    words.push(if file.starts_with('-') { format!("./{file}") } else { file });
    let words: Vec<String> = words.iter().map(|word| for_a_shell(word)).collect();
    let weakens = match weakening {
        0 => "",
        1 => ", which protects new objects of 1 bucket less",
        _ => &format!(", which protects new objects of {weakening} buckets less"),
    };
    render::harmless_lines(&format!(
        "\nSaved the plan to {}. To carry out exactly this plan{weakens}:\n  {}",
        path.display(),
        words.join(" ")
    ))
}

/// A word that a shell takes for itself.
fn for_a_shell(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_each_word_as_it_is() {
        for (word, expected) in [
            ("a.sealplan", "a.sealplan"),
            ("-chdir=infra/prod", "-chdir=infra/prod"),
            ("my plan", "'my plan'"),
            ("it's $HOME", "'it'\\''s $HOME'"),
            ("~/x", "'~/x'"),
            ("", "''"),
        ] {
            assert_eq!(for_a_shell(word), expected);
        }
    }
}
