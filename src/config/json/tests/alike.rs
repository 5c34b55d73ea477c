//! A configuration in JSON is the tree that it is in the native syntax.

use super::{is_block, json, json_with, native, source, told, without_places};
use crate::config::expr::Expr;
use crate::config::language::{BLOCKS, DYNAMIC, Form, LanguageBlock, Rest, TEST_BLOCKS};
use crate::diag::Diagnostics;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::fmt::Write as _;

#[track_caller]
fn alike(as_native: &str, as_json: &str) {
    let (expected, faults) = native(as_native);
    assert_eq!(told(as_native, &faults), Vec::<String>::new(), "{as_native}");
    let (read, faults) = json(as_json);
    assert_eq!(told(as_json, &faults), Vec::<String>::new(), "{as_json}");
    assert_eq!(without_places(read), without_places(expected), "{as_native}\n{as_json}");
}

#[test]
fn the_blocks_of_the_language() {
    let rows = [
        ("", "{}"),
        ("", r#"{"//": "a comment", "locals": null, "resource": {"//": 1, "thing": {}}}"#),
        ("locals {\n a = 1\n}\nlocals {\n}\n", r#"{"locals": [{"a": 1, "//": 2}, {}]}"#),
        ("locals {\n a = 1\n b = 2\n}\n", r#"{"locals": [[{"a": 1}, {"b": 2}]]}"#),
        (
            "locals {\n a = 1\n}\nlocals {\n b = 2\n}\n",
            r#"[{"locals": {"a": 1}}, {"locals": {"b": 2}}]"#,
        ),
        (
            "output \"a\" {\n value = 1\n}\n",
            r#"{"output": {"a": {"value": 1}, "b": null, "c": []}}"#,
        ),
        (
            "output \"a\" {\n value = 1\n}\noutput \"b\" {\n value = null\n}\n",
            r#"{"output": [{"a": {"value": 1}}, {"b": [{"value": null}]}]}"#,
        ),
        (
            "resource \"thing\" \"a\" {\n}\nresource \"thing\" \"b\" {\n}\nresource \"other\" \"a\" {\n}\n",
            r#"{"resource": {"thing": {"a": {}, "b": {}}, "other": {"a": {}}}}"#,
        ),
        (
            "sealform {\n required_version = \"$${x}\"\n backend \"local\" {\n path = \"p\"\n }\n}\n",
            r#"{"sealform": {"required_version": "${x}", "backend": {"local": {"path": "p"}}}}"#,
        ),
        (
            "variable \"v\" {\n type = list(object({ a = optional(string, \"x\") }))\n default = [{ \"$${a}\" = \"%%{b}\" }]\n}\n",
            r#"{"variable": {"v": {"type": "list(object({ a = optional(string, \"x\") }))", "default": [{"${a}": "%{b}"}]}}}"#,
        ),
        (
            "resource \"thing\" \"a\" {\n depends_on = [a.b, c.d[\"e\"]]\n provider = aws.eu\n rule {\n x = 1\n inner {\n }\n }\n lifecycle {\n ignore_changes = [rule[0].x]\n precondition {\n condition = \"${x}\"\n error_message = \"y\"\n }\n }\n}\n",
            r#"{"resource": {"thing": {"a": {"depends_on": ["a.b", "c.d[\"e\"]"], "provider": "aws.eu", "rule": {"x": 1, "inner": {}}, "lifecycle": {"ignore_changes": ["rule[0].x"], "precondition": [{"condition": "${x}", "error_message": "y"}]}}}}}"#,
        ),
        (
            "resource \"thing\" \"a\" {\n lifecycle {\n ignore_changes = all\n }\n}\n",
            r#"{"resource": {"thing": {"a": {"lifecycle": {"ignore_changes": "all"}}}}}"#,
        ),
        // What no schema has as a block is an argument, to be told of as one.
        (
            "resource \"thing\" \"a\" {\n inner = { x = 1 }\n}\nresource \"other\" \"a\" {\n rule = [{}]\n}\n",
            r#"{"resource": {"thing": {"a": {"inner": {"x": 1}}}, "other": {"a": {"rule": [{}]}}}}"#,
        ),
        ("resorce {\n a = { b = {} }\n}\n", r#"{"resorce": {"a": {"b": {}}}}"#),
        ("x = 1\ny = null\n", r#"{"x": 1, "y": null}"#),
        (
            "resource \"thing\" \"a\" {\n dynamic \"rule\" {\n for_each = \"${x}\"\n iterator = it\n content {\n y = \"${it.value}\"\n dynamic \"inner\" {\n for_each = []\n content {\n }\n }\n inner {\n }\n }\n }\n}\n",
            r#"{"resource": {"thing": {"a": {"dynamic": {"rule": {"for_each": "${x}", "iterator": "it", "content": {"y": "${it.value}", "dynamic": {"inner": [{"for_each": [], "content": {}}]}, "inner": {}}}}}}}}"#,
        ),
        (
            "check \"c\" {\n data \"thing\" \"d\" {\n rule {\n }\n rule {\n a = 1\n }\n }\n assert {\n condition = true\n error_message = \"\"\n }\n}\n",
            r#"{"check": {"c": {"data": {"thing": {"d": {"rule": [{}, {"a": 1}]}}}, "assert": {"condition": true, "error_message": ""}}}}"#,
        ),
        (
            "module \"m\" {\n source = \"./$${x}\"\n providers = { aws = aws.eu }\n rule = { a = \"${b}\" }\n}\n",
            r#"{"module": {"m": {"source": "./${x}", "providers": {"aws": "aws.eu"}, "rule": {"a": "${b}"}}}}"#,
        ),
        (
            "moved {\n from = a.b[\"x\"]\n to = module.m[0].a.b\n}\nremoved {\n from = a.b\n lifecycle {\n destroy = false\n }\n}\nimport {\n to = a.b[each.key]\n id = \"${each.key}\"\n for_each = [\"x\"]\n}\n",
            r#"{"moved": [{"from": "a.b[\"x\"]", "to": "module.m[0].a.b"}], "removed": {"from": "a.b", "lifecycle": {"destroy": false}}, "import": {"to": "a.b[each.key]", "id": "${each.key}", "for_each": ["x"]}}"#,
        ),
    ];
    for (native, json) in rows {
        alike(native, json);
    }
}

#[test]
fn expressions() {
    let rows = [
        ("null", "null"),
        ("[true, false]", "[true,false]"),
        ("123456789012345678901234567890.25", "123456789012345678901234567890.25"),
        ("[0, 1.50, 2e3, 2E+3, 2e-3]", "[0, 1.50, 2e3, 2E+3, 2e-3]"),
        (r#""""#, r#""""#),
        (r#""a\"\\\n\té😀/""#, r#""a\"\\\n\t\u00e9\ud83d\ude00\/""#),
        (r#""${var.x}""#, r#""${var.x}""#),
        (r#""a ${upper("b")} c""#, r#""a ${upper(\"b\")} c""#),
        (r#""$${a} %%{b} $ % {}""#, r#""$${a} %%{b} $ % {}""#),
        (r#""%{ if a }x%{ else }y%{ endif }""#, r#""%{ if a }x%{ else }y%{ endif }""#),
        (r#""%{ for k, v in a }${k}%{ endfor }""#, r#""%{ for k, v in a }${k}%{ endfor }""#),
        (r#"{ a = 1, "b c" = [], "" = {} }"#, r#"{"a": 1, "b c": [], "": {}}"#),
        (r#"{ ("${a}") = "${b}", ("x${c}") = 1 }"#, r#"{"${a}": "${b}", "x${c}": 1}"#),
        // Within an expression, what is a comment elsewhere is a key.
        (r#"{ "//" = 1 }"#, r#"{"//": 1}"#),
    ];
    for (native, json) in rows {
        alike(
            &format!("locals {{\n a = {native}\n}}\n"),
            &format!(r#"{{"locals": {{"a": {json}}}}}"#),
        );
    }
}

#[test]
fn values_are_constants() {
    let text = r#"{"//": 1, "a": "${x}", "b": {"//": null, "${y}": ["%{z}"]}, "c": null}"#;
    let (_, file) = source(text);
    let mut diagnostics = Diagnostics::new();
    let values = crate::config::json::parse_values(text, file, &mut diagnostics);
    assert_eq!(diagnostics, []);
    let names: Vec<&str> = values.iter().map(|value| &*value.name.text).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(values[0].expr.literal_str().map(|text| &**text), Some("${x}"));
    let told = format!("{:?}", values[1].expr);
    assert!(told.contains("${y}") && told.contains("%{z}") && told.contains("\"//\""), "{told}");
}

#[test]
fn what_a_string_holds_knows_where_it_stands() {
    fn walk(expr: &Expr, text: &str, found: &mut Vec<String>) {
        let place = expr.span.start as usize..expr.span.end as usize;
        found.push(text[place].to_owned());
        expr.children(&mut |child| walk(child, text, found));
    }
    let text = r#"{"locals": {"é": "\u00e9 ${a.b[\"c\"]} \\ ${f(d)}", "k": {"${e}": 1}}}"#;
    let (body, faults) = json(text);
    assert_eq!(faults, []);
    let mut found = Vec::new();
    for attribute in &body.blocks[0].body.attributes {
        walk(&attribute.expr, text, &mut found);
    }
    assert_eq!(
        found,
        [
            r#""\u00e9 ${a.b[\"c\"]} \\ ${f(d)}""#,
            r#"a.b[\"c\"]"#,
            "a.b",
            "a",
            r#"\"c\""#,
            "f(d)",
            "d",
            r#"{"${e}": 1}"#,
            r#""${e}""#,
            "e",
            "1",
        ]
    );
}

#[test]
fn each_block_knows_what_tells_it_from_others() {
    let text =
        r#"{"resource": {"thing": {"a": {"rule": [{}, {"x": 1}]}, "b": [{}, {}]}}, "locals": {}}"#;
    let (body, faults) = json(text);
    assert_eq!(faults, []);
    let headers: Vec<&str> = body
        .blocks
        .iter()
        .chain(&body.blocks[0].body.blocks)
        .map(|block| &text[block.header().start as usize..block.header().end as usize])
        .collect();
    assert_eq!(headers, ["\"a\"", "\"b\"", "{", "\"locals\"", "\"rule\"", "{"]);
}

/// A value as both syntaxes can write it.
#[derive(Clone, Debug)]
enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(Vec<Piece>),
    /// A name or another expression that stands for itself.
    Name(String),
    Tuple(Vec<Self>),
    Object(BTreeMap<String, (Vec<Piece>, Self)>),
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    /// `${ }` or `%{ }`, as it is written in the native syntax.
    Template(&'static str),
}

#[derive(Clone, Debug)]
struct Block {
    kind: String,
    labels: Vec<String>,
    arguments: BTreeMap<String, (Form, Value)>,
    blocks: Vec<Self>,
}

const TEMPLATES: [&str; 6] = [
    "${x}",
    "${a.b[0].c[*].d}",
    "${upper(\"q\\\"\\n\\u00e9\")}",
    "${ [for k, v in { a = 1 } : v + 1 if k != \"b\"] }",
    "%{ if x }yes%{ else }no ${y}%{ endif }",
    "%{ for x in y }${x}%{ endfor }",
];

fn pieces(constant: bool) -> BoxedStrategy<Vec<Piece>> {
    let text = "[ -#&-~é😀\n\t]{1,8}".prop_map(Piece::Text);
    let marker = select(vec!["${", "%{", "\\", "\""]).prop_map(|text| Piece::Text(text.into()));
    let template = select(TEMPLATES.to_vec()).prop_map(Piece::Template);
    let piece = if constant {
        prop_oneof![text, marker].boxed()
    } else {
        prop_oneof![text, marker, template].boxed()
    };
    prop::collection::vec(piece, 0..4).boxed()
}

fn value(form: Form) -> BoxedStrategy<Value> {
    if form == Form::Reference {
        let names = [
            "a",
            "a.b",
            "a.b[\"c d\"].e",
            "module.m[0].a.b",
            "list(string)",
            "object({ a = optional(number, 1) })",
        ];
        let name = select(names.to_vec()).prop_map(|name| Value::Name(name.into()));
        return prop_oneof![
            name.clone(),
            prop::collection::vec(name.clone(), 0..3).prop_map(Value::Tuple),
            prop::collection::btree_map("[a-z]{1,3}", name, 0..3).prop_map(|entries| {
                let entry =
                    |(key, value): (String, Value)| (key.clone(), (vec![Piece::Text(key)], value));
                Value::Object(entries.into_iter().map(entry).collect())
            }),
        ]
        .boxed();
    }
    let constant = form == Form::Constant;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        "(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,2})?".prop_map(Value::Number),
        pieces(constant).prop_map(Value::Text),
    ];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let entry = (pieces(constant), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::Tuple),
            prop::collection::vec(entry, 0..3).prop_map(|entries| {
                let entry = |entry: (Vec<Piece>, Value)| (as_native_text(&entry.0), entry);
                Value::Object(entries.into_iter().map(entry).collect())
            }),
        ]
    })
    .boxed()
}

/// A block as the table of the language says, to a depth.
fn block(of: &'static LanguageBlock, depth: u32) -> BoxedStrategy<Block> {
    let labels: Vec<BoxedStrategy<String>> = of
        .labels
        .iter()
        .enumerate()
        .map(|(n, _)| match (of.kind, n) {
            ("provider", _) => Just("aws".to_owned()).boxed(),
            ("dynamic", _) => select(vec!["rule".to_owned(), "inner".to_owned()]).boxed(),
            (_, 0) => select(vec!["thing".to_owned(), "other é".to_owned()]).boxed(),
            _ => "[a-z \"]{1,3}".boxed(),
        })
        .collect();
    let arguments: Vec<_> = of
        .arguments
        .iter()
        .map(|it| {
            prop::option::of(
                value(it.form).prop_map(|value| (it.name.to_owned(), (it.form, value))),
            )
        })
        .collect();
    let others = match of.rest {
        Rest::Nothing => 0..1,
        Rest::Values | Rest::Schema | Rest::Generated => 0..3,
    };
    let other = ("[xyz]", value(Form::Expression))
        .prop_map(|(name, value)| (name, (Form::Expression, value)));
    let others = prop::collection::vec(other, others);
    let mut inner: Vec<BoxedStrategy<Block>> = Vec::new();
    if depth > 0 {
        inner.extend(of.blocks.iter().map(|inner| block(inner, depth - 1)));
        if of.rest == Rest::Schema {
            inner.push(schema_block("rule", depth - 1));
        }
    }
    let inner = if inner.is_empty() {
        Just(Vec::new()).boxed()
    } else {
        prop::collection::vec(prop::strategy::Union::new(inner), 0..3).boxed()
    };
    (labels, arguments, others, inner)
        .prop_map(move |(labels, arguments, others, mut blocks)| {
            // Only `thing` has the block `rule`.
            if labels.first().is_some_and(|label| label.starts_with("other")) {
                blocks.retain(|block| block.kind != "rule");
            }
            let arguments = arguments.into_iter().flatten().chain(others).collect();
            Block { kind: of.kind.to_owned(), labels, arguments, blocks }
        })
        .boxed()
}

fn schema_block(name: &'static str, depth: u32) -> BoxedStrategy<Block> {
    let argument = ("[xyz]", value(Form::Expression))
        .prop_map(|(name, value)| (name, (Form::Expression, value)));
    let inner = if name == "rule" && depth > 0 {
        prop_oneof![schema_block("inner", 0), block(&DYNAMIC, depth - 1)].boxed()
    } else {
        block(&DYNAMIC, 0).boxed()
    };
    let inner = prop::collection::vec(inner, if depth > 0 { 0..3 } else { 0..1 });
    (prop::collection::btree_map("[xyz]", argument.prop_map(|(_, it)| it), 0..3), inner)
        .prop_map(move |(arguments, blocks)| Block {
            kind: name.into(),
            labels: Vec::new(),
            arguments,
            blocks,
        })
        .boxed()
}

type Blocks = &'static [&'static LanguageBlock];

/// A file of configuration or of tests, and the blocks that it may have.
fn file() -> impl Strategy<Value = (Blocks, Vec<Block>)> {
    select(vec![BLOCKS, TEST_BLOCKS]).prop_flat_map(|all| {
        let blocks: Vec<_> = all.iter().map(|of| block(of, 3)).collect();
        (Just(all), prop::collection::vec(prop::strategy::Union::new(blocks), 0..4))
    })
}

fn as_native_text(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Template(template) => out.push_str(template),
            Piece::Text(text) => out.push_str(
                &text
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n")
                    .replace('\t', "\\t")
                    .replace("${", "$${")
                    .replace("%{", "%%{"),
            ),
        }
    }
    out
}

fn as_native(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(text) | Value::Name(text) => text.clone(),
        Value::Text(pieces) => format!("\"{}\"", as_native_text(pieces)),
        Value::Tuple(items) => {
            format!("[{}]", items.iter().map(as_native).collect::<Vec<_>>().join(", "))
        }
        Value::Object(entries) => {
            let entry = |(key, value): &(Vec<Piece>, Value)| {
                format!("(\"{}\") = {}", as_native_text(key), as_native(value))
            };
            format!("{{ {} }}", entries.values().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

fn write_native(blocks: &[Block], out: &mut String) {
    for Block { kind, labels, arguments, blocks } in blocks {
        out.push_str(kind);
        for label in labels {
            write!(out, " \"{}\"", label.replace('"', "\\\"")).unwrap();
        }
        out.push_str(" {\n");
        for (name, (_, value)) in arguments {
            writeln!(out, "{name} = {}", as_native(value)).unwrap();
        }
        write_native(blocks, out);
        out.push_str("}\n");
    }
}

/// What a JSON string must say for the pieces; in a constant, nothing is a template.
fn as_json_text(pieces: &[Piece], form: Form) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Template(template) => (*template).to_owned(),
        Piece::Text(text) if form == Form::Expression => {
            text.replace("${", "$${").replace("%{", "%%{")
        }
        Piece::Text(text) => text.clone(),
    };
    serde_json::to_string(&pieces.iter().map(text).collect::<String>()).unwrap()
}

fn as_json(value: &Value, form: Form) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(text) => text.clone(),
        Value::Name(text) => serde_json::to_string(text).unwrap(),
        Value::Text(pieces) => as_json_text(pieces, form),
        Value::Tuple(items) => {
            format!(
                "[{}]",
                items.iter().map(|item| as_json(item, form)).collect::<Vec<_>>().join(",")
            )
        }
        Value::Object(entries) => {
            let entry = |(key, value): &(Vec<Piece>, Value)| {
                format!("{}: {}", as_json_text(key, form), as_json(value, form))
            };
            format!("{{{}}}", entries.values().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Every block as a property of its own; a run of blocks without labels as one array.
fn write_json(blocks: &[Block], properties: &mut Vec<String>) {
    for run in blocks.chunk_by(|a, b| a.kind == b.kind && a.labels.is_empty()) {
        let bodies: Vec<String> = run
            .iter()
            .map(|Block { kind: _, labels: _, arguments, blocks }| {
                let argument = |(name, (form, value)): (&String, &(Form, Value))| {
                    format!("\"{name}\": {}", as_json(value, *form))
                };
                let mut inner: Vec<String> = arguments.iter().map(argument).collect();
                inner.push("\"//\": \"a comment\"".to_owned());
                write_json(blocks, &mut inner);
                format!("{{{}}}", inner.join(",\n"))
            })
            .collect();
        let mut text = match bodies.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        for label in run[0].labels.iter().rev() {
            text = format!("{{{}: {text}}}", serde_json::to_string(label).unwrap());
        }
        properties.push(format!("\"{}\": {text}", run[0].kind));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_file_is_the_same_in_both((all, blocks) in file()) {
        let mut as_native = String::new();
        write_native(&blocks, &mut as_native);
        let mut properties = Vec::new();
        write_json(&blocks, &mut properties);
        let as_json = format!("{{{}}}", properties.join(",\n"));
        let (expected, faults) = native(&as_native);
        prop_assert_eq!(told(&as_native, &faults), Vec::<String>::new(), "{}", as_native);
        let (read, faults) = json_with(&as_json, all);
        prop_assert_eq!(told(&as_json, &faults), Vec::<String>::new(), "{}", as_json);
        prop_assert_eq!(without_places(read), without_places(expected), "{}\n{}", as_native, as_json);
    }
}

/// The schemas of these tests are met: the property is not about nothing.
#[test]
fn the_schemas_of_these_tests_have_blocks() {
    assert!(is_block(&["resource", "thing", "rule", "inner"]));
    assert!(!is_block(&["resource", "other", "rule"]));
}
