//! Whole configurations: variables, repetition, references, providers.

use super::super::*;
use super::show;
use crate::config;
use crate::diag::Sources;
use crate::graph;
use crate::schema::{AttrType, Attribute, NestedBlock, Usage};

const fn attribute(name: &'static str, ty: AttrType, usage: Usage) -> Attribute {
    Attribute { name, ty, usage, sensitive: false, description: "A word about it." }
}

static RULE: Schema =
    Schema { attributes: &[attribute("size", AttrType::Number, Usage::Optional)], blocks: &[] };
static THING: Schema = Schema {
    attributes: &[
        attribute("name", AttrType::String, Usage::Required),
        attribute("on", AttrType::Bool, Usage::Optional),
        Attribute { sensitive: true, ..attribute("pin", AttrType::String, Usage::Optional) },
        attribute("id", AttrType::String, Usage::Computed),
    ],
    blocks: &[NestedBlock {
        name: "rule",
        schema: &RULE,
        required: false,
        description: "A word about it.",
    }],
};
static PROVIDER: Schema =
    Schema { attributes: &[attribute("region", AttrType::String, Usage::Optional)], blocks: &[] };

/// What a configuration comes to, as text, and what was wrong with it: summary and place.
pub(super) struct Outcome {
    pub(super) evaluation: Evaluation,
    pub(super) faults: Vec<String>,
    pub(super) details: Vec<String>,
}

impl Outcome {
    pub(super) fn output(&self, name: &str) -> String {
        self.evaluation.outputs.get(name).map_or_else(|| "nothing".to_owned(), show)
    }

    fn addresses(&self) -> Vec<String> {
        self.evaluation.instances.iter().map(|it| it.address.to_string()).collect()
    }

    fn names(&self) -> Vec<String> {
        let name = |it: &Instance| it.declared.get("name").map(show).unwrap_or_default();
        self.evaluation.instances.iter().map(name).collect()
    }
}

pub(super) fn run_with(text: &str, given: &[(&str, Origin, &str)], lenient: bool) -> Outcome {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::new();
    let file = sources.add("t", text);
    let config = config::parse(&sources, &[file], &|_| false, &mut diagnostics);
    let given: Vec<Given> = given
        .iter()
        .map(|(name, origin, text)| {
            let file = sources.add("given", *text);
            let value = match config::parse_expr(&sources, file, &mut Diagnostics::new()) {
                Some(expr) => GivenValue::Expr(expr),
                None => GivenValue::Text((*text).into()),
            };
            Given { name: (*name).into(), origin: *origin, value }
        })
        .collect();
    let tree = Tree::new(&config, &mut diagnostics);
    let (nodes, edges) = dependencies(&tree, &mut diagnostics);
    let order = graph::order(&nodes, &edges, &mut diagnostics);
    let input = Input {
        tree: &tree,
        order: &order,
        given: &given,
        lenient,
        resource_schema: &|_, ty| (ty == "thing").then_some(&THING),
        resource_types: &|_| vec!["thing"],
        provider_schema: &PROVIDER,
        resolve: &|address, declared| {
            let fields = declared.as_fields().cloned().unwrap_or_default();
            Value::Object(fields.with("id", Value::from(format!("id of {address}"))))
        },
        data: &|_, _| Value::NULL,
        contexts: &BTreeMap::new(),
        cwd: "/work",
    };
    let evaluation = evaluate(&input, &mut diagnostics);
    let told = |fault: &Diagnostic| {
        format!("{}: {}", fault.summary, fault.subject.map_or("", |span| sources.slice(span)))
    };
    Outcome {
        evaluation,
        faults: diagnostics.iter().map(told).collect(),
        details: diagnostics.into_iter().map(|fault| fault.detail).collect(),
    }
}

pub(super) fn run(text: &str) -> Outcome {
    run_with(text, &[], false)
}

/// The value of `var.x` declared as `body`, given as `given`; or the first fault.
fn variable(body: &str, given: Option<&str>) -> String {
    let text = format!(
        "variable \"x\" {{\n{body}\n}}\noutput \"x\" {{\n sensitive = true\n value = var.x\n}}\n"
    );
    let given: Vec<_> = given.iter().map(|text| ("x", Origin::Flag, *text)).collect();
    let outcome = run_with(&text, &given, false);
    match outcome.faults.as_slice() {
        [fault] => format!("error {fault}"),
        [_, _, ..] => format!("errors {:?}", outcome.faults),
        [] => outcome.output("x").trim_start_matches('!').to_owned(),
    }
}

#[test]
fn the_last_value_given_counts() {
    let text = "variable \"x\" {\n default = 1\n}\noutput \"x\" {\n value = var.x\n}\n";
    assert_eq!(run(text).output("x"), "1");
    let rows = [
        (&[("x", Origin::Environment, "2")][..], "2"),
        (&[("x", Origin::Environment, "2"), ("x", Origin::File, "3")], "3"),
        (&[("x", Origin::File, "3"), ("x", Origin::Flag, "4"), ("x", Origin::Flag, "5")], "5"),
    ];
    for (given, expected) in rows {
        assert_eq!(run_with(text, given, false).output("x"), expected);
    }
}

#[test]
fn a_value_for_a_variable_that_is_not_there() {
    let text = "variable \"region\" {\n default = 1\n}\n";
    let outcome = |origin| run_with(text, &[("regon", origin, "1")], false);
    assert_eq!(outcome(Origin::Environment).faults, Vec::<String>::new());
    assert_eq!(outcome(Origin::File).faults, ["Undeclared variable: 1"]);
    assert_eq!(outcome(Origin::Flag).faults, ["Undeclared variable: "]);
    assert!(outcome(Origin::Flag).details[0].ends_with("Did you mean \"region\"?"));
}

#[test]
fn variables_are_converted_to_their_types() {
    let rows = [
        ("", Some("[1, \"a\"]"), "[1, \"a\"]"),
        ("type = string", Some("5"), "\"5\""),
        ("type = number", Some("\"5\""), "5"),
        ("type = list(string)", Some("[1, true]"), "list(string)[\"1\", \"true\"]"),
        ("type = set(string)", Some("[\"b\", \"a\", \"b\"]"), "set(string)[\"a\", \"b\"]"),
        ("type = map(number)", Some("{a = \"1\"}"), "map(number){a = 1}"),
        ("type = list(any)", Some("[1, \"a\"]"), "list(string)[\"1\", \"a\"]"),
        ("type = tuple([string, number])", Some("[1, 2]"), "[\"1\", 2]"),
        ("type = object({a = string})", Some("{a = 1, b = 2}"), "{a = \"1\"}"),
        ("type = object({a = optional(string)})", Some("{}"), "{a = null string}"),
        ("type = object({a = optional(string, \"d\")})", Some("{}"), "{a = \"d\"}"),
        ("type = object({a = optional(string, \"d\")})", Some("{a = null}"), "{a = \"d\"}"),
        (
            "type = object({a = optional(object({b = optional(number, 1)}), {})})",
            Some("{}"),
            "{a = {b = 1}}",
        ),
        (
            "type = map(object({a = optional(bool, true)}))",
            Some("{k = {}}"),
            "map(object({a = bool})){k = {a = true}}",
        ),
        ("type = bool", Some("yes"), "error Invalid reference: yes"),
        ("type = bool", Some("\"yes\""), "error Invalid value for a variable: \"yes\""),
        ("type = number", Some("[]"), "error Invalid value for a variable: []"),
        ("type = object({a = string})", Some("{}"), "error Invalid value for a variable: {}"),
        ("type = list(any)", Some("[1, []]"), "error Invalid value for a variable: [1, []]"),
        ("type = number\ndefault = \"a\"", None, "error Invalid default: \"a\""),
        ("type = strin\ndefault = null", None, "error Invalid type: strin"),
        (
            "type = list(string, number)\ndefault = null",
            None,
            "error Invalid type: list(string, number)",
        ),
        ("type = optional(string)\ndefault = null", None, "error Invalid type: optional(string)"),
        ("type = \"string\"\ndefault = null", None, "error Invalid type: \"string\""),
        (
            "type = object({a = optional(number, \"x\")})\ndefault = null",
            None,
            "error Invalid type: \"x\"",
        ),
        ("default = var.y", None, "error Not a constant: var.y"),
        ("default = [upper(\"y\")]", None, "error Not a constant: upper(\"y\")"),
        ("default = 1 + 2", None, "3"),
        ("type = objct", None, "error Invalid type: objct"),
        ("", Some("var.y"), "error Invalid reference: var.y"),
        ("", Some("[x]"), "error Invalid reference: x"),
        ("", Some("[upper(\"y\")]"), "error Not a constant: upper(\"y\")"),
        ("", Some("[for x in [1, 2] : x + 1]"), "[2, 3]"),
        ("type = string", None, "error Missing variable: \"x\""),
    ];
    for (body, given, expected) in rows {
        assert_eq!(variable(body, given), expected, "{body} given {given:?}");
    }
}

#[test]
fn nullable_says_what_null_means() {
    assert_eq!(variable("default = 1", Some("null")), "null");
    assert_eq!(variable("default = 1\nnullable = false", Some("null")), "1");
    assert_eq!(variable("nullable = false", Some("null")), "error Missing variable: null");
    assert_eq!(variable("default = null\nnullable = false", None), "error Invalid default: null");
    assert_eq!(variable("default = null\ntype = string", None), "null string");
}

#[test]
fn a_sensitive_variable_marks_what_comes_of_it() {
    let text = "variable \"x\" {\n sensitive = true\n default = \"s\"\n}\n\
                output \"open\" {\n value = \"a${var.x}\"\n}\n\
                output \"shut\" {\n sensitive = true\n value = [var.x]\n}\n";
    let outcome = run(text);
    assert_eq!(outcome.faults, ["Sensitive output: \"a${var.x}\""]);
    assert_eq!(outcome.output("open"), "nothing");
    assert_eq!(outcome.output("shut"), "![!\"s\"]");
}

#[test]
fn validations_hold_or_say_why_not() {
    let body =
        "validation {\n condition = length(var.x) > 1\n error_message = \"${var.x} is short\"\n}";
    assert_eq!(variable(body, Some("\"ab\"")), "\"ab\"");
    assert_eq!(variable(body, Some("\"a\"")), "error Invalid value for a variable: \"x\"");
    let text = format!("variable \"x\" {{\n{body}\n}}\n");
    let outcome = run_with(&text, &[("x", Origin::Flag, "\"a\"")], false);
    assert_eq!(outcome.details, ["The value of \"x\" is refused: a is short"]);
    // The message must not tell what the variable hides.
    let text = format!("variable \"x\" {{\nsensitive = true\n{body}\n}}\n");
    let outcome = run_with(&text, &[("x", Origin::Flag, "\"a\"")], false);
    assert_eq!(
        outcome.details,
        ["The value of \"x\" is refused: the message holds a sensitive value and is not shown."]
    );
    let failing = "validation {\n condition = var.x.y\n error_message = \"\"\n}";
    assert_eq!(variable(failing, Some("1")), "error Unknown attribute: y");
}

#[test]
fn without_values_a_lenient_run_goes_on() {
    let text = "variable \"x\" {\n type = string\n}\n\
                resource \"thing\" \"a\" {\n name = var.x\n}\n\
                resource \"thing\" \"b\" {\n for_each = toset([var.x])\n name = each.key\n}\n";
    let outcome = run_with(text, &[], true);
    assert_eq!(outcome.faults, Vec::<String>::new());
    assert_eq!(outcome.names(), ["?string"]);
    assert_eq!(run(text).faults, ["Missing variable: \"x\""]);
}

#[test]
fn count_and_for_each_make_instances() {
    let outcome = run("resource \"thing\" \"one\" {\n name = \"n\"\n}\n\
         resource \"thing\" \"many\" {\n count = \"2\"\n name = \"n${count.index}\"\n}\n\
         resource \"thing\" \"none\" {\n count = 0\n name = \"n\"\n}\n\
         resource \"thing\" \"map\" {\n for_each = { b = 1, a = 2 }\n name = \"${each.key}${each.value}\"\n}\n\
         resource \"thing\" \"set\" {\n for_each = toset([\"y\", \"x\"])\n name = each.value\n}\n");
    assert_eq!(outcome.faults, Vec::<String>::new());
    assert_eq!(
        outcome.addresses(),
        [
            "thing.many[0]",
            "thing.many[1]",
            "thing.map[\"a\"]",
            "thing.map[\"b\"]",
            "thing.one",
            "thing.set[\"x\"]",
            "thing.set[\"y\"]"
        ]
    );
    assert_eq!(
        outcome.names(),
        ["\"n0\"", "\"n1\"", "\"a2\"", "\"b1\"", "\"n\"", "\"x\"", "\"y\""]
    );
}

#[test]
fn a_wrong_count_or_for_each_is_told_once() {
    let rows = [
        ("count = -1", "Invalid count: -1"),
        ("count = 1.5", "Invalid count: 1.5"),
        ("count = \"x\"", "Invalid count: \"x\""),
        ("count = null", "Invalid count: null"),
        ("count = 1000001", "Too many instances: 1000001"),
        ("count = sensitive(1)", "Sensitive count: sensitive(1)"),
        ("for_each = [\"a\"]", "Invalid for_each: [\"a\"]"),
        ("for_each = toset([1])", "Invalid for_each: toset([1])"),
        ("for_each = null", "Invalid for_each: null"),
        ("for_each = \"a\"", "Invalid for_each: \"a\""),
        ("for_each = sensitive({})", "Invalid for_each: sensitive({})"),
        ("count = 1\n for_each = {}", "Both count and for_each: for_each"),
        ("for_each = each.value", "Invalid reference: each.value"),
        ("count = 1\n on = each.value", "Invalid reference: each.value"),
        ("for_each = {}\n on = count.index", "Invalid reference: count.index"),
        ("for_each = {}\n on = each.valu", "Invalid reference: each.valu"),
        ("for_each = thing.b.id", "Unknown resource: thing.b"),
        ("for_each = local.broken", "Invalid index: 0"),
    ];
    for (line, expected) in rows {
        let text = format!(
            "locals {{\n broken = [][0]\n}}\nresource \"thing\" \"a\" {{\n {line}\n name = \"n\"\n}}\n"
        );
        let faults = run(&text).faults;
        let faults: Vec<&String> = faults
            .iter()
            .filter(|fault| line.contains("broken") || *fault != "Invalid index: 0")
            .collect();
        assert_eq!(faults, [expected], "{line}");
    }
}

#[test]
fn the_word_resource_may_stand_before_a_type() {
    let outcome = run("resource \"thing\" \"a\" {\n name = \"n\"\n}\n\
         resource \"thing\" \"b\" {\n count = 2\n name = resource.thing.a.name\n}\n\
         output \"all\" {\n value = resource.thing.b[*].name\n}\n\
         output \"one\" {\n value = [for resource in [{ thing = { a = 1 } }] : resource.thing.a]\n}\n");
    assert_eq!(outcome.faults, Vec::<String>::new());
    assert_eq!(outcome.names(), ["\"n\"", "\"n\"", "\"n\""]);
    assert_eq!(outcome.output("one"), "[1]");
    let faults = |text: &str| run(&format!("output \"o\" {{\n value = {text}\n}}\n")).faults;
    assert_eq!(faults("resource.thing.a.name"), ["Unknown resource: resource.thing.a"]);
    assert_eq!(faults("resource.thing"), ["Unknown resource: resource.thing"]);
}

#[test]
fn messages_say_what_is_wrong_and_how_to_mend_it() {
    let rows = [
        (
            "locals {\n n = [1]\n}\nresource \"thing\" \"a\" {\n for_each = local.n\n name = \"n\"\n}\n",
            "and this is a tuple. Write `toset(…)`",
        ),
        (
            "resource \"thing\" \"a\" {\n for_each = toset([1])\n name = \"n\"\n}\n",
            "and this is a set of number.",
        ),
        (
            "resource \"thing\" \"a\" {\n for_each = toset([tostring(null)])\n name = \"n\"\n}\n",
            "The set holds a null",
        ),
        (
            "resource \"thing\" \"a\" {\n for_each = {x = 1}\n name = \"n\"\n}\n\
             output \"o\" {\n value = thing.a[*].id\n}\n",
            "`thing.a[\"key\"].id` for one",
        ),
        (
            "resource \"thing\" \"a\" {\n name = \"n\"\n}\noutput \"o\" {\n value = thing.a[0].id\n}\n",
            "neither `count` nor `for_each`: write `thing.a`",
        ),
        ("output \"o\" {\n value = self.x\n}\n", "`self` is the resource itself"),
        ("output \"o\" {\n value = \"a${{}}\"\n}\n", "An object cannot be part of a text."),
        ("output \"o\" {\n value = [1] ? 1 : 2\n}\n", "true or false, and this is a tuple."),
        (
            "resource \"thing\" \"a\" {\n name = \"n\"\n}\n\
             resource \"thing\" \"b\" {\n name = \"m\"\n depends_on = [thing.a.id]\n}\n",
            "write `thing.a`.",
        ),
        (
            "variable \"v\" {\n default = \"a\"\n validation {\n condition = var.v\n \
             error_message = \"\"\n }\n}\n",
            "A condition must be true or false, and this is a string.",
        ),
        (
            "variable \"v\" {\n default = \"a\"\n validation {\n condition = var.v == \"b\"\n \
             error_message = tonumber(var.v)\n }\n}\n",
            "its message could not be evaluated. Cannot convert \"a\" to number",
        ),
    ];
    for (text, part) in rows {
        let outcome = run(text);
        let [detail] = outcome.details.as_slice() else { panic!("{text}: {:?}", outcome.faults) };
        assert!(detail.contains(part), "{text}: {detail}");
    }
}

#[test]
fn what_is_wrong_in_every_instance_is_told_once() {
    let outcome = run("resource \"thing\" \"a\" {\n count = 100\n name = [][0]\n}\n");
    assert_eq!(outcome.faults, ["Invalid index: 0"]);
    let outcome = run("resource \"thing\" \"a\" {\n count = 3\n name = [\"x\"][count.index]\n}\n");
    assert_eq!(outcome.faults.len(), 1);
    assert_eq!(outcome.addresses(), ["thing.a[0]"]);
}

#[test]
fn bodies_are_held_to_their_schema() {
    let faults = |body: &str| run(&format!("resource \"thing\" \"a\" {{\n{body}\n}}\n")).faults;
    assert_eq!(faults("name = \"n\"\nrule {\n size = \"5\"\n}"), Vec::<String>::new());
    assert_eq!(
        faults("nam = \"n\"\nid = 1\nrule = {}\non {}\nrul {}"),
        [
            "Attribute cannot be set: id",
            "Unknown attribute: nam",
            "Attribute instead of a block: rule",
            "Block instead of an attribute: on",
            "Unknown block: rul",
        ]
    );
    assert_eq!(
        faults("for_each {}"),
        ["Missing attribute: resource \"thing\" \"a\"", "Block instead of an attribute: for_each"]
    );
    assert_eq!(faults("name = \"n\"\nlifecycle = {}"), ["Attribute instead of a block: lifecycle"]);
    assert_eq!(
        faults("name = null\non = \"x\"\nrule {\n size = []\n}"),
        ["Missing attribute: null", "Wrong type: \"x\"", "Wrong type: []"]
    );
    assert_eq!(faults("name = \"n\"\nrule {}\nrule {}"), ["Block occurs twice: rule"]);
    assert_eq!(faults("name = \"n\"\nrule \"x\" {}"), ["Wrong number of labels: \"x\""]);
    let outcome = run("resource \"thing\" \"a\" {\n name = \"n\"\n pin = \"1\"\n}\n");
    assert_eq!(
        show(&outcome.evaluation.instances[0].declared),
        "{name = \"n\", on = null bool, pin = !\"1\", rule = list(any)[]}"
    );
    assert_eq!(
        run("resource \"thin\" \"a\" {}\n").faults,
        ["Unknown resource type: resource \"thin\" \"a\""]
    );
}

#[test]
fn references_reach_resources_whatever_the_order() {
    let outcome = run("output \"one\" {\n value = local.ids\n}\n\
         locals {\n ids = [thing.one.id, thing.many[*].id, { for k, v in thing.map : k => v.name }]\n}\n\
         resource \"thing\" \"map\" {\n for_each = { k = thing.one.id }\n name = each.value\n}\n\
         resource \"thing\" \"many\" {\n count = 1\n name = \"n\"\n}\n\
         resource \"thing\" \"one\" {\n name = \"n\"\n}\n");
    assert_eq!(outcome.faults, Vec::<String>::new());
    assert_eq!(
        outcome.output("one"),
        "[\"id of thing.one\", [\"id of thing.many[0]\"], {k = \"id of thing.one\"}]"
    );
}

#[test]
fn references_that_lead_nowhere_are_each_told() {
    let outcome = run("variable \"region\" {\n default = 1\n}\n\
         locals {\n\
         a = var.regio\n b = local.c\n c = thing.x.id\n d = foo\n e = var\n f = path.modul\n\
         g = [for x in [1] : x]\n h = \"%{for y in [1]}${y}${x}%{endfor}\"\n\
         i = region\n}\n");
    assert_eq!(
        outcome.faults,
        [
            "Unknown variable: var.regio",
            "Unknown resource: thing.x",
            "Invalid reference: foo",
            "Invalid reference: var",
            "Invalid reference: path.modul",
            "Invalid reference: x",
            "Invalid reference: region",
        ]
    );
    assert!(outcome.details[0].contains("Did you mean \"region\"?"));
}

#[test]
fn a_fault_is_told_where_it_is_and_not_again_where_it_is_used() {
    let outcome = run("locals {\n a = [][0]\n b = local.a + 1\n c = \"x${local.b}\"\n}\n\
         output \"c\" {\n value = local.c\n}\n\
         resource \"thing\" \"a\" {\n name = local.c\n}\n");
    assert_eq!(outcome.faults, ["Invalid index: 0"]);
}

#[test]
fn a_cycle_is_told_and_what_is_outside_of_it_goes_on() {
    let outcome = run("locals {\n a = local.b\n b = local.c\n c = local.a\n d = 1\n}\n\
         output \"d\" {\n value = local.d\n}\n");
    assert_eq!(outcome.faults, ["Cycle: local.b"]);
    assert_eq!(outcome.output("d"), "1");
    let outcome = run("resource \"thing\" \"a\" {\n name = thing.b.id\n}\n\
         resource \"thing\" \"b\" {\n name = \"n\"\n depends_on = [thing.a]\n}\n");
    assert_eq!(outcome.faults, ["Cycle: thing.b"]);
    assert_eq!(
        run("resource \"thing\" \"a\" {\n name = thing.a.id\n}\n").faults,
        ["Cycle: thing.a"]
    );
    let outcome = run("locals {\n a = local.a\n}\n");
    assert_eq!(
        outcome.details,
        ["local.a refers to itself, so its value never ends. Remove the reference."]
    );
}

#[test]
fn what_may_be_declared_where_the_syntax_is_wrong_is_not_told_to_be_unknown() {
    let text = "locals {\n a = {\n  b = 1\n\n c = 2\n}\noutput \"o\" {\n                 value = [local.c, local.d]\n}\n";
    assert_eq!(run(text).faults, ["Unclosed bracket: {", "Unknown local value: local.d"]);
}

#[test]
fn depends_on_takes_references() {
    let faults = |list: &str| {
        run(&format!(
            "variable \"x\" {{\n default = 1\n}}\nresource \"thing\" \"b\" {{\n name = \"n\"\n}}\n\
             resource \"thing\" \"a\" {{\n name = \"n\"\n depends_on = {list}\n}}\n"
        ))
        .faults
    };
    assert_eq!(faults("[thing.b, var.x]"), Vec::<String>::new());
    assert_eq!(faults("[]"), Vec::<String>::new());
    assert_eq!(faults("[thing.c]"), ["Unknown resource: thing.c"]);
    assert_eq!(faults("thing.b"), ["Invalid dependency: thing.b"]);
}

#[test]
fn resources_name_their_providers() {
    let text = |provider: &str| {
        format!(
            "provider \"aws\" {{\n region = \"a\"\n}}\n\
             provider \"aws\" {{\n alias = \"eu\"\n region = local.eu\n}}\n\
             locals {{\n eu = \"b\"\n}}\n\
             resource \"thing\" \"a\" {{\n name = \"n\"\n {provider}\n}}\n"
        )
    };
    let provider = |line: &str| {
        let outcome = run(&text(line));
        match outcome.faults.first() {
            Some(fault) => format!("error {fault}"),
            None => outcome.evaluation.instances[0].provider.to_string(),
        }
    };
    assert_eq!(provider(""), "aws");
    assert_eq!(provider("provider = aws"), "aws");
    assert_eq!(provider("provider = aws.eu"), "aws.eu");
    assert_eq!(provider("provider = \"aws.eu\""), "aws.eu");
    assert_eq!(provider("provider = aws.us"), "error Unknown provider: aws.us");
    assert_eq!(provider("provider = 1"), "error Invalid provider: 1");
    let providers = run(&text("")).evaluation.providers;
    let shown: Vec<String> =
        providers.iter().map(|(name, value)| format!("{name} {}", show(value))).collect();
    assert_eq!(shown, ["aws {region = \"a\"}", "aws.eu {region = \"b\"}"]);
}

/// What instances share is an economy that nobody sees: each is what it is when it is alone.
#[test]
fn many_instances_are_what_each_is_alone() {
    const VALUES: [(&str, &str); 5] =
        [("a", "1"), ("b", "\"2\""), ("c", "2"), ("d", "\"x\""), ("e", "sensitive(\"x\")")];
    let thing = |keys: &[(&str, &str)], body: &str| {
        let entries: Vec<String> =
            keys.iter().map(|(key, value)| format!("    {key} = {value}\n")).collect();
        let text = format!(
            "resource \"thing\" \"t\" {{\n  for_each = {{\n{}  }}\n{body}\n}}\n",
            entries.concat()
        );
        let outcome = run(&text);
        let shown = outcome.evaluation.instances.iter().map(|it| show(&it.declared));
        (shown.collect::<Vec<_>>(), outcome.faults)
    };
    let bodies = [
        "name = each.key",
        "name = \"fixed\"\n on = true",
        "name = \"${each.key}-${each.value}\"",
        "name = each.key\n pin = each.value",
        "name = \"fixed\"\n rule { size = each.value }",
        "name = each.key\n rule { size = 5 }",
        "name = each.key\n rule { }",
        "name = each.key\n rule { size = \"five\" }",
        "name = null",
        "name = [for each in [\"n\"] : each][0]",
        "name = each.key\n dynamic \"rule\" {\n for_each = [each.value]\n content { size = rule.value }\n }",
        "name = each.key\n dynamic \"rule\" {\n for_each = [7]\n content { size = rule.value }\n }",
        "name = each.key\n dynamic \"rule\" {\n for_each = [1, 2]\n content { size = rule.value }\n }",
    ];
    for body in bodies {
        let (together, faults) = thing(&VALUES, body);
        let (mut alone, mut told) = (Vec::new(), Vec::new());
        for value in VALUES {
            let (shown, faults) = thing(&[value], body);
            alone.extend(shown);
            told.extend(faults);
        }
        told.dedup();
        assert_eq!(together, alone, "{body}");
        assert_eq!(faults, told, "{body}");
    }
}

#[test]
fn what_is_another_each_time_is_so_for_each_instance() {
    for function in ["uuid()", "core::uuid()", "templatestring(local.text, {})"] {
        let text = format!(
            "locals {{\n text = \"$${{uuid()}}\"\n}}\n\
             resource \"thing\" \"t\" {{\n count = 3\n name = {function}\n pin = \"x\"\n}}\n"
        );
        let names: BTreeSet<String> = run(&text).names().into_iter().collect();
        assert_eq!(names.len(), 3, "{function}: {names:?}");
    }
}

#[test]
fn a_condition_says_something_of_something() {
    let rows = [
        (
            "variable \"a\" {\n default = 1\n validation {\n condition = CONDITION\n error_message = \"no\"\n }\n}\n",
            "`var.a`",
        ),
        (
            "output \"o\" {\n value = 1\n precondition {\n condition = CONDITION\n error_message = \"no\"\n }\n}\n",
            "refers to nothing",
        ),
        (
            "check \"c\" {\n assert {\n condition = CONDITION\n error_message = \"no\"\n }\n}\n",
            "refers to nothing",
        ),
        (
            "resource \"thing\" \"t\" {\n name = \"x\"\n lifecycle {\n postcondition {\n condition = CONDITION\n error_message = \"no\"\n }\n }\n}\n",
            "refers to nothing",
        ),
    ];
    for (text, part) in rows {
        for idle in ["true", "[for x in [1] : x] == [1]", "timestamp() != \"\""] {
            let outcome = run(&text.replace("CONDITION", idle));
            assert!(
                outcome.details.iter().any(|detail| detail.contains(part)),
                "{text}\n{:?}",
                outcome.details
            );
        }
        let outcome = run(&text.replace("CONDITION", "path.module == path.module"));
        let is_variable = text.starts_with("variable");
        assert_eq!(outcome.details.len(), usize::from(is_variable), "{:?}", outcome.details);
    }
    let text = rows[0].0.replace("CONDITION", "[for x in [var.a] : x > 0][0]");
    assert_eq!(run(&text).details, Vec::<String>::new());
}
