//! What the canonical form is, held to what `terraform fmt` makes of the same text.
#![expect(clippy::disallowed_methods, reason = "our own files are read")]

use super::*;
use proptest::prelude::*;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

fn formatted(text: &str) -> Result<String, Diagnostics> {
    let mut sources = Sources::default();
    let file = sources.add("test", text);
    format(&sources, file)
}

/// A row of the table that `tests/format/record.py` records.
#[derive(Deserialize)]
struct Case {
    name: String,
    input: Vec<String>,
    expected: Vec<String>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../../tests/format/cases.json")).unwrap()
}

#[test]
fn texts_come_out_as_terraform_formats_them() {
    let cases = cases();
    assert!(cases.len() > 80);
    for Case { name, input, expected } in cases {
        let (input, expected) = (input.join("\n"), expected.join("\n"));
        assert_eq!(formatted(&input).as_deref(), Ok(&*expected), "{name}");
        assert_eq!(formatted(&expected).as_deref(), Ok(&*expected), "{name}, once more");
    }
}

/// What Terraform 1.11.4 gets wrong: it loses comments, labels and indexes, makes texts that do not
/// parse, and does not come to an end at once.
#[test]
fn nothing_is_lost_that_terraform_loses() {
    let rows = [
        // An index of a number, which makes sense to nobody, is no other number.
        ("a = 4 .44\n", "a = 4. 44\n"),
        // Comments between labels.
        ("a/* x */b /* y */{\n}\n", "a /* x */ \"b\" /* y */ {\n}\n"),
        // Labels with `$${`; escapes are left as they are written.
        ("a   \"$${x}\" \"\\u0062\" {}\n", "a \"$${x}\" \"\\u0062\" {}\n"),
        // Indexes that are words.
        ("a=b[ true ]\n", "a = b[true]\n"),
        // The value of a template that is a template again.
        ("a=\"${\"${b}\"}\"\n", "a = b\n"),
        ("a=\"${ /* x */ \"${b}\" /* y */ }\"\n", "a = /* x */ b /* y */\n"),
        ("a=\"${\"${b}\" # x\n}\" # y\n", "a = b # x\n# y\n"),
        // A value that would end with its line.
        ("a=\"${ # x\n b}\"\n", "a = ( # x\nb)\n"),
        ("a=\"${(b)\n+(c)}\"\n", "a = ((b)\n+ (c))\n"),
        ("a { b=\"${c # x\n}\" }\n", "a { b = (c # x\n) }\n"),
        ("a { b=\"${c # x\n}\" /* y */ }\n", "a { b = (c # x\n) /* y */ }\n"),
        // A heredoc that would have something behind its marker.
        ("a=\"${<<E\nb\nE\n}\" # x\n", "a = \"${<<E\nb\nE\n}\" # x\n"),
        ("a=\"${f(\nb) ? c : <<E\nd\nE\n}\"\n", "a = \"${f(\n  b) ? c : <<E\nd\nE\n}\"\n"),
        ("a { b=\"${<<E\nc\nE\n}\" }\n", "a { b = \"${<<E\nc\nE\n}\" }\n"),
    ];
    for (text, expected) in rows {
        assert_eq!(formatted(text).as_deref(), Ok(expected), "{text}");
        assert_eq!(formatted(expected).as_deref(), Ok(expected), "{text}, once more");
    }
}

#[test]
fn a_text_with_a_syntax_error_is_told() {
    for text in ["a=", "a {", "}", "a = 1 b = 2\n", "a = \"", "a = <<E\n", "a=1\na=2\n", "a: 1\n"] {
        let faults = formatted(text).unwrap_err();
        assert!(faults.iter().all(|fault| fault.subject.is_some()), "{text}: {faults:?}");
    }
}

/// The files of this repository whose names end so.
fn files(suffix: &str) -> Vec<PathBuf> {
    fn walk(dir: &Path, suffix: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, suffix, found);
            } else if path.to_string_lossy().ends_with(suffix) {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for dir in ["src", "examples", "tests", "state"] {
        walk(&root.join(dir), suffix, &mut found);
    }
    found.push(root.join("README.md"));
    found.retain(|path| path.to_string_lossy().ends_with(suffix));
    found
}

static OWN_TEXTS: LazyLock<Vec<(String, String)>> = LazyLock::new(own_texts);

fn own_texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for path in files(".hcl") {
        texts.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
    }
    for path in files(".md") {
        let text = std::fs::read_to_string(&path).unwrap();
        for block in text.split("```hcl\n").skip(1) {
            let block = block.split("```").next().unwrap();
            texts.push((path.display().to_string(), block.to_owned()));
        }
    }
    texts
}

#[test]
fn our_own_files_and_documents_are_in_canonical_form() {
    let texts = &*OWN_TEXTS;
    assert!(texts.len() > 10);
    for (name, text) in texts {
        assert_eq!(formatted(text).as_deref(), Ok(&**text), "{name}");
    }
}

#[test]
fn large_texts_take_linear_time() {
    let many = (0..100_000).map(|n| format!("a{n}=1 # x")).collect::<Vec<_>>().join("\n");
    let many = many + "\n";
    let keys = "a".repeat(500_000);
    let rows = [
        many.clone(),
        format!("x {{\n{}}}\n", "b {\nc=1\n}\n".repeat(20_000)),
        format!("a = [\n{}]\n", "[1,2],\n".repeat(30_000)),
        format!("a = [{}]\n", "1,".repeat(150_000)),
        format!("a = \"{}\"\n", "x${y}".repeat(70_000)),
        format!("a = \"${{{}x{}}}\"\n", "(".repeat(90), ")".repeat(90)),
        format!("a = {}x{}\n", "\"${".repeat(90), "}\"".repeat(90)),
        format!("a = {}x{}\n", "[\n".repeat(90), "]".repeat(90)),
        // All in one column would come to gigabytes.
        format!("{keys} = 1\n{many}"),
        format!("a = \"{keys}\" # x\n{many}"),
        "\n".repeat(300_000),
        "# x\n".repeat(100_000),
        format!("a = <<E\n{}E\n", "x ${ y } z\n".repeat(30_000)),
    ];
    for text in rows {
        let once = formatted(&text).unwrap();
        assert!(once.len() < 20 * text.len() + 20_000, "{} of {}", once.len(), text.len());
        assert!(formatted(&once).unwrap() == once);
    }
    for open in ["[", "(", "{", "\"${", "a {\n", "a={b=", "f("] {
        formatted(&format!("a = {}", open.repeat(100_000))).unwrap_err();
    }
}

/// Stands for spaces that may be missing.
const LOOSE: char = '\u{1}';
/// Stands for spaces that may not.
const TIGHT: char = '\u{2}';

/// Texts with [`LOOSE`] and [`TIGHT`] where spaces may stand.
fn expr() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("1".to_owned()),
        Just("x".to_owned()),
        Just("é.in1".to_owned()),
        Just("\"a  b\"".to_owned()),
        Just("-\u{1}1".to_owned()),
        Just("!\u{1}y".to_owned()),
        Just("z\u{1}[\u{1}*\u{1}]\u{1}.\u{1}k".to_owned()),
        Just("x\u{1}.\u{1}0".to_owned()),
    ];
    // Between what stands in brackets.
    let gap = || {
        prop_oneof![
            6 => Just("\u{1}"),
            1 => Just("\u{1}\n\u{1}"),
            1 => Just("\u{1}# x\n\u{1}"),
            1 => Just("\u{1}/* y */\u{1}"),
        ]
    };
    let operator = prop_oneof![Just("+"), Just("-"), Just("*"), Just("=="), Just("&&"), Just("<")];
    leaf.prop_recursive(4, 40, 4, move |inner| {
        let list = prop::collection::vec((gap(), inner.clone(), gap()), 0..4).prop_map(|items| {
            let items: Vec<String> = items.iter().map(|(a, b, c)| format!("{a}{b}{c}")).collect();
            items.join(",")
        });
        let line_end = prop_oneof![Just("\n"), Just(",\u{1}"), Just("\u{1}# x\n"), Just("\n\n")];
        let entry = (inner.clone(), inner.clone(), prop_oneof![Just("="), Just(":")], line_end)
            .prop_map(|(a, b, sign, end)| format!("({a})\u{1}{sign}\u{1}{b}{end}\u{1}"));
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (pair.clone(), operator.clone())
                .prop_map(|((a, b), op)| format!("{a}\u{2}{op}\u{2}{b}")),
            (pair.clone(), inner.clone())
                .prop_map(|((a, b), c)| format!("{a}\u{2}?\u{1}{b}\u{2}:\u{1}{c}")),
            list.clone().prop_map(|list| format!("[\u{1}{list}\u{1}]")),
            list.prop_map(|list| format!("f\u{1}(\u{1}{list}\u{1})")),
            prop::collection::vec(entry, 0..4)
                .prop_map(|list| format!("{{\u{1}\n{}\u{1}}}", list.concat())),
            (gap(), inner.clone(), gap()).prop_map(|(a, b, c)| format!("({a}{b}{c})")),
            (gap(), inner.clone(), gap()).prop_map(|(a, b, c)| format!("\"${{{a}{b}{c}}}\"")),
            inner.clone().prop_map(|a| format!("\"x  ${{\u{1}{a}\u{1}~}} # y\"")),
            inner.clone().prop_map(|a| format!("\"%{{ if\u{2}{a}\u{1}}} z %{{\u{1}endif }}\"")),
            inner.clone().prop_map(|a| format!("(<<-E\n   x\n  ${{\u{1}{a}\u{1}}}y\n  E\n)")),
            pair.clone().prop_map(|(a, b)| format!(
                "[\u{1}for x in\u{2}{a}\u{2}:\u{1}{b}\u{2}if\u{2}x\u{1}]"
            )),
            pair.prop_map(|(a, b)| format!("{{\u{1}for k,v in\u{2}{a}\u{1}:k\u{1}=>\u{1}{b}...}}")),
        ]
    })
}

fn file() -> impl Strategy<Value = String> {
    let comment = prop_oneof![Just("\u{1}# x"), Just("\u{1}/* y */"), Just(""), Just("\u{1}//")];
    let value =
        (expr(), comment).prop_map(|(expr, comment)| format!("\u{1}=\u{1}{expr}{comment}\n"));
    let body = prop::collection::vec(value, 0..5).prop_map(|values| {
        let line = |(n, value): (usize, &String)| format!("\u{1}a{}{value}", "b".repeat(n));
        values.iter().enumerate().map(line).collect::<String>()
    });
    let header = prop_oneof![Just("x"), Just("variable"), Just("x \"y\""), Just("x\u{2}y")];
    body.prop_recursive(3, 20, 3, move |inner| {
        (prop::collection::vec((header.clone(), inner.clone()), 1..3), inner).prop_map(
            |(blocks, last)| {
                let block = |(header, body): &(&str, String)| {
                    format!("\u{1}{header}\u{1}{{\u{1}\n{body}\u{1}}}\u{1}\n")
                };
                blocks.iter().map(block).collect::<String>() + "\n# z\n" + &last
            },
        )
    })
}

/// Puts spaces where they may stand.
fn filled(text: &str, seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut out = String::new();
    for c in text.chars() {
        match c {
            LOOSE => out.push_str(["", "", " ", "   ", "\t"][random.usize(..5)]),
            TIGHT => out.push_str([" ", "  ", "\t"][random.usize(..3)]),
            _ => out.push(c),
        }
    }
    out
}

proptest! {
    /// The form depends on the tokens only, and is what its own form is.
    #[test]
    fn however_it_is_spaced_it_comes_out_the_same(text in file(), seeds: [u64; 2]) {
        let [a, b] = seeds.map(|seed| formatted(&filled(&text, seed)));
        prop_assert_eq!(&a, &b);
        let once = a.map_err(|faults| TestCaseError::fail(format!("{faults:?}\n{text}")))?;
        prop_assert_eq!(formatted(&once), Ok(once));
    }

    #[test]
    fn a_damaged_file_is_formatted_or_told(which: usize, cuts in prop::collection::vec(any::<[usize; 3]>(), 0..4)) {
        let texts = &*OWN_TEXTS;
        let mut text = texts[which % texts.len()].1.clone();
        for [at, length, insert] in cuts {
            let floor = |text: &str, at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let start = floor(&text, at % (text.len() + 1));
            let end = floor(&text, (start + length % 4).min(text.len())).max(start);
            let inserted = ["", " ", "\n", "\"", "{", "}", "# x\n", "/* y */", "${", "<<E\n", "\t", "=", ", "];
            text.replace_range(start..end, inserted[insert % inserted.len()]);
        }
        match formatted(&text) {
            Ok(once) => prop_assert_eq!(formatted(&once), Ok(once.clone())),
            Err(faults) => prop_assert!(faults.iter().all(|it| it.summary != "Formatting failed"), "{text}"),
        }
    }
}
