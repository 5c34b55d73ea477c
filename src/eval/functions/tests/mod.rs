//! Calls as rows: what Terraform's console answers, unless a comment says otherwise.
//!
//! An argument is JSON, with words in front for what JSON has not: `list`, `set`, `map`,
//! `sensitive`, or `unknown` alone. A result is its type and its value, with `!` before what is
//! sensitive and `?` for what is unknown; `error` is followed by part of the message.

mod collections;
mod console;
mod crypto;
mod random;
mod text;

use super::*;
use crate::value::from_json;

struct Memory;

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "a.txt" => Ok(b"content".to_vec()),
            "bytes" => Ok(vec![0xff]),
            _ => Err("there is no such file".into()),
        }
    }

    fn kind(&self, path: &str) -> Result<Option<FileKind>, String> {
        Ok(self.read(path).is_ok().then_some(FileKind::File))
    }

    fn list(&self, _path: &str) -> Result<Vec<String>, String> {
        Ok(vec!["a.txt".into(), "bytes".into()])
    }

    fn identity(&self, path: &str) -> String {
        path.to_owned()
    }
}

fn context(host: &Host) -> Context<'_> {
    Context { files: &Memory, host }
}

fn value(text: &str) -> Value {
    if let Some((word, rest)) = text.split_once(' ') {
        let to = |ty: Type| value(rest).convert(&ty).unwrap();
        match word {
            "list" => return to(Type::list(Type::Any)),
            "set" => return to(Type::set(Type::Any)),
            "map" => return to(Type::map(Type::Any)),
            "string" => return to(Type::String),
            "sensitive" => return value(rest).sensitive(),
            // An object whose one field is sensitive or unknown.
            "in" => return Value::object([("a", value(rest))]),
            "beside" => return Value::tuple(vec![value(rest), Value::from(2)]),
            "unknown" => return Value::unknown(value(rest).ty()),
            _ => {}
        }
    }
    match text {
        "unknown" => Value::unknown(Type::Any),
        _ => from_json(&serde_json::from_str(text).expect(text)).unwrap(),
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Sensitive(inner) => format!("!{}", show(inner)),
        Value::Unknown(..) => "?".into(),
        Value::List(_) | Value::Set(_) | Value::Tuple(_) => {
            let items: Vec<String> = value.as_items().unwrap().iter().map(show).collect();
            format!("[{}]", items.join(","))
        }
        Value::Map(_) | Value::Object(_) => {
            let fields: Vec<String> = value
                .as_fields()
                .unwrap()
                .iter()
                .map(|(name, value)| format!("{name:?}:{}", show(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::String(text) => format!("{text:?}"),
        Value::Null(_) | Value::Bool(_) | Value::Number(_) => encoding::json(value),
    }
}

fn run(name: &str, args: &[&str]) -> String {
    let args: Vec<Value> = args.iter().map(|arg| value(arg)).collect();
    match find(name).expect(name).call(&args, &context(&Host::default())) {
        Ok(value) => format!("{} {}", value.ty(), show(&value)),
        Err(error) => match error.argument {
            Some(n) => format!("error {n}: {error}"),
            None => format!("error: {error}"),
        },
    }
}

/// Runs all rows and reports all that differ.
fn check(rows: &[(&str, &[&str], &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(name, args, expected)| {
            let got = run(name, args);
            let right = match expected.strip_prefix("error ") {
                Some(part) => got.starts_with("error") && got.contains(part),
                None => got == *expected,
            };
            (!right)
                .then(|| format!("{name}({})\n  want {expected}\n  got  {got}", args.join(", ")))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_list_is_sorted_and_described() {
    assert!(FUNCTIONS.is_sorted_by(|a, b| a.name < b.name));
    for function in FUNCTIONS.iter() {
        let line = function.description;
        assert!(line.ends_with('.') && !line.contains('\n') && line.len() < 90, "{line}");
        assert!(find(function.name).is_some());
        let names: Vec<&str> =
            function.parameters.iter().chain(&function.variadic).map(|p| p.name).collect();
        assert!(names.iter().all(|name| !name.is_empty()), "{}", function.name);
    }
    assert!(find("nothing").is_none());
}

#[test]
fn signatures_read_like_declarations() {
    let signature = |name| find(name).unwrap().signature();
    assert_eq!(
        signature("join"),
        "join(separator: string, list: list(string), lists: list(string)...) -> string"
    );
    assert_eq!(signature("lookup"), "lookup(map: any, key: string, default?: any) -> any");
    assert_eq!(signature("merge"), "merge(maps: any...) -> any");
}

#[test]
fn what_all_calls_have_in_common() {
    check(&[
        ("abs", &[], "error expects 1 argument, got 0"),
        ("max", &[], "error expects at least 1 argument, got 0"),
        ("range", &["1", "2", "3", "4"], "error expects at most 3 arguments, got 4"),
        ("substr", &["\"a\"", "1"], "error expects 3 arguments, got 2"),
        ("lower", &["null"], "error 0: must not be null"),
        ("lower", &["[]"], "error 0: a string is required"),
        ("lower", &["5"], "string \"5\""),
        ("lower", &["unknown"], "string ?"),
        ("lower", &["sensitive \"A\""], "string !\"a\""),
        ("lower", &["sensitive unknown"], "string !?"),
        ("join", &["\",\"", "beside unknown"], "string ?"),
        ("join", &["\",\"", "beside sensitive 1"], "string !\"1,2\""),
        ("can", &["1"], "error carried out by the evaluator"),
        ("try", &["1"], "error carried out by the evaluator"),
    ]);
}

#[test]
fn an_error_never_shows_what_is_sensitive() {
    let secret = "hunter2";
    let quoted = format!("sensitive \"{secret}\"");
    let object = format!("sensitive {{\"{secret}\":[null]}}");
    let calls: &[(&str, &[&str])] = &[
        ("parseint", &[&quoted, "10"]),
        ("tonumber", &[&quoted]),
        ("tobool", &[&quoted]),
        ("abs", &[&quoted]),
        ("lookup", &["{}", &quoted]),
        ("file", &[&quoted]),
        ("jsondecode", &[&quoted]),
        ("sum", &[&format!("[\"{secret}\"]")]),
        ("transpose", &[&object]),
        ("tomap", &[&format!("sensitive {{\"{secret}\":[],\"b\":1}}")]),
        ("format", &[&format!("sensitive \"%{secret}\"")]),
        ("format", &["\"%d\"", &quoted]),
    ];
    for (name, args) in calls {
        let got = run(name, args);
        assert!(got.starts_with("error") && !got.contains(secret), "{name}: {got}");
    }
}

#[test]
fn a_short_call_cannot_ask_for_gigabytes() {
    let thousand = format!("[{}1]", "1,".repeat(1100));
    let long = format!("\"{}\"", "a".repeat(40_000));
    check(&[
        ("range", &["1e9"], "error more than 1,000,000 elements"),
        ("range", &["0", "1", "1e-9"], "error more than 1,000,000 elements"),
        ("setproduct", &[&thousand, &thousand], "error more than 1,000,000 combinations"),
        ("format", &["\"%99999999999999999999d\"", "1"], "error above 10,000"),
        ("format", &["\"%.10001f\"", "1"], "error above 10,000"),
        ("indent", &["10001", "\"a\""], "error between 0 and 10,000"),
        ("replace", &[&long, "\"\"", &long], "error more than 16 MiB"),
        ("jsondecode", &["\"1e9999999999\""], "error out of range"),
        (
            "parseint",
            &[&format!("\"{}\"", "z".repeat(100_001)), "62"],
            "error more than 100,000 digits",
        ),
    ]);
    assert!(run("range", &["2000"]).starts_with("list(number) [0,1,2,"));
}

#[test]
fn numbers() {
    check(&[
        ("abs", &["-1.5"], "number 1.5"),
        ("abs", &["\"-3\""], "number 3"),
        ("abs", &["true"], "error 0: a number is required"),
        ("ceil", &["1.2"], "number 2"),
        ("ceil", &["-1.2"], "number -1"),
        ("floor", &["-1.2"], "number -2"),
        ("floor", &["3"], "number 3"),
        ("max", &["1", "2.5"], "number 2.5"),
        ("max", &["\"3\"", "2"], "number 3"),
        ("min", &["1", "-2"], "number -2"),
        ("min", &["1", "null"], "error 1: must not be null"),
        ("parseint", &["\"ff\"", "16"], "number 255"),
        ("parseint", &["\"FF\"", "16"], "number 255"),
        ("parseint", &["\"-10\"", "2"], "number -2"),
        ("parseint", &["\"+10\"", "2"], "number 2"),
        ("parseint", &["\"zZ\"", "62"], "number 2231"),
        ("parseint", &["\"aA\"", "36"], "number 370"),
        ("parseint", &["\"00\"", "10"], "number 0"),
        (
            "parseint",
            &["\"123456789012345678901234567890123456789\"", "10"],
            "number 123456789012345678901234567890123456789",
        ),
        ("parseint", &["\"12\"", "2"], "error cannot parse \"12\" as a base 2 integer"),
        ("parseint", &["\"1_0\"", "10"], "error cannot parse"),
        ("parseint", &["\"\"", "10"], "error cannot parse"),
        ("parseint", &["\"-\"", "10"], "error cannot parse"),
        ("parseint", &["\"12\"", "63"], "error between 2 and 62"),
        ("parseint", &["\"12\"", "2.5"], "error 1: must be a whole number"),
        ("parseint", &["10", "2"], "error must be a string, not number"),
        ("pow", &["2", "10"], "number 1024"),
        ("pow", &["2", "-1"], "number 0.5"),
        ("pow", &["0", "0"], "number 1"),
        ("pow", &["1.1", "2"], "number 1.2100000000000002"),
        ("pow", &["2", "100"], "number 1267650600228229400000000000000"),
        // Terraform has infinity, or fails within.
        ("pow", &["0", "-1"], "number +Inf"),
        ("pow", &["-8", "0.5"], "error has no result"),
        ("log", &["16", "2"], "number 4"),
        ("log", &["1000", "10"], "number 2.9999999999999996"),
        ("log", &["2", "0"], "number -0"),
        ("log", &["0", "10"], "number -Inf"),
        ("log", &["1", "1"], "error has no result"),
        ("signum", &["-5"], "number -1"),
        ("signum", &["0"], "number 0"),
        ("signum", &["0.5"], "error 0: must be a whole number"),
        ("sum", &["[1,2.5]"], "number 3.5"),
        ("sum", &["[\"1\",2]"], "number 3"),
        ("sum", &["set [1,2]"], "number 3"),
        ("sum", &["[0.1,0.2]"], "number 0.3"),
        ("sum", &["[]"], "error must not be empty"),
        ("sum", &["[null,1]"], "error [0]: a number is required"),
        ("sum", &["[true]"], "error [0]: a number is required"),
        ("sum", &["{}"], "error must be a list, set or tuple of numbers, not object"),
        ("sum", &["beside sensitive 1"], "number !3"),
        ("range", &["3"], "list(number) [0,1,2]"),
        ("range", &["0"], "list(number) []"),
        ("range", &["-2.5"], "list(number) [0,-1,-2]"),
        ("range", &["1", "3"], "list(number) [1,2]"),
        ("range", &["3", "1"], "list(number) [3,2]"),
        ("range", &["5", "1", "-2"], "list(number) [5,3]"),
        ("range", &["0", "1", "0.25"], "list(number) [0,0.25,0.5,0.75]"),
        ("range", &["1", "1", "0"], "list(number) []"),
        ("range", &["1", "2", "0"], "error 2: must not be zero"),
        ("range", &["1", "2", "-1"], "error 1: must be less than the start"),
        ("range", &["2", "1", "1"], "error 1: must be greater than the start"),
        ("range", &["null"], "error 0: must not be null"),
        ("range", &["\"a\""], "error 0: a number is required"),
    ]);
}

#[test]
fn conversions() {
    check(&[
        ("tostring", &["1.50"], "string \"1.5\""),
        ("tostring", &["null"], "string null"),
        ("tostring", &["[1]"], "error cannot convert tuple to string"),
        ("tostring", &["sensitive 1"], "string !\"1\""),
        ("tostring", &["unknown"], "string ?"),
        ("tonumber", &["\"1e3\""], "number 1000"),
        ("tonumber", &["\"x\""], "error cannot convert \"x\" to number; a decimal number"),
        ("tonumber", &["true"], "error cannot convert bool to number"),
        ("tobool", &["\"1\""], "bool true"),
        ("tobool", &["\"TRUE\""], "error cannot convert \"TRUE\" to bool; only"),
        ("tobool", &["1"], "error cannot convert number to bool"),
        ("tobool", &["null"], "bool null"),
        ("tolist", &["[1,\"a\"]"], "list(string) [\"1\",\"a\"]"),
        ("tolist", &["set [\"b\",\"a\"]"], "list(string) [\"a\",\"b\"]"),
        ("tolist", &["null"], "list(any) null"),
        ("tolist", &["[null,\"a\"]"], "list(string) [null,\"a\"]"),
        ("tolist", &["[1,[2]]"], "error cannot convert tuple to list of any single type"),
        ("tolist", &["{}"], "error cannot convert object to list of any single type"),
        ("tolist", &["beside sensitive 1"], "list(number) [!1,2]"),
        ("tolist", &["unknown set [1]"], "list(any) ?"),
        ("toset", &["[1,\"1\"]"], "set(string) [\"1\"]"),
        ("toset", &["[]"], "set(any) []"),
        ("toset", &["\"a\""], "error cannot convert string to set of any single type"),
        ("toset", &["beside sensitive 1"], "set(number) ![1,2]"),
        ("toset", &["beside unknown"], "set(number) [2,?]"),
        ("tomap", &["{\"a\":1,\"b\":\"x\"}"], "map(string) {\"a\":\"1\",\"b\":\"x\"}"),
        ("tomap", &["{\"a\":null,\"b\":1}"], "map(number) {\"a\":null,\"b\":1}"),
        ("tomap", &["in sensitive 1"], "map(number) {\"a\":!1}"),
        ("tomap", &["[1]"], "error cannot convert tuple to map of any single type"),
        ("sensitive", &["1"], "number !1"),
        ("sensitive", &["sensitive 1"], "number !1"),
        ("nonsensitive", &["sensitive 1"], "number 1"),
        ("nonsensitive", &["in sensitive 1"], "object({a = number}) {\"a\":!1}"),
        ("issensitive", &["sensitive 1"], "bool true"),
        ("issensitive", &["in sensitive 1"], "bool false"),
        ("issensitive", &["null"], "bool false"),
        ("issensitive", &["unknown"], "bool ?"),
    ]);
}

#[test]
fn json_and_files() {
    check(&[
        ("jsonencode", &["null"], "string \"null\""),
        ("jsonencode", &["{}"], "string \"{}\""),
        ("jsonencode", &["set [\"b\",\"a\"]"], r#"string "[\"a\",\"b\"]""#),
        (
            "jsonencode",
            &[r#"{"b":1,"a":"<x>&\u2028"}"#],
            r#"string "{\"a\":\"\\u003cx\\u003e\\u0026\\u2028\",\"b\":1}""#,
        ),
        (
            "jsonencode",
            &[r#""\u0001\u0008\u000c\n\r\t\"\\/""#],
            r#"string "\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\/\"""#,
        ),
        (
            "jsonencode",
            &["[1.5,1e20,1e-10]"],
            "string \"[1.5,100000000000000000000,0.0000000001]\"",
        ),
        ("jsonencode", &["in sensitive 1"], r#"string !"{\"a\":1}""#),
        ("jsonencode", &["in unknown"], "string ?"),
        (
            "jsondecode",
            &[r#""{\"b\":1,\"a\":[1,\"x\",null]}""#],
            "object({a = tuple([number, string, any]), b = number}) {\"a\":[1,\"x\",null],\"b\":1}",
        ),
        ("jsondecode", &[r#""{\"a\":1,\"a\":2}""#], "object({a = number}) {\"a\":2}"),
        ("jsondecode", &["\"null\""], "any null"),
        ("jsondecode", &["\"\""], "error is no valid JSON: EOF"),
        ("jsondecode", &["\"1 2\""], "error is no valid JSON"),
        ("jsondecode", &["\" 01\""], "error is no valid JSON"),
        ("file", &["\"a.txt\""], "string \"content\""),
        ("file", &["sensitive \"a.txt\""], "string !\"content\""),
        ("file", &["\"bytes\""], "error not valid UTF-8"),
        ("file", &["\"b.txt\""], "error cannot read \"b.txt\": there is no such file"),
        ("fileexists", &["\"a.txt\""], "bool true"),
        ("fileexists", &["\"b.txt\""], "bool false"),
        ("fileexists", &["unknown"], "bool ?"),
    ]);
}

#[test]
fn no_call_panics_whatever_it_is_given() {
    let bag = [
        "null",
        "unknown",
        "true",
        "0",
        "-1.5",
        "1e300",
        "\"\"",
        "\"%[1]é/\"",
        "[]",
        "[1,\"x\",null]",
        "set [\"a\"]",
        "list []",
        "{}",
        "map {\"a\":1}",
        "sensitive [1]",
        "beside unknown",
    ];
    let bag = bag.map(value);
    let host = Host::default();
    let context = context(&host);
    for function in FUNCTIONS.iter() {
        let _ = function.call(&[], &context).is_ok();
        for a in &bag {
            let _ = function.call(std::slice::from_ref(a), &context).is_ok();
            for b in &bag {
                let _ = function.call(&[a.clone(), b.clone()], &context).is_ok();
                for c in &bag {
                    let args = [a.clone(), b.clone(), c.clone()];
                    let result = function.call(&args, &context);
                    let unmark = matches!(function.name, "nonsensitive" | "issensitive");
                    if let Ok(result) = result
                        && function.marks == Depth::Deep
                        && !unmark
                        && args.iter().any(Value::is_sensitive)
                    {
                        assert!(result.is_sensitive(), "{} {args:?}", function.name);
                    }
                }
            }
        }
    }
}

#[test]
fn no_format_panics_whatever_it_says() {
    let letters: Vec<char> = "%%%[]0125.-+# dsvqxefgGbotXé".chars().collect();
    let args = ["-1.5", "255", "\"é\"", "1e-300", "0", "null"].map(value);
    let host = Host::default();
    let context = context(&host);
    let format = find("format").unwrap();
    let mut seed = 1_usize;
    for _ in 0..10_000 {
        let text: String = (0..8)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                letters[(seed >> 33) % letters.len()]
            })
            .collect();
        for arg in &args {
            let _ = format.call(&[Value::from(text.clone()), arg.clone()], &context).is_ok();
        }
    }
}
