//! A model test: whatever people do in whatever order, what is recorded is what should be.
//!
//! Random sequences of edits of the files, changes by others, plans, applies, faults, kills, saved
//! plans and commands about the state are played on the binary and on a reference of a few maps
//! (`world.rs`). After every command the state must be valid and hold exactly what the reference
//! says, no bucket that we wrote may be forgotten, no lock be left; a plan and `drift` must tell each
//! bucket, each attribute and whose it is as the reference has it; what is written must be exactly
//! what the plan said; and a plan after an apply must be empty.
//!
//! Once with the state in a file, and once with it on S3, of which a killed run leaves its lock behind.
//!
//! `SEALFORM_MODEL=1000` in the environment plays a thousand sequences, and `SEALFORM_MODEL_SEED=7`
//! others than usual; on S3 it is a quarter as many.

mod machine;
mod service;
mod world;

use self::machine::Machine;
use self::service::{Strike, What};
use self::world::{Algorithm, BUCKETS, Declared, Fate, Files, NAMES, Settings};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::collections::BTreeSet;

/// What somebody does.
#[derive(Clone, Debug)]
enum Move {
    // The files.
    Declare { name: &'static str, declared: Declared },
    Remove { name: &'static str, told: bool },
    Rename { from: &'static str, to: &'static str, told: bool },
    // Somebody else.
    Change { bucket: &'static str, settings: Settings },
    Vanish { bucket: &'static str },
    Appear { bucket: &'static str },
    // Commands.
    Plan,
    Drift { record: bool },
    DriftFromState,
    Refresh,
    Apply { strike: Option<Strike>, parallelism: usize },
    Destroy { strike: Option<Strike> },
    Save,
    ApplySaved,
    StateMv { from: &'static str, to: &'static str },
    StateRm { name: &'static str },
    StatePull,
    StatePush { force: bool },
    StateRestore { back: usize, force: bool },
}

/// What the generator must know, so that what it makes has a sense.
#[derive(Clone, Debug, Default)]
struct Course {
    files: Files,
    missing: BTreeSet<&'static str>,
}

fn protection() -> impl Strategy<Value = (Algorithm, Option<bool>, bool)> {
    prop_oneof![
        3 => Just((Algorithm::S3, None, false)),
        3 => (proptest::option::of(any::<bool>()), any::<bool>())
            .prop_map(|(key, bucket_key)| (Algorithm::Kms, key, bucket_key)),
        1 => proptest::option::of(any::<bool>()).prop_map(|key| (Algorithm::Dsse, key, false)),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (protection(), any::<bool>()).prop_map(|((algorithm, key, bucket_key), blocked)| Settings {
        algorithm,
        key,
        bucket_key,
        blocked,
    })
}

fn declared(bucket: String) -> impl Strategy<Value = Declared> {
    let fate =
        prop_oneof![8 => Just(Fate::Reset), 2 => Just(Fate::Forget), 1 => Just(Fate::Prevent)];
    let blocked = proptest::option::of(any::<bool>());
    (protection(), blocked, fate, prop::bool::weighted(0.1)).prop_map(
        move |((algorithm, key, bucket_key), blocked, fate, import)| Declared {
            bucket: bucket.clone(),
            algorithm,
            key,
            bucket_key,
            blocked,
            fate,
            import,
        },
    )
}

fn strike() -> impl Strategy<Value = Strike> {
    let what = prop_oneof![
        2 => Just(What::Denied),
        2 => Just(What::Broken),
        2 => Just(What::CutBefore),
        2 => Just(What::CutAfter),
        3 => Just(What::KillBefore),
        3 => Just(What::KillAfter),
        4 => (0_u64..6000).prop_map(What::KillTold),
        1 => Just(What::Stop),
    ];
    (prop::bool::weighted(0.75), 0_usize..4, what).prop_map(|(writes, nth, what)| Strike {
        writes,
        nth: if writes { nth % 3 } else { nth * 2 },
        what,
    })
}

impl ReferenceStateMachine for Course {
    type State = Self;
    type Transition = Move;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Move> {
        let name = || select(&NAMES[..]);
        let bucket = || select(&BUCKETS[..]);
        let taken: BTreeSet<&str> =
            state.files.declared.values().map(|it| it.bucket.as_str()).collect();
        let free: Vec<&'static str> =
            BUCKETS.into_iter().filter(|it| !taken.contains(it)).collect();
        let files = state.files.clone();
        let declare = (name(), any::<prop::sample::Index>(), any::<bool>()).prop_flat_map(
            move |(name, at, stay)| {
                let own = files.declared.get(name).map(|it| it.bucket.clone());
                let new = (!free.is_empty()).then(|| free[at.index(free.len())].to_owned());
                let bucket = own.clone().filter(|_| stay).or(new).or(own);
                match bucket {
                    Some(bucket) => declared(bucket)
                        .prop_map(move |it| Move::Declare { name, declared: it })
                        .boxed(),
                    None => Just(Move::Plan).boxed(),
                }
            },
        );
        let pair = || (name(), name());
        let missing: Vec<&'static str> = state.missing.iter().copied().collect();
        let appear = if missing.is_empty() {
            Just(Move::Drift { record: false }).boxed()
        } else {
            select(missing).prop_map(|bucket| Move::Appear { bucket }).boxed()
        };
        prop_oneof![
            16 => declare,
            3 => (name(), any::<bool>()).prop_map(|(name, told)| Move::Remove { name, told }),
            3 => (pair(), prop::bool::weighted(0.7))
                .prop_map(|((from, to), told)| Move::Rename { from, to, told }),
            10 => (bucket(), settings()).prop_map(|(bucket, settings)| Move::Change { bucket, settings }),
            1 => bucket().prop_map(|bucket| Move::Vanish { bucket }),
            4 => appear,
            4 => Just(Move::Plan),
            4 => prop::bool::weighted(0.2).prop_map(|record| Move::Drift { record }),
            2 => Just(Move::DriftFromState),
            2 => Just(Move::Refresh),
            9 => (1_usize..4).prop_map(|parallelism| Move::Apply { strike: None, parallelism }),
            12 => (strike(), 1_usize..4)
                .prop_map(|(strike, parallelism)| Move::Apply { strike: Some(strike), parallelism }),
            1 => proptest::option::of(strike()).prop_map(|strike| Move::Destroy { strike }),
            4 => Just(Move::Save),
            4 => Just(Move::ApplySaved),
            3 => pair().prop_map(|(from, to)| Move::StateMv { from, to }),
            2 => name().prop_map(|name| Move::StateRm { name }),
            2 => Just(Move::StatePull),
            2 => any::<bool>().prop_map(|force| Move::StatePush { force }),
            2 => (0_usize..4, any::<bool>()).prop_map(|(back, force)| Move::StateRestore { back, force }),
        ]
        .boxed()
    }

    fn apply(mut state: Self, transition: &Move) -> Self {
        match transition {
            Move::Declare { name, declared } => state.files.set(name, declared.clone()),
            Move::Remove { name, told } => state.files.remove(name, *told),
            Move::Rename { from, to, told } => state.files.rename(from, to, *told),
            Move::Vanish { bucket } => {
                state.missing.insert(bucket);
            }
            Move::Appear { bucket } => {
                state.missing.remove(bucket);
            }
            Move::Change { .. }
            | Move::Plan
            | Move::Drift { .. }
            | Move::DriftFromState
            | Move::Refresh
            | Move::Apply { .. }
            | Move::Destroy { .. }
            | Move::Save
            | Move::ApplySaved
            | Move::StateMv { .. }
            | Move::StateRm { .. }
            | Move::StatePull
            | Move::StatePush { .. }
            | Move::StateRestore { .. } => {}
        }
        state
    }

    fn preconditions(state: &Self, transition: &Move) -> bool {
        let declared = &state.files.declared;
        match transition {
            // No bucket is declared twice.
            Move::Declare { name, declared: it } => {
                !declared.iter().any(|(other, there)| other != name && there.bucket == it.bucket)
            }
            Move::Rename { from, to, .. } => {
                declared.contains_key(*from) && !declared.contains_key(*to)
            }
            Move::StateMv { from, to } => from != to,
            Move::Remove { .. }
            | Move::Change { .. }
            | Move::Vanish { .. }
            | Move::Appear { .. }
            | Move::Plan
            | Move::Drift { .. }
            | Move::DriftFromState
            | Move::Refresh
            | Move::Apply { .. }
            | Move::Destroy { .. }
            | Move::Save
            | Move::ApplySaved
            | Move::StateRm { .. }
            | Move::StatePull
            | Move::StatePush { .. }
            | Move::StateRestore { .. } => true,
        }
    }
}

/// The state is a file, or an object on S3.
struct Model<const ON_S3: bool>;

impl<const ON_S3: bool> StateMachineTest for Model<ON_S3> {
    type SystemUnderTest = Machine;
    type Reference = Course;

    fn init_test(_: &Course) -> Machine {
        if ON_S3 { Machine::on_s3() } else { Machine::new() }
    }

    fn apply(machine: Machine, course: &Course, transition: Move) -> Machine {
        play(machine, course, &transition)
    }
}

/// Does what somebody does, and demands what is to come of it.
fn play(mut machine: Machine, course: &Course, transition: &Move) -> Machine {
    match *transition {
        Move::Declare { .. } | Move::Remove { .. } | Move::Rename { .. } => {
            machine.edit(&course.files);
            return machine;
        }
        Move::Change { bucket, settings } => {
            machine.outside(bucket, Some(settings));
            return machine;
        }
        Move::Vanish { bucket } => {
            machine.outside(bucket, None);
            return machine;
        }
        Move::Appear { bucket } => {
            machine.appear(bucket);
            return machine;
        }
        Move::Plan => machine.plan(),
        Move::Drift { record } => machine.drift(record),
        Move::DriftFromState => machine.drift_from_state(),
        Move::Refresh => machine.refresh(),
        Move::Apply { strike, parallelism } => machine.apply(false, strike, parallelism),
        Move::Destroy { strike } => machine.apply(true, strike, 2),
        Move::Save => machine.save(),
        Move::ApplySaved => machine.apply_saved(),
        Move::StateMv { from, to } => machine.rename(from, to),
        Move::StateRm { name } => machine.give_up(name),
        Move::StatePull => machine.pull(),
        Move::StatePush { force } => machine.push(force),
        Move::StateRestore { back, force } => machine.restore(back, force),
    }
    machine.settled();
    machine
}

/// A number in the environment.
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// So many cases, or the share of what the environment says.
fn config(usual: u64, share: u64) -> Config {
    Config {
        cases: u32::try_from(number("SEALFORM_MODEL", usual * share).div_ceil(share)).unwrap(),
        rng_seed: RngSeed::Fixed(number("SEALFORM_MODEL_SEED", 6)),
        failure_persistence: None,
        max_shrink_iters: 500,
        ..Config::default()
    }
}

prop_state_machine! {
    #![proptest_config(config(16, 1))]

    #[test]
    fn whatever_is_done_the_state_is_what_it_should_be(sequential 1..40 => Model<false>);
}

prop_state_machine! {
    #![proptest_config(config(4, 4))]

    #[test]
    fn whatever_is_done_the_state_on_s3_is_what_it_should_be(sequential 1..40 => Model<true>);
}
