//! The files that functions read: those of the module's directory, and of the root module's.

use crate::config::load;
use crate::eval::functions::{FileKind, Files};
use std::path::{Path, PathBuf};

/// The files that functions in a module may read.
pub(super) struct ModuleFiles {
    /// The directory of the module.
    own: PathBuf,
    /// The directory of the root module.
    root: PathBuf,
}

impl ModuleFiles {
    /// The files of the module in `dir`, relative to the directory `root` of the root module.
    pub(super) fn new(root: &Path, dir: &str) -> Self {
        let own = if dir == "." { root.to_owned() } else { root.join(dir) };
        Self { own, root: root.to_owned() }
    }

    /// The directory that a path is relative to: the module's own or, where there is no such file,
    /// the root module's, which is what `path.module` and `path.root` are relative to.
    fn base(&self, path: &str) -> &Path {
        let there = |dir| matches!(load::look_relative(dir, path), Ok(Some(_)));
        if self.own == self.root || there(&self.own) || !there(&self.root) {
            &self.own
        } else {
            &self.root
        }
    }
}

impl Files for ModuleFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        load::read_relative(self.base(path), path)
    }

    fn kind(&self, path: &str) -> Result<Option<FileKind>, String> {
        let found =
            load::look_relative(self.base(path), path).map_err(|error| error.to_string())?;
        Ok(found.map(|found| {
            if found.is_file() {
                FileKind::File
            } else if found.is_dir() {
                FileKind::Directory
            } else if found.is_symlink() {
                FileKind::BrokenLink
            } else {
                FileKind::Other
            }
        }))
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        load::list_relative(self.base(path), path).map_err(|error| error.to_string())
    }

    fn identity(&self, path: &str) -> String {
        load::identity_relative(self.base(path), path).display().to_string()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the files that are looked at are made here")]

    use super::*;
    use crate::eval::functions::{Context, Host, find};
    use crate::value::Value;
    use std::fs;

    /// A directory with a file, a directory, and in that links: to the file, in a circle, nowhere.
    fn directory() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir_all(path("sub/deep")).unwrap();
        fs::write(path("a.txt"), "content").unwrap();
        fs::write(path("sub/deep/b.txt"), "b").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink("../a.txt", path("sub/link.txt")).unwrap();
            symlink("..", path("sub/up")).unwrap();
            symlink("nowhere", path("sub/broken")).unwrap();
        }
        dir
    }

    fn call(dir: &Path, name: &str, args: &[&str]) -> Result<Value, String> {
        let files = ModuleFiles::new(dir, ".");
        let host = Host::default();
        let args: Vec<Value> = args.iter().map(|arg| Value::from(*arg)).collect();
        let context = Context { files: &files, host: &host };
        find(name).unwrap().call(&args, &context).map_err(|error| error.to_string())
    }

    fn fileset(dir: &Path, pattern: &str) -> Result<Vec<String>, String> {
        let found = call(dir, "fileset", &[".", pattern])?;
        Ok(found.as_items().unwrap().iter().map(|it| it.as_str().unwrap().to_string()).collect())
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_a_walk_in_circles() {
        let dir = directory();
        let found = fileset(dir.path(), "**/*.txt").unwrap();
        assert_eq!(found.first().unwrap(), "a.txt");
        assert!(found.contains(&"sub/link.txt".into()) && found.contains(&"sub/deep/b.txt".into()));
        assert!(found.len() < 10, "{found:?}");
        assert_eq!(fileset(dir.path(), "sub/up/*.txt").unwrap(), ["sub/up/a.txt"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_told_where_it_is_asked_for() {
        let dir = directory();
        assert!(fileset(dir.path(), "sub/*").unwrap_err().contains("leads nowhere"));
        assert_eq!(fileset(dir.path(), "sub/*.txt").unwrap(), ["sub/link.txt"]);
        assert_eq!(call(dir.path(), "fileexists", &["sub/broken"]), Ok(Value::from(false)));
    }

    #[test]
    fn a_module_has_files_of_its_own_and_those_of_the_root_module() {
        let dir = directory();
        let files = ModuleFiles::new(dir.path(), "sub/deep");
        // As `${path.module}/b.txt` says it, and as it lies beside the module's own files.
        assert_eq!(files.read("sub/deep/b.txt").unwrap(), b"b");
        assert_eq!(files.read("b.txt").unwrap(), b"b");
        assert_eq!(files.read("./a.txt").unwrap(), b"content");
        assert!(files.read("c.txt").unwrap_err().contains("there is no file"));
    }

    #[test]
    fn what_is_no_file_is_told() {
        let dir = directory();
        assert_eq!(call(dir.path(), "fileexists", &["a.txt"]), Ok(Value::from(true)));
        assert_eq!(call(dir.path(), "fileexists", &["b.txt"]), Ok(Value::from(false)));
        assert!(call(dir.path(), "fileexists", &["sub"]).unwrap_err().contains("is a directory"));
        assert!(call(dir.path(), "file", &["sub"]).unwrap_err().contains("is a directory"));
        assert!(call(dir.path(), "filesha256", &["no"]).unwrap_err().contains("there is no file"));
        assert_eq!(fileset(dir.path(), "no/*").unwrap(), Vec::<String>::new());
    }
}
