//! The lock of a state on S3, as a protocol: pure functions from what was seen to what is to be done.
//!
//! The lock is an object. Whoever creates it (`If-None-Match: *`) holds it for the length of its
//! lease, counted from its last write; each heartbeat writes it anew, in the place of its own last
//! version (`If-Match`). Every write has its own number, so that no two versions look alike.
//!
//! - Others measure the age of the lock by the clock of the service alone, and take it over, by
//!   compare-and-swap, once it is older than the lease and some [`SLACK`].
//! - The holder measures from before it sent its last write that is known to have had an effect, by
//!   a clock that never goes back, and is sure of its lock for two thirds of the lease only. What it
//!   began while it was sure has the rest of the lease to arrive.
//! - An answer that is lost tells nothing: the object is read again, and the number in it says which
//!   writes had an effect.
//!
//! So no two holders are ever sure at a time, whatever is paused, delayed or lost, and whatever the
//! clocks of their machines say, as long as these run at the same rate.

use super::super::Holder;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the age of a lock may be off: the service tells full seconds, from two of its clocks.
pub(super) const SLACK: Duration = Duration::from_secs(2);

/// The version of the format of [`Ticket`].
const VERSION: u64 = 1;

/// What stands in the object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    version: u64,
    /// Which claim this is: a UUID.
    pub(super) id: String,
    /// Who holds it.
    pub(super) holder: Holder,
    /// For how many seconds the lock holds from when it was written.
    lease: u64,
    /// Counts the writes of this claim.
    beat: u64,
}

impl Ticket {
    /// Reads what stands in the object.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|it: &Self| it.version == VERSION)
    }

    pub(super) fn print(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn lease(&self) -> Duration {
        Duration::from_secs(self.lease)
    }

    /// Whether the lock may be taken over, that old. Exactly that old may be a second less.
    pub(super) fn is_over(&self, age: Duration) -> bool {
        age > self.lease() + SLACK
    }
}

/// The object, as it was just read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// There is none.
    Nothing,
    /// There is a lock.
    Lock {
        /// Which version of the object.
        version: String,
        /// What it says.
        ticket: Ticket,
        /// How long ago it was written, by the service's clock.
        age: Duration,
    },
}

/// What is to be done next to get the lock or to keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Create the object.
    Create,
    /// Write it in the place of this version.
    Replace {
        /// The version.
        version: String,
    },
    /// Wait: another holds it, for so long at least unless it renews it.
    Wait {
        /// How long.
        left: Duration,
    },
    /// Nothing: the lock was held, and is lost.
    Stop,
}

/// One attempt to hold the lock, from the first look to the end. Its times are those of a clock of
/// its own, which never goes back.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    ticket: Ticket,
    /// When each write was sent that may have had an effect: by its number.
    sent: Vec<(u64, Duration)>,
    standing: Standing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// It has not been had yet.
    Wanted,
    /// It was had by this version, written no earlier than when it was sent.
    Held { version: String, since: Duration },
    /// It was had, and another has it now, or it was removed or given up.
    Lost,
}

impl Claim {
    pub(super) fn new(id: String, holder: Holder, lease: Duration) -> Self {
        let ticket = Ticket { version: VERSION, id, holder, lease: lease.as_secs(), beat: 0 };
        Self { ticket, sent: Vec::new(), standing: Standing::Wanted }
    }

    pub(super) fn id(&self) -> &str {
        &self.ticket.id
    }

    pub(super) fn lease(&self) -> Duration {
        self.ticket.lease()
    }

    /// What is to be done next, given what was last seen.
    pub(super) fn next(&self, seen: &Seen) -> Move {
        match (&self.standing, seen) {
            (Standing::Lost, _) => Move::Stop,
            (Standing::Held { version, .. }, _) => Move::Replace { version: version.clone() },
            (Standing::Wanted, Seen::Nothing) => Move::Create,
            (Standing::Wanted, Seen::Lock { version, ticket, age }) => {
                let left = (ticket.lease() + SLACK).saturating_sub(*age);
                if ticket.is_over(*age) {
                    Move::Replace { version: version.clone() }
                } else {
                    Move::Wait { left: left.max(Duration::from_secs(1)) }
                }
            }
        }
    }

    /// The next write, which is sent now.
    pub(super) fn write(&mut self, now: Duration) -> Ticket {
        self.ticket.beat = self.ticket.beat.saturating_add(1);
        self.sent.push((self.ticket.beat, now));
        self.ticket.clone()
    }

    /// The last write had its effect and made this version.
    pub(super) fn written(&mut self, version: String) {
        let beat = self.ticket.beat;
        self.hold(beat, version);
    }

    /// The object was read: tells whether it is this claim's. Needed where an answer was lost, or a
    /// write was refused.
    pub(super) fn look(&mut self, seen: &Seen) -> bool {
        match seen {
            Seen::Lock { version, ticket, age: _ } if ticket.id == self.ticket.id => {
                self.hold(ticket.beat, version.clone());
                true
            }
            Seen::Lock { .. } | Seen::Nothing => {
                if let Standing::Held { .. } = self.standing {
                    self.standing = Standing::Lost;
                }
                false
            }
        }
    }

    fn hold(&mut self, beat: u64, version: String) {
        if self.standing == Standing::Lost {
            return;
        }
        let sent = self.sent.iter().find(|(number, _)| *number == beat).map(|(_, at)| *at);
        let before = match &self.standing {
            Standing::Held { since, .. } => Some(*since),
            Standing::Wanted | Standing::Lost => None,
        };
        if let Some(since) = sent.or(before) {
            self.standing = Standing::Held { version, since };
            self.sent.retain(|(number, _)| *number >= beat);
        }
    }

    /// The version by which it is held, if it is as far as is known.
    pub(super) fn version(&self) -> Option<&str> {
        match &self.standing {
            Standing::Held { version, .. } => Some(version),
            Standing::Wanted | Standing::Lost => None,
        }
    }

    /// Whether the object may be this claim's: it is, or a write had no answer yet.
    pub(super) fn may_be_held(&self) -> bool {
        match &self.standing {
            Standing::Held { .. } => true,
            Standing::Wanted => !self.sent.is_empty(),
            Standing::Lost => false,
        }
    }

    /// Gives it up: the version to remove, if it was held. From here on nothing may rely on it, whether
    /// or not the removal arrives.
    pub(super) fn release(&mut self) -> Option<String> {
        match std::mem::replace(&mut self.standing, Standing::Lost) {
            Standing::Held { version, .. } => Some(version),
            Standing::Wanted | Standing::Lost => None,
        }
    }

    /// Whether it was held and is lost for good.
    pub(super) fn is_lost(&self) -> bool {
        self.standing == Standing::Lost
    }

    /// The last write.
    pub(super) fn last(&self) -> Ticket {
        self.ticket.clone()
    }

    /// Until when nobody else can hold it.
    pub(super) fn sure_until(&self) -> Option<Duration> {
        match &self.standing {
            Standing::Held { since, .. } => Some(*since + self.lease() * 2 / 3),
            Standing::Wanted | Standing::Lost => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holder(name: &str) -> Holder {
        Holder {
            operation: "apply".into(),
            who: name.into(),
            pid: 1,
            since: "2026-05-04T03:02:01Z".parse().unwrap(),
        }
    }

    const LEASE: Duration = Duration::from_secs(9);

    fn claim(id: &str) -> Claim {
        Claim::new(id.into(), holder(id), LEASE)
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn lock(id: &str, version: &str, age: u64) -> Seen {
        Seen::Lock { version: version.into(), ticket: claim(id).write(secs(0)), age: secs(age) }
    }

    #[test]
    fn what_is_seen_decides_what_is_done() {
        let mine = claim("a");
        let replace = Move::Replace { version: "v".into() };
        let rows = [
            (Seen::Nothing, Move::Create),
            (lock("b", "v", 0), Move::Wait { left: secs(11) }),
            (lock("b", "v", 11), Move::Wait { left: secs(1) }),
            (lock("b", "v", 12), replace),
        ];
        for (seen, expected) in rows {
            assert_eq!(mine.next(&seen), expected, "{seen:?}");
        }
    }

    #[test]
    fn a_lost_answer_is_found_in_the_object() {
        let mut mine = claim("a");
        let first = mine.write(secs(5));
        // No answer came; the object says that it had its effect.
        let seen = Seen::Lock { version: "v1".into(), ticket: first, age: secs(0) };
        assert!(mine.look(&seen));
        assert_eq!(mine.sure_until(), Some(secs(11)));
        // Two heartbeats without an answer, of which the first alone had an effect.
        let second = mine.write(secs(7));
        drop(mine.write(secs(9)));
        let seen = Seen::Lock { version: "v2".into(), ticket: second, age: secs(0) };
        assert!(mine.look(&seen));
        assert_eq!(mine.sure_until(), Some(secs(13)));
        assert_eq!(mine.version(), Some("v2"));
    }

    #[test]
    fn what_is_lost_stays_lost() {
        for seen in [Seen::Nothing, lock("b", "v", 0)] {
            let mut mine = claim("a");
            let ticket = mine.write(secs(0));
            mine.written("v1".into());
            assert!(!mine.look(&seen));
            assert_eq!((mine.is_lost(), mine.sure_until()), (true, None));
            // Not even an object of its own brings it back: somebody may have held it meanwhile.
            mine.look(&Seen::Lock { version: "v1".into(), ticket, age: secs(0) });
            assert_eq!(mine.next(&Seen::Nothing), Move::Stop);
        }
    }

    #[test]
    fn a_ticket_survives_writing_and_reading() {
        let ticket = claim("a").write(secs(0));
        assert_eq!(Ticket::parse(&ticket.print().unwrap()), Some(ticket));
        for foreign in ["", "{}", "null", "{\"ID\":\"terraform\"}"] {
            assert_eq!(Ticket::parse(foreign.as_bytes()), None);
        }
    }

    /// What a holder does next in the model.
    #[derive(Clone, Debug)]
    enum Step {
        Look,
        Send(Ticket, Option<String>),
        Release(String),
    }

    /// A request on its way: it has its effect when it arrives.
    #[derive(Clone, Debug)]
    struct Flight {
        step: Step,
        arrives: u64,
        returns: u64,
        answer_lost: bool,
        answer: Option<Answer>,
    }

    #[derive(Clone, Debug)]
    enum Answer {
        Seen(Seen),
        Done(String),
        Refused,
    }

    #[derive(Debug)]
    struct Machine {
        claim: Claim,
        /// What its clock shows more than that of the service.
        offset: u64,
        last: Option<Seen>,
        flight: Option<Flight>,
        paused_until: u64,
        beat_at: u64,
        dead: bool,
        started: u32,
    }

    /// What the world does to one machine's next request, in tenths of seconds.
    #[derive(Clone, Debug)]
    struct Fate {
        there: u64,
        back: u64,
        lost: bool,
        pause: u64,
        dies: bool,
        releases: bool,
    }

    fn fate() -> impl Strategy<Value = Fate> {
        let delay = || prop_oneof![8 => 0..4_u64, 2 => 0..40_u64, 1 => 100..300_u64];
        let pause = prop_oneof![8 => Just(0_u64), 1 => 10..400_u64];
        (
            delay(),
            delay(),
            prop::bool::weighted(0.15),
            pause,
            prop::bool::weighted(0.02),
            prop::bool::weighted(0.05),
        )
            .prop_map(|(there, back, lost, pause, dies, releases)| Fate {
                there,
                back,
                lost,
                pause,
                dies,
                releases,
            })
    }

    /// The service: the object, and when it was written.
    #[derive(Default)]
    struct Service {
        object: Option<(String, Ticket, u64)>,
        versions: u64,
    }

    impl Service {
        fn carry_out(&mut self, step: &Step, now: u64) -> Answer {
            let there = self.object.as_ref().map(|(version, ..)| version.clone());
            match step {
                Step::Look => Answer::Seen(match &self.object {
                    None => Seen::Nothing,
                    Some((version, ticket, written)) => Seen::Lock {
                        version: version.clone(),
                        ticket: ticket.clone(),
                        // Both are told in full seconds.
                        age: secs(now / 10 - written / 10),
                    },
                }),
                Step::Send(ticket, condition) => {
                    if there != *condition {
                        return Answer::Refused;
                    }
                    self.versions += 1;
                    let version = format!("v{}", self.versions);
                    self.object = Some((version.clone(), ticket.clone(), now));
                    Answer::Done(version)
                }
                Step::Release(version) => {
                    if there.as_ref() != Some(version) {
                        return Answer::Refused;
                    }
                    self.object = None;
                    Answer::Done(String::new())
                }
            }
        }
    }

    fn tenths(at: u64) -> Duration {
        Duration::from_millis(at * 100)
    }

    impl Machine {
        fn new(name: usize, offset: u64) -> Self {
            Self {
                claim: claim(&format!("m{name}-0")),
                offset,
                last: None,
                flight: None,
                paused_until: 0,
                beat_at: 0,
                dead: false,
                started: 0,
            }
        }

        fn is_sure(&self, now: u64) -> bool {
            !self.dead
                && self.claim.sure_until().is_some_and(|until| tenths(now + self.offset) < until)
        }

        /// A run that starts anew, after the last one has lost the lock, released it or died.
        fn restart(&mut self, name: usize) {
            self.started += 1;
            self.claim = claim(&format!("m{name}-{}", self.started));
            self.last = None;
            self.dead = false;
        }

        fn next_step(&mut self, now: u64, fate: &Fate) -> Option<Step> {
            let own = tenths(now + self.offset);
            if let Some(version) = self.claim.version().map(str::to_owned) {
                if fate.releases {
                    return self.claim.release().map(Step::Release);
                }
                if now < self.beat_at {
                    return None;
                }
                self.beat_at = now + 25;
                return Some(Step::Send(self.claim.write(own), Some(version)));
            }
            let Some(seen) = self.last.take() else { return Some(Step::Look) };
            match self.claim.next(&seen) {
                Move::Create => Some(Step::Send(self.claim.write(own), None)),
                Move::Replace { version } => Some(Step::Send(self.claim.write(own), Some(version))),
                Move::Wait { .. } => Some(Step::Look),
                Move::Stop => None,
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

        /// Whatever is paused, delayed or lost, whoever dies: no two are sure at a time, and the lock
        /// goes on to somebody.
        #[test]
        fn no_two_machines_are_ever_sure(
            fates in prop::collection::vec(fate(), 40..120),
            offsets in prop::collection::vec(0..10_000_u64, 3),
        ) {
            let mut service = Service::default();
            let mut machines: Vec<Machine> =
                offsets.iter().enumerate().map(|(name, offset)| Machine::new(name, *offset)).collect();
            let mut fates = fates.iter().cycle();
            let mut last_sure = 0;
            for now in 0..6_000_u64 {
                let calm = now > 3_000;
                for (name, machine) in machines.iter_mut().enumerate() {
                    // What is on its way arrives even if whoever sent it is paused or dead.
                    if let Some(flight) = &mut machine.flight
                        && flight.answer.is_none()
                        && now >= flight.arrives
                    {
                        flight.answer = Some(service.carry_out(&flight.step, now));
                    }
                    if now < machine.paused_until {
                        continue;
                    }
                    if let Some(flight) = machine.flight.take_if(|it| now >= it.returns) {
                        match flight.answer {
                            Some(_) if flight.answer_lost => machine.last = None,
                            Some(Answer::Seen(seen)) if !machine.claim.look(&seen) => {
                                machine.last = Some(seen);
                            }
                            Some(Answer::Done(version)) => match flight.step {
                                Step::Release(_) => machine.restart(name),
                                Step::Send(..) => machine.claim.written(version),
                                Step::Look => {}
                            },
                            // It is looked at again.
                            Some(Answer::Refused) => {
                                let seen = service.carry_out(&Step::Look, now);
                                let Answer::Seen(seen) = seen else { continue };
                                machine.claim.look(&seen);
                            }
                            Some(Answer::Seen(_)) | None => {}
                        }
                    }
                    if machine.flight.is_some() {
                        continue;
                    }
                    if machine.claim.is_lost() || machine.dead {
                        machine.restart(name);
                    }
                    let mut fate = fates.next().unwrap().clone();
                    if calm {
                        fate = Fate { there: 1, back: 1, lost: false, pause: 0, dies: false, releases: false };
                    }
                    if let Some(step) = machine.next_step(now, &fate) {
                        let arrives = now + fate.there;
                        machine.flight = Some(Flight {
                            step,
                            arrives,
                            returns: arrives + fate.back + 1,
                            answer_lost: fate.lost,
                            answer: None,
                        });
                    }
                    machine.paused_until = now + fate.pause;
                    if fate.dies {
                        machine.dead = true;
                        machine.paused_until = now + 500;
                    }
                }
                let sure: Vec<usize> =
                    (0..machines.len()).filter(|at| machines[*at].is_sure(now)).collect();
                prop_assert!(sure.len() <= 1, "at {now}: {sure:?} of {machines:?}");
                if !sure.is_empty() {
                    last_sure = now;
                }
            }
            prop_assert!(last_sure > 5_900, "nobody holds it: {machines:?}");
        }
    }
}
