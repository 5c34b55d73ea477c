//! What the language means, in rows: an expression and what it comes to.

mod collections;
mod heredocs;
mod limits;
mod marks;
mod operators;
mod rendering;
mod templates;
mod unknown;
mod whole;

use super::expression::{Fault, Scope, World};
use super::functions::{Context, Host, NoFiles};
use super::reference::Root;
use crate::config;
use crate::diag::{Diagnostics, Sources};
use crate::value::{Type, Value};

/// A world of a few variables, each named after what it holds.
struct Variables(Context<'static>);

impl Variables {
    fn new() -> Self {
        Self(Context { files: &NoFiles, host: Box::leak(Box::new(Host::default())) })
    }
}

impl World for Variables {
    fn lookup(&self, root: Root, _: &str, name: &str) -> Option<Value> {
        if root != Root::Variable {
            return None;
        }
        let names = || Value::list(Type::String, vec![Value::from("a"), Value::from("b")]);
        Some(match name {
            "secret" => Value::from("s3cret").sensitive(),
            "one" => Value::from(1).sensitive(),
            "yes" => Value::from(true).sensitive(),
            "names" => names().sensitive(),
            "list" => names(),
            "set" => names().convert(&Type::set(Type::String)).ok()?,
            "map" => {
                Value::object([("k", Value::from("v"))]).convert(&Type::map(Type::String)).ok()?
            }
            "any" => Value::unknown(Type::Any),
            "text" => Value::unknown(Type::String),
            "number" => Value::unknown(Type::Number),
            "truth" => Value::unknown(Type::Bool),
            "null_text" => Value::Null(Type::String),
            "null_list" => Value::Null(Type::list(Type::String)),
            "partly" => Value::tuple(vec![Value::from("a").sensitive(), Value::from("b")]),
            _ => return None,
        })
    }

    fn context(&self) -> &Context<'_> {
        &self.0
    }
}

/// Parses and evaluates one expression. An error is its summary, and the text that it points at.
fn eval(text: &str) -> Result<Value, String> {
    let mut sources = Sources::default();
    let file = sources.add("t", text);
    let mut diagnostics = Diagnostics::new();
    let told = |fault: &crate::diag::Diagnostic| {
        let place = fault.subject.map_or("", |span| sources.slice(span));
        format!("{}: {place}", fault.summary)
    };
    let expr = config::parse_expr(&sources, file, &mut diagnostics);
    if let Some(first) = diagnostics.first() {
        return Err(told(first));
    }
    let expr = expr.expect("what does not parse is reported");
    let result: Result<Value, Fault> = Scope::new(&Variables::new()).eval(&expr);
    result.map_err(|fault| told(&fault))
}

/// The value as text: what is sensitive behind `!`, what is unknown as `?type`, and the kind of a
/// list, set or map before it.
fn show(value: &Value) -> String {
    let items = |items: &[Value]| items.iter().map(show).collect::<Vec<_>>().join(", ");
    let fields = |value: &Value| {
        let fields = value.as_fields().into_iter().flat_map(crate::value::Fields::iter);
        fields
            .map(|(name, value)| format!("{name} = {}", show(value)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match value {
        Value::Sensitive(inner) => format!("!{}", show(inner)),
        Value::Unknown(ty, _) => format!("?{ty}"),
        Value::Null(Type::Any) => "null".to_owned(),
        Value::Null(ty) => format!("null {ty}"),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::Tuple(all) => format!("[{}]", items(all)),
        Value::List(list) => format!("list({})[{}]", list.element_type, items(&list.items)),
        Value::Set(set) => format!("set({})[{}]", set.element_type, items(&set.items)),
        Value::Map(map) => format!("map({}){{{}}}", map.element_type, fields(value)),
        Value::Object(_) => format!("{{{}}}", fields(value)),
    }
}

/// Holds each expression to what it comes to; `error` before the summary and place of an error.
fn check(rows: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in rows {
        let got = match eval(text) {
            Ok(value) => show(&value),
            Err(told) => format!("error {told}"),
        };
        if got != *expected {
            wrong.push(format!("{text}\n   gave {got}\n    not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
