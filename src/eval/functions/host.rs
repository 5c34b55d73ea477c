//! What functions may ask of the outside world: the files of a module, and what a run fixes once.
//!
//! Functions never ask the operating system. Whoever starts a run reads its clock, its directories
//! and a seed once, and every function of the run sees the same. So a plan is complete: the same
//! files, moment and seed give the same bytes, and nothing is left to be known after apply.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

/// The files of a module; the caller answers from memory or disk. Paths are as the user wrote
/// them, relative to the directory of the module.
pub trait Files: Sync {
    /// The content of the file at `path`.
    ///
    /// # Errors
    /// Says why there is none: lower-case, without a final stop.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// What is at `path`, links followed; nothing if nothing is there.
    ///
    /// # Errors
    /// Says why that cannot be told.
    fn kind(&self, path: &str) -> Result<Option<FileKind>, String>;

    /// The names in the directory at `path` in ascending order; those that are no Unicode are left
    /// out.
    ///
    /// # Errors
    /// Says why they cannot be told.
    fn list(&self, path: &str) -> Result<Vec<String>, String>;

    /// What tells the directory at `path` from others, by whatever path it is reached.
    fn identity(&self, path: &str) -> String;
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file that can be read.
    File,
    /// A directory.
    Directory,
    /// A link that leads nowhere.
    BrokenLink,
    /// A pipe, a socket or a device.
    Other,
}

/// A world without files.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Result<Vec<u8>, String> {
        Err("no file can be read here".into())
    }

    fn kind(&self, _path: &str) -> Result<Option<FileKind>, String> {
        Ok(None)
    }

    fn list(&self, _path: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn identity(&self, path: &str) -> String {
        path.to_owned()
    }
}

/// What a run fixes once, for all of its functions.
#[derive(Debug, Default)]
pub struct Host {
    /// When the run began: `timestamp()` and `plantimestamp()`.
    pub now: Timestamp,
    /// The directory that the command was started in, for `abspath`.
    pub cwd: String,
    /// The home directory, for `pathexpand`.
    pub home: Option<String>,
    /// What `uuid()` and the salts of `bcrypt` come from. A run with the same seed gives the same.
    pub seed: [u8; 16],
    /// The workspace; empty for the default one.
    workspace: String,
    drawn: AtomicU64,
}

impl Host {
    /// A run that began at `now`, with a seed for what is to be random.
    pub fn new(now: Timestamp, seed: [u8; 16]) -> Self {
        Self { now, seed, ..Self::default() }
    }

    /// The same in a workspace.
    #[must_use]
    pub fn in_workspace(self, workspace: &str) -> Self {
        Self { workspace: workspace.to_owned(), ..self }
    }

    /// The workspace: `sealform.workspace`.
    pub fn workspace(&self) -> &str {
        if self.workspace.is_empty() { "default" } else { &self.workspace }
    }

    /// The same in the directory `cwd`, with a home directory.
    #[must_use]
    pub fn within(self, cwd: String, home: Option<String>) -> Self {
        Self { cwd, home, ..self }
    }

    /// The same moment, directories and seed, with the row of random bytes at its beginning.
    #[must_use]
    pub fn anew(&self) -> Self {
        let anew = Self::new(self.now, self.seed).within(self.cwd.clone(), self.home.clone());
        anew.in_workspace(&self.workspace)
    }

    /// Begins the row of random bytes anew, so that a second evaluation sees those of the first.
    pub fn rewind(&self) {
        self.drawn.store(0, Ordering::Relaxed);
    }

    /// The next random bytes: a hash of the seed and of how many were drawn before.
    pub(super) fn draw(&self) -> [u8; 16] {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        let hash =
            Sha256::new().chain_update(self.seed).chain_update(drawn.to_be_bytes()).finalize();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(hash).for_each(|(byte, hashed)| *byte = hashed);
        bytes
    }
}

/// What surrounds a call.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The files of the module.
    pub files: &'a dyn Files,
    /// What is the same for the whole run.
    pub host: &'a Host,
}
