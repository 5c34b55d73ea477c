//! The keys of a run: what KMS is asked, at plan and once more before a saved plan is carried out.

use super::options::PlanOptions;
use super::readings::Readings;
use super::run::Run;
use crate::diag::Diagnostics;
use crate::eval::Evaluation;
use crate::plan::{Plan, look_again, written_keys};
use crate::provider::{ErrorKind, Provider as _};
use crate::refresh::{self, Remembered};
use crate::resource::{KeyName, Keys};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Run {
    /// Asks KMS for every key that live or desired settings name, each once; and which account the
    /// buckets beside them are expected to belong to, where reading has asked for that already.
    pub(super) async fn ask_keys(
        &self,
        evaluation: &Evaluation,
        options: &PlanOptions,
        world: &mut Readings,
    ) {
        let asks = |provider: &str| self.preflights(provider);
        let mut names = world.doubtful_keys(self.state.as_ref(), &asks);
        if !options.destroy {
            names.extend(world.key_names(evaluation, &asks));
        }
        // Where nothing was read, nothing is connected. A provider that must not be used is an error
        // of its own; one that only cannot be used leaves its keys untold.
        let providers = names.iter().map(|it| (Arc::clone(&it.provider), Remembered::new()));
        for (address, error) in refresh::begin(&self.provider, providers.collect()).await {
            if error.kind == ErrorKind::Configuration {
                world.broken.insert(address, error.into());
            }
        }
        names.retain(|name| !world.broken.contains_key(&name.provider));
        if options.refresh {
            world.accounts = self.owners(&names).await;
        }
        let names = names.into_iter().collect();
        for (name, answer) in refresh::keys(&self.provider, names, options.parallelism).await {
            world.keys.insert(name, answer);
        }
    }

    /// Whether KMS is asked for the keys of a provider's buckets.
    fn preflights(&self, provider: &str) -> bool {
        self.settings.get(provider).is_some_and(|it| it.preflight)
    }

    /// The account that the buckets beside these keys are expected to belong to, by provider: that of
    /// the credentials, unless nothing is expected.
    async fn owners(&self, names: &BTreeSet<KeyName>) -> BTreeMap<Arc<str>, Arc<str>> {
        let providers: BTreeSet<&Arc<str>> = names.iter().map(|name| &name.provider).collect();
        let mut accounts = BTreeMap::new();
        for provider in providers {
            let settings = self.settings.get(provider);
            if settings.is_some_and(|it| it.owner_check != Some(false))
                && let Ok(Some(account)) = self.provider.account(provider).await
            {
                accounts.insert(Arc::clone(provider), account);
            }
        }
        accounts
    }

    /// Asks KMS once more for every key that a saved plan writes, and reports what is wrong: a key
    /// that has been switched off since is to be seen before anything is written.
    pub async fn check_keys(&self, plan: &Plan, parallelism: usize, diagnostics: &mut Diagnostics) {
        let mut names = written_keys(plan);
        names.retain(|name| self.preflights(&name.provider));
        let accounts = self.owners(&names).await;
        let mut keys = Keys::default();
        let names = names.into_iter().collect();
        for (name, answer) in refresh::keys(&self.provider, names, parallelism).await {
            keys.insert(name, answer);
        }
        look_again(plan, &keys, &accounts, diagnostics);
    }
}
