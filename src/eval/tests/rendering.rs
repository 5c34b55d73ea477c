//! `templatefile` and `templatestring`: what they see, and how they tell what is wrong.

use super::super::expression::{Scope, World};
use super::super::functions::{Context, FileKind, Files, Host};
use super::super::reference::Root;
use crate::config;
use crate::diag::{Diagnostics, Sources};
use crate::value::Value;

struct Templates;

impl Files for Templates {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let text = match path {
            "greeting" => "Hello\n  ${name}!\n",
            "broken" => "one\ntwo ${name\n",
            "wrong" => "one\n${upper([name])}",
            "nested" => "${templatefile(\"greeting\", { name = 1 })}",
            "bound" => {
                "${join(\",\", [for name in names : upper(name)])}%{ for n in names }${n}%{ endfor }"
            }
            _ => return Err("there is no such file".into()),
        };
        Ok(text.into())
    }

    fn kind(&self, _: &str) -> Result<Option<FileKind>, String> {
        Ok(None)
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn identity(&self, path: &str) -> String {
        path.to_owned()
    }
}

struct Locals<'a>(Context<'a>);

impl World for Locals<'_> {
    fn lookup(&self, _: Root, _: &str, name: &str) -> Option<Value> {
        match name {
            "secret" => Some(Value::from("hunter2 ${nmae}").sensitive()),
            "greeting" => Some(Value::from("Hello ${name}")),
            _ => None,
        }
    }

    fn context(&self) -> &Context<'_> {
        &self.0
    }
}

/// The value of an expression, or the detail of its fault.
fn eval(text: &str) -> Result<Value, String> {
    let host = Host::default();
    let world = Locals(Context { files: &Templates, host: &host });
    let mut sources = Sources::default();
    let file = sources.add("t", text);
    let expr = config::parse_expr(&sources, file, &mut Diagnostics::new()).expect("it parses");
    Scope::new(&world).eval(&expr).map_err(|fault| fault.detail.clone())
}

#[test]
fn a_template_sees_its_variables_alone() {
    let rows = [
        ("templatefile(\"greeting\", { name = \"Ann\" })", "Hello\n  Ann!\n"),
        ("templatestring(local.greeting, { name = 5 })", "Hello 5"),
        ("templatefile(\"bound\", { names = [\"a\", \"b\"] })", "A,Bab"),
        ("core::templatefile(\"greeting\", { name = 1 })", "Hello\n  1!\n"),
    ];
    for (text, expected) in rows {
        assert_eq!(eval(text), Ok(Value::from(expected)), "{text}");
    }
    let sensitive = eval("templatefile(\"greeting\", { name = local.secret })").unwrap();
    assert!(sensitive.is_sensitive());
}

#[test]
fn a_fault_names_the_template_its_line_and_its_column() {
    let rows = [
        (
            "templatefile(\"greeting\", {})",
            "In the template \"greeting\", line 2, column 5: No variable \"name\" is given",
        ),
        ("templatefile(\"greeting\", { nmae = 1 })", "Did you mean \"nmae\"?"),
        ("templatefile(\"broken\", { name = 1 })", "In the template \"broken\", line 2, column "),
        (
            "templatefile(\"wrong\", { name = 1 })",
            "In the template \"wrong\", line 2, column 9: A string is required",
        ),
        (
            "templatefile(\"nested\", {})",
            "In the template \"nested\", line 1, column 3: A template cannot call `templatefile`",
        ),
        ("templatefile(\"none\", {})", "Cannot read \"none\": there is no such file"),
        ("templatefile(\"greeting\", { \"a b\" = 1 })", "Has the name \"a b\""),
        ("templatefile(\"greeting\", [])", "Must be a map or object of variables"),
        ("templatefile(\"greeting\")", "Expects 2 arguments, got 1"),
        ("templatestring(\"Hello\", {})", "Must refer to a template that is elsewhere"),
        (
            "templatestring(local.greeting, { name = null })",
            "In the template of this call, line 1, column 9",
        ),
    ];
    for (text, expected) in rows {
        let told = eval(text).unwrap_err();
        assert!(told.contains(expected), "{text}\n  want {expected}\n  got  {told}");
    }
}

#[test]
fn a_fault_in_a_sensitive_template_tells_where_alone() {
    let told = eval("templatestring(local.secret, { name = 1 })").unwrap_err();
    assert_eq!(
        told,
        "In the template, line 1, column 11: It has a fault; what it is would show something sensitive."
    );
}
