//! Every function with whatever arguments: none panics, and none takes its time.

use super::super::{Context, FUNCTIONS, Host};
use super::Memory;
use crate::value::{Number, Type, Value};
use proptest::collection::vec;
use proptest::prelude::*;

/// Texts that mean something to some function, and texts that mean nothing.
fn text() -> impl Strategy<Value = String> {
    let telling = [
        "",
        "a.txt",
        "bytes",
        "%5.2[1]f%v",
        "/(a)(?P<n>b)*/",
        "${1}$n$$",
        "(a|b){2,1000}",
        "[a-",
        "2017-11-22T00:00:00Z",
        "-1.5h",
        "YYYY-MM'x",
        "10.0.0.0/8",
        "2001:db8::/32",
        "a,b\n1,\"2",
        "a: &x [1]\nb: *x\n<<: {c: d}",
        "- |\n  x\n y",
        "{\"a\":[1,\"\\ud800\"]}",
        "SGVsbG8=",
        "UTF-16",
        "IBM037",
        "dns",
        "**/{a,b}*/[!x]",
        "~/x",
        "../..",
        "e\u{301}🇩🇪",
        "9223372036854775808",
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
    ];
    prop_oneof![
        3 => proptest::sample::select(telling.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => "[a-c(){}\\[\\]*+?|^$.\\\\,:&!<>\\n -]{0,24}",
    ]
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        (-40_i64..300).prop_map(Number::from),
        "-?[0-9]{1,40}(\\.[0-9]{1,40})?".prop_map(|text| text.parse().unwrap()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        5 => text().prop_map(Value::from),
        3 => number().prop_map(Value::Number),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::NULL),
        1 => Just(Value::unknown(Type::Any)),
        1 => Just(Value::unknown(Type::String)),
        1 => Just(Value::unknown(Type::list(Type::String))),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::tuple),
            vec(("[ab]{0,2}", inner.clone()), 0..4).prop_map(Value::object),
            vec(text(), 0..4).prop_map(|items| {
                Value::set(Type::String, items.into_iter().map(Value::from).collect())
            }),
            vec(text(), 0..4).prop_map(|items| {
                Value::list(Type::String, items.into_iter().map(Value::from).collect())
            }),
            inner.clone().prop_map(Value::sensitive),
            inner.prop_map(|item| Value::map(item.ty(), [("a", item)].into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_function_panics_and_none_drops_a_mark(args in vec(value(), 0..4)) {
        let host = Host::default().within("/work".into(), Some("/home/ann".into()));
        let context = Context { files: &Memory, host: &host };
        for function in FUNCTIONS.iter() {
            // Each call takes a while, on purpose.
            if function.name == "bcrypt" {
                continue;
            }
            let Ok(result) = function.call(&args, &context) else { continue };
            let unmark = matches!(function.name, "nonsensitive" | "issensitive" | "length" | "keys" | "lookup");
            if !unmark && args.iter().all(Value::is_sensitive) && !args.is_empty() {
                prop_assert!(result.any(&|part| part.is_sensitive()), "{} {:?}", function.name, args);
            }
        }
    }
}
