//! What somebody must say yes to by itself: that new objects are protected less.

use super::super::canvas::{Canvas, Tint, clean, counted, number};
use super::super::{LISTED, Style};
use crate::plan::Plan;

/// The question about what a plan weakens and nothing has allowed yet.
pub fn consent(plan: &Plan, style: &Style) -> String {
    let mut canvas = Canvas::new(style.color);
    let count = plan.unconfirmed().count();
    let text = counted(
        count,
        "of these actions protects new objects less than now:",
        "of these actions protect new objects less than now:",
    );
    canvas.tinted(Tint::Bad, text).line();
    for step in plan.unconfirmed().take(LISTED) {
        let why = step.weakening.as_deref().unwrap_or_default();
        canvas.spaces(2).tinted(Tint::Strong, &step.address).push(": ");
        canvas.push(&clean(why)).line();
    }
    if count > LISTED {
        canvas.spaces(2).push("… and ").push(&number(count - LISTED)).push(" more\n");
    }
    canvas.push("Do you want to weaken the protection of ");
    canvas.push(if count == 1 { "this bucket?" } else { "these buckets?" });
    canvas.finish()
}
