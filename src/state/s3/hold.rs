//! The lock of a state on S3, taken and kept: what `lease` decides, done with requests.

use super::super::{Holder, Lock, RemoteError, StateError, remote::Successor};
use super::clock::Clock;
use super::lease::{Claim, Move, Seen, Ticket};
use super::{PAUSE, Place, TRIES, pushed::Pushed};
use crate::provider::aws::{Condition, Written};
use crate::provider::{ErrorKind, Fence, ProviderError};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A version that no object has.
const NO_VERSION: &str = "\"00000000000000000000000000000000\"";
/// How long a run that is cut waits for its lock to be removed.
const PARTING: Duration = Duration::from_secs(3);

/// The lock, renewed by a task of its own until it is released or dropped.
#[derive(Debug)]
#[must_use = "the lock is kept while this lives"]
pub struct Hold {
    keeper: Arc<Keeper>,
    /// Renews it, once it is held.
    beating: Option<JoinHandle<()>>,
    /// Keeps others on this machine from the local copy.
    local: Option<Lock>,
}

/// What both the task and the run work with.
#[derive(Debug)]
pub(super) struct Keeper {
    place: Arc<Place>,
    clock: Clock,
    claim: Mutex<Claim>,
    /// Held by whoever speaks about the lock to the service: one at a time.
    turn: tokio::sync::Mutex<()>,
    lost: watch::Sender<bool>,
    pub(super) journal: tokio::sync::Mutex<Pushed>,
}

impl Hold {
    /// Takes the lock, or says who has it.
    pub(super) async fn take(
        place: &Arc<Place>,
        holder: &Holder,
        lease: Duration,
        local: Lock,
    ) -> Result<Self, StateError> {
        let id = uuid::Uuid::new_v4().to_string();
        let keeper = Arc::new(Keeper {
            place: Arc::clone(place),
            clock: Clock::new(),
            claim: Mutex::new(Claim::new(id, holder.clone(), lease)),
            turn: tokio::sync::Mutex::new(()),
            lost: watch::Sender::new(false),
            journal: tokio::sync::Mutex::default(),
        });
        // From here on whoever gives up leaves no lock behind.
        let mut hold = Self { keeper: Arc::clone(&keeper), beating: None, local: Some(local) };
        if let Err(error) = keeper.acquire(holder.since).await {
            keeper.claim().release();
            return Err(error);
        }
        if let Err(error) = Box::pin(keeper.probe()).await {
            // A lock that keeps nobody out had better not be there.
            let _best_effort = keeper.release().await;
            return Err(error);
        }
        hold.beating = Some(tokio::spawn(beat_on(keeper, lease / 4)));
        Ok(hold)
    }

    /// Gives the lock back.
    pub(in super::super) async fn release(mut self) -> Result<(), StateError> {
        self.stop_beating();
        self.keeper.release().await?;
        drop(self.local.take());
        Ok(())
    }

    /// Takes the lock of the local copy out of it, for the session there.
    pub(super) fn take_local(&mut self) -> Option<Lock> {
        self.local.take()
    }

    pub(super) fn keeper(&self) -> &Arc<Keeper> {
        &self.keeper
    }

    fn stop_beating(&self) {
        if let Some(beating) = &self.beating {
            beating.abort();
        }
    }

    /// Stops renewing it, as if the process were stopped.
    #[cfg(test)]
    pub(super) fn pause(&self) {
        self.stop_beating();
    }

    /// Tells at any moment whether the lock is surely held.
    pub fn fence(&self) -> Fence {
        let keeper = Arc::clone(&self.keeper);
        Fence::new(move || keeper.is_sure())
    }

    /// Waits until the lock is lost: for ever, if all goes well.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut lost = self.keeper.lost.subscribe();
        async move {
            if lost.wait_for(|lost| *lost).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Drop for Hold {
    /// A run that is cut gives the lock back, too, where the service answers soon.
    fn drop(&mut self) {
        self.stop_beating();
        if !self.keeper.claim().may_be_held() {
            return;
        }
        let keeper = Arc::clone(&self.keeper);
        // The runtime may be about to end, or be what is waited in.
        let parting = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            let released = async { tokio::time::timeout(PARTING, keeper.give_up()).await };
            runtime.block_on(released).ok()
        });
        // Where it fails, the lock goes when its lease is over.
        let _best_effort = parting.join();
    }
}

/// Renews the lock and pushes the journal, until the lock is lost.
async fn beat_on(keeper: Arc<Keeper>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        // Whatever kept it from being renewed, the next beat tries again; the fence falls in time.
        let _renewed = keeper.renew().await;
        if keeper.claim().is_lost() {
            return;
        }
        if keeper.is_sure() {
            // A push that takes longer than a beat is cut: the lock is renewed meanwhile.
            let _later = tokio::time::timeout(every, keeper.push_journal()).await;
        }
    }
}

impl Keeper {
    fn claim(&self) -> MutexGuard<'_, Claim> {
        self.claim.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_sure(&self) -> bool {
        let now = self.clock.now();
        self.claim().sure_until().is_some_and(|until| now < until)
    }

    /// Makes sure that the lock is held, renewing it where that is not certain.
    pub(super) async fn assure(&self) -> Result<(), StateError> {
        if self.is_sure() { Ok(()) } else { self.renew().await }
    }

    /// Reads the object of the lock.
    async fn see(&self) -> Result<Seen, StateError> {
        see(&self.place).await
    }

    async fn put(&self, ticket: &Ticket, condition: Condition<'_>) -> Result<Written, StateError> {
        let bytes = ticket.print().map_err(|error| super::unprintable("the lock", &error))?;
        let written = self.place.objects.put(&self.place.lock_key(), &bytes, condition).await;
        written.map_err(|error| self.unfit(error))
    }

    /// A service that does not know conditions may refuse them, too.
    fn unfit(&self, error: ProviderError) -> StateError {
        match error.kind {
            ErrorKind::Unsupported => {
                let said = format!(" {}", error.detail);
                RemoteError::Unconditional { place: self.place.to_string(), said }.into()
            }
            ErrorKind::NotFound
            | ErrorKind::Denied
            | ErrorKind::Credentials
            | ErrorKind::Throttled
            | ErrorKind::Unreachable
            | ErrorKind::Outage
            | ErrorKind::Conflict
            | ErrorKind::Invalid
            | ErrorKind::Configuration
            | ErrorKind::Other => self.place.failed(error),
        }
    }

    /// Takes the lock where nobody holds it.
    async fn acquire(&self, now: Timestamp) -> Result<(), StateError> {
        let mut unanswered = None;
        for _ in 0..TRIES {
            let seen = self.see().await?;
            if self.claim().look(&seen) {
                return Ok(());
            }
            let next = self.claim().next(&seen);
            let condition = match &next {
                Move::Create => Condition::Absent,
                Move::Replace { version } => Condition::Version(version),
                Move::Wait { left } => return Err(self.locked(&seen, *left, now)),
                Move::Stop => break,
            };
            let ticket = self.claim().write(self.clock.now());
            match self.put(&ticket, condition).await {
                Ok(Written::Done(version)) => {
                    self.claim().written(version);
                    return Ok(());
                }
                Ok(Written::Refused) => {}
                Ok(Written::Conflict) => tokio::time::sleep(PAUSE).await,
                Err(error @ StateError::Remote(_)) if is_unanswered(&error) => {
                    // It may have had its effect: that is looked at.
                    unanswered = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(unanswered.unwrap_or_else(|| self.lock_lost(None)))
    }

    fn locked(&self, seen: &Seen, left: Duration, now: Timestamp) -> StateError {
        match seen {
            Seen::Lock { ticket, .. } => RemoteError::Locked {
                place: self.place.to_string(),
                holder: Box::new(super::super::Seen { holder: ticket.holder.clone(), now }),
                id: ticket.id.clone(),
                left,
            }
            .into(),
            Seen::Nothing => self.lock_lost(None),
        }
    }

    fn lock_lost(&self, by: Option<Box<Holder>>) -> StateError {
        let journal = self.place.local.journal_path();
        RemoteError::LockLost { place: self.place.to_string(), by: Successor(by), journal }.into()
    }

    /// Finds out whether the service keeps to conditions, now that there is an object: nothing may
    /// be created in its place, and nothing replaced that is not there. If it does not, what these
    /// requests write is what is there anyway.
    async fn probe(&self) -> Result<(), StateError> {
        let ticket = self.claim().last();
        let (created, replaced) = tokio::join!(
            self.put(&ticket, Condition::Absent),
            self.put(&ticket, Condition::Version(NO_VERSION)),
        );
        for written in [created?, replaced?] {
            match written {
                Written::Refused | Written::Conflict => {}
                Written::Done(version) => {
                    let sure = self.is_sure();
                    let condition = Condition::Version(&version);
                    let key = self.place.lock_key();
                    let _best_effort = self.place.objects.delete(&key, condition).await;
                    // Who was paused in between may have lost the lock, and another may have released
                    // it: then there was nothing in the way, and this tells nothing.
                    if !sure {
                        return Err(self.lock_lost(None));
                    }
                    let place = self.place.to_string();
                    return Err(RemoteError::Unconditional { place, said: String::new() }.into());
                }
            }
        }
        Ok(())
    }

    /// Writes the lock anew.
    async fn renew(&self) -> Result<(), StateError> {
        let _turn = self.turn.lock().await;
        let (ticket, version, limit) = {
            let mut claim = self.claim();
            let Some(version) = claim.version().map(str::to_owned) else {
                return Err(self.lock_lost(None));
            };
            (claim.write(self.clock.now()), version, claim.lease() / 4)
        };
        let written = self.put(&ticket, Condition::Version(&version));
        match tokio::time::timeout(limit, written).await {
            Ok(Ok(Written::Done(version))) => {
                self.claim().written(version);
                Ok(())
            }
            Ok(Ok(Written::Refused)) => {
                let seen = self.see().await?;
                if self.claim().look(&seen) {
                    return Ok(());
                }
                self.lost.send_replace(true);
                let by = match seen {
                    Seen::Lock { ticket, .. } => Some(Box::new(ticket.holder)),
                    Seen::Nothing => None,
                };
                Err(self.lock_lost(by))
            }
            // Whether it had an effect is found out by the next one.
            Ok(Ok(Written::Conflict)) | Err(_) => Err(self.lock_lost(None)),
            Ok(Err(error)) => Err(error),
        }
    }

    /// Removes the object, whether or not it is there yet: who is cut while it takes the lock has no
    /// answer.
    async fn give_up(&self) -> Result<(), StateError> {
        for _ in 0..TRIES {
            if self.claim().version().is_some() {
                break;
            }
            let seen = self.see().await?;
            if !self.claim().look(&seen) {
                tokio::time::sleep(PAUSE).await;
            }
        }
        self.release().await
    }

    /// Removes the object.
    async fn release(&self) -> Result<(), StateError> {
        // Not every store that writes on a condition also removes on one. Who may have lost the lock
        // removes nothing before a write has shown that it is still held.
        let is_in_doubt = self.claim().version().is_some() && !self.is_sure();
        if is_in_doubt && let Err(error) = self.renew().await {
            return if self.claim().is_lost() { Ok(()) } else { Err(error) };
        }
        let _turn = self.turn.lock().await;
        let Some(version) = self.claim().release() else { return Ok(()) };
        self.lost.send_replace(true);
        let key = self.place.lock_key();
        for _ in 0..TRIES {
            let condition = Condition::Version(&version);
            match self.place.objects.delete(&key, condition).await {
                Ok(Written::Done(_)) => return Ok(()),
                Ok(Written::Conflict) => tokio::time::sleep(PAUSE).await,
                // A heartbeat without an answer may have made another version. It is still this
                // claim's, or none of its business.
                Ok(Written::Refused) => {
                    let id = self.claim().id().to_owned();
                    return match self.see().await? {
                        Seen::Lock { version, ticket, .. } if ticket.id == id => {
                            let condition = Condition::Version(&version);
                            let deleted = self.place.objects.delete(&key, condition).await;
                            deleted.map(|_| ()).map_err(|error| self.place.failed(error))
                        }
                        Seen::Lock { .. } | Seen::Nothing => Ok(()),
                    };
                }
                Err(error) => return Err(self.place.failed(error)),
            }
        }
        Ok(())
    }

    /// Pushes the journal, as far as it has grown, unless that is being done.
    pub(super) async fn push_journal(&self) -> Result<(), StateError> {
        match self.journal.try_lock() {
            Ok(mut pushed) => pushed.push(&self.place, false).await,
            Err(_) => Ok(()),
        }
    }
}

/// Reads the object of a lock.
pub(super) async fn see(place: &Place) -> Result<Seen, StateError> {
    let key = place.lock_key();
    let found = place.objects.get(&key).await.map_err(|error| place.failed(error))?;
    let Some(object) = found else { return Ok(Seen::Nothing) };
    let ticket = Ticket::parse(&object.bytes)
        .ok_or_else(|| RemoteError::ForeignLock { place: place.url(&key) })?;
    // Of a service that does not tell the time, nothing is ever taken over.
    Ok(Seen::Lock { version: object.version, ticket, age: object.age.unwrap_or_default() })
}

/// Whether a request may have had an effect though it failed.
fn is_unanswered(error: &StateError) -> bool {
    let StateError::Remote(error) = error else { return false };
    let RemoteError::Service { error, .. } = &**error else { return false };
    match error.kind {
        ErrorKind::Unreachable | ErrorKind::Throttled | ErrorKind::Outage | ErrorKind::Other => {
            true
        }
        ErrorKind::NotFound
        | ErrorKind::Denied
        | ErrorKind::Credentials
        | ErrorKind::Conflict
        | ErrorKind::Invalid
        | ErrorKind::Unsupported
        | ErrorKind::Configuration => false,
    }
}
