//! `sealform fmt`.

use crate::harness::Dir;

const UGLY: &str = "locals {\na=1\n  long   = \"${a}\" # why\n}\n";
const PRETTY: &str = "locals {\n  a    = 1\n  long = a # why\n}\n";

#[test]
fn files_are_written_and_named() {
    let dir = Dir::with(UGLY);
    dir.write("good.seal.hcl", PRETTY);
    dir.write("x.auto.sealvars.hcl", "a=1\n");
    dir.write("x.sealtest.hcl", "a=1\n");
    dir.write("other.hcl", "a=1\n");
    dir.write("m/main.seal.hcl", UGLY);
    let ran = dir.run(&["fmt"]).status(0);
    assert_eq!(ran.stdout, "main.seal.hcl\nx.auto.sealvars.hcl\nx.sealtest.hcl\n");
    assert_eq!(dir.read("main.seal.hcl"), PRETTY);
    assert_eq!(dir.read("x.auto.sealvars.hcl"), "a = 1\n");
    assert_eq!(dir.read("other.hcl"), "a=1\n");
    assert_eq!(dir.read("m/main.seal.hcl"), UGLY);
    assert_eq!(dir.run(&["fmt"]).status(0).stdout, "");
}

#[test]
fn check_writes_nothing_and_exits_with_3() {
    let dir = Dir::with(UGLY);
    assert_eq!(dir.run(&["fmt", "-check"]).status(3).stdout, "main.seal.hcl\n");
    assert_eq!(dir.run(&["fmt", "--check", "-list=false"]).status(3).stdout, "");
    assert_eq!(dir.run(&["fmt", "-check", "-write=true", "main.seal.hcl"]).status(3).stderr, "");
    assert_eq!(dir.read("main.seal.hcl"), UGLY);
    dir.run(&["fmt"]).status(0);
    assert_eq!(dir.run(&["fmt", "-check"]).status(0).stdout, "");
}

#[test]
fn a_diff_can_be_seen_without_writing() {
    let dir = Dir::empty();
    dir.write("m/main.seal.hcl", UGLY);
    let ran = dir.run(&["fmt", "-diff", "-write=false", "-list=false", "m"]).status(0);
    let (was, is) = (UGLY.lines().nth(2).unwrap(), PRETTY.lines().nth(2).unwrap());
    let name = std::path::Path::new("m").join("main.seal.hcl").display().to_string();
    let expected = format!(
        "--- old/{name}\n+++ new/{name}\n@@ -1,4 +1,4 @@\n locals {{\n-a=1\n-{was}\n+  a    = 1\n\
         +{is}\n }}\n"
    );
    assert_eq!(ran.stdout, expected);
    assert_eq!(dir.read("m/main.seal.hcl"), UGLY);
    let ran = dir.run(&["fmt", "-diff", "-check", "m/main.seal.hcl"]).status(3);
    assert_eq!(
        ran.stdout,
        format!("m/main.seal.hcl\n{}", expected.replace(&name, "m/main.seal.hcl"))
    );
    dir.write("m/main.seal.hcl", "a=\"\u{1b}[31m\"");
    let ran = dir.run(&["fmt", "-diff", "m"]).status(0);
    assert!(ran.stdout.contains("-a=\"\\u001b[31m\"\n\\ No newline at end of file\n"));
}

#[test]
fn directories_below_are_gone_into_where_that_is_asked_for() {
    let dir = Dir::with(UGLY);
    dir.write("b/c/x.seal.hcl", UGLY);
    dir.write("b/y.seal.hcl", UGLY);
    dir.write(".hidden/z.seal.hcl", UGLY);
    #[cfg(unix)]
    std::os::unix::fs::symlink(dir.path(), dir.path().join("b/loop")).unwrap();
    let ran = dir.run(&["fmt", "-recursive", "--chdir", "b"]).status(0);
    let below = std::path::Path::new("c").join("x.seal.hcl");
    assert_eq!(ran.stdout, format!("{}\ny.seal.hcl\n", below.display()));
    assert_eq!(dir.read("main.seal.hcl"), UGLY);
    assert_eq!(dir.run(&["fmt", "-recursive", "."]).status(0).stdout, "main.seal.hcl\n");
    assert_eq!(dir.read(".hidden/z.seal.hcl"), UGLY);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let dir = Dir::with(UGLY);
    assert_eq!(dir.piped(&["fmt", "-"], UGLY).status(0).stdout, PRETTY);
    assert_eq!(dir.piped(&["fmt", "-"], "a=1").status(0).stdout, "a = 1\n");
    assert_eq!(dir.piped(&["fmt", "-"], "a=1\n\n").status(0).stdout, "a = 1\n\n");
    assert_eq!(dir.piped(&["fmt", "-"], "").status(0).stdout, "\n");
    assert_eq!(dir.piped(&["fmt", "-check", "-"], UGLY).status(3).stdout, "");
    assert_eq!(dir.piped(&["fmt", "-check", "-"], PRETTY).status(0).stdout, "");
    dir.piped(&["fmt", "-diff", "-"], UGLY).status(0).says("--- old/<stdin>\n").says("\n-a=1\n");
    dir.piped(&["fmt", "-"], "a=").status(2).complains("<stdin>:1:3");
    dir.piped(&["fmt", "-"], b"a = \"\xff\"").status(2).complains("Invalid UTF-8");
    dir.run(&["fmt", "-", "main.seal.hcl"]).status(1).complains("alone");
    assert_eq!(dir.read("main.seal.hcl"), UGLY);
}

#[test]
fn what_cannot_be_formatted_is_told_and_the_rest_is_done() {
    let dir = Dir::with(UGLY);
    dir.write("a.seal.hcl", "a=\n");
    dir.write("b.seal.hcl", "x {\n");
    dir.write("c.seal.hcl", b"\xff");
    dir.write("other.txt", "");
    let ran = dir.run(&["fmt"]).status(2);
    assert_eq!(ran.stdout, "main.seal.hcl\n");
    ran.complains("a.seal.hcl:1:3").complains("b.seal.hcl:1:3").complains("c.seal.hcl, line 1");
    assert_eq!(dir.read("main.seal.hcl"), PRETTY);
    assert_eq!(dir.read("a.seal.hcl"), "a=\n");
    dir.write("main.seal.hcl", UGLY);
    dir.run(&["fmt", "-check"]).status(2);
    dir.run(&["fmt", "other.txt"]).status(2).complains("*.sealtest.hcl");
    dir.run(&["fmt", "missing", "main.seal.hcl"])
        .status(2)
        .complains("There is no file or directory missing.")
        .says("main.seal.hcl");
    dir.run(&["fmt", "-list=perhaps"]).status(1);
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_permissions_and_one_that_may_not_be_written_its_text() {
    use std::fs::{Permissions, metadata, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;
    let dir = Dir::with(UGLY);
    dir.write("closed.seal.hcl", UGLY);
    set_permissions(dir.path().join("main.seal.hcl"), Permissions::from_mode(0o664)).unwrap();
    set_permissions(dir.path().join("closed.seal.hcl"), Permissions::from_mode(0o444)).unwrap();
    let ran = dir.run(&["fmt"]).status(2).complains("closed.seal.hcl: the file is read-only.");
    assert_eq!(ran.stdout, "main.seal.hcl\n");
    assert_eq!(dir.read("closed.seal.hcl"), UGLY);
    let mode = metadata(dir.path().join("main.seal.hcl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o664);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn the_examples_are_in_canonical_form() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let ran = Dir::empty().run(&["fmt", "-check", "-recursive", examples]).status(0);
    assert_eq!(ran.stdout, "");
}
