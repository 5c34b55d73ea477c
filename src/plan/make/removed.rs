//! The step of what is recorded and no longer declared.

use super::{Live, Maker, as_secret_as, changes_between, instances, milliseconds, recorded_region};
use crate::addr::Address;
use crate::diag::Diagnostics;
use crate::plan::findings::{elements, lost_by_reset, prevented_destroy, unknown_type};
use crate::plan::moves::Kept;
use crate::plan::{Action, Change, Reason, Step, Terms, recorded_request};
use crate::resource::{self, KeyNames, Observed, ResourceType, UnknownElement};
use crate::state::Recorded;
use crate::value::Value;
use std::sync::Arc;

/// What becomes of an object that goes.
struct Removal {
    action: Action,
    reason: Reason,
    before: Option<Value>,
    after: Option<Value>,
    /// What is live and not known to this version.
    unknown: Vec<UnknownElement>,
}

impl Live {
    /// The same with what is recorded as never to be shown marked so.
    fn with_secrets_of(self, recorded: &Value) -> Self {
        match self {
            Self::Settings(observed) => {
                let settings = as_secret_as(recorded, observed.settings);
                Self::Settings(Observed { settings, ..observed })
            }
            Self::Gone | Self::Unreadable => self,
        }
    }
}

impl Removal {
    /// What changes, whether new objects are protected less after it, and what is said of it.
    fn told(
        &self,
        ty: &dyn ResourceType,
        keys: &KeyNames,
    ) -> (Vec<Change>, Option<String>, Vec<String>) {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => (
                changes_between(ty, before, after, keys),
                ty.weakening(before, after, keys),
                ty.notes(before, after, true, keys),
            ),
            _ if self.reason == Reason::UnknownLeft => {
                let left = elements(&self.unknown);
                let note = format!("this version of Sealform does not know, and leaves: {left}");
                (Vec::new(), None, vec![note])
            }
            _ => (Vec::new(), None, Vec::new()),
        }
    }
}

impl<'a> Maker<'a> {
    /// A step for what is recorded and no longer declared, or declared for another bucket.
    pub(super) fn recorded(
        &mut self,
        address: &Address,
        kept: &Kept<'a>,
        diagnostics: &mut Diagnostics,
    ) {
        let recorded = kept.recorded;
        let Some(ty) = resource::find(&address.resource.ty) else {
            diagnostics.push(unknown_type(address));
            return;
        };
        if !self.selected(address) {
            return;
        }
        let declared = self.instance(address).and_then(|now| ty.identity(&now.declared));
        if !self.inputs.destroy && declared.as_deref() == Some(&*recorded.identity) {
            return;
        }
        let reason = self.reason(address, recorded, declared);
        let block = self.inputs.config.block(&address.resource);
        let lifecycle = block.map(|block| &block.lifecycle);
        let prevented = lifecycle.map_or(recorded.prevent_destroy, |it| it.prevent_destroy);
        let forgotten = lifecycle.map_or(recorded.forget_on_destroy, |it| it.forget_on_destroy);
        let only_forgets = matches!(reason, Reason::MovedTo { .. } | Reason::Removed);
        let provider: Arc<str> = Arc::from(recorded.provider.as_str());
        let live = (self.inputs.live)(&provider, &recorded.identity);
        // Of a bucket that is gone, nothing is left to be kept.
        if prevented && !only_forgets && live != Live::Gone {
            let removed = self.removals.resets(address);
            diagnostics.push(prevented_destroy(address, &reason, block, removed));
            self.unplanned.push(address.clone());
            return;
        }
        let reason = if forgotten && !only_forgets { Reason::OnDestroy } else { reason };
        let live = live.with_secrets_of(&recorded.values);
        let keys = self.removal_keys(ty, (&provider, recorded), &live);
        let Some(removal) = removal(ty, recorded, &keys, reason, live) else {
            self.unplanned.push(address.clone());
            return;
        };
        let (changes, weakening, notes) = removal.told(ty, &keys);
        let Removal { action, reason, before, after, mut unknown } = removal;
        let ours = |live: &&Value| {
            self.unfinished.explains(ty, (&provider, &recorded.identity), live, &keys)
        };
        let drift = before
            .as_ref()
            .filter(|live| !ours(live))
            .map_or_else(Vec::new, |live| changes_between(ty, &recorded.values, live, &keys));
        let timeout = block.and_then(|block| block.timeouts.delete).map(milliseconds);
        if action != Action::Reset {
            unknown.clear();
        }
        let fine =
            unknown.is_empty() || block.is_some_and(|block| block.lifecycle.allow_unknown_loss);
        if !fine {
            diagnostics.push(lost_by_reset(address, &unknown));
        }
        let step = Step {
            address: address.clone(),
            previous: kept.previous.cloned(),
            import: None,
            action,
            reason: Some(reason),
            provider,
            identity: Arc::from(recorded.identity.as_str()),
            region: recorded_region(recorded),
            request: self.removal_request(address, recorded),
            before,
            after,
            sensitive: Vec::new(),
            changes,
            drift,
            follows: Vec::new(),
            recorded: None,
            known: true,
            weakening,
            record: false,
            // Whatever referred to this block goes first.
            after_blocks: instances(self.dependents.get(&address.resource.block())),
            depends_on: recorded.depends_on.clone(),
            prevent_destroy: false,
            terms: Terms {
                notes,
                unknown,
                timeout,
                // A block that stays speaks for the buckets that it leaves, too.
                allow_weakening: lifecycle.is_some_and(|it| it.allow_weakening)
                    && action == Action::Reset,
                keys: if action == Action::Reset { keys } else { KeyNames::default() },
                ..Terms::default()
            },
        };
        self.take(step, fine);
    }

    /// The keys that a removal is about. Nothing is asked for what goes, but where its record and what
    /// is live may differ by the spelling of a key alone; what is known from elsewhere counts.
    fn removal_keys(
        &self,
        ty: &dyn ResourceType,
        (provider, recorded): (&Arc<str>, &Recorded),
        live: &Live,
    ) -> KeyNames {
        match live {
            Live::Settings(Observed { settings, region, unknown: _ }) => {
                let names = ty.keys(settings).into_iter().chain(ty.keys(&recorded.values));
                KeyNames::of(self.inputs.keys, provider, region.as_ref(), names)
            }
            Live::Gone | Live::Unreadable => KeyNames::default(),
        }
    }

    /// Why something goes that may be declared for another object now.
    fn reason(
        &self,
        address: &Address,
        recorded: &'a Recorded,
        declared: Option<Arc<str>>,
    ) -> Reason {
        if let Some(holder) = self.other_holder(address, recorded) {
            Reason::MovedTo { to: Box::new(holder.clone()) }
        } else if self.inputs.destroy {
            Reason::Destroy
        } else {
            match declared {
                Some(to) => Reason::IdentityChanged { to },
                None if self.removals.forgets(address) => Reason::Removed,
                None => Reason::NotInConfiguration,
            }
        }
    }

    /// Another address that has the bucket recorded here: it is declared there, or, after a run that
    /// was stopped between two records, recorded there too.
    fn other_holder(&self, address: &Address, recorded: &'a Recorded) -> Option<&'a Address> {
        let bucket = (recorded.identity.as_str(), recorded.provider.as_str());
        let recorder = || self.recorders.get(&bucket).copied().filter(|it| *it != address);
        if self.inputs.destroy {
            return recorder();
        }
        let identity: Arc<str> = Arc::from(bucket.0);
        let here = self.holders.get(&(Arc::clone(&identity), bucket.1)).copied();
        // By another provider it most likely is the same bucket, under an alias of another name;
        // but not at another endpoint. What provider is not configured any more is not known.
        let there = self.inputs.providers.get(bucket.1).map(endpoint);
        let same_place = |provider: &str| {
            there.is_none() || self.inputs.providers.get(provider).map(endpoint) == there
        };
        let elsewhere = || {
            let from = self.holders.range((Arc::clone(&identity), "")..);
            let mut same = from.take_while(|((it, _), _)| **it == *identity);
            same.find(|((_, provider), _)| same_place(provider)).map(|(_, address)| *address)
        };
        here.or_else(elsewhere).or_else(recorder)
    }

    /// What goes along with a reset: as declared where the bucket still is (`destroy`).
    fn removal_request(&self, address: &Address, recorded: &Recorded) -> Value {
        let declared = self.instance(address).map(|instance| &instance.declared);
        let ty = resource::find(&address.resource.ty);
        match (ty, declared) {
            (Some(ty), Some(declared))
                if ty.identity(declared).as_deref() == Some(&*recorded.identity) =>
            {
                ty.request(declared)
            }
            (Some(ty), _) => recorded_request(ty, recorded),
            (None, _) => Value::NULL,
        }
    }
}

/// What becomes of an object; nothing where that depends on what is live, which could not be read.
fn removal(
    ty: &dyn ResourceType,
    recorded: &Recorded,
    keys: &KeyNames,
    reason: Reason,
    live: Live,
) -> Option<Removal> {
    let forget = |reason, before, unknown| {
        Some(Removal { action: Action::Forget, reason, before, after: None, unknown })
    };
    match (reason, live) {
        (reason @ (Reason::MovedTo { .. } | Reason::Removed | Reason::OnDestroy), _) => {
            forget(reason, None, Vec::new())
        }
        (_, Live::Unreadable) => None,
        (_, Live::Gone) => forget(Reason::Gone, None, Vec::new()),
        (reason, Live::Settings(Observed { settings: live, region: _, unknown })) => {
            let after = ty.reset(&recorded.identity, &live);
            if !ty.differences(&live, &after, keys).is_empty() {
                let (before, after) = (Some(live), Some(after));
                Some(Removal { action: Action::Reset, reason, before, after, unknown })
            } else if unknown.is_empty() {
                forget(Reason::AlreadyReset, Some(live), unknown)
            } else {
                forget(Reason::UnknownLeft, Some(live), unknown)
            }
        }
    }
}

/// Where a provider finds its buckets, if that is not AWS itself.
fn endpoint(settings: &serde_json::Value) -> Option<&str> {
    settings.pointer("/endpoints/s3")?.as_str()
}
