//! The files that are kept in canonical form: finding them, and putting new text into them.
#![expect(clippy::disallowed_methods, reason = "this is where the configuration is written")]

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What the names of files end with whose text is attributes and blocks.
pub const SUFFIXES: [&str; 3] = [".seal.hcl", VALUES_SUFFIX, ".sealtest.hcl"];
/// That of a file of values for variables.
pub(super) const VALUES_SUFFIX: &str = ".sealvars.hcl";

/// What stands in a directory, or in one below it.
#[derive(Debug)]
pub struct Found {
    /// Relative to the directory.
    pub path: PathBuf,
    /// Why what is there could not be listed.
    pub error: Option<io::Error>,
}

/// The files of a directory whose names end with one of [`SUFFIXES`], in the order of names; with
/// `recursive`, also those of the directories below. Hidden ones and editors' backups are left out,
/// and so are directories behind links, which may lead anywhere and round in circles.
pub fn find(dir: &Path, recursive: bool) -> Vec<Found> {
    let mut found = Vec::new();
    // What is still to be looked at, the next one last.
    let mut ahead = vec![(PathBuf::new(), true)];
    while let Some((path, is_dir)) = ahead.pop() {
        if !is_dir {
            found.push(Found { path, error: None });
            continue;
        }
        match entries(&dir.join(&path)) {
            Ok(mut entries) => {
                entries.retain(|(_, is_dir)| recursive || !*is_dir);
                entries.sort_by(|a, b| b.cmp(a));
                ahead.extend(entries.into_iter().map(|(name, is_dir)| (path.join(name), is_dir)));
            }
            Err(error) => found.push(Found { path, error: Some(error) }),
        }
    }
    found
}

/// The directories and the files to keep in form; whether each is a directory.
fn entries(dir: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let file_name = entry.file_name();
        let name = file_name.to_string_lossy();
        if name.starts_with(['.', '#']) {
            continue;
        }
        let is_dir = entry.file_type()?.is_dir();
        let own = SUFFIXES.iter().any(|suffix| name.ends_with(suffix));
        if is_dir || own && entry.path().is_file() {
            entries.push((PathBuf::from(&file_name), is_dir));
        }
    }
    Ok(entries)
}

/// Replaces the text of a file as a whole: readers find the old one or the new one, never a part.
/// Who may do what with it stays as it is; a link stays a link.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let about = fs::metadata(&path)?;
    // Putting another file into its place would go through, but is not what is asked for.
    if about.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    drop(OpenOptions::new().write(true).open(&path)?);
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(&prefix).suffix("~").tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    keep_owner(file.path(), &about);
    file.as_file().set_permissions(about.permissions())?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Gives the file to whom it belonged, where that is allowed.
#[cfg(unix)]
fn keep_owner(path: &Path, about: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt as _, chown};
    // Only an administrator meets a file of somebody else here; others have nothing to change.
    let _not_allowed = chown(path, Some(about.uid()), Some(about.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_path: &Path, _about: &fs::Metadata) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path, recursive: bool) -> Vec<String> {
        let found = find(dir, recursive);
        found.iter().map(|found| found.path.to_string_lossy().replace('\\', "/")).collect()
    }

    #[test]
    fn files_are_found_in_the_order_of_names() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        for name in [
            "z.seal.hcl",
            "m/a.sealvars.hcl",
            "m/n/b.sealtest.hcl",
            "a.seal.hcl",
            "x.auto.sealvars.hcl",
            ".hidden.seal.hcl",
            ".git/c.seal.hcl",
            "c.seal.hcl~",
            "d.hcl",
            "e.seal.hcl.bak",
        ] {
            make(name);
        }
        fs::create_dir(dir.path().join("dir.seal.hcl")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path(), dir.path().join("m/loop")).unwrap();
        assert_eq!(names(dir.path(), false), ["a.seal.hcl", "x.auto.sealvars.hcl", "z.seal.hcl"]);
        assert_eq!(
            names(dir.path(), true),
            [
                "a.seal.hcl",
                "m/a.sealvars.hcl",
                "m/n/b.sealtest.hcl",
                "x.auto.sealvars.hcl",
                "z.seal.hcl"
            ]
        );
        let missing = find(&dir.path().join("missing"), true);
        assert!(missing.iter().all(|found| found.error.is_some()) && missing.len() == 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_permissions_and_links() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);

        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
        assert_eq!(replace(&file, "newer").unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
