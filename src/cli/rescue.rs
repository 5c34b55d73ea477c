//! What could not be saved where it belongs: to a file in the working directory, else to standard
//! output, never nowhere.

use super::ui::Ui;
use crate::diag::Diagnostic;
use crate::event::Outcome;
use crate::state::{StateFile, write_atomically};
use std::path::{Path, PathBuf};

/// The name under which Terraform's users look for it, but for the ending.
const STEM: &str = "errored.state";

/// Saves what an apply could not record, and tells how it went.
pub(super) fn rescue(outcome: &Outcome, dir: &Path, ui: &Ui) -> Option<Diagnostic> {
    let error = outcome.unrecorded.as_ref()?;
    let mut diagnostic = error.diagnostic();
    if let Some(state) = &outcome.rescue {
        diagnostic.detail.push(' ');
        diagnostic.detail.push_str(&put_aside(state, error.is_overtaken(), dir, ui));
    }
    Some(diagnostic)
}

/// Puts a state aside and tells where. One that another run has overtaken is no newer version.
fn put_aside(state: &StateFile, is_overtaken: bool, dir: &Path, ui: &Ui) -> String {
    let bytes = match state.print() {
        Ok(bytes) => bytes,
        Err(error) => return format!("What was recorded cannot be written: {error}."),
    };
    let path = free_name(dir);
    match write_atomically(&path, &bytes) {
        Ok(()) if is_overtaken => format!(
            "What this run would have written is in {}, to be compared: pushed as it is, it would \
             undo what the other run has recorded.",
            path.display()
        ),
        Ok(()) => format!(
            "What should have been written is in {0}. When the cause is mended: sealform state \
             push {0}",
            path.display()
        ),
        Err(error) => {
            ui.out(&String::from_utf8_lossy(&bytes));
            format!(
                "{error} What should have been written is on standard output. Save it in a file, \
                 and when the cause is mended: sealform state push FILE"
            )
        }
    }
}

/// A name that nothing has yet: what an earlier run put aside stays.
fn free_name(dir: &Path) -> PathBuf {
    let name = |n: u32| {
        if n == 1 { format!("{STEM}.json") } else { format!("{STEM}.{n}.json") }
    };
    let names = (1..1000).map(|n| dir.join(name(n)));
    let mut free = names.filter(|path| !path.exists());
    free.next().unwrap_or_else(|| dir.join(name(1)))
}
