//! `validate -json` has the shape of `terraform validate -json`, so that what reads that reads ours.

use crate::harness::Dir;
use serde::Deserialize;

/// The output as Terraform documents it, and nothing else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Validation {
    format_version: String,
    valid: bool,
    error_count: usize,
    warning_count: usize,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Diagnostic {
    severity: Severity,
    summary: String,
    detail: String,
    address: Option<String>,
    range: Option<Range>,
    snippet: Option<Snippet>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    filename: String,
    start: Position,
    end: Position,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Position {
    line: usize,
    column: usize,
    byte: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snippet {
    // Null or a text, and always there.
    #[serde(deserialize_with = "Option::deserialize")]
    context: Option<String>,
    code: String,
    start_line: usize,
    highlight_start_offset: usize,
    highlight_end_offset: usize,
    values: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Value {
    traversal: String,
    statement: String,
}

impl Snippet {
    fn highlight(&self) -> &str {
        &self.code[self.highlight_start_offset..self.highlight_end_offset]
    }
}

fn read(text: &str) -> Validation {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

/// What Terraform 1.11.4 says of `locals {\n  e\u{301} = local.x[1] + nope\n}`, laid out anew.
#[test]
fn the_reader_reads_terraforms_own() {
    let told = read(
        r#"{"format_version": "1.0", "valid": false, "error_count": 2, "warning_count": 0, "diagnostics": [
          {"severity": "error", "summary": "Invalid reference",
           "detail": "A reference to a resource type must be followed by at least one attribute access, specifying the resource name.",
           "range": {"filename": "main.tf",
                     "start": {"line": 2, "column": 20, "byte": 30}, "end": {"line": 2, "column": 24, "byte": 34}},
           "snippet": {"context": "locals", "code": "  e\u0301 = local.x[1] + nope", "start_line": 2,
                       "highlight_start_offset": 21, "highlight_end_offset": 25, "values": []}},
          {"severity": "error", "summary": "Reference to undeclared local value",
           "detail": "A local value with the name \"x\" has not been declared. Did you mean \"e\u0301\"?",
           "range": {"filename": "main.tf",
                     "start": {"line": 2, "column": 7, "byte": 17}, "end": {"line": 2, "column": 14, "byte": 24}},
           "snippet": {"context": "locals", "code": "  e\u0301 = local.x[1] + nope", "start_line": 2,
                       "highlight_start_offset": 8, "highlight_end_offset": 15, "values": []}}]}"#,
    );
    assert_eq!(told.diagnostics.len(), told.error_count);
    // The same place in ours is the same place.
    let dir = Dir::with("locals {\n  e\u{301} = local.x[1] + nope\n}\n");
    let ours = read(&dir.run(&["validate", "-json"]).status(1).stdout);
    let place = |told: &Validation| {
        let local =
            |it: &&Diagnostic| it.snippet.as_ref().is_some_and(|it| it.highlight() == "local.x");
        let found = told.diagnostics.iter().find(local).unwrap();
        let (range, snippet) = (found.range.as_ref().unwrap(), found.snippet.as_ref().unwrap());
        format!("{:?} {:?} {snippet:?}", range.start, range.end)
    };
    assert_eq!(place(&ours), place(&told));
}

#[test]
fn a_valid_configuration() {
    let dir = Dir::with("locals {\n  a = 1\n}\n");
    for flag in ["-json", "--json"] {
        let told = read(&dir.run(&["validate", flag]).status(0).stdout);
        assert_eq!(told.format_version, "1.0");
        assert!(told.valid && told.diagnostics.is_empty());
        assert_eq!((told.error_count, told.warning_count), (0, 0));
    }
}

#[test]
fn every_diagnostic_is_as_terraforms() {
    let dir = Dir::with(
        "locals {\n  e\u{301} = \"e\u{301}\" + 1\n}\nlocals {\n  a = local.b\n}\nresorce \"x\" \"y\" {}\n\
         output \"twice\" {\n  value = 1\n}\noutput \"twice\" {\n  value = 2\n}\n",
    );
    dir.write(
        "more.seal.hcl.json",
        r#"{
  "output": {
    "o": [{"value": "${local.nope}"}]
  }
}"#,
    );
    let run = dir.run(&["validate", "-json"]).status(1);
    assert_eq!(run.stderr, "");
    let told = read(&run.stdout);
    assert!(!told.valid);
    let errors = told.diagnostics.iter().filter(|it| it.severity == Severity::Error).count();
    assert_eq!((told.error_count, told.warning_count), (errors, told.diagnostics.len() - errors));
    for snippet in told.diagnostics.iter().filter_map(|it| it.snippet.as_ref()) {
        for Value { traversal, statement } in &snippet.values {
            assert!(!traversal.is_empty() && !statement.is_empty());
        }
    }
    let find = |place: &str| {
        let found = told
            .diagnostics
            .iter()
            .find(|it| it.snippet.as_ref().is_some_and(|snippet| snippet.highlight() == place));
        let found = found.unwrap_or_else(|| panic!("{place} in {told:#?}"));
        (found, found.range.as_ref().unwrap(), found.snippet.as_ref().unwrap())
    };

    let (operand, range, snippet) = find("\"e\u{301}\"");
    assert!(operand.address.is_none() && !operand.summary.is_empty());
    assert_eq!(range.filename, "main.seal.hcl");
    // A column is a character as people see it, whatever its bytes.
    assert_eq!(range.start, Position { line: 2, column: 7, byte: 17 });
    assert_eq!(range.end, Position { line: 2, column: 10, byte: 22 });
    assert_eq!(snippet.context.as_deref(), Some("locals"));
    assert_eq!((snippet.start_line, snippet.code.as_str()), (2, "  e\u{301} = \"e\u{301}\" + 1"));

    let (_, _, snippet) = find("resorce");
    assert_eq!(snippet.context, None);

    let (twice, range, snippet) = find("\"twice\"");
    assert_eq!(range.start.line, 11);
    assert_eq!(snippet.context.as_deref(), Some("output \"twice\""));
    assert!(twice.detail.ends_with("main.seal.hcl:8:8: first declared here."), "{}", twice.detail);

    let (_, range, snippet) = find("local.nope");
    assert_eq!(range.filename, "more.seal.hcl.json");
    assert_eq!(range.start, Position { line: 3, column: 24, byte: 39 });
    assert_eq!(snippet.context.as_deref(), Some("output.o[0]"));
}

#[test]
fn what_is_wrong_without_a_place_has_none() {
    let told = read(&Dir::empty().run(&["validate", "-json"]).status(1).stdout);
    assert_eq!(told.error_count, 1);
    assert!(told.diagnostics[0].range.is_none() && told.diagnostics[0].snippet.is_none());
}
