//! Slips, and what is told of them: each once, where it is, with the mend, and nothing that only
//! follows from it.

use super::{parse_file, show_body, told};
use crate::diag::{Diagnostics, Sources};

/// Each text with its faults, a part of what the first says, and what is read all the same.
const SLIPS: &[(&str, &[&str], &str, &str)] = &[
    (
        "a {\n  b \"x\"\n  c = 1\n}\n",
        &["Missing equals sign: \"x\""],
        "`b = \"x\"`",
        "a { b = null; c = 1 }",
    ),
    (
        "a {\n  b var.x\n  c = 1\n}\n",
        &["Missing equals sign: var"],
        "behind \"b\"",
        "a { b = null; c = 1 }",
    ),
    ("a {\n  b 5\n}\n", &["Missing equals sign: 5"], "behind \"b\"", "a { b = null }"),
    ("a = \"x\nb = 2\n", &["Unclosed string: \"x"], "heredoc", "a = null; b = 2"),
    ("a = x\"\nb = 2\n", &["Unclosed string: \""], "quote before that", "a = null; b = 2"),
    ("a {\n  b = 1\n\nc {\n}\n", &["Unclosed bracket: {"], "with `}`", "a { b = 1 }; c {  }"),
    (
        "a {\n  b {\n    c = 1\n\n  d = 2\n}\n\ne {\n}\n",
        &["Unclosed bracket: {"],
        "indented",
        "a { b { c = 1; d = 2 } }; e {  }",
    ),
    (
        "a {\n  b = 1\n  }\n  c = 2\n}\nd = 3\n",
        &["Unexpected closing bracket: }"],
        "Remove it",
        "d = 3; a { b = 1 }",
    ),
    ("a = 'x'\nb = 2\n", &["Invalid character: '"], "\"x\"", "a = null; b = 2"),
    ("a = “x”\nb = 2\n", &["Invalid character: “"], "`\"`", "a = null; b = 2"),
    ("a\u{a0}= 1\nb = 2\n", &["Invalid character: \u{a0}"], "U+00A0", "a = null; b = 2"),
    ("a = 1;\nb = 2\n", &["Invalid character: ;"], "without `;`", "a = null; b = 2"),
    ("a = b & c\n", &["Invalid character: &"], "`&&`", "a = null"),
    ("a = b | c\n", &["Invalid character: |"], "`||`", "a = null"),
    (
        "a { b = 1\n  c = 2 }\nd = 3\n",
        &["Invalid syntax: "],
        "on the next line",
        "d = 3; a { b = 1; c = 2 }",
    ),
    (
        "a { b = if c then 1 }\nd = 3\n",
        &["Missing newline: c"],
        "ends before `c`",
        "d = 3; a { b = null }",
    ),
    (
        "a { b = 1 c = 2 }\nd = 3\n",
        &["Missing newline: c"],
        "one attribute",
        "d = 3; a { b = 1; c = 2 }",
    ),
    ("a = b and c\n", &["Missing newline: and"], "`&&`", "a = null"),
    ("a = b === c\n", &["Invalid syntax: ="], "`==`", "a = null"),
    ("a = b <> c\n", &["Invalid syntax: >"], "`!=`", "a = null"),
    ("a = b ** c\n", &["Invalid syntax: *"], "`pow(a, b)`", "a = null"),
    (
        "a := 1\nb += 2\nc: 3\nd == 4\n",
        &["Invalid syntax: :=", "Invalid syntax: +=", "Invalid syntax: :", "Invalid syntax: =="],
        "`a = …`",
        "a = 1; b = 2; c = 3; d = 4",
    ),
    ("a = \"${b\"\nc = 1\n", &["Unclosed template: ${"], "`}` is missing", "a = null; c = 1"),
    ("a = \"${b}\nc = 1\n", &["Unclosed string: \"${b}"], "double quote", "a = null; c = 1"),
    ("a = \"${b:-c}\"\nd = 1\n", &["Invalid syntax: :"], "`$${`", "a = null; d = 1"),
    ("a = ${b}\nc = 1\n", &["Invalid character: $"], "within quotes", "a = null; c = 1"),
    (
        "a = \"%{ if b }c%{ else if d }e%{ endif }\"\nf = 1\n",
        &["Invalid directive: else if"],
        "no `else if`",
        "a = null; f = 1",
    ),
    (
        "a = \"%{ fi b }c%{ endif }\"\n",
        &["Invalid directive: fi"],
        "Did you mean \"if\"",
        "a = null",
    ),
    ("a = [\n  1,\n  2\n  3,\n]\nb = 1\n", &["Missing comma: 3"], "before `3`", "a = null; b = 1"),
    ("a = { b = 1 c = 2 }\nd = 3\n", &["Missing comma: c"], "before `c`", "a = null; d = 3"),
    ("a = [\n  1,\n  2\n\nb = 3\n", &["Unclosed bracket: ["], "with `]`", "a = null; b = 3"),
    (
        "a {\n  b = f(\"x\"\n  c = 2\n}\nd = 1\n",
        &["Unclosed bracket: ("],
        "with `)`",
        "d = 1; a { b = null; c = 2 }",
    ),
    ("a {\n  b = [1, 2\n}\nc = 1\n", &["Unclosed bracket: ["], "with `]`", "c = 1; a { b = null }"),
    ("a = (1]\nb = 2\n", &["Mismatched brackets: ("], "`)` is expected", "a = null; b = 2"),
    ("a\n{\n  b = 1\n}\n", &["Invalid syntax: "], "on the line of its name", "a { b = 1 }"),
    ("a \"b\" = {\n  c = 1\n}\n", &["Invalid syntax: ="], "no `=`", "a \"b\" { c = 1 }"),
    ("a b.c {\n  d = 1\n}\ne = 2\n", &["Invalid syntax: ."], "with spaces", "a = null; e = 2"),
    (
        "a = <<EOT\nx\nEOT,\nb = 1\n",
        &["Unclosed heredoc: <<EOT"],
        "on a line of its own",
        "a = null; b = 1",
    ),
    ("a = b ? c\nd = 1\n", &["Invalid syntax: \n"], "`a ? b : c`", "a = null; d = 1"),
    ("a = if b then c else d\n", &["Missing newline: b"], "new line", "a = null"),
    ("a =\nb = 2\n", &["Invalid syntax: \n"], "A value is expected", "a = null; b = 2"),
    ("a = \"x\" . \"y\"\n", &["Invalid syntax: \""], "joined in a template", "a = null"),
    ("{\n  \"a\": 1\n}\nb = 1\n", &["Invalid syntax: {"], "JSON", "b = 1"),
    (
        "\"a\": 1,\n\"b\": 2\n",
        &["Quoted name: \"a\"", "Quoted name: \"b\""],
        "without quotes",
        "a = 1; b = 2",
    ),
    (
        "a = 1,\nb = 2,\n",
        &["Unexpected comma: ,", "Unexpected comma: ,"],
        "without commas",
        "a = 1; b = 2",
    ),
    (
        "a { b = 1, c = 2, d = 3 }\n",
        &["Unexpected comma: ,"],
        "lines of their own",
        "a { b = 1; c = 2; d = 3 }",
    ),
    ("a { b = 1 c = 2 }\n", &["Missing newline: c"], "has one attribute", "a { b = 1; c = 2 }"),
    ("a = \"C:\\dir\"\nb = 1\n", &["Invalid escape: \\d"], "`\\\\`", "a = null; b = 1"),
    ("a = b.0.1\n", &["Invalid syntax: .0.1"], "`[0][1]`", "a = null"),
    ("a = 0x1F\n", &["Missing newline: x1F"], "decimal digits", "a = null"),
    ("a = 1 /* b\nc = 2\n", &["Unclosed comment: /*"], "`*/`", "a = null"),
    ("a {\n  b = 1 /* c\n}\n", &["Unclosed comment: /*"], "`*/`", "a { b = null }"),
    ("a = { for = 1 }\n", &["Invalid syntax: for"], "in quotes", "a = null"),
    ("a = {\n  b\n  = 1\n}\n", &["Invalid syntax: b"], "on the line of its key", "a = {\"b\" = 1}"),
    (
        "a = {\n  b c\n  d = [1 2]\n  e = \"\n  f = 1\n}\ng = 4 5\n",
        &["Invalid syntax: c", "Missing comma: 2", "Unclosed string: \"", "Missing newline: 5"],
        "behind the key",
        "a = null; g = null",
    ),
    (
        "a = merge(\n  { b = 1 },\n  { c = 2\n)\nd = 1\n",
        &["Mismatched brackets: {"],
        "`}` is expected",
        "a = null; d = 1",
    ),
    ("a = [for x in [1] x]\nb = 1\n", &["Invalid syntax: x"], "`:`", "a = null; b = 1"),
    ("]\na = 1\n", &["Invalid syntax: ]"], "name of an attribute", "a = 1"),
];

#[test]
fn a_slip_is_told_once_and_hides_nothing() {
    let mut wrong = Vec::new();
    for (text, expected, part, rest) in SLIPS {
        let mut sources = Sources::default();
        let file = sources.add("t", *text);
        let mut faults = Diagnostics::new();
        let parsed = parse_file(text, file, &mut faults);
        let told = told(&sources, &faults);
        let says = faults.first().map_or("", |fault| &fault.detail);
        let body = show_body(&parsed.body);
        if told != *expected || !says.contains(part) || body != *rest {
            wrong.push(format!("{text}   told {told:?}\n   says {says}\n   reads {body}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn faults_are_bounded() {
    let mut faults = Diagnostics::new();
    let mut sources = Sources::default();
    let text = "a = = 1\n".repeat(1_000);
    let file = sources.add("t", text.as_str());
    let parsed = parse_file(&text, file, &mut faults);
    assert_eq!(faults.len(), 50);
    assert!(!parsed.damaged.is_empty());
}
