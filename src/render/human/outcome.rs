//! What carrying out a plan came to.

use super::super::canvas::{Canvas, Tint, counted, number};
use super::super::{LISTED, Style};
use crate::event::Outcome;
use crate::plan::{Action, Plan, StepId};

/// The summary of an apply: one line where all went well; otherwise how much failed, and what was not
/// begun. What failed, and why, is told by the diagnostics.
pub fn outcome(plan: &Plan, outcome: &Outcome, style: &Style) -> String {
    let mut canvas = Canvas::new(style.color);
    let what = if plan.destroy { "Destroy" } else { "Apply" };
    let mut parts: Vec<String> = Action::ALL
        .into_iter()
        .map(|action| (outcome.count(action), done(action)))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", number(count)))
        .collect();
    let outputs = plan.output_changes.len();
    if outcome.is_complete() {
        if outcome.moved > 0 {
            parts.insert(0, format!("{} moved", number(outcome.moved)));
        }
        if outputs > 0 {
            parts.push(counted(outputs, "output changed", "outputs changed"));
        }
        if parts.is_empty() {
            parts.push("Nothing was to be done".to_owned());
        }
        canvas.tinted(Tint::Good, format_args!("{what} complete!"));
        canvas.push(" ").push(&parts.join(", ")).push(".\n");
        return canvas.finish();
    }
    list(
        &mut canvas,
        "Cut while they wrote; not known whether written (the next plan looks):",
        &outcome.cut,
    );
    list(&mut canvas, "Done, and not recorded:", &outcome.unsaved);
    let why = if outcome.interrupted {
        "Not begun, because the run was stopped:"
    } else if outcome.unrecorded.is_some() {
        "Not begun, because what was done could not be recorded:"
    } else {
        "Not begun, because of a failure before:"
    };
    list(&mut canvas, why, &outcome.skipped);
    if !outcome.failures.is_empty() {
        parts.push(format!("{} failed", number(outcome.failures.len())));
    }
    if !outcome.cut.is_empty() {
        parts.push(format!("{} cut", number(outcome.cut.len())));
    }
    if !outcome.unsaved.is_empty() {
        parts.push(format!("{} not recorded", number(outcome.unsaved.len())));
    }
    if !outcome.skipped.is_empty() {
        parts.push(format!("{} not begun", number(outcome.skipped.len())));
    }
    let end = if outcome.interrupted { "stopped:" } else { "incomplete:" };
    canvas.tinted(Tint::Bad, format_args!("{what} {end}"));
    canvas.push(" ");
    if parts.is_empty() {
        canvas.push("nothing was done");
    }
    canvas.push(&parts.join(", ")).push(".\n");
    if outputs > 0 {
        canvas.push("The outputs are not recorded until all is done.\n");
    }
    if outcome.rescue.is_some() {
        canvas.push(
            "What is done could not be recorded where it belongs; the error says where it is.\n",
        );
    } else {
        canvas.push("What is done is recorded; the next plan has the rest.\n");
    }
    canvas.finish()
}

/// What was done, as a participle.
fn done(action: Action) -> &'static str {
    match action {
        Action::Update => "updated",
        Action::Adopt => "adopted",
        Action::Reset => "reset",
        Action::Forget => "forgotten",
        Action::NoOp => "unchanged",
    }
}

/// Steps under a heading, if there are any.
fn list(canvas: &mut Canvas, heading: &'static str, steps: &[StepId]) {
    if steps.is_empty() {
        return;
    }
    canvas.tinted(Tint::Strong, heading).push("\n\n");
    for step in steps.iter().take(LISTED) {
        canvas.spaces(4).clean(&step.address).line();
    }
    more(canvas, steps.len());
    canvas.line();
}

fn more(canvas: &mut Canvas, count: usize) {
    if count > LISTED {
        canvas.spaces(4).push("… and ").push(&number(count - LISTED)).push(" more\n");
    }
}
