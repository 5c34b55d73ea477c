//! What is to be done: a pure function of configuration, recorded and live.
//!
//! Owns [`Plan`], its actions and steps, the three-way comparison and the plan file. A plan is
//! complete: it leaves nothing to decide later. The same input gives the same bytes.

mod file;
mod findings;
mod make;
mod moves;
mod outputs;
#[cfg(test)]
pub(crate) mod tests;
mod unfinished;

pub use self::file::{Origin, PlanFileError, VERSION, digest};
pub use self::findings::{look_again, written_keys};
pub use self::make::{Inputs, Live, Selection, changes_between, make};
pub use self::unfinished::Unfinished;

use crate::addr::{Address, AttrPath, ResourceAddr};
use crate::diag::Diagnostic;
use crate::resource::{KeyNames, ResourceType, UnknownElement};
use crate::state::{self, Intent, OutputState, Recorded, StateFile, Writing};
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is to be done, and what it was decided from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this tool.
    pub tool_version: String,
    /// Whether everything managed is to be reset.
    pub destroy: bool,
    /// The lineage of the state that was compared with, if there was one.
    pub lineage: Option<String>,
    /// The serial of the state that was compared with; 0 where there was none.
    pub serial: u64,
    /// The settings of the providers, by address, as the provider's room reads them.
    pub providers: BTreeMap<Arc<str>, serde_json::Value>,
    /// The accounts of the providers' credentials, by address, as far as they were found out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<Arc<str>, String>,
    /// The SHA-256 of what earlier runs had left unfinished, where a plan that is saved saw any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<String>,
    /// A step for every instance that could be planned, in the order of addresses.
    pub steps: Vec<Step>,
    /// The instances that could not be planned, for a reason that was reported.
    pub unplanned: Vec<Address>,
    /// Of what could not be planned: its provider and what names the object, where that is known.
    #[serde(skip)]
    pub lost: BTreeMap<Address, (Arc<str>, Arc<str>)>,
    /// Of the instances that could not be planned, those whose buckets could be read: what would
    /// have been done, and what somebody else changed. Nothing of it is in the file.
    #[serde(skip)]
    pub refused: Vec<Step>,
    /// Why what was refused was: many instances share one reason, which is reported of the first.
    #[serde(skip)]
    pub refusals: BTreeMap<Address, Arc<Diagnostic>>,
    /// How many instances `-target` and `-exclude` leave out.
    #[serde(skip)]
    pub left_out: usize,
    /// The outputs as they are to be recorded.
    pub outputs: BTreeMap<String, OutputState>,
    /// The outputs that change.
    pub output_changes: Vec<OutputChange>,
}

/// What is to be done about one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The instance.
    pub address: Address,
    /// The address that it is recorded under and has moved from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Address>,
    /// The id that an `import` block gives for it, while it is not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Arc<str>>,
    /// What is to be done.
    pub action: Action,
    /// Why, where it is not plain from the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The address of its provider.
    pub provider: Arc<str>,
    /// What names the live object: the bucket's name.
    pub identity: Arc<str>,
    /// The Region that answered for it; none where that cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Arc<str>>,
    /// What goes along with requests for it.
    pub request: Value,
    /// The live settings that the decision rests on; none where the object is gone.
    pub before: Option<Value>,
    /// The settings after the step, and what is recorded then; none where nothing is recorded.
    pub after: Option<Value>,
    /// What is recorded instead. Where the files leave open what somebody else has weakened, it stays
    /// so, but is not taken for right: it is drift until it is declared, or accepted by `refresh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Value>,
    /// Which of the settings after the step are never shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitive: Vec<AttrPath>,
    /// From live to wanted, leaf by leaf.
    pub changes: Vec<Change>,
    /// From recorded to live, leaf by leaf: what somebody else changed.
    pub drift: Vec<Change>,
    /// Which of the drift is in attributes that the configuration says nothing about: they stay as
    /// they are live.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<AttrPath>,
    /// Whether the object is recorded.
    pub known: bool,
    /// Why new data is protected less afterwards, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weakening: Option<String>,
    /// Nothing is to be done, but what is recorded is out of date.
    pub record: bool,
    /// Blocks of the same direction whose steps come first: for a reset, other resets.
    pub after_blocks: Vec<Address>,
    /// What is recorded as the blocks that this one refers to.
    pub depends_on: Vec<Address>,
    /// Recorded: neither to be reset nor forgotten.
    pub prevent_destroy: bool,
    /// What else is to be heeded when it is carried out.
    #[serde(default, skip_serializing_if = "Terms::are_usual")]
    pub terms: Terms,
}

/// What is to be heeded when a step is carried out, beyond what changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    /// What it comes to, beyond what changes: sentences without a capital and a stop.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the plan took the names of keys for.
    #[serde(skip_serializing_if = "KeyNames::is_empty")]
    pub keys: KeyNames,
    /// What is live, is not known to this version, and is dropped by the step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownElement>,
    /// `allow_weakening` in the configuration: that new data is protected less needs no word.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_weakening: bool,
    /// Recorded: what would be reset is only forgotten.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub forget_on_destroy: bool,
    /// How many milliseconds the service may take to show what was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
}

impl Terms {
    /// Whether there is nothing to heed.
    fn are_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What is to be done about one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing.
    NoOp,
    /// Record only: live already is as wanted.
    Adopt,
    /// Replace the settings (S3, PutBucketEncryption).
    Update,
    /// Back to what the service sets by itself (S3, DeleteBucketEncryption: SSE-S3).
    Reset,
    /// Drop the record; the object is left as it is.
    Forget,
}

impl Action {
    /// All there are, in the order of reports.
    pub const ALL: [Self; 5] = [Self::Update, Self::Adopt, Self::Reset, Self::Forget, Self::NoOp];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoOp => "no-op",
            Self::Adopt => "adopt",
            Self::Update => "update",
            Self::Reset => "reset",
            Self::Forget => "forget",
        }
    }
}

/// Why a step is taken, where it is not plain from the action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The configuration no longer has it.
    NotInConfiguration,
    /// A `removed` block says that it is to be forgotten.
    Removed,
    /// `on_destroy` says that it is to be forgotten.
    OnDestroy,
    /// The address now names another bucket.
    IdentityChanged {
        /// The bucket that it names now.
        to: Arc<str>,
    },
    /// Another address has the bucket now.
    MovedTo {
        /// That address.
        to: Box<Address>,
    },
    /// The bucket is gone.
    Gone,
    /// The bucket is as a reset would leave it.
    AlreadyReset,
    /// The bucket is as a reset would leave it, but for settings that this version does not know,
    /// which stay.
    UnknownLeft,
    /// `destroy` was asked for.
    Destroy,
}

/// One attribute that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which attribute.
    pub path: AttrPath,
    /// Its value before.
    pub before: Value,
    /// Its value after.
    pub after: Value,
    /// Its values are never shown.
    pub sensitive: bool,
}

/// An output that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputChange {
    /// Its name.
    pub name: String,
    /// Its value before, if it was recorded.
    pub before: Option<serde_json::Value>,
    /// Its value after, if it is still declared.
    pub after: Option<serde_json::Value>,
    /// Its values are never shown.
    pub sensitive: bool,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        !self.steps.iter().any(Step::is_shown) && self.output_changes.is_empty()
    }

    /// The steps after which new data is protected less, which somebody has yet to say yes to.
    /// `destroy` is that word already: whoever asks for it asks for all to be taken back.
    pub fn unconfirmed(&self) -> impl Iterator<Item = &Step> {
        self.steps
            .iter()
            .filter(|step| !self.destroy && step.weakening.is_some() && !step.terms.allow_weakening)
    }

    /// The steps whose objects somebody else has changed, be they taken or refused.
    pub fn drifted(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().chain(&self.refused).filter(|step| !step.drift.is_empty())
    }

    /// How many steps have this action.
    pub fn count(&self, action: Action) -> usize {
        self.steps.iter().filter(|step| step.action == action).count()
    }
}

/// What of a request says whose the object is.
const OWNER: &str = "expected_bucket_owner";

/// Whose the object is said to be in what goes along with requests for it, if that may be recorded.
fn owner_in(request: &Value) -> Option<String> {
    let secret = request.any(&|part| part.is_sensitive());
    let owner = request.get(OWNER).filter(|_| !secret)?;
    Some(owner.as_str()?.to_string())
}

/// What goes along with requests for what is recorded, and declared no more: whose it was said to be.
pub fn recorded_request(ty: &dyn ResourceType, recorded: &Recorded) -> Value {
    let owner = recorded.owner.as_deref().map_or(Value::NULL, Value::from);
    ty.request(&Value::object([(OWNER, owner)]))
}

/// Which step of a plan. Its address alone does not tell: where an address goes from one bucket to
/// another, one step takes leave of the old one, and one takes the new one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepId {
    /// The instance.
    pub address: Address,
    /// The address of its provider.
    pub provider: Arc<str>,
    /// What names the live object.
    pub identity: Arc<str>,
}

impl Step {
    /// Which step it is.
    pub fn id(&self) -> StepId {
        StepId {
            address: self.address.clone(),
            provider: Arc::clone(&self.provider),
            identity: Arc::clone(&self.identity),
        }
    }

    /// The block that the instance belongs to, in whichever instance of its module.
    pub fn block(&self) -> ResourceAddr {
        self.address.resource.block()
    }

    /// What changes in the state once the step is done.
    pub fn changes_of(&self, state: &StateFile) -> Vec<state::Change> {
        // Another object may have been recorded at the address since.
        let has_it = |address: &Address| {
            let there = state.resources.get(address);
            there.is_none_or(|there| *there.identity == *self.identity)
        };
        // In an order in which the object is recorded at any moment: a run may end between two.
        let mut changes = Vec::new();
        let address = self.address.clone();
        if self.is_removal() {
            // A removal gives way to the step that has taken its address for another bucket.
            if has_it(&address) {
                changes.push(state::Change::Remove { address });
            }
        } else if let Some(values) = self.recorded.as_ref().or(self.after.as_ref()) {
            let recorded = Recorded {
                identity: self.identity.to_string(),
                provider: self.provider.to_string(),
                region: self.region.as_deref().map(str::to_owned),
                values: values.clone(),
                depends_on: self.depends_on.clone(),
                prevent_destroy: self.prevent_destroy,
                forget_on_destroy: self.terms.forget_on_destroy,
                owner: owner_in(&self.request),
            };
            changes.push(state::Change::Set { address, recorded });
        }
        let previous = self.previous.iter().filter(|previous| has_it(previous));
        changes.extend(previous.map(|it| state::Change::Remove { address: it.clone() }));
        changes
    }

    /// What the step is about to write, if it writes.
    pub fn intent(&self) -> Option<Intent> {
        let writing = match self.action {
            Action::Update => Writing::Update,
            Action::Reset => Writing::Reset,
            Action::NoOp | Action::Adopt | Action::Forget => return None,
        };
        let settings = (self.before.as_ref()?, self.after.as_ref()?);
        let (provider, identity) = (Arc::clone(&self.provider), Arc::clone(&self.identity));
        Some(Intent::new(self.address.clone(), provider, identity, writing, settings))
    }

    /// Whether the step changes anything that people see: the bucket, or what it is called.
    pub fn is_shown(&self) -> bool {
        self.action != Action::NoOp || self.previous.is_some()
    }

    /// Whether the step writes to the object.
    pub fn calls(&self) -> bool {
        match self.action {
            Action::Update | Action::Reset => true,
            Action::NoOp | Action::Adopt | Action::Forget => false,
        }
    }

    /// Whether the step takes something away, so that it comes after what depends on it.
    pub fn is_removal(&self) -> bool {
        matches!(self.action, Action::Reset | Action::Forget)
    }
}
