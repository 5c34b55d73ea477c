//! What a run has read: live objects and data sources.
//!
//! Owns the memory of a run, and what of it the evaluation may know. It reads nothing itself.

use super::check::Known;
use crate::addr::Address;
use crate::diag::Diagnostic;
use crate::eval::{Evaluation, Instance};
use crate::plan::Live;
use crate::provider::Target;
use crate::refresh::Remembered;
use crate::resource::{self, KeyName, KeyNames, Keys, Observed};
use crate::state::StateFile;
use crate::value::{Type, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What reading came to, by provider and identity.
#[derive(Default)]
pub(super) struct Readings {
    pub(super) by_provider: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Reading>>,
    /// Providers that could not be connected.
    pub(super) broken: BTreeMap<Arc<str>, Diagnostic>,
    /// Data sources that were asked for.
    pub(super) data: BTreeMap<Address, Datum>,
    /// The KMS keys that were asked for.
    pub(super) keys: Keys,
    /// By provider: the account that buckets are expected to belong to.
    pub(super) accounts: BTreeMap<Arc<str>, Arc<str>>,
    /// By instance: its provider and what it names.
    owners: BTreeMap<Address, (Arc<str>, Option<Arc<str>>)>,
}

/// What asking for a data source came to.
pub(super) enum Datum {
    Value(Value),
    Failed(Diagnostic),
    /// Its provider could not be connected, which is told once.
    NoProvider,
}

impl Known for Readings {
    fn live(&self, address: &Address) -> Option<Value> {
        let (provider, identity) = self.owners.get(address)?;
        self.settings(provider, identity.as_deref()?).cloned()
    }

    fn data(&self, address: &Address) -> Option<Value> {
        self.data.get(address).map(|datum| match datum {
            Datum::Value(value) => value.clone(),
            Datum::Failed(_) | Datum::NoProvider => Value::unknown(Type::Any),
        })
    }
}

/// What reading one object came to.
pub(super) enum Reading {
    Settings(Observed),
    /// Not read: what is recorded stands for it.
    Remembered(Observed),
    Gone(Diagnostic),
    Failed(Diagnostic),
    /// Its service has been given up, which is told once for all.
    GivenUp(Diagnostic),
    /// Its provider could not be connected, which is told once.
    NoProvider,
}

impl Readings {
    /// The data sources that can be read and have not been.
    pub(super) fn new_queries(&self, evaluation: &Evaluation) -> Vec<Instance> {
        let open = evaluation.unread.iter().filter(|instance| {
            !self.data.contains_key(&instance.address) && instance.declared.is_wholly_known()
        });
        open.cloned().collect()
    }

    /// Notes which objects the instances name.
    pub(super) fn note_owners(&mut self, evaluation: &Evaluation) {
        for instance in &evaluation.instances {
            let ty = resource::find(&instance.address.resource.ty);
            let identity = ty.and_then(|ty| ty.identity(&instance.declared));
            let owner = (Arc::clone(&instance.provider), identity);
            self.owners.insert(instance.address.clone(), owner);
        }
    }

    pub(super) fn note(&mut self, target: &Target, reading: Reading) {
        self.by_provider
            .entry(Arc::clone(&target.provider))
            .or_default()
            .insert(Arc::clone(&target.identity), reading);
    }

    pub(super) fn get(&self, provider: &str, identity: &str) -> Option<&Reading> {
        self.by_provider.get(provider)?.get(identity)
    }

    pub(super) fn has(&self, provider: &str, identity: &str) -> bool {
        self.get(provider, identity).is_some()
    }

    pub(super) fn settings(&self, provider: &str, identity: &str) -> Option<&Value> {
        match self.get(provider, identity)? {
            Reading::Settings(observed) | Reading::Remembered(observed) => Some(&observed.settings),
            Reading::Gone(_) | Reading::Failed(_) | Reading::GivenUp(_) | Reading::NoProvider => {
                None
            }
        }
    }

    /// The KMS keys that live or desired settings name, where `asks` says that the provider asks for
    /// them. Nothing is asked where no Region is known to ask in. Whether the bucket was read or is
    /// remembered makes no difference: a key may have been switched off either way.
    pub(super) fn key_names(
        &self,
        evaluation: &Evaluation,
        asks: &dyn Fn(&str) -> bool,
    ) -> BTreeSet<KeyName> {
        let mut names = BTreeSet::new();
        for instance in &evaluation.instances {
            let Some(ty) = resource::find(&instance.address.resource.ty) else { continue };
            let Some(identity) = ty.identity(&instance.declared) else { continue };
            let provider = &instance.provider;
            let place = self.place(provider, &identity).filter(|_| asks(provider));
            let Some((settings, region)) = place else { continue };
            let desired = ty.desired(&instance.declared, settings);
            for name in ty.keys(settings).into_iter().chain(ty.keys(&desired)) {
                let (provider, region) = (Arc::clone(provider), Arc::clone(region));
                names.insert(KeyName { provider, region, name });
            }
        }
        names
    }

    /// The KMS keys of recorded and live settings that differ by the spelling of a key alone, where it
    /// takes KMS to say whether somebody has changed it. Nothing else is asked about what is recorded:
    /// whether a key works that is left behind makes no difference.
    pub(super) fn doubtful_keys(
        &self,
        state: Option<&StateFile>,
        asks: &dyn Fn(&str) -> bool,
    ) -> BTreeSet<KeyName> {
        let mut names = BTreeSet::new();
        for (address, recorded) in state.iter().flat_map(|state| &state.resources) {
            let Some(ty) = resource::find(&address.resource.ty) else { continue };
            let provider: Arc<str> = Arc::from(recorded.provider.as_str());
            let place = self.place(&provider, &recorded.identity).filter(|_| asks(&provider));
            let Some((settings, region)) = place else { continue };
            if ty.is_doubtful(&recorded.values, settings, &KeyNames::default()) {
                for name in ty.keys(settings).into_iter().chain(ty.keys(&recorded.values)) {
                    let (provider, region) = (Arc::clone(&provider), Arc::clone(region));
                    names.insert(KeyName { provider, region, name });
                }
            }
        }
        names
    }

    /// What is live of an object, read or remembered, and the Region that it is in.
    fn place(&self, provider: &str, identity: &str) -> Option<(&Value, &Arc<str>)> {
        match self.get(provider, identity)? {
            Reading::Settings(Observed { settings, region: Some(region), unknown: _ })
            | Reading::Remembered(Observed { settings, region: Some(region), unknown: _ }) => {
                Some((settings, region))
            }
            Reading::Settings(_)
            | Reading::Remembered(_)
            | Reading::Gone(_)
            | Reading::Failed(_)
            | Reading::GivenUp(_)
            | Reading::NoProvider => None,
        }
    }

    pub(super) fn live(&self, provider: &str, identity: &str) -> Live {
        match self.get(provider, identity) {
            Some(Reading::Settings(observed) | Reading::Remembered(observed)) => {
                Live::Settings(observed.clone())
            }
            Some(Reading::Gone(_)) => Live::Gone,
            Some(Reading::Failed(_) | Reading::GivenUp(_) | Reading::NoProvider) | None => {
                Live::Unreadable
            }
        }
    }
}

/// The objects of each provider that are to be read, with the Regions that are recorded. A name is
/// that of one bucket, whichever address or provider it was recorded for.
pub(super) fn known_places(
    state: Option<&StateFile>,
    targets: &[Target],
) -> BTreeMap<Arc<str>, Remembered> {
    let recorded = state.iter().flat_map(|state| state.resources.values());
    let regions: BTreeMap<&str, &str> =
        recorded.filter_map(|it| Some((it.identity.as_str(), it.region.as_deref()?))).collect();
    let mut objects: BTreeMap<Arc<str>, Remembered> = BTreeMap::new();
    for target in targets {
        let region = regions.get(&*target.identity).map(|region| Arc::from(*region));
        objects
            .entry(Arc::clone(&target.provider))
            .or_default()
            .push((Arc::clone(&target.identity), region));
    }
    objects
}

/// Whether no value waits for what is live.
pub(super) fn is_known(evaluation: &Evaluation) -> bool {
    evaluation.unread.is_empty()
        && evaluation.outputs.values().all(Value::is_wholly_known)
        && evaluation.instances.iter().all(|instance| instance.declared.is_wholly_known())
}
