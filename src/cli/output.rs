//! `sealform output`.

use super::state::read_state;
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostic, Sources, did_you_mean};
use crate::render;
use crate::state::OutputState;
use std::collections::BTreeMap;

/// Shows the outputs that the last apply recorded.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this output, its value shown even if it is sensitive.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Print JSON instead of text, for programs: what is sensitive is shown.
    #[arg(long)]
    json: bool,
    /// Print a string, number or bool as it is, without quotes.
    #[arg(long, requires = "name", conflicts_with = "json")]
    raw: bool,
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let outputs = match read_state(global, ui) {
        Err(exit) => return exit,
        Ok(state) => state.map(|state| state.outputs).unwrap_or_default(),
    };
    let Some(name) = &args.name else {
        if args.json {
            ui.out_json(&whole(&outputs));
        } else if outputs.is_empty() {
            ui.note("No outputs are recorded. Declare some with `output`, and apply.");
        } else {
            ui.out(&render::human::outputs(&outputs, &ui.style()));
        }
        return Exit::Success;
    };
    let Some(output) = outputs.get(name) else {
        let hint = did_you_mean(name, outputs.keys().map(String::as_str));
        let detail = format!("There is no output {name:?} in the state.{hint}");
        ui.diagnostics(&[Diagnostic::error("Unknown output", detail)], &Sources::default());
        return Exit::Failure;
    };
    if args.raw {
        let text = match &output.value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Bool(_) | serde_json::Value::Number(_) => output.value.to_string(),
            serde_json::Value::Null
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => {
                ui.error(
                    "Not a plain value",
                    "--raw prints strings, numbers and bools only; use --json",
                );
                return Exit::Failure;
            }
        };
        ui.out(&text);
    } else if args.json {
        ui.out_json(&output.value);
    } else {
        let open = OutputState { sensitive: false, ..output.clone() };
        let one = BTreeMap::from([(String::new(), open)]);
        ui.out(render::human::outputs(&one, &ui.style()).trim_start_matches(" = "));
    }
    Exit::Success
}

/// All outputs for a program, what is sensitive with its value: whoever asks for one by name sees
/// it, too.
fn whole(outputs: &BTreeMap<String, OutputState>) -> serde_json::Value {
    let entry = |(name, OutputState { value, sensitive }): (&String, &OutputState)| {
        (name.clone(), serde_json::json!({ "value": value, "sensitive": sensitive }))
    };
    outputs.iter().map(entry).collect::<serde_json::Map<_, _>>().into()
}
