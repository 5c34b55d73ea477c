//! The plan as a file: versioned JSON with a checksum, and what it was made from.
//!
//! Nothing sensitive is in it. A plan that cannot be carried out without such a value is not
//! written.

use super::{Action, Plan, Step};
use crate::addr::AttrPath;
use crate::diag::listed;
use crate::resource;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

/// The version of the format that this tool writes, and the only one that it reads.
pub const VERSION: u64 = 3;

/// How many sensitive values a message names.
const NAMED: usize = 5;

/// What a plan was made from, beyond the state: told by its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The SHA-256 of the texts of the configuration.
    pub configuration: String,
    /// The SHA-256 of the values of variables that are not sensitive.
    pub variables: String,
    /// What is said of the plan beside its steps, as the room of reports reads it.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub circumstances: Json,
}

/// Why a file is not a plan that can be used, or a plan cannot be written to one.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It is not a plan at all.
    #[error("it is not a plan that `sealform plan --out` wrote: {0}")]
    NotAPlan(serde_json::Error),
    /// Another version of the tool wrote it.
    #[error("its format has version {0}, and this tool reads version {VERSION}; plan again")]
    Version(u64),
    /// It is not what was written.
    #[error("it is damaged, or somebody has changed it: its checksum does not fit; plan again")]
    Damaged,
    /// What it needs must not be in a file.
    #[error(
        "carrying it out needs sensitive values, and a plan file holds none: {0}. Apply without a \
         file, or open the value with `nonsensitive(…)` if it may be shown, as the name of a key may"
    )]
    Sensitive(String),
    /// What a provider needs must not be in a file.
    #[error(
        "the provider {0} has settings that are sensitive, and a plan file holds nothing that is. \
         Leave them to a profile or to the environment, which are looked up anew when the plan is \
         carried out; open with `nonsensitive(…)` what may be shown; or apply without a file"
    )]
    SensitiveProvider(String),
}

#[derive(Serialize)]
struct Document<'a> {
    sealform_plan: u64,
    origin: &'a Origin,
    #[serde(flatten)]
    plan: &'a Plan,
}

impl Plan {
    /// Reads a plan file. The version is looked at before anything else, the checksum next.
    ///
    /// # Errors
    /// The bytes are not a plan, one of another version, or not what was written.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, Origin), PlanFileError> {
        let not_a_plan = PlanFileError::NotAPlan;
        let mut document: Map<String, Json> = serde_json::from_slice(bytes).map_err(not_a_plan)?;
        let version = document.get("sealform_plan").cloned().unwrap_or_default();
        let version: u64 = serde_json::from_value(version).map_err(not_a_plan)?;
        if version != VERSION {
            return Err(PlanFileError::Version(version));
        }
        let told = document.remove("checksum");
        if told != Some(checksum(&document).map_err(not_a_plan)?.into()) {
            return Err(PlanFileError::Damaged);
        }
        document.remove("sealform_plan");
        let origin = document.remove("origin").unwrap_or_default();
        let origin = serde_json::from_value(origin).map_err(not_a_plan)?;
        let plan = serde_json::from_value(document.into()).map_err(not_a_plan)?;
        Ok((plan, origin))
    }

    /// The plan as a file's bytes.
    ///
    /// # Errors
    /// It needs a value that must not be in a file.
    pub fn to_bytes(&self, origin: &Origin) -> Result<Vec<u8>, PlanFileError> {
        let plan = &self.open()?;
        let written = Document { sealform_plan: VERSION, origin, plan };
        let not_a_plan = PlanFileError::NotAPlan;
        let Json::Object(mut document) = serde_json::to_value(written).map_err(not_a_plan)? else {
            return Ok(Vec::new());
        };
        let sum = checksum(&document).map_err(not_a_plan)?;
        document.insert("checksum".to_owned(), sum.into());
        let mut bytes = serde_json::to_vec_pretty(&document).map_err(not_a_plan)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The plan without sensitive values, where it can be carried out so.
    fn open(&self) -> Result<Self, PlanFileError> {
        let mut plan = self.clone();
        let mut needed: Vec<String> = Vec::new();
        for step in &mut plan.steps {
            if !step.hide() {
                needed.push(step.address.to_string());
            }
        }
        for change in &plan.output_changes {
            if change.sensitive && change.after.is_some() {
                needed.push(format!("output.{}", change.name));
            }
        }
        if !needed.is_empty() {
            return Err(PlanFileError::Sensitive(listed(needed.iter(), NAMED)));
        }
        for change in plan.output_changes.iter_mut().filter(|it| it.sensitive) {
            change.before = change.before.take().map(|_| Json::Null);
        }
        // What does not change is recorded already: `apply` takes it from there.
        for output in plan.outputs.values_mut().filter(|it| it.sensitive) {
            output.value = Json::Null;
        }
        Ok(plan)
    }

    /// Takes sensitive outputs that do not change from what is recorded: a file does not tell them.
    pub fn complete(&mut self, recorded: &crate::state::StateFile) {
        for (name, output) in self.outputs.iter_mut().filter(|(_, it)| it.sensitive) {
            if let Some(known) = recorded.outputs.get(name).filter(|_| output.value.is_null()) {
                output.value = known.value.clone();
            }
        }
    }
}

impl Step {
    /// Leaves out what is sensitive; false where the step cannot be done without.
    fn hide(&mut self) -> bool {
        let paths = |settings: &Option<Value>| -> Vec<AttrPath> {
            let paths = settings.iter().flat_map(Value::sensitive_paths);
            paths.map(AttrPath::from_iter).collect()
        };
        let secrets = [paths(&self.before), paths(&self.after), paths(&self.recorded)].concat();
        let asks = self.request.any(&|part| part.is_sensitive());
        let idle = match self.action {
            Action::NoOp => !self.record,
            Action::Forget => true,
            Action::Adopt | Action::Update | Action::Reset => false,
        };
        if !idle && (asks || !secrets.is_empty()) {
            return false;
        }
        if asks {
            self.request = Value::NULL;
        }
        for settings in
            [&mut self.before, &mut self.after, &mut self.recorded].into_iter().flatten()
        {
            for path in &secrets {
                *settings = resource::with_leaf(settings, path, Value::NULL);
            }
        }
        for change in self.changes.iter_mut().chain(&mut self.drift).filter(|it| it.sensitive) {
            change.before = Value::NULL;
            change.after = Value::NULL;
        }
        true
    }
}

/// The SHA-256 of a document: its members are in the order of their names.
fn checksum(document: &Map<String, Json>) -> Result<String, serde_json::Error> {
    Ok(hex(&Sha256::digest(serde_json::to_vec(document)?)))
}

/// Bytes as text.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The SHA-256 of texts, each told from the next.
pub fn digest<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    hex(&hasher.finalize())
}
