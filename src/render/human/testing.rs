//! Tests as they run, and what they came to.

use super::super::Style;
use super::super::canvas::{Canvas, Tint, literal, number};
use super::{plan, state};
use crate::event::testing::{TestEvent, Tested, TestedRun, Verdict};

/// What happens, as it is told before its diagnostics; `verbose` shows the plan or the state of
/// each run, too.
pub fn test_event(event: &TestEvent<'_>, verbose: bool, style: &Style) -> String {
    let mut canvas = Canvas::new(style.color);
    match event {
        TestEvent::File { name, diagnostics: _ } => {
            canvas.clean(name).push("... ").tinted(Tint::Dim, "in progress").line();
        }
        TestEvent::Run { run } => {
            canvas.push("  run ").push(&literal(&run.name)).push("... ");
            verdict(&mut canvas, run.verdict).line();
            if verbose {
                canvas.push(&whole(run, style));
            }
        }
        TestEvent::FileDone { file } => {
            canvas.clean(&file.name).push("... ");
            verdict(&mut canvas, file.verdict()).line();
        }
    }
    canvas.finish()
}

/// What all tests came to: the last line.
pub fn tested(tested: &Tested, style: &Style) -> String {
    let mut canvas = Canvas::new(style.color);
    if tested.has_passed() {
        canvas.tinted(Tint::Good, "Success!");
    } else {
        canvas.tinted(Tint::Bad, "Failure!");
    }
    let failed = tested.count(Verdict::Fail) + tested.count(Verdict::Error);
    canvas.push(&format!(" {} passed, ", number(tested.count(Verdict::Pass))));
    canvas.push(&format!("{} failed", number(failed)));
    let skipped = tested.count(Verdict::Skip);
    if skipped > 0 {
        canvas.push(&format!(", {} skipped", number(skipped)));
    }
    canvas.push(".\n");
    canvas.finish()
}

fn verdict(canvas: &mut Canvas, verdict: Verdict) -> &mut Canvas {
    match verdict {
        Verdict::Pass => canvas.tinted(Tint::Good, "pass"),
        Verdict::Skip => canvas.tinted(Tint::Dim, "skip"),
        Verdict::Fail | Verdict::Error => canvas.tinted(Tint::Bad, "fail"),
    }
}

/// What is recorded after the run, or its plan where it only planned.
fn whole(run: &TestedRun, style: &Style) -> String {
    let text = match (&run.state, &run.plan) {
        (Some(recorded), _) => state(recorded, style),
        (None, Some(planned)) => plan(planned, style),
        (None, None) => return String::new(),
    };
    format!("\n{}\n\n", text.trim_end())
}
