//! Each command's work as a straight list of calls to rooms.
//!
//! Owns the order in which things are done. It never draws anything and never speaks to the
//! terminal: what happens goes to a `Reporter`, what is wrong into a list of diagnostics.

mod backend;
mod blame;
mod check;
pub mod console;
mod drift;
mod explain;
mod files;
mod held;
mod keys;
mod migration;
mod modules;
mod notify;
mod options;
mod project;
mod readings;
mod run;
mod sandboxed;
mod saved;
mod state;
mod targets;
mod test;
mod unread;
mod version;
mod workspaces;

pub use self::backend::{Init, Initialised};
pub use self::blame::{Asking, Blamed};
pub use self::check::{Checked, Strictness};
pub use self::explain::{explain, overview};
pub use self::notify::Notice;
pub use self::options::{LockOptions, PlanOptions, Recording, Setup};
pub use self::project::{Project, Request, VariableSource};
pub use self::run::Run;
pub use self::sandboxed::{
    KeyChange, SandboxOptions, change_in_sandbox, key_in_sandbox, serve_sandbox,
};
pub use self::state::{History, Manner, Wanted, change_state, history};
pub use self::test::Suite;
pub use crate::apply::{GRACE, Stop};

/// The version of this tool.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the state is unless the configuration says otherwise, relative to its directory.
pub const DEFAULT_STATE: &str = "state/sealform.state.json";
/// Where the sandbox keeps its buckets, relative to the directory of the configuration.
const SANDBOX_STORE: &str = "state/sandbox.jsonl";
