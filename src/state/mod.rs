//! What the last run knew: the state file, the journal of the run under way, and where they are kept.
//!
//! Owns [`StateFile`] (what is recorded, and its bytes), [`Change`] (one step of it, and the bytes of
//! its journal record) and [`Local`] (the files and the lock). It never compares state with a
//! configuration or with S3, and reads no clock: who holds a lock since when is told to it.
//!
//! A change is on disk twice before it counts: first as a record behind the others in the journal
//! beside the state, so that recording costs what the change costs and not what the fleet costs;
//! then, at the end of the run, within the state file, which is replaced as a whole. A run that dies
//! in between leaves its journal, and whoever reads the state next folds it in.
//!
//! Before a call is made its [`Intent`] is in the journal, so that the next run knows which objects
//! were being written, and from what to what, until it has settled that.
//!
//! ```
//! use sealform::state::{Change, Local, Recorded};
//! use sealform::value::Value;
//!
//! let directory = tempfile::tempdir().unwrap();
//! let local = Local::new(directory.path().join("sealform.state.json"));
//! let mut session = local.session(None, "0.1.0").unwrap();
//! let recorded = Recorded {
//!     identity: "my-logs".into(),
//!     provider: "aws".into(),
//!     region: Some("eu-west-1".into()),
//!     values: Value::object([("bucket", Value::from("my-logs"))]),
//!     depends_on: vec![],
//!     prevent_destroy: false,
//!     forget_on_destroy: false,
//!     owner: None,
//! };
//! session.record(Change::Set { address: "t.logs".parse().unwrap(), recorded }).unwrap();
//! session.flush().unwrap(); // From here on the change survives anything.
//! assert_eq!(session.finish().unwrap().serial, 1);
//! assert_eq!(local.read().unwrap().unwrap().resources.len(), 1);
//! ```

mod backend;
mod edit;
mod error;
mod file;
mod intent;
mod journal;
mod local;
mod remote;
pub mod s3;
mod superseded;

pub use self::backend::{Backend, DEFAULT_WORKSPACE, Guard, OpenState};
pub use self::edit::Edit;
pub use self::error::{Kept, StateError};
pub use self::file::{FormatError, OutputState, Recorded, StateFile, VERSION};
pub use self::intent::{Intent, Writing};
pub use self::journal::{Change, JournalError};
pub use self::local::{
    FileError, Found, Holder, Local, Lock, Seen, Session, Version, publish, workspaces_of,
    write_atomically,
};
pub use self::remote::RemoteError;
pub use self::superseded::Superseded;
