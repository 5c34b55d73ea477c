//! What is told of JSON that is wrong.

use super::{json, source, told};
use crate::config::{json as syntax, parse};
use crate::diag::{Diagnostics, Sources};
use proptest::prelude::*;

/// The faults of a text as summary and place, and a part of what the first says.
#[track_caller]
fn check(text: &str, expected: &[&str], part: &str) {
    let (_, faults) = json(text);
    assert_eq!(told(text, &faults), expected, "{text}");
    assert!(faults.iter().any(|fault| fault.detail.contains(part)), "{text}: {faults:#?}");
}

/// The faults of the value of a local.
#[track_caller]
fn check_value(value: &str, expected: &[&str], part: &str) {
    check(&format!("{{\"locals\": {{\"a\": {value}, \"ok\": 1}}}}"), expected, part);
}

#[test]
fn a_file_is_one_object() {
    check("", &["Invalid JSON: "], "The file is empty");
    check(" \n", &["Invalid JSON: "], "The file is empty");
    check("null", &["Wrong kind of JSON value: null"], "an object: { … }");
    check("\"x\"", &["Wrong kind of JSON value: \"x\""], "an object: { … }");
    check("[1, {}]", &["Wrong kind of JSON value: 1"], "an object: { … }");
    check("{} x", &["Invalid JSON: x"], "nothing behind it");
    check("{}}", &["Invalid JSON: }"], "nothing behind it");
}

#[test]
fn punctuation() {
    check_value("[1,]", &["Invalid JSON: ,"], "no comma stands behind the last");
    check_value("{\"b\": 1,}", &["Invalid JSON: ,"], "no comma stands behind the last");
    check_value("[1 2]", &["Invalid JSON: 2"], "A comma is missing between two elements");
    check_value("[1,,2]", &["Invalid JSON: ,"], "A value is missing");
    check_value("{\"b\": 1 \"c\": 2}", &["Invalid JSON: \""], "comma is missing between two prop");
    check_value("{\"b\": 12\n\"c\": 2}", &["Invalid JSON: 2"], "comma is missing between two prop");
    check_value("{,}", &["Invalid JSON: ,", "Invalid JSON: ,"], "A property is missing");
    check_value("{\"b\" 1}", &["Invalid JSON: \"b\""], "A colon is missing behind \"b\"");
    check_value("{\"b\", \"c\": 1}", &["Invalid JSON: \"b\""], "A colon and a value are missing");
    check_value("{\"b\" = 1}", &["Invalid JSON: ="], "a colon stands between");
    check_value("{\"b\" => 1}", &["Invalid JSON: ="], "a colon stands between");
    check_value("{\"b\": }", &["Invalid JSON: }"], "A value is missing");
    check_value("{b-c: 1}", &["Invalid JSON: b-c"], "double quotes: \"b-c\"");
    check_value("{'b': 'c'}", &["Invalid JSON: 'b'", "Invalid JSON: 'c'"], "double quotes");
    check_value("(1)", &["Invalid JSON: ("], "No value begins so");
    check_value("[é]", &["Invalid JSON: é"], "No value begins so");
    check("{\"a\": [{}, {", &["Unclosed bracket: {"], "`}` is missing");
    check("{\"a\": [", &["Unclosed bracket: ["], "`]` is missing");
    check("{\"a\": {", &["Unclosed bracket: {"], "`}` is missing");
    check("{\"a\":", &["Unclosed bracket: {"], "`}` is missing");
    check_value("[1}", &["Mismatched brackets: }"], "A `]` must close");
    check("// a\n{ # b\n} /* c */", &["Invalid JSON: // a"], "JSON has no comments");
}

#[test]
fn words_and_numbers() {
    check_value("tru", &["Invalid JSON: tru"], "Did you mean \"true\"?");
    check_value("False", &["Invalid JSON: False"], "Did you mean \"false\"?");
    check_value("None", &["Invalid JSON: None"], "Did you mean \"null\"?");
    check_value("NaN", &["Invalid JSON: NaN"], "finite numbers only");
    check_value("var.x[0].y", &["Invalid JSON: var.x"], "An expression stands in a string");
    check_value("${f([1, 2])}", &["Invalid JSON: ${f"], "An expression stands in a string");
    check_value(".5", &["Invalid number: .5"], "0.5");
    check_value("-.5", &["Invalid number: -.5"], "0.5");
    check_value("012345678901", &["Invalid number: 012345678901"], "the id of an account");
    check_value("1.", &["Invalid number: 1."], "1.0");
    check_value("+1", &["Invalid number: +1"], "no plus sign");
    check_value("1e", &["Invalid number: 1e"], "1e5");
    check_value("0x1F", &["Invalid number: 0x1F"], "decimal digits");
    check_value("1_000", &["Invalid number: 1_000"], "decimal digits");
    check_value("12ab", &["Invalid number: 12ab"], "What is text stands in double quotes");
    check_value("-", &["Invalid number: -"], "no number");
    check_value("1e999999999999", &["Invalid number: 1e999999999999"], "number");
}

#[test]
fn strings() {
    check_value("\"x\ty\"", &["Invalid character: \t"], "Write \\t.");
    check_value("\"x\ry\"", &["Invalid character: \r"], "Write \\r.");
    check_value("\"x\u{0}y\"", &["Invalid character: \0"], "Write \\u0000.");
    check_value("\"x\\qy\"", &["Invalid escape: \\q"], "JSON has no escape \\q");
    check_value("\"x\\u00gy\"", &["Invalid escape: \\u00"], "four hexadecimal digits");
    check_value("\"\\ud83d\"", &["Invalid escape: \\ud83d"], "half of a character");
    // Over several lines, and never closed at all.
    check_value("\"x\ny\r\n\tz\"", &["Invalid character: \"x", "Invalid character: \t"], "\\n");
    check_value("\"x,\n \"b\": 1", &["Unclosed string: \"x"], "The closing quote is missing");
    check("{\"a", &["Unclosed bracket: {", "Unclosed string: \"a"], "closing quote is missing");
}

#[test]
fn what_is_given_twice_is_told_with_both_places() {
    for (value, expected) in [
        ("1, \"a\": 2", "Attribute set twice: \"a\""),
        ("{\"b\": 1, \"\\u0062\": 2}", "Key given twice: \"\\u0062\""),
        ("{\"${b}\": 1, \"${b}\": 2}", "Key given twice: \"${b}\""),
    ] {
        let text = format!("{{\"locals\": {{\"a\": {value}}}}}");
        let (_, faults) = json(&text);
        assert_eq!(told(&text, &faults), [expected]);
        let [(first, _)] = faults[0].related.as_slice() else { panic!("{text}") };
        assert!(*first < faults[0].subject.unwrap(), "{text}");
    }
    // In the objects of one body, and not in those of two.
    check(
        "{\"locals\": [[{\"a\": 1}, {\"a\": 2}]]}",
        &["Attribute set twice: \"a\""],
        "already set",
    );
    let (_, faults) = json("{\"locals\": [{\"a\": 1}, {\"b\": 2}], \"locals\": {\"c\": 3}}");
    assert_eq!(faults, []);
}

#[test]
fn kinds_of_values() {
    check("{\"locals\": 1}", &["Wrong kind of JSON value: 1"], "\"locals\" is a block");
    check("{\"locals\": [1]}", &["Wrong kind of JSON value: 1"], "an object: { … }");
    check("{\"output\": 1}", &["Wrong kind of JSON value: 1"], "an object: {\"NAME\": { … }}");
    check(
        "{\"resource\": \"x\"}",
        &["Wrong kind of JSON value: \"x\""],
        "an object: {\"TYPE\": {\"NAME\": { … }}}",
    );
    check(
        "{\"resource\": {\"thing\": {\"a\": {\"rule\": [[1], true]}}}}",
        &["Wrong kind of JSON value: 1", "Wrong kind of JSON value: true"],
        "\"rule\" is an object: { … }",
    );
    check("{\"locals\": {\"a b\": 1}}", &["Invalid name: \"a b\""], "cannot be referred to");
    let (_, file) = source("");
    for text in ["[]", "3", "\"x\"", "null"] {
        let mut faults = Diagnostics::new();
        assert!(syntax::parse_values(text, file, &mut faults).is_empty());
        assert_eq!(faults[0].detail, "A file of variable values is one object: {\"name\": value}.");
    }
}

#[test]
fn templates_and_references_are_told_where_they_stand() {
    check_value("\"\\u00e9 ${a b}\"", &["Invalid syntax: b"], "");
    check_value("{\"${1 +}\": 1}", &["Invalid syntax: }"], "");
    let (_, faults) = json(
        r#"{"resource": {"thing": {"a": {"provider": "${aws.eu}", "depends_on": ["a.b c"]}}}}"#,
    );
    assert_eq!(faults.len(), 2);
    assert!(faults[0].detail.contains("without `${ }`"), "{}", faults[0].detail);
}

#[test]
fn what_is_right_is_read_behind_a_fault() {
    let (body, faults) =
        json("{\"locals\": {\"a\": ], \"b\": {,}, \"c\": 1}, \"output\": {\"d\": {}}}");
    assert!(!faults.is_empty());
    assert!(body.blocks.iter().any(|block| &*block.kind.text == "locals"));
    let (body, faults) = json("{\"locals\": {\"a\": (x), \"b\": 2}, \"output\": {\"d\": {}}}");
    assert_eq!(faults.len(), 1);
    assert_eq!(body.blocks.len(), 2);
    assert_eq!(body.blocks[0].body.attributes.len(), 2);
}

#[test]
fn the_blocks_are_decoded() {
    let text = "{\"resorce\": {}, \"x\": 1, \"resource\": {\"a\": {\"b\": [{}, {}]}}, \"output\": {\"o\": {\"vlue\": 1}}}";
    let mut sources = Sources::default();
    let file = sources.add("main.seal.hcl.json", text);
    let mut diagnostics = Diagnostics::new();
    parse(&sources, &[file], &|_| false, &mut diagnostics);
    assert_eq!(
        told(text, &diagnostics),
        [
            "Unexpected attribute: \"x\"",
            "Unsupported block: \"resorce\"",
            "Declared twice: {",
            "Unknown attribute: \"vlue\"",
        ]
    );
}

#[test]
fn deep_and_broken_files_end() {
    for open in ["[", "{\"a\":", "[{\"a\":", "\"", "'", "\\", "/*", "{\"locals\":", "[\"\\", "1 "] {
        let text = open.repeat(100_000 / open.len());
        let (_, faults) = json(&text);
        assert!(!faults.is_empty() && faults.len() <= 60, "{open}: {}", faults.len());
    }
    let deep = format!("{{\"locals\": {{\"a\": {}1{}}}}}", "[".repeat(97), "]".repeat(97));
    assert_eq!(json(&deep).1, []);
    let deep = deep.replace('1', "[1]").replacen("[1]", "[[1]]", 1);
    assert_eq!(json(&deep).1[0].summary, "Too deep nesting");
    // A template goes on where the JSON ends.
    let nested = |n: usize| format!("{}x{}", "[".repeat(n), "]".repeat(n));
    let both = |n| {
        format!(
            "{{\"locals\": {{\"a\": {}\"${{{}}}\"{}}}}}",
            "[".repeat(97),
            nested(n),
            "]".repeat(97)
        )
    };
    assert_eq!(json(&both(30)).1, []);
    assert_eq!(json(&both(200)).1[0].summary, "Too deep nesting");
}

proptest! {
    #[test]
    fn no_text_panics(text in r#"([\[\]{},:"'\\/#\n\r\t $%]|\$\{|true|null|-?[0-9.eE+]{1,3}|"locals"|"//"|\\u[d0-9a-f]{2,4}|\PC)*"#) {
        let (body, _) = json(&text);
        for block in &body.blocks {
            prop_assert!(block.header().end as usize <= text.len());
        }
    }
}
