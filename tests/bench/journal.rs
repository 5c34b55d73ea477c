//! What recording the steps of an apply costs, without the apply: each step's intent before its call,
//! its outcome behind it, as many steps at a time as share a write and a sync.
//!
//! `journal DIRECTORY STEPS GROUP` prints the seconds that recording took, and the bytes it wrote.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test fails where something is not as it expects"
)]

use sealform::addr::Address;
use sealform::state::{Change, Intent, Local, Recorded, Session, Writing};
use sealform::value::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(directory), Some(steps), Some(group)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        // `cargo bench` alone has nothing to measure against.
        println!("usage: journal DIRECTORY STEPS GROUP; see tests/bench/README.md");
        return;
    };
    let (steps, group): (usize, usize) = (steps.parse().unwrap(), group.parse().unwrap());
    let local = Local::new(Path::new(&directory).join("journal.state.json"));
    let mut session = local.session(None, "0.1.0").unwrap();
    let all: Vec<usize> = (0..steps).collect();
    let begun = Instant::now();
    let mut before: &[usize] = &[];
    for now in all.chunks(group.max(1)).chain([&[][..]]) {
        for n in before {
            end(&mut session, *n);
        }
        for n in now {
            session.intend(intent(*n)).unwrap();
        }
        session.flush().unwrap();
        before = now;
    }
    let took = begun.elapsed().as_secs_f64();
    let journal = Path::new(&directory).join("journal.state.json.journal");
    println!("{took:.4} {}", std::fs::metadata(journal).unwrap().len());
    assert_eq!(session.finish().unwrap().resources.len(), steps);
}

fn address(n: usize) -> Address {
    format!("aws_s3_bucket_server_side_encryption_configuration.bench[\"bench-{n}\"]")
        .parse()
        .unwrap()
}

fn settings(n: usize, algorithm: &str) -> Value {
    let by_default = Value::object([
        ("sse_algorithm", Value::from(algorithm)),
        ("kms_master_key_id", Value::NULL),
    ]);
    let rule = Value::object([
        ("apply_server_side_encryption_by_default", Value::tuple(vec![by_default])),
        ("blocked_encryption_types", Value::tuple(vec![Value::from("SSE-C")])),
        ("bucket_key_enabled", Value::from(true)),
    ]);
    Value::object([
        ("bucket", Value::from(format!("bench-{n}"))),
        ("rule", Value::tuple(vec![rule])),
    ])
}

fn intent(n: usize) -> Intent {
    let identity: Arc<str> = format!("bench-{n}").into();
    let (before, after) = (settings(n, "AES256"), settings(n, "aws:kms"));
    Intent::new(address(n), "aws".into(), identity, Writing::Update, (&before, &after))
}

fn end(session: &mut Session, n: usize) {
    let identity = format!("bench-{n}");
    let recorded = Recorded {
        identity: identity.clone(),
        provider: "aws".to_owned(),
        region: Some("us-east-1".to_owned()),
        values: settings(n, "aws:kms"),
        depends_on: Vec::new(),
        prevent_destroy: false,
        forget_on_destroy: false,
        owner: None,
    };
    session.record(Change::Set { address: address(n), recorded }).unwrap();
    session.settle(&"aws".into(), &identity.into()).unwrap();
}
