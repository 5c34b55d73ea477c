//! All buckets and keys, and the one way to change them.
//!
//! A change is appended to the store first and shows in memory after, both under the same lock, so that what a client
//! was told holds in either. Readers get shared snapshots of a record and hold no lock. Where other processes have the
//! store open, too, what they have changed is taken in before anything is read or changed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use jiff::Timestamp;

use super::bucket::{Bucket, is_bucket_name};
use super::key::{AWS_MANAGED_ALIAS, Key, KeyName, KeyReference, KeyState, Place, derived_id};
use super::objects::Objects;
use super::store::{News, Record, RecordRef, Store, StoreError};
use super::trail::Event;

#[derive(Debug, Default)]
struct State {
    buckets: BTreeMap<String, Arc<Bucket>>,
    keys: BTreeMap<Place, Arc<Key>>,
    /// To the key's id.
    aliases: BTreeMap<Place, String>,
    /// The Regions of accounts in which AWS has not made its key for S3 yet.
    unused: BTreeSet<(String, String)>,
    /// Nobody may ask who changed what.
    trail_denied: bool,
    /// How long after it was made a change is told.
    trail_delay: Duration,
    /// When the last event was, in microseconds since the epoch.
    last_event: i64,
    store: Option<Store>,
}

impl State {
    fn append(&mut self, record: RecordRef<'_>) -> Result<(), StoreError> {
        self.store.as_mut().map_or(Ok(()), |store| store.append(record))
    }

    fn put_bucket(&mut self, bucket: Bucket) -> Result<(), StoreError> {
        self.append(RecordRef::Bucket(&bucket))?;
        self.show_bucket(bucket);
        Ok(())
    }

    fn put_key(&mut self, key: Key) -> Result<Arc<Key>, StoreError> {
        self.append(RecordRef::Key(&key))?;
        Ok(self.show_key(key))
    }

    fn show_bucket(&mut self, bucket: Bucket) {
        let last = bucket.events.last().map_or(0, Event::at);
        self.last_event = self.last_event.max(last);
        self.buckets.insert(bucket.name.clone(), Arc::new(bucket));
    }

    fn show_key(&mut self, key: Key) -> Arc<Key> {
        for alias in &key.aliases {
            let place = (key.account.clone(), key.region.clone(), alias.clone());
            self.aliases.insert(place, key.id.clone());
        }
        let place = key.place();
        let key = Arc::new(key);
        self.keys.insert(place, Arc::clone(&key));
        key
    }

    fn replay(&mut self, record: Record) {
        match record {
            Record::Bucket(bucket) => self.show_bucket(bucket),
            Record::Key(key) => {
                self.show_key(key);
            }
            Record::DeletedBucket(name) => {
                self.buckets.remove(&name);
            }
        }
    }

    /// Locks the store, and takes in what others have changed.
    fn lock(&mut self) -> Result<(), StoreError> {
        let Some(store) = &mut self.store else { return Ok(()) };
        let News { anew, records } = store.lock()?;
        if anew {
            self.buckets.clear();
            self.keys.clear();
            self.aliases.clear();
        }
        for record in records {
            self.replay(record);
        }
        Ok(())
    }

    /// Rids a store, which is locked, of its history where it has much.
    fn compact(&mut self) -> Result<(), StoreError> {
        let Some(store) = &mut self.store else { return Ok(()) };
        if !store.wants_compaction(self.buckets.len() + self.keys.len()) {
            return Ok(());
        }
        let buckets = self.buckets.values().map(|bucket| RecordRef::Bucket(bucket));
        let keys = self.keys.values().map(|key| RecordRef::Key(key));
        store.compact(buckets.chain(keys))
    }

    fn key(&self, reference: &KeyReference) -> Option<Arc<Key>> {
        let KeyReference { account, region, name } = reference;
        let place = |name: &String| (account.clone(), region.clone(), name.clone());
        let id = match name {
            KeyName::Id(id) => id,
            KeyName::Alias(alias) if alias == AWS_MANAGED_ALIAS => {
                if self.unused.contains(&(account.clone(), region.clone())) {
                    return None;
                }
                return Some(Arc::new(Key::aws_managed(region, account)));
            }
            KeyName::Alias(alias) => self.aliases.get(&place(alias))?,
        };
        self.keys.get(&place(id)).cloned().or_else(|| {
            let managed = Key::aws_managed(region, account);
            (managed.id == *id).then(|| Arc::new(managed))
        })
    }
}

/// Everything that the sandbox knows. Clones are handles to the same world.
#[derive(Debug, Clone)]
pub struct World {
    state: Arc<RwLock<State>>,
    objects: Objects,
}

impl World {
    pub(super) fn objects(&self) -> &Objects {
        &self.objects
    }

    /// A world that is gone when the last handle is.
    pub fn in_memory() -> Self {
        Self { state: Arc::default(), objects: Objects::default() }
    }

    /// The world of the store file at `path`, which an absent file leaves empty. Every change is appended to the file,
    /// and what other processes append to it is seen.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let state = State { store: Some(Store::open(path)?), ..State::default() };
        let world = Self { state: Arc::new(RwLock::new(state)), objects: Objects::default() };
        world.write()?.compact()?;
        Ok(world)
    }

    /// Makes a bucket as S3 makes it today: SSE-S3, with SSE-C blocked. An existing one, whosever it is, is left alone;
    /// true if it was made now.
    pub fn seed_bucket(&self, name: &str, region: &str, account: &str) -> Result<bool, StoreError> {
        if !is_bucket_name(name, true) {
            return Err(StoreError::BucketName(name.to_owned()));
        }
        let mut state = self.write()?;
        if state.buckets.contains_key(name) {
            return Ok(false);
        }
        state.put_bucket(Bucket::new(name, region, account))?;
        Ok(true)
    }

    /// Makes an enabled symmetric key by what a configuration calls it: id, ARN, alias or alias ARN. An ARN's own Region
    /// and account win. An existing key is left alone, and so is one that was taken away; true if it was made now.
    pub fn seed_key(&self, name: &str, region: &str, account: &str) -> Result<bool, StoreError> {
        let reference = KeyReference::parse(name, region, account)
            .ok_or_else(|| StoreError::KeyName(name.to_owned()))?;
        let mut state = self.write()?;
        if state.key(&reference).is_some() {
            return Ok(false);
        }
        let KeyReference { account, region, name } = &reference;
        let key = match name {
            KeyName::Id(id) => Key::new(id, region, account),
            KeyName::Alias(alias) => Key {
                aliases: BTreeSet::from([alias.clone()]),
                ..Key::new(&derived_id(alias, region, account), region, account)
            },
        };
        state.put_key(key)?;
        Ok(true)
    }

    /// Has every operation on the bucket refused from now on, as a bucket policy would. False if there is none.
    pub fn deny_bucket(&self, name: &str) -> Result<bool, StoreError> {
        let mut state = self.write()?;
        let Some(bucket) = state.buckets.get(name) else { return Ok(false) };
        let bucket = Bucket { denied: true, ..Bucket::clone(bucket) };
        state.put_bucket(bucket)?;
        Ok(true)
    }

    /// Lets every account do everything with the bucket from now on, as a bucket policy would. False if there is none.
    pub fn share_bucket(&self, name: &str) -> Result<bool, StoreError> {
        self.update_bucket(name, |bucket| {
            bucket.shared = true;
            Ok(())
        })
    }

    /// Gives a bucket these tags in place of those that it has. False if there is no such bucket.
    pub fn tag_bucket<K: Into<String>, V: Into<String>>(
        &self,
        name: &str,
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> Result<bool, StoreError> {
        let tags = tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        self.update_bucket(name, |bucket| {
            bucket.tags = tags;
            Ok(())
        })
    }

    /// Has every question about the key refused from now on, as a key policy would. False if there is none that can be
    /// changed.
    pub fn deny_key(&self, name: &str, region: &str, account: &str) -> Result<bool, StoreError> {
        let reference = KeyReference::parse(name, region, account)
            .ok_or_else(|| StoreError::KeyName(name.to_owned()))?;
        Ok(self.update_key(&reference, |key| key.denied = true)?.is_some())
    }

    /// Enables, disables or schedules the deletion of a key. False if there is none that can be changed.
    pub fn set_key_state(
        &self,
        name: &str,
        region: &str,
        account: &str,
        key_state: KeyState,
    ) -> Result<bool, StoreError> {
        let reference = KeyReference::parse(name, region, account)
            .ok_or_else(|| StoreError::KeyName(name.to_owned()))?;
        let changed = self.change_key(&reference, |key| {
            key.missing = false;
            key.state = key_state;
            // Thirty days, the longest and the default waiting period.
            key.deletion = (key_state == KeyState::PendingDeletion)
                .then(|| Timestamp::now().as_second() + 30 * 86_400);
        })?;
        Ok(changed.is_some())
    }

    /// Takes a key away: there is none of this name from now on, until its state is set. False if there is none that
    /// can be.
    pub fn remove_key(&self, name: &str, region: &str, account: &str) -> Result<bool, StoreError> {
        let reference = KeyReference::parse(name, region, account)
            .ok_or_else(|| StoreError::KeyName(name.to_owned()))?;
        Ok(self.change_key(&reference, |key| key.missing = true)?.is_some())
    }

    /// Makes a key one of another kind, such as `HMAC_256` for `GENERATE_VERIFY_MAC`. False if there is
    /// none that can be changed.
    pub fn set_key_spec(
        &self,
        name: &str,
        region: &str,
        account: &str,
        spec: &str,
        usage: &str,
    ) -> Result<bool, StoreError> {
        let reference = KeyReference::parse(name, region, account)
            .ok_or_else(|| StoreError::KeyName(name.to_owned()))?;
        let changed = self.update_key(&reference, |key| {
            spec.clone_into(&mut key.spec);
            usage.clone_into(&mut key.usage);
        })?;
        Ok(changed.is_some())
    }

    /// Takes it that the account has never used KMS for S3 in the Region: AWS has not made `alias/aws/s3`
    /// there. It is not kept in the store.
    pub fn unmake_aws_managed_key(&self, region: &str, account: &str) {
        self.hold().unused.insert((account.to_owned(), region.to_owned()));
    }

    /// Has every question about who changed what refused from now on, as by a policy. It is not kept in
    /// the store.
    pub fn deny_trail(&self) {
        self.hold().trail_denied = true;
    }

    pub(super) fn is_trail_denied(&self) -> bool {
        self.read().trail_denied
    }

    /// Has who changed what told only so long after the change, as AWS takes minutes. It is not kept in
    /// the store.
    pub fn delay_trail(&self, delay: Duration) {
        self.hold().trail_delay = delay;
    }

    pub(super) fn trail_delay(&self) -> Duration {
        self.read().trail_delay
    }

    /// Gives the rule of a bucket's encryption further elements, as XML, until it is replaced: what S3
    /// may learn tomorrow. False if there is no such bucket.
    pub fn add_elements(&self, name: &str, elements: &str) -> Result<bool, StoreError> {
        self.update_bucket(name, |bucket| {
            bucket.tomorrow.push_str(elements);
            Ok(())
        })
    }

    pub(super) fn bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        self.read().buckets.get(name).cloned()
    }

    /// Makes a bucket unless there is one, which is then handed back.
    pub(super) fn create_bucket(
        &self,
        name: &str,
        region: &str,
        account: &str,
    ) -> Result<Option<Arc<Bucket>>, StoreError> {
        let mut state = self.write()?;
        if let Some(existing) = state.buckets.get(name) {
            return Ok(Some(Arc::clone(existing)));
        }
        state.put_bucket(Bucket::new(name, region, account))?;
        Ok(None)
    }

    /// Changes a bucket. `change` sees the latest record, and nothing comes between it and the new one. False if the
    /// bucket is gone.
    pub(super) fn update_bucket<E: From<StoreError>>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Bucket) -> Result<(), E>,
    ) -> Result<bool, E> {
        let mut state = self.write()?;
        let Some(bucket) = state.buckets.get(name) else { return Ok(false) };
        let mut changed = Bucket::clone(bucket);
        change(&mut changed)?;
        state.put_bucket(changed)?;
        Ok(true)
    }

    /// As [`World::update_bucket`], with the event that `change` comes to in the bucket's trail.
    pub(super) fn change_on_record<E: From<StoreError>>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Bucket) -> Result<Event, E>,
    ) -> Result<bool, E> {
        let mut state = self.write()?;
        let Some(bucket) = state.buckets.get(name) else { return Ok(false) };
        let mut changed = Bucket::clone(bucket);
        let event = change(&mut changed)?;
        // In the order of the changes, whatever the clock does.
        let at = Timestamp::now().as_microsecond().max(state.last_event.saturating_add(1));
        changed.note(event, at);
        state.put_bucket(changed)?;
        Ok(true)
    }

    /// Removes a bucket. False if it is gone already.
    pub(super) fn delete_bucket(&self, name: &str) -> Result<bool, StoreError> {
        let mut state = self.write()?;
        if !state.buckets.contains_key(name) {
            return Ok(false);
        }
        state.append(RecordRef::DeletedBucket(name))?;
        state.buckets.remove(name);
        Ok(true)
    }

    /// The first `limit` buckets after the name `after` that `wanted` accepts and whose names begin with `prefix`, in
    /// order of name.
    pub(super) fn list_buckets(
        &self,
        after: &str,
        prefix: &str,
        limit: usize,
        wanted: impl Fn(&Bucket) -> bool,
    ) -> Vec<Arc<Bucket>> {
        let start = if prefix > after { Bound::Included(prefix) } else { Bound::Excluded(after) };
        self.read()
            .buckets
            .range::<str, _>((start, Bound::Unbounded))
            .map(|(_, bucket)| bucket)
            .take_while(|bucket| bucket.name.starts_with(prefix))
            .filter(|bucket| wanted(bucket))
            .take(limit)
            .cloned()
            .collect()
    }

    pub(super) fn key(&self, reference: &KeyReference) -> Option<Arc<Key>> {
        self.read().key(reference).filter(|key| !key.missing)
    }

    pub(super) fn create_key(&self, key: Key) -> Result<Arc<Key>, StoreError> {
        self.write()?.put_key(key)
    }

    /// Changes a customer managed key; `None` if there is none.
    pub(super) fn update_key(
        &self,
        reference: &KeyReference,
        change: impl FnOnce(&mut Key),
    ) -> Result<Option<Arc<Key>>, StoreError> {
        if self.key(reference).is_none() {
            return Ok(None);
        }
        self.change_key(reference, change)
    }

    /// Changes a customer managed key, even one that was taken away; `None` if there never was one.
    fn change_key(
        &self,
        reference: &KeyReference,
        change: impl FnOnce(&mut Key),
    ) -> Result<Option<Arc<Key>>, StoreError> {
        let mut state = self.write()?;
        let Some(key) = state.key(reference).filter(|key| !key.aws_managed) else {
            return Ok(None);
        };
        let mut changed = Key::clone(&key);
        change(&mut changed);
        state.put_key(changed).map(Some)
    }

    /// The customer made aliases of an account in a Region, in order, each with its key.
    pub(super) fn aliases(&self, region: &str, account: &str) -> Vec<(String, Arc<Key>)> {
        let start = (account.to_owned(), region.to_owned(), String::new());
        let state = self.read();
        state
            .aliases
            .range(start..)
            .take_while(|((of, at, _), _)| of == account && at == region)
            .filter_map(|((of, at, alias), id)| {
                let key = state.keys.get(&(of.clone(), at.clone(), id.clone()))?;
                (!key.missing).then(|| (alias.clone(), Arc::clone(key)))
            })
            .collect()
    }

    /// As it is now, whoever changed it. Where the store cannot be read any more, as it was then.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        let held = || self.state.read().unwrap_or_else(PoisonError::into_inner);
        let state = held();
        if state.store.as_ref().is_none_or(Store::is_current) {
            return state;
        }
        drop(state);
        drop(self.write());
        held()
    }

    /// As it is now, and nobody else changes it until this is dropped.
    fn write(&self) -> Result<Changing<'_>, StoreError> {
        let mut state = self.hold();
        state.lock()?;
        Ok(Changing(state))
    }

    // A panic while a lock was held cannot leave a record half made, so a poisoned lock is as good as another.
    fn hold(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A world whose store is locked.
struct Changing<'a>(RwLockWriteGuard<'a, State>);

impl std::ops::Deref for Changing<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

impl std::ops::DerefMut for Changing<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.0
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        if let Some(store) = &self.0.store {
            store.unlock();
        }
    }
}
