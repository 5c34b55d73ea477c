//! What a run was about to write: recorded before the call, so that a run that dies is not forgotten.

use super::Holder;
use crate::addr::{Address, AttrPath};
use crate::value::{Value, to_json};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// The kinds of calls that change an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writing {
    /// Its settings are replaced.
    Update,
    /// Its settings are put back to what the service sets by itself.
    Reset,
}

/// A call that a run was about to make. It is unfinished until it is known what became of it.
///
/// Settings that are never shown are not in it: in their place is nothing, and beside it a salted
/// digest, by which they can be compared all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// The resource.
    pub address: Address,
    /// What the provider knows it by: the name of the bucket.
    pub identity: Arc<str>,
    /// The provider that was to write, with its alias.
    pub provider: Arc<str>,
    /// What the call does.
    pub writing: Writing,
    /// The settings that were live.
    pub before: Value,
    /// The settings that were to be live afterwards.
    pub after: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hidden: Option<Hidden>,
    /// The run, if it held the lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Holder>,
    /// The run has not ended: it was looked at without the lock, which the run holds.
    #[serde(skip)]
    pub under_way: bool,
    /// An earlier run was about to do the same, and that is not settled either.
    #[serde(skip)]
    again: bool,
}

/// What is known of settings that are never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hidden {
    /// Makes the digests of one intent worthless for any other.
    salt: String,
    paths: Vec<AttrPath>,
    before: BTreeMap<AttrPath, String>,
    after: BTreeMap<AttrPath, String>,
}

impl Intent {
    /// A call that is about to be made.
    pub fn new(
        address: Address,
        provider: Arc<str>,
        identity: Arc<str>,
        writing: Writing,
        (before, after): (&Value, &Value),
    ) -> Self {
        let mut paths: Vec<AttrPath> = [before, after]
            .into_iter()
            .flat_map(Value::sensitive_paths)
            .map(AttrPath::from_iter)
            .collect();
        paths.sort();
        paths.dedup();
        let mut hidden = None;
        let (mut before, mut after) = (before.clone(), after.clone());
        if !paths.is_empty() {
            let salt = uuid::Uuid::new_v4().to_string();
            let (shown_before, hidden_before) = conceal(&before, &paths, &salt);
            let (shown_after, hidden_after) = conceal(&after, &paths, &salt);
            (before, after) = (shown_before, shown_after);
            hidden = Some(Hidden { salt, paths, before: hidden_before, after: hidden_after });
        }
        Self {
            address,
            identity,
            provider,
            writing,
            before,
            after,
            hidden,
            run: None,
            under_way: false,
            again: false,
        }
    }

    /// Whether these settings may be what the call wrote. What is not hidden is for `same` to
    /// compare, which is given the settings and what was to be written, both without what is hidden.
    pub fn may_have_written(&self, live: &Value, same: impl Fn(&Value, &Value) -> bool) -> bool {
        match &self.hidden {
            None => same(live, &self.after),
            Some(hidden) => {
                let (live, found) = conceal(live, &hidden.paths, &hidden.salt);
                found == hidden.after && same(&live, &self.after)
            }
        }
    }

    /// Whether the other is the same step of one plan.
    pub(super) fn is_same_step(&self, other: &Self) -> bool {
        // Digests of what is hidden differ each time.
        self.address == other.address
            && (&self.provider, &self.identity) == (&other.provider, &other.identity)
            && self.writing == other.writing
            && (&self.before, &self.after) == (&other.before, &other.after)
    }

    /// Whether the other is about the same object, and was to make the same of it.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let same = |a: &Value, b: &Value| to_json(a) == to_json(b);
        self.hidden.is_none()
            && other.hidden.is_none()
            && self.writing == other.writing
            && same(&self.after, &other.after)
            && same(&self.before, &other.before)
    }
}

/// A value without what is hidden in it, and the digests of that.
fn conceal(value: &Value, paths: &[AttrPath], salt: &str) -> (Value, BTreeMap<AttrPath, String>) {
    let marked = paths.iter().fold(value.clone(), |value, path| value.mark_at(path.steps()));
    let mut found = BTreeMap::new();
    let shown = hide(&marked, &mut Vec::new(), &mut found);
    let digests = found.into_iter().map(|(path, values)| {
        let mut hash = Sha256::new();
        hash.update(salt.as_bytes());
        hash.update(Json::Array(values).to_string().as_bytes());
        let hex = hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _infallible = write!(hex, "{byte:02x}");
            hex
        });
        (path, hex)
    });
    (shown, digests.collect())
}

fn hide(
    value: &Value,
    path: &mut Vec<Arc<str>>,
    found: &mut BTreeMap<AttrPath, Vec<Json>>,
) -> Value {
    if value.is_sensitive() {
        let at: AttrPath = path.iter().collect();
        found.entry(at).or_default().push(to_json(value.reveal()));
        return Value::NULL;
    }
    if let Some(fields) = value.as_fields() {
        let shown = fields.iter().map(|(name, value)| {
            path.push(Arc::clone(name));
            let shown = hide(value, path, found);
            path.pop();
            (Arc::clone(name), shown)
        });
        return Value::Object(shown.collect());
    }
    match value.as_items() {
        Some(items) => Value::tuple(items.iter().map(|item| hide(item, path, found)).collect()),
        None => value.clone(),
    }
}

/// How many intents with one object are kept: two that hide something are never known to be alike.
const KEPT: usize = 16;

/// Unfinished intents by object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Unfinished(BTreeMap<(Arc<str>, Arc<str>), Vec<Intent>>);

impl Unfinished {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, in the order of their objects.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Intent> {
        self.0.values().flatten()
    }

    pub(super) fn of(&self, provider: &str, identity: &str) -> &[Intent] {
        self.0.get(&(provider.into(), identity.into())).map_or(&[], Vec::as_slice)
    }

    pub(super) fn add(&mut self, mut intent: Intent) {
        let key = (Arc::clone(&intent.provider), Arc::clone(&intent.identity));
        let known = self.0.entry(key).or_default();
        // A run that is killed again and again says the same again and again.
        let before = known.len();
        known.retain(|it| !it.is_like(&intent));
        intent.again = known.len() < before;
        if known.len() >= KEPT {
            known.remove(0);
        }
        known.push(intent);
    }

    /// Takes all out that is there of an object.
    pub(super) fn take(&mut self, provider: &str, identity: &str) -> Vec<Intent> {
        self.0.remove(&(provider.into(), identity.into())).unwrap_or_default()
    }

    /// It is known what the object is.
    pub(super) fn settle(&mut self, provider: &str, identity: &str) -> bool {
        self.0.remove(&(provider.into(), identity.into())).is_some()
    }

    /// The last call was not made.
    pub(super) fn withdraw(&mut self, provider: &str, identity: &str) -> bool {
        let key = (provider.into(), identity.into());
        let Some(known) = self.0.get_mut(&key) else { return false };
        match known.last_mut() {
            // What the earlier run was about to do is as open as it was.
            Some(last) if last.again => last.again = false,
            Some(_) | None => drop(known.pop()),
        }
        if known.is_empty() {
            self.0.remove(&key);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(key: &str, secret: bool) -> Value {
        let rule = Value::object([
            ("key", Value::from(key).sensitive_if(secret)),
            ("algorithm", Value::from("aws:kms")),
        ]);
        Value::object([("rule", Value::tuple(vec![rule]))])
    }

    fn intent(before: &Value, after: &Value) -> Intent {
        let address = "t.a".parse().unwrap();
        Intent::new(address, "aws".into(), "a".into(), Writing::Update, (before, after))
    }

    fn same(a: &Value, b: &Value) -> bool {
        to_json(a) == to_json(b)
    }

    #[test]
    fn what_is_never_shown_is_compared_and_not_written() {
        let intent = intent(&settings("old-secret", true), &settings("new-secret", true));
        let json = serde_json::to_string(&intent).unwrap();
        assert!(!json.contains("secret"), "{json}");
        let read: Intent = serde_json::from_str(&json).unwrap();
        assert!(read.may_have_written(&settings("new-secret", false), same));
        for other in ["old-secret", "", "other"] {
            assert!(!read.may_have_written(&settings(other, false), same), "{other}");
        }
        assert!(!read.may_have_written(&Value::NULL, same));
    }

    #[test]
    fn nothing_tells_that_two_secrets_are_the_same() {
        let intents = [(); 2].map(|()| intent(&Value::NULL, &settings("secret", true)));
        let digests = intents.map(|it| it.hidden.unwrap().after.into_values().collect::<Vec<_>>());
        assert_ne!(digests[0], digests[1]);
    }

    #[test]
    fn a_run_killed_again_and_again_is_told_once() {
        let mut unfinished = Unfinished::default();
        for _ in 0..3 {
            unfinished.add(intent(&settings("x", false), &settings("y", false)));
        }
        unfinished.add(intent(&settings("x", false), &settings("z", false)));
        assert_eq!(unfinished.of("aws", "a").len(), 2);
        assert!(unfinished.withdraw("aws", "a"));
        assert_eq!(unfinished.of("aws", "a").len(), 1);
        // It may be the earlier run's that is withdrawn by nobody.
        unfinished.add(intent(&settings("x", false), &settings("y", false)));
        assert!(unfinished.withdraw("aws", "a"));
        assert_eq!(unfinished.of("aws", "a").len(), 1);
        assert!(unfinished.settle("aws", "a") && unfinished.is_empty());
        assert!(!unfinished.withdraw("aws", "a"));
    }
}
