//! Files to a configuration: what is read, and what is told where something is wrong.

use super::*;
use crate::diag::Diagnostic;

/// Parses texts as files of one configuration; faults as summary and place.
fn files(texts: &[&str]) -> (Config, Vec<String>, Diagnostics) {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::new();
    let ids: Vec<FileId> =
        texts.iter().enumerate().map(|(n, text)| sources.add(format!("f{n}"), *text)).collect();
    let config = parse(&sources, &ids, &|_| false, &mut diagnostics);
    let told = |fault: &Diagnostic| {
        let place = fault.subject.map_or("", |span| sources.slice(span));
        format!("{}: {place}", fault.summary)
    };
    let faults = diagnostics.iter().map(told).collect();
    (config, faults, diagnostics)
}

fn faults(text: &str) -> Vec<String> {
    files(&[text]).1
}

const NONE: [&str; 0] = [];

#[test]
fn every_block_is_read() {
    let text = r#"
sealform {
  required_version = "~> 1.0"
  backend "local" {
    path = "x.state"
  }
}
provider "aws" {
  region = "a"
}
provider aws {
  alias  = "eu"
  region = "b"
}
variable "v" {
  type        = list(string)
  default     = []
  description = "what for"
  nullable    = false
  sensitive   = "true"
  validation {
    condition     = true
    error_message = "no"
  }
}
locals {
  a = 1
}
locals { b = 2 }
output "o" {
  value       = 1
  description = "what"
  sensitive   = true
  depends_on  = [local.a]
}
resource "thing" "r" {
  for_each   = {}
  provider   = aws.eu
  depends_on = [thing.s, local.a]
  name       = "n"
  rule {
    inner {}
  }
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [rule[0].size, "name"]
  }
}
"#;
    let (config, faults, _) = files(&[text]);
    assert_eq!(faults, NONE);
    assert_eq!(config.settings.required_version.as_ref().map(|it| &*it.0), Some("~> 1.0"));
    assert_eq!(
        config.settings.backend.map(|it| it.arguments["path"].value.clone()),
        Some("x.state".into())
    );
    assert_eq!(config.providers.keys().map(|it| &**it).collect::<Vec<_>>(), ["aws", "aws.eu"]);
    assert!(config.providers["aws.eu"].body.attribute("alias").is_none());
    let variable = &config.variables["v"];
    assert_eq!(variable.ty, Type::list(Type::String));
    assert!(variable.sensitive && !variable.nullable && !variable.untyped);
    assert_eq!(variable.validations.len(), 1);
    assert_eq!(config.locals.len(), 2);
    let output = &config.outputs["o"];
    assert!(output.sensitive && output.depends_on.len() == 1);
    let resource = config.resources.values().next().unwrap();
    assert_eq!(resource.addr.to_string(), "thing.r");
    assert!(matches!(resource.repeat, Repeat::ForEach(_)));
    assert_eq!(resource.provider.as_ref().map(|name| &*name.text), Some("aws.eu"));
    assert_eq!(resource.depends_on.len(), 2);
    assert!(resource.lifecycle.prevent_destroy);
    let names: Vec<&str> = resource.body.attributes.iter().map(|it| &*it.name.text).collect();
    assert_eq!(names, ["name"]);
    let blocks: Vec<&str> = resource.body.blocks.iter().map(|it| &*it.kind.text).collect();
    assert_eq!(blocks, ["rule"]);
    let ignored = &resource.lifecycle.ignore_changes;
    assert!(ignored.covers(&["rule", "size"].into_iter().collect()));
    assert!(ignored.covers(&["name"].into_iter().collect()));
    assert!(!ignored.covers(&["rule", "other"].into_iter().collect()));
}

#[test]
fn unknown_blocks_and_attributes_are_told_with_a_guess() {
    let rows = [
        ("x = 1\n", "Unexpected attribute: x", "locals"),
        ("resorce \"a\" \"b\" {}\n", "Unsupported block: resorce", "Did you mean \"resource\"?"),
        ("terraform {}\n", "Unsupported block: terraform", "`sealform` block"),
        ("module \"m\" {}\n", "Missing attribute: module \"m\"", "\"source\""),
        (
            "module \"m\" {\n source = \"a/b/aws\"\n}\n",
            "Unsupported module source: \"a/b/aws\"",
            "local directory",
        ),
        ("check \"c\" {}\n", "Missing block: check \"c\"", "`assert { … }`"),
        (
            "moved {\n from = a.b\n to = module.m\n}\n",
            "Invalid move: a.b",
            "a resource to a resource",
        ),
        ("removed {\n from = a.b[0]\n}\n", "Invalid address: a.b[0]", "without a key"),
        ("import {\n to = a.b\n}\n", "Missing attribute: import", "\"id\""),
        ("variable \"v\" {\n typ = 1\n}\n", "Unknown attribute: typ", "Did you mean \"type\"?"),
        (
            "variable \"v\" {\n validaton {}\n}\n",
            "Unknown block: validaton",
            "Did you mean \"validation\"?",
        ),
        ("locals {\n a {}\n}\n", "Block instead of an attribute: a", "write `a = { … }`"),
        ("locals {\n output \"a\" {}\n}\n", "Unknown block: output", "close what is open before"),
        (
            "variable \"v\" {\n validation = {}\n}\n",
            "Attribute instead of a block: validation",
            "`validation { … }`",
        ),
        ("variable \"v\" {\n type {}\n}\n", "Block instead of an attribute: type", "`type = …`"),
        ("output \"o\" {\n vaule = 1\n}\n", "Unknown attribute: vaule", "Did you mean \"value\"?"),
        (
            "provider \"aws\" {\n alias = \"a b\"\n}\n",
            "Invalid name: \"a b\"",
            "cannot be referred to",
        ),
        ("output \"o\" {\n value = 1\n vlue = 2\n}\n", "Unknown attribute: vlue", "\"value\"?"),
        ("output \"o\" {}\n", "Missing attribute: output \"o\"", "\"value\""),
        (
            "variable \"v\" {\n validation {\n condition = true\n }\n}\n",
            "Missing attribute: validation",
            "\"error_message\"",
        ),
        ("sealform {\n backend \"s4\" {}\n}\n", "Unknown backend: \"s4\"", "Did you mean"),
        ("provider \"gcp\" {}\n", "Unknown provider: \"gcp\"", "\"aws\""),
        (
            "resource \"a\" \"b\" {\n lifecycle {\n create_before_destroy = true\n }\n}\n",
            "Unknown attribute: create_before_destroy",
            "no meaning here",
        ),
        (
            "resource \"a\" \"b\" {\n lifecycle {\n ignore_changes = 1\n }\n}\n",
            "Invalid ignore_changes: 1",
            "or the word `all`",
        ),
        (
            "resource \"a\" \"b\" {\n lifecycle {\n ignore_changes = [1 + 1]\n }\n}\n",
            "Invalid attribute path: 1 + 1",
            "Name an attribute",
        ),
        ("variable \"v\" {\n sensitive = var.x\n}\n", "Not a constant: var.x", "`true` or `false`"),
        ("variable \"v\" {\n description = [1]\n}\n", "Not a constant: [1]", "string"),
        (
            "variable \"v\" {\n ephemeral = true\n}\n",
            "Unknown attribute: ephemeral",
            "write `sensitive = true`",
        ),
        ("locals = {}\n", "Unexpected attribute: locals", "`locals { … }` without `=`"),
        (
            "moved {\n from = \"a.b\"\n to = a.c\n}\n",
            "Invalid address: \"a.b\"",
            "write `a.b`, without quotes",
        ),
        ("removed {\n from = \"a.b\"\n}\n", "Invalid address: \"a.b\"", "no text"),
        ("import {\n to = \"a.b\"\n id = 1\n}\n", "Invalid address: \"a.b\"", "no text"),
        ("removed {\n from = resource.a.b[0]\n}\n", "Invalid address: resource.a.b[0]", "a key"),
        ("removed {\n from = var.b\n}\n", "Invalid address: var.b", "no resource"),
        (
            "moved {\n from = a.b\n to = a.d\n}\nmoved {\n from = a.c\n to = a.d\n}\n",
            "Ambiguous move: moved",
            "a.b and a.c are both said to move to a.d",
        ),
    ];
    for (text, told, part) in rows {
        let (_, faults, diagnostics) = files(&[text]);
        assert_eq!(faults, [told], "{text}");
        assert!(diagnostics[0].detail.contains(part), "{}", diagnostics[0].detail);
    }
}

#[test]
fn types_are_spelled_as_in_terraform() {
    let rows = [
        ("(string)", "(string)", "without brackets around it"),
        ("list((string))", "(string)", "without brackets around it"),
        ("(list(string))", "(list(string))", "without brackets around it"),
        ("object({ a = (optional(string)) })", "(optional(string))", "without brackets"),
        ("object({ \"a\" = string })", "\"a\"", "write `a`, without quotes"),
        ("object({ (a) = string })", "(a)", "a plain name"),
        ("\"string\"", "\"string\"", "write `string`, without quotes"),
        ("\"list\"", "\"list\"", "write `list(string)`, without quotes"),
        ("object", "object", "`object({ name = T, … })`"),
        ("tuple", "tuple", "`tuple([T, …])`"),
        ("string()", "string()", "without brackets behind it"),
        ("list(string, number)", "list(string, number)", "`list(T)`"),
        ("map(optional(string))", "optional(string)", "an attribute of an `object`"),
        ("strin", "strin", "Did you mean \"string\"?"),
    ];
    for (ty, place, part) in rows {
        let (config, faults, diagnostics) =
            files(&[&format!("variable \"v\" {{\n type = {ty}\n}}\n")]);
        assert_eq!(faults, [format!("Invalid type: {place}")], "{ty}");
        assert!(diagnostics[0].detail.contains(part), "{ty}: {}", diagnostics[0].detail);
        assert!(config.variables["v"].faulty, "{ty}");
    }
    let sound =
        ["list", "map", "object({})", "object({ é = string, a_b-c = optional(any) })", "any"];
    for ty in sound {
        assert_eq!(faults(&format!("variable \"v\" {{\n type = {ty}\n}}\n")), NONE, "{ty}");
    }
    let ty = "object({ a = optional(number, 60 * 24 - 1), b = optional(string, \"x${1 + 1}\") })";
    let (config, found, _) = files(&[&format!("variable \"v\" {{\n type = {ty}\n}}\n")]);
    assert_eq!(found, NONE);
    let Type::Object(attributes) = &config.variables["v"].ty else { panic!("{ty}") };
    let defaults: Vec<_> = attributes.values().map(|it| it.default.clone()).collect();
    assert_eq!(defaults, [Some(Value::from(1439)), Some(Value::from("x2"))]);
    let default_of = |default: &str| {
        let text =
            format!("variable \"v\" {{\n type = object({{ a = optional(any, {default}) }})\n}}\n");
        let (config, found, _) = files(&[&text]);
        assert_eq!(found, NONE, "{default}");
        let Type::Object(attributes) = &config.variables["v"].ty else { panic!("{default}") };
        attributes["a"].default.clone().unwrap()
    };
    for (default, value) in [
        ("-(60 * 24)", Value::from(-1440)),
        ("!true", Value::Bool(false)),
        ("1 > 2 || 2 >= \"2\" && !false", Value::Bool(true)),
        ("1 < 2 ? \"a\" : \"b\"", Value::from("a")),
        ("{ 1 = \"v\" }", Value::object([("1", Value::from("v"))])),
    ] {
        assert_eq!(default_of(default), value, "{default}");
    }
    let text = "variable \"v\" {\n description = 1\n}\nremoved {\n from = a.b\n lifecycle {}\n}\n";
    assert_eq!(faults(text), NONE);
}

#[test]
fn labels_are_counted_and_are_names() {
    let rows = [
        ("resource \"a\" {}\n", "Wrong number of labels: resource \"a\""),
        ("resource \"a\" \"b\" \"c\" {}\n", "Wrong number of labels: resource \"a\" \"b\" \"c\""),
        ("locals \"x\" {}\n", "Wrong number of labels: locals \"x\""),
        ("variable {}\n", "Wrong number of labels: variable"),
        ("variable \"a b\" {}\n", "Invalid name: \"a b\""),
        ("variable \"1a\" {}\n", "Invalid name: \"1a\""),
        ("variable \"\" {}\n", "Invalid name: \"\""),
        ("resource \"a\" \"b.c\" {}\n", "Invalid name: \"b.c\""),
    ];
    for (text, told) in rows {
        assert_eq!(faults(text), [told], "{text}");
    }
    assert_eq!(faults("variable \"é_1-x\" {}\nvariable _a {}\n"), NONE);
}

#[test]
fn what_is_declared_twice_is_told_with_both_places() {
    let rows = [
        "variable \"a\" {}\n",
        "locals {\n a = 1\n}\n",
        "output \"a\" {\n value = 1\n}\n",
        "resource \"a\" \"b\" {}\n",
        "provider \"aws\" {}\n",
        "provider \"aws\" {\n alias = \"a\"\n}\n",
        "sealform {\n backend \"local\" {}\n}\n",
    ];
    for text in rows {
        // In one file, and in two.
        for texts in [&[format!("{text}{text}").as_str()][..], &[text, text][..]] {
            let (_, faults, diagnostics) = files(texts);
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].starts_with("Declared twice: "), "{faults:?}");
            let [(first, _)] = diagnostics[0].related.as_slice() else { panic!("{text}") };
            assert!(*first < diagnostics[0].subject.unwrap(), "{text}");
        }
    }
    assert_eq!(faults("locals {\n a = 1\n a = 2\n}\n"), ["Attribute set twice: a"]);
    assert_eq!(
        faults("resource \"a\" \"b\" {\n lifecycle {}\n lifecycle {}\n}\n"),
        ["Declared twice: lifecycle"]
    );
    assert_eq!(
        faults("resource \"a\" \"b\" {\n count = 1\n for_each = {}\n}\n"),
        ["Both count and for_each: for_each"]
    );
}

#[test]
fn files_are_not_laid_over_others() {
    for (name, told) in
        [("x_override.seal.hcl", true), ("a/override.seal.hcl", true), ("override_x", false)]
    {
        let mut sources = Sources::default();
        let mut diagnostics = Diagnostics::new();
        let text = "locals {\n a = 1\n}\n";
        let ids = [sources.add("main.seal.hcl", text), sources.add(name, text)];
        parse(&sources, &ids, &|_| false, &mut diagnostics);
        let [fault] = diagnostics.as_slice() else { panic!("{diagnostics:?}") };
        assert_eq!(fault.summary, "Declared twice");
        assert_eq!(fault.detail.contains("not laid over others"), told, "{name}");
    }
}

#[test]
fn all_faults_of_all_files_are_told_in_order() {
    let one =
        "locals {\n a = 1 +\n}\nvariable \"v\" {\n b = \"x\n}\noutput \"o\" {\n value = [1 2]\n}\n";
    let two = "locals {\n ok = 1\n}\nresorce \"a\" \"b\" {\n}\nvariable \"w\" {\n c = 1\n";
    let (config, faults, diagnostics) = files(&[one, two]);
    assert_eq!(
        faults,
        [
            "Invalid syntax: \n",
            "Unclosed string: \"x",
            "Missing comma: 2",
            "Unclosed bracket: {",
            "Unsupported block: resorce",
        ]
    );
    assert_eq!(config.locals.len(), 2, "what could not be read is declared all the same");
    let places: Vec<Option<Span>> = diagnostics.iter().map(|fault| fault.subject).collect();
    assert!(places.iter().all(Option::is_some));
}

#[test]
fn names_in_what_cannot_be_read_may_be_declared_there() {
    let text = "locals {\n a = {\n  b = x == y ? z : 1\n\n c = 2\n}\nvariable \"v\" {\n}\n";
    let (config, faults, _) = files(&[text]);
    assert_eq!(faults, ["Unclosed bracket: {"]);
    let lost: Vec<&str> = config.lost.iter().map(|name| &**name).collect();
    assert!(lost.contains(&"c"), "{lost:?}");
    assert!(!lost.contains(&"x") && !lost.contains(&"z"), "{lost:?}");
    assert!(files(&["locals {\n a = 1\n}\n"]).0.lost.is_empty());
}

#[test]
fn syntax_that_the_language_has_not_is_refused() {
    let rows = [
        ("locals {\n a = \"x\ny\"\n}\n", "Unclosed string"),
        ("locals {\n a = [[1]].0.0\n}\n", "Invalid syntax"),
        ("locals {\n a = [[1]].*.*\n}\n", "Invalid syntax"),
        ("locals {\n a = { var.x = 1 }\n}\n", "Ambiguous key"),
        ("locals {\n a = \"%{if true}\\x%{endif}\"\n}\n", "Invalid escape"),
        ("locals {\n a = <<EOT\nx\n}\n", "Unclosed heredoc"),
        ("locals {\n a = 1 b = 2\n}\n", "Missing newline"),
        ("locals { a = 1, b = 2 }\n", "Unexpected comma"),
        ("locals\n{\n}\n", "Invalid syntax"),
        ("locals {\n \"a\" = 1\n}\n", "Quoted name"),
        ("locals {\n a = 'x'\n}\n", "Invalid character"),
        ("/* never closed", "Unclosed comment"),
        ("}\n", "Unexpected closing bracket"),
        ("locals {\n a = (1]\n}\n", "Mismatched brackets"),
    ];
    for (text, summary) in rows {
        let faults = faults(text);
        assert!(
            faults.iter().any(|fault| fault.starts_with(summary)),
            "{text}: {faults:?}, not {summary}"
        );
    }
}

#[test]
fn comments_and_line_ends_are_passed_over() {
    let text = "# one\r\n// two\r\n/* three\r\n */ locals { # four\r\n  a = 1 // five\r\n\r\n  b = [ # six\r\n    1, /* seven */ 2\r\n  ]\r\n}";
    let (config, faults, _) = files(&[text]);
    assert_eq!(faults, NONE);
    assert_eq!(config.locals.len(), 2);
    assert_eq!(files(&[""]).1, NONE);
    assert_eq!(files(&["# only this"]).1, NONE);
}

#[test]
fn every_expression_knows_where_it_stands() {
    fn walk(expr: &Expr, sources: &Sources, found: &mut Vec<String>) {
        found.push(sources.slice(expr.span).to_owned());
        expr.children(&mut |child| walk(child, sources, found));
    }
    let mut sources = Sources::default();
    let text = "locals {\n é = 1\n}\nlocals {\n a = -x.b[\"c\"].d + f(1, (y)) ? [z[*].w, 2] : \"t${u}\"\n}\n";
    let file = sources.add("t", text);
    let mut diagnostics = Diagnostics::new();
    let config = parse(&sources, &[file], &|_| false, &mut diagnostics);
    assert_eq!(diagnostics, []);
    let mut found = Vec::new();
    walk(&config.locals["a"].expr, &sources, &mut found);
    assert_eq!(
        found,
        [
            "-x.b[\"c\"].d + f(1, (y)) ? [z[*].w, 2] : \"t${u}\"",
            "-x.b[\"c\"].d + f(1, (y))",
            "-x.b[\"c\"].d",
            "x.b[\"c\"].d",
            "x.b[\"c\"]",
            "x.b",
            "x",
            "\"c\"",
            "f(1, (y))",
            "1",
            "(y)",
            "[z[*].w, 2]",
            "z[*].w",
            "z",
            "[*].w",
            "[*]",
            "2",
            "\"t${u}\"",
            "u",
        ]
    );
}

#[test]
fn values_files_hold_values_only() {
    let mut sources = Sources::default();
    let file = sources.add("v", "a = 1\nb {\n}\nc = [\n 1,\n]\na = 2\n");
    let mut diagnostics = Diagnostics::new();
    let values = parse_values(&mut sources, file, &mut diagnostics);
    let names: Vec<&str> = values.iter().map(|value| &*value.name.text).collect();
    assert_eq!(names, ["a", "c"]);
    let summaries: Vec<&str> = diagnostics.iter().map(|fault| fault.summary).collect();
    assert_eq!(summaries, ["Attribute set twice", "Unexpected block"]);
}

#[test]
fn types_are_told_as_terraform_writes_them() {
    let type_of = |text: &str| {
        let (config, told, _) = files(&[&format!("variable \"v\" {{ type = {text} }}")]);
        if told.is_empty() { Ok(config.variables["v"].ty.to_string()) } else { Err(told) }
    };
    for (text, expected) in [
        ("list", "list(any)"),
        ("map", "map(any)"),
        ("set(any)", "set(any)"),
        ("tuple([])", "tuple([])"),
        ("list(map(string))", "list(map(string))"),
    ] {
        assert_eq!(type_of(text).as_deref(), Ok(expected), "{text}");
    }
    for (text, place) in [
        ("set", "set"),
        ("list(list)", "list"),
        ("object({ a = optional(map) })", "map"),
        ("tuple([set])", "set"),
        ("object({ a = string, a = number })", "a"),
        ("object", "object"),
        ("optional(string)", "optional(string)"),
        ("strin", "strin"),
    ] {
        assert_eq!(type_of(text), Err(vec![format!("Invalid type: {place}")]), "{text}");
    }
}
