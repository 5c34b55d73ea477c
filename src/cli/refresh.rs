//! `sealform refresh`.

use super::args::Planning;
use super::plan::{Prepared, prepare};
use super::signals::{Decision, NOTHING, Signals, ended_by, stopped};
use super::ui::Ui;
use super::{Exit, Global};
use crate::config;
use crate::diag::{Diagnostic, Diagnostics, has_errors};
use crate::engine::{Recording, Run};
use crate::render;

/// Records what is live, so that it is no longer shown as changed outside. Changes no bucket. A
/// bucket that is gone is forgotten. What `plan` shows otherwise is not recorded by this.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    planning: Planning,
    /// Show what would be recorded, and record nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    args.planning.apply_style(ui);
    let mut diagnostics = Diagnostics::new();
    let prepared = prepare(global, &args.planning, false, &mut diagnostics);
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    let decision = Decision::default();
    let done = runtime.block_on(async {
        let refreshing = refresh(global, args, &prepared, &decision, &mut diagnostics, ui);
        let mut signals = Signals::new().within(args.planning.selecting.timeout);
        signals.unless_decided(&decision, Box::pin(refreshing)).await
    });
    let (done, ended) = match done {
        Ok(done) => (done, None),
        Err(signal) => (None, Some(signal)),
    };
    if !args.planning.outputs.is_for_people() {
        let mut told = diagnostics.clone();
        told.extend(ended.map(|signal| ended_by(signal, NOTHING)));
        let sources = config::with_contexts(&prepared.project.sources, &told);
        let mut json = render::json::validation(&told, &sources);
        if let (Some(fields), Some((updated, gone))) = (json.as_object_mut(), &done) {
            fields.insert("updated".to_owned(), updated.clone().into());
            fields.insert("forgotten".to_owned(), gone.clone().into());
        }
        ui.out_json(&json);
    } else if let Some((updated, gone)) = &done {
        let would = if args.dry_run { "Would record" } else { "Recorded" };
        for address in updated {
            ui.out(&format!("{would} {address} as it is live\n"));
        }
        let would = if args.dry_run { "Would forget" } else { "Forgot" };
        for address in gone {
            ui.out(&format!("{would} {address}, whose bucket is gone\n"));
        }
        let (updated, gone) = (updated.len(), gone.len());
        ui.out(&format!("Refresh complete! {updated} recorded anew, {gone} forgotten.\n"));
    }
    ui.diagnostics(&diagnostics, &prepared.project.sources);
    if let Some(signal) = ended {
        return stopped(signal, ui);
    }
    if done.is_some() && !has_errors(&diagnostics) { Exit::Success } else { Exit::Failure }
}

/// The records that were brought up to date, and those that were dropped; none where it failed.
async fn refresh(
    global: &Global,
    args: &Args,
    prepared: &Prepared,
    decision: &Decision,
    diagnostics: &mut Diagnostics,
    ui: &Ui,
) -> Option<(Vec<String>, Vec<String>)> {
    let checked = prepared.checked.as_ref()?;
    let Prepared { project, options, .. } = prepared;
    let setup = args.planning.setup(global, "refresh", args.dry_run);
    let mut progress = ui.progress();
    let mut run = Run::open(project, checked, &setup, &mut progress, diagnostics).await?;
    let plan = run.plan(project, checked, options, &mut progress, diagnostics).await;
    drop(progress);
    // What is missing is what this is for; whatever else is wrong, half of it is not recorded.
    let wrong = |it: &Diagnostic| it.is_error() && it.summary != "Bucket not found";
    let plan = plan.filter(|_| !diagnostics.iter().any(wrong));
    let recording = if args.dry_run { Recording::DryRun } else { Recording::Whole };
    let done = match plan {
        None => None,
        Some(plan) => {
            decision.make();
            match run.record_live(&plan, recording).await {
                Ok((updated, gone)) => {
                    let text = |all: Vec<crate::addr::Address>| {
                        all.iter().map(ToString::to_string).collect()
                    };
                    Some((text(updated), text(gone)))
                }
                Err(error) => {
                    diagnostics.push(error.diagnostic());
                    None
                }
            }
        }
    };
    diagnostics.extend(run.close().await);
    done
}
