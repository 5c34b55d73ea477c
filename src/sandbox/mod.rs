//! The embedded S3, KMS, STS and CloudTrail endpoint behind `--sandbox`.
//!
//! A real HTTP/1.1 server on loopback, spoken to by the unmodified AWS SDK, so that a configuration can be tried, taught
//! and tested without an account. It owns a model of buckets and keys ([`World`]), the file that the model is kept in,
//! and the wire protocols. It never reaches the network, never reads the environment, and knows nothing of plans.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use sealform::sandbox::{DEFAULT_ACCOUNT, Options, Sandbox, World};
//!
//! let world = World::in_memory();
//! world.seed_bucket("logs", "eu-west-1", DEFAULT_ACCOUNT).map_err(std::io::Error::other)?;
//! let sandbox = Sandbox::start(world, Options::default()).await?;
//! println!("S3 is at {}", sandbox.endpoint());
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Signatures are not verified, but every request must carry one: the credential scope's service chooses the protocol,
//! its Region drives redirects, and its access key is the account (see [`DEFAULT_ACCOUNT`]).
//!
//! Where AWS's behaviour is not settled by any text, the sandbox chooses, and clients must be right either way:
//!
//! | question | choice |
//! |---|---|
//! | Put without `BlockedEncryptionTypes` | keeps the block |
//! | Delete | resets to SSE-S3, keeps the block |
//! | a bucket unblocked by `NONE` | reads without the element |
//! | an empty `BlockedEncryptionTypes`, or `NONE` together with a type | refused |
//! | a rule without `ApplyServerSideEncryptionByDefault` | SSE-S3, since Put replaces everything |
//! | a key alias | comes back as given |
//! | `BucketKeyEnabled=false` for a directory bucket | accepted, reads `true` |
//! | DescribeKey of another account's key | allowed by ARN where the key exists, `AccessDeniedException` else |

mod bucket;
mod fault;
mod key;
mod kms;
mod objects;
mod s3;
mod server;
mod store;
mod sts;
mod tagging;
#[cfg(test)]
mod tests;
mod trail;
mod website;
mod wire;
mod world;
mod xml;

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use fault::{FaultKind, Faults, UnknownFault};
pub use key::KeyState;
pub use store::StoreError;
pub use world::World;

/// The account of every access key that names no other. An access key of exactly twelve digits is itself the account;
/// one that `AssumeRole` gave out carries the account of the role.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

/// How a sandbox listens and misbehaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The port on loopback; 0 takes any that is free.
    pub port: u16,
    /// How long every answer is held back.
    pub latency: Duration,
    /// Which faults requests meet; `None` for none.
    pub faults: Option<Faults>,
}

/// A running endpoint. It ends when stopped or dropped, and cuts the connections it still has.
#[derive(Debug)]
pub struct Sandbox {
    port: u16,
    shared: Arc<server::Shared>,
    accepting: JoinHandle<()>,
    /// Dropping it ends the accepting task.
    running: oneshot::Sender<()>,
}

impl Sandbox {
    /// Listens on loopback and serves `world` from the current tokio runtime.
    pub async fn start(world: World, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(server::Shared::new(world, &options));
        let (running, stopped) = oneshot::channel();
        let accepting = tokio::spawn(server::accept(listener, Arc::clone(&shared), stopped));
        Ok(Self { port, shared, accepting, running })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on every answer is held back for so long, instead of as long as the options say. Those
    /// that are on their way already are not.
    pub fn hold_back(&self, latency: Duration) {
        self.shared.hold_back(latency);
    }

    /// What it serves.
    pub fn world(&self) -> &World {
        self.shared.world()
    }

    /// The URL to give to the SDK as its endpoint, for all its services.
    pub fn endpoint(&self) -> String {
        format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// How many requests came in so far, by operation name. Those that a fault swallowed count too.
    pub fn requests(&self) -> BTreeMap<&'static str, u64> {
        self.shared.requests()
    }

    /// Stops listening, cuts what is open, and returns when both are done and the world's handle is given back.
    pub async fn stop(self) {
        let Self { port: _, shared, accepting, running } = self;
        drop((shared, running));
        // It can only fail by a panic, which has nothing left to spoil.
        let _ended = accepting.await;
    }
}
