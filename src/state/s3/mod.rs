//! The state as an object on S3.
//!
//! ```text
//! KEY          the state, replaced only in the place of the version that was read (`If-Match`)
//! KEY.journal  what a run is about to do and has done, pushed before it begins and while it runs
//! KEY.lock     who holds the lock, and for how long unless it is renewed
//! ```
//!
//! A run works on a copy beside the configuration, where its journal is written before anything else
//! is. The copy is made anew from the objects each time, and the journal there is removed only when
//! the state that holds what it tells is on S3: so nothing is lost whenever the run or the service
//! breaks off. The compare-and-swap of the state alone keeps two runs from overwriting each other;
//! the lock keeps them from working at a time.

mod clock;
mod hold;
mod lease;
mod pushed;
mod settings;
#[cfg(test)]
mod tests;

pub use self::hold::Hold;
pub use self::settings::Settings;

use self::lease::Seen;
use self::pushed::Pushed;
use super::{
    Found, Guard, Holder, Intent, Kept, Local, OpenState, RemoteError, StateError, StateFile,
    Superseded, Version, journal,
};
use crate::provider::ProviderError;
use crate::provider::aws::{Condition, Object, Objects, Written};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// How often a write is tried anew that another one was in the way of.
const TRIES: u32 = 8;
/// The pause before that.
const PAUSE: Duration = Duration::from_millis(100);

/// A state that S3 keeps. Clones are handles to the same connection.
#[derive(Clone, Debug)]
pub struct S3 {
    settings: Arc<Settings>,
    key: Arc<str>,
    copies: PathBuf,
    place: Arc<OnceCell<Result<Arc<Place>, ProviderError>>>,
}

/// Where the state is, and where its copy.
#[derive(Debug)]
pub(super) struct Place {
    objects: Objects,
    bucket: String,
    key: Arc<str>,
    local: Local,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url(&self.key))
    }
}

impl Place {
    fn lock_key(&self) -> String {
        format!("{}.lock", self.key)
    }

    fn journal_key(&self) -> String {
        format!("{}.journal", self.key)
    }

    fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    fn failed(&self, error: ProviderError) -> StateError {
        RemoteError::Service { place: self.to_string(), error }.into()
    }

    fn changed_beneath(&self) -> StateError {
        let journal = self.local.journal_path();
        RemoteError::ChangedBeneath { place: self.to_string(), journal }.into()
    }

    async fn get(&self, key: &str) -> Result<Option<Object>, StateError> {
        self.objects.get(key).await.map_err(|error| self.failed(error))
    }

    /// Reads state and journal.
    async fn fetch(&self) -> Result<Fetched, StateError> {
        let journal_key = self.journal_key();
        // The journal is read first: a run that ends in between has put into the state what it told.
        let journal = self.get(&journal_key).await?;
        let state = self.get(&self.key).await?;
        let written_here = self.local.journal_bytes()?;
        Ok(Fetched { state, journal, written_here })
    }

    /// Replaces the state where it still is the version `base`: the new version.
    async fn replace(&self, state: &StateFile, base: Option<&str>) -> Result<String, StateError> {
        let bytes = state.print().map_err(|error| unprintable("the state", &error))?;
        let condition = base.map_or(Condition::Absent, Condition::Version);
        for _ in 0..TRIES {
            let written = self.objects.put(&self.key, &bytes, condition).await;
            match written.map_err(|error| self.failed(error))? {
                Written::Done(version) => return Ok(version),
                Written::Conflict => tokio::time::sleep(PAUSE).await,
                Written::Refused => {
                    // It may be this very write whose answer was lost.
                    return match self.get(&self.key).await? {
                        Some(there) if there.bytes == bytes => Ok(there.version),
                        Some(_) | None => Err(self.changed_beneath()),
                    };
                }
            }
        }
        Err(self.changed_beneath())
    }
}

/// What could be written but not printed.
fn unprintable(what: &str, error: &serde_json::Error) -> StateError {
    StateError::Unfit { what: what.to_owned(), reason: error.to_string() }
}

/// A state and its journals, as they were found.
struct Fetched {
    state: Option<Object>,
    journal: Option<Object>,
    /// The journal of a run of this copy, which may have been killed before it could push it.
    written_here: Option<Vec<u8>>,
}

impl Fetched {
    fn state(&self) -> Option<&[u8]> {
        self.state.as_ref().map(|object| object.bytes.as_slice())
    }

    /// The journal that counts. That of this copy does as long as it goes on from what was pushed;
    /// where nothing was, as long as it goes on from the state. Of another machine's, there may be more
    /// than was pushed.
    fn journal(&self, local: &Local) -> Result<Option<Cow<'_, [u8]>>, StateError> {
        let pushed = self.journal.as_ref().map(|object| object.bytes.as_slice());
        let here = self.written_here.as_deref();
        match (pushed, here) {
            (Some(pushed), Some(here)) if here.starts_with(pushed) => Ok(Some(here.into())),
            (Some(pushed), _) => {
                let state = self.state().and_then(|bytes| StateFile::parse(bytes).ok());
                let whole = journal::abandoned(pushed, state.map_or(0, |state| state.serial))
                    .map_err(|error| unprintable("the journal", &error))?;
                Ok(Some(whole.map_or(pushed.into(), Cow::Owned)))
            }
            (None, Some(here)) => {
                let looked = local.look_at(self.state(), Some(here));
                // Where it does not fit, other runs have gone on without it.
                let fits = !matches!(looked, Err(StateError::Journal { .. }));
                Ok(Some(here.into()).filter(|_| fits))
            }
            (None, None) => Ok(None),
        }
    }

    /// Whether the journal that counts is the one that was pushed.
    fn is_pushed(&self, journal: Option<&[u8]>) -> bool {
        self.journal.as_ref().is_some_and(|object| {
            journal == Some(&*object.bytes) || journal != self.written_here.as_deref()
        })
    }

    /// What the journal of this copy tells and is lost on the state, if another counts in its place.
    fn superseded(&self, journal: Option<&[u8]>, local: &Local) -> Option<Superseded> {
        let here = self.written_here.as_deref()?;
        // The one that counts may be this one, or have it as its beginning.
        if journal.is_some_and(|journal| journal.starts_with(here)) {
            return None;
        }
        let state = self.state().and_then(|bytes| StateFile::parse(bytes).ok());
        Superseded::of(here, state.as_ref(), local.journal_path(), local.aside())
    }
}

impl S3 {
    /// The state that the settings name, of a workspace. Copies are kept below `copies`. Nothing is
    /// asked of S3 yet.
    pub fn new(settings: Settings, workspace: &str, copies: &Path) -> Self {
        let key = settings.key_of(workspace);
        Self {
            settings: Arc::new(settings),
            key: key.into(),
            copies: copies.to_owned(),
            place: Arc::default(),
        }
    }

    /// Where it is, for messages.
    pub fn url(&self) -> String {
        format!("s3://{}/{}", self.settings.bucket, self.key)
    }

    async fn place(&self) -> Result<&Arc<Place>, StateError> {
        let open = || async {
            let Settings { bucket, aws, sealing, .. } = &*self.settings;
            let objects = Objects::open(aws, bucket, sealing.clone()).await?;
            let local = Local::new(self.copy_path());
            Ok(Arc::new(Place {
                objects,
                bucket: bucket.clone(),
                key: Arc::clone(&self.key),
                local,
            }))
        };
        let place = self.place.get_or_init(open).await.as_ref();
        place.map_err(|error| {
            RemoteError::Service { place: self.url(), error: error.clone() }.into()
        })
    }

    /// Where the copy is: another one for each state.
    fn copy_path(&self) -> PathBuf {
        let endpoint = self.settings.aws.endpoints.s3.as_deref().unwrap_or_default();
        let digest = Sha256::digest(format!("{endpoint}\n{}", self.url()));
        let first = digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        let name = format!("{first:016x}");
        self.copies.join(name).join("sealform.state.json")
    }

    /// The state as it is, with what killed runs left in their journals.
    pub async fn look(&self) -> Result<Found, StateError> {
        let place = self.place().await?;
        let fetched = place.fetch().await?;
        let journal = fetched.journal(&place.local)?;
        let journal = journal.as_deref();
        let found = place.local.look_at(fetched.state(), journal);
        let is_pushed = fetched.is_pushed(journal);
        let found = found.map_err(|error| of_object(error, place, is_pushed))?;
        let superseded = fetched.superseded(journal, &place.local).map(Box::new);
        Ok(Found { superseded, ..found })
    }

    /// Whether there is a state, or the journal of one.
    pub(super) async fn exists(&self) -> Result<bool, StateError> {
        let place = self.place().await?;
        let keys = place.objects.list(&place.key).await.map_err(|error| place.failed(error))?;
        Ok(keys.iter().any(|key| *key == *place.key || *key == place.journal_key()))
    }

    /// How else earlier versions can be had than from beside the copy.
    pub(super) fn other_versions(&self) -> String {
        let Settings { bucket, .. } = &*self.settings;
        let copies = self.copy_path();
        format!(
            "These are the versions that runs of this checkout have replaced, which are kept in \
             {}; other machines have theirs. Where versioning is on for the bucket {bucket:?}, S3 \
             keeps every version: `aws s3api list-object-versions --bucket {bucket} --prefix {}` \
             lists them, `aws s3api get-object --version-id` fetches one, and `sealform state push` \
             puts it in force.",
            copies.parent().unwrap_or(&copies).display(),
            self.key
        )
    }

    /// Takes the lock, or says who has it.
    pub async fn try_lock(&self, holder: &Holder) -> Result<Guard, StateError> {
        let place = self.place().await?;
        let local = place.local.try_lock(holder)?;
        if !self.settings.use_lockfile {
            return Ok(Guard::Local(local));
        }
        Ok(Guard::S3(Box::pin(Hold::take(place, holder, self.settings.lease, local)).await?))
    }

    /// Whether this run holds the lock at the moment, as far as can be told.
    pub(super) async fn is_held_by(&self, run: &Holder) -> bool {
        let Ok(place) = self.place().await else { return false };
        match hold::see(place).await {
            Ok(Seen::Lock { ticket, age, .. }) => ticket.holder == *run && !ticket.is_over(age),
            Ok(Seen::Nothing) | Err(_) => place.local.is_held_by(run),
        }
    }

    /// Opens the state for changes. What killed runs left in their journals is in the state on S3
    /// before this returns.
    pub(super) async fn open(
        &self,
        guard: Option<Guard>,
        tool_version: &str,
    ) -> Result<OpenState, StateError> {
        let place = Arc::clone(self.place().await?);
        let (lock, hold) = match guard {
            Some(Guard::Local(lock)) => (Some(lock), None),
            Some(Guard::S3(mut hold)) => (hold.take_local(), Some(hold)),
            None => (None, None),
        };
        match begin(&place, lock, hold.as_ref(), tool_version).await {
            Ok((session, base, unlocked)) => {
                Ok(OpenState { session, end: Some(End { place, base, hold, unlocked }) })
            }
            Err(error) => {
                if let Some(hold) = hold {
                    let _best_effort = hold.release().await;
                }
                Err(error)
            }
        }
    }

    /// Puts a state there as it is, where there is none of another lineage or of a higher serial.
    pub(super) async fn put(&self, state: &StateFile, anything: bool) -> Result<(), StateError> {
        let place = self.place().await?;
        let there = place.get(&place.key).await?;
        if let Some(there) = &there
            && !anything
        {
            let parsed = StateFile::parse(&there.bytes);
            let parsed = parsed.map_err(|problem| {
                let path = PathBuf::from(place.to_string());
                StateError::Format { path, kept: Kept::OnS3, problem }
            })?;
            if parsed.lineage != state.lineage || parsed.serial > state.serial {
                return Err(place.changed_beneath());
            }
        }
        place.replace(state, there.as_ref().map(|object| object.version.as_str())).await?;
        Ok(())
    }

    /// The versions that are beside the copy.
    pub(super) async fn versions(&self) -> Result<Vec<Version>, StateError> {
        self.place().await?.local.versions()
    }

    /// Moves what cannot be read to keys of its own.
    pub(super) async fn put_aside(&self) -> Result<(), StateError> {
        let place = self.place().await?;
        for key in [place.journal_key(), place.key.to_string()] {
            let Some(there) = place.get(&key).await? else { continue };
            let aside = format!("{key}.damaged-{}", uuid::Uuid::new_v4());
            let kept = place.objects.put(&aside, &there.bytes, Condition::Absent).await;
            kept.map_err(|error| place.failed(error))?;
            let removed = place.objects.delete(&key, Condition::Version(&there.version)).await;
            removed.map_err(|error| place.failed(error))?;
        }
        place.local.copy(None, None)
    }

    /// Removes a state, which must be locked.
    pub(super) async fn remove(&self) -> Result<(), StateError> {
        let place = self.place().await?;
        for key in [&place.journal_key(), &*place.key] {
            let removed = place.objects.delete(key, Condition::Any).await;
            removed.map_err(|error| place.failed(error))?;
        }
        place.local.copy(None, None)
    }

    /// Removes the lock of this id, whoever holds it, and tells who that was. `decided` is called
    /// before it does.
    pub async fn force_unlock(&self, id: &str, decided: &dyn Fn()) -> Result<Holder, StateError> {
        let place = self.place().await?;
        let other = |there: String| -> StateError {
            RemoteError::OtherLock { place: place.to_string(), id: id.to_owned(), there }.into()
        };
        loop {
            let (version, ticket) = match hold::see(place).await? {
                Seen::Nothing => return Err(other("it is not locked".into())),
                Seen::Lock { version, ticket, .. } => (version, ticket),
            };
            if ticket.id != id {
                let there = format!("it is locked by {}, with the id {}", ticket.holder, ticket.id);
                return Err(other(there));
            }
            decided();
            let condition = Condition::Version(&version);
            let removed = place.objects.delete(&place.lock_key(), condition).await;
            match removed.map_err(|error| place.failed(error))? {
                Written::Done(_) => return Ok(ticket.holder),
                // A heartbeat came in between: its holder is alive, but whoever says the id means it.
                Written::Refused | Written::Conflict => {}
            }
        }
    }

    /// The workspaces that have a state, in order, but the default one.
    pub async fn workspaces(&self) -> Result<Vec<String>, StateError> {
        let place = self.place().await?;
        let prefix = format!("{}/", self.settings.workspace_key_prefix);
        let keys = place.objects.list(&prefix).await.map_err(|error| place.failed(error))?;
        let suffix = format!("/{}", self.settings.key);
        let name = |key: &String| {
            let name = key.strip_prefix(&prefix)?.strip_suffix(&suffix)?;
            (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
        };
        Ok(keys.iter().filter_map(name).collect())
    }
}

/// Names the object in what is wrong with its bytes; `is_pushed` where the journal is one, too.
fn of_object(error: StateError, place: &Place, is_pushed: bool) -> StateError {
    let kept = Kept::OnS3;
    match error {
        StateError::Format { problem, .. } => {
            StateError::Format { path: PathBuf::from(place.to_string()), kept, problem }
        }
        StateError::Journal { problem, .. } if is_pushed => {
            let path = PathBuf::from(place.url(&place.journal_key()));
            StateError::Journal { path, kept, problem }
        }
        other => other,
    }
}

/// What ends a session on S3.
#[derive(Debug)]
pub(super) struct End {
    place: Arc<Place>,
    /// The version that is to be replaced.
    base: Option<String>,
    hold: Option<Hold>,
    /// What is known of the journal there, of a run without the lock.
    unlocked: Pushed,
}

/// Makes the copy, and takes up what killed runs left.
async fn begin(
    place: &Arc<Place>,
    lock: Option<super::Lock>,
    hold: Option<&Hold>,
    tool_version: &str,
) -> Result<(super::Session, Option<String>, Pushed), StateError> {
    if let Some(hold) = hold {
        hold.keeper().assure().await?;
    }
    let fetched = place.fetch().await?;
    let journal = fetched.journal(&place.local)?.map(Cow::into_owned);
    place
        .local
        .look_at(fetched.state(), journal.as_deref())
        .map_err(|error| of_object(error, place, fetched.is_pushed(journal.as_deref())))?;
    let mut pushed = Pushed::found(fetched.journal.as_ref());
    // From here on the journal is on S3 until what it tells is in the state there, and whoever wrote
    // it before cannot replace it any more.
    if let Some(journal) = &journal {
        pushed.put(place, journal).await?;
    }
    place.local.copy(fetched.state(), journal.as_deref())?;
    let serial = |state: &StateFile| (state.lineage.clone(), state.serial);
    let before = fetched.state().and_then(|bytes| StateFile::parse(bytes).ok());
    let mut session = place.local.session(lock, tool_version)?;
    let mut base = fetched.state.as_ref().map(|object| object.version.clone());
    let is_folded = match &before {
        Some(before) => serial(before) != serial(session.state()),
        None => session.state().serial > 0,
    };
    if is_folded {
        base = Some(place.replace(session.state(), base.as_deref()).await?);
    }
    if journal.is_some() {
        // What is appended until it is pushed again is known to go on from what is there.
        session.take_over()?;
        pushed.push(place, true).await?;
    }
    if let Some(hold) = hold {
        *hold.keeper().journal.lock().await = pushed;
        return Ok((session, base, Pushed::default()));
    }
    Ok((session, base, pushed))
}

impl End {
    /// Pushes what is going to be intended. Without the lock, nobody relies on it.
    pub(super) async fn announce(
        &mut self,
        session: &mut super::Session,
        intents: impl Iterator<Item = Intent>,
    ) -> Result<(), StateError> {
        let Some(hold) = &self.hold else { return Ok(()) };
        if !session.announce(intents)? {
            return Ok(());
        }
        hold.keeper().assure().await?;
        self.push().await
    }

    /// Saves what a session has recorded, on S3 first.
    pub(super) async fn save(&mut self, session: &mut super::Session) -> Result<(), StateError> {
        session.flush()?;
        if let Some(hold) = &self.hold {
            hold.keeper().assure().await?;
        }
        // The journal here is written anew at the end: who is killed then, or cannot remove what was
        // pushed, has left all of it there.
        if self.has_pushed().await || session.is_unsettled() {
            self.push().await?;
        }
        if let Some(state) = session.outgoing() {
            self.base = Some(self.place.replace(&state, self.base.as_deref()).await?);
        }
        session.save()?;
        match self.push().await {
            // What is left there tells nothing that the state does not; the next run removes it.
            Err(_) if !session.is_unsettled() => Ok(()),
            pushed => pushed,
        }
    }

    /// Whether there is a journal on S3.
    async fn has_pushed(&self) -> bool {
        match &self.hold {
            Some(hold) => hold.keeper().journal.lock().await.is_there(),
            None => self.unlocked.is_there(),
        }
    }

    /// Pushes the journal as it is.
    async fn push(&mut self) -> Result<(), StateError> {
        match &self.hold {
            Some(hold) => hold.keeper().journal.lock().await.push(&self.place, true).await,
            None => self.unlocked.push(&self.place, true).await,
        }
    }

    pub(super) fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    pub(super) async fn close(self) -> Result<(), StateError> {
        match self.hold {
            Some(hold) => hold.release().await,
            None => Ok(()),
        }
    }
}
