//! What `terraform console` answers to thousands of calls, kept as data and held against us.

use super::super::{Context, FileKind, Files, Host, find, type_text};
use crate::config;
use crate::diag::{Diagnostics, Sources};
use crate::eval::expression::{Scope, World};
use crate::eval::reference::Root;
use crate::value::{Type, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A directory in memory.
struct Tree(BTreeMap<&'static str, &'static [u8]>);

impl Tree {
    fn new() -> Self {
        let template = "Hi ${name}%{ for x in xs }\n- ${x}%{ endfor }\n";
        Self(BTreeMap::from([
            ("d/.hid/f.txt", &b"h"[..]),
            ("d/[x].txt", b"z"),
            ("d/a.txt", b"content"),
            ("d/b.txt", b"b\n"),
            ("d/bad.tftpl", b"${f"),
            ("d/bom.txt", "\u{feff}bom".as_bytes()),
            ("d/bytes.bin", b"\xff\xfe"),
            ("d/crlf.txt", b"a\r\nb"),
            ("d/lone.tftpl", b"${n}"),
            ("d/miss.tftpl", b"${upper(missing)}"),
            ("d/nfd.txt", "e\u{301}".as_bytes()),
            ("d/rec.tftpl", b"${templatefile(\"d/t.tftpl\",{})}"),
            ("d/strip.tftpl", b"%{ for x in xs ~}\n${x}\n%{ endfor ~}\n"),
            ("d/sub/c.txt", b"x"),
            ("d/sub/deep/e.json", b"y"),
            ("d/t.tftpl", template.as_bytes()),
            ("t1/.hidden", b"1"),
            ("t1/a/b/c/d.txt", b"1"),
            ("t1/a/b/c/e.md", b"1"),
            ("t1/a/b/d.txt", b"1"),
            ("t1/a/x1.txt", b"1"),
            ("t1/ab", b"1"),
            ("t1/x.txt", b"1"),
            ("t1/y.txt", b"1"),
            ("t1/z/.h", b"1"),
            ("t1/é.txt", b"1"),
        ]))
    }

    /// The path as the tree knows it.
    fn place(path: &str) -> String {
        let mut steps: Vec<&str> = Vec::new();
        for step in path.split('/') {
            match step {
                "" | "." => {}
                ".." => {
                    steps.pop();
                }
                step => steps.push(step),
            }
        }
        steps.join("/")
    }

    /// The names below the path.
    fn below(&self, path: &str) -> BTreeSet<String> {
        let mut prefix = Self::place(path);
        if !prefix.is_empty() {
            prefix.push('/');
        }
        let rests = self.0.keys().filter_map(|name| name.strip_prefix(&*prefix));
        rests.filter_map(|rest| rest.split('/').next()).map(str::to_owned).collect()
    }
}

impl Files for Tree {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let found = self.0.get(&*Self::place(path)).filter(|_| !path.starts_with('/'));
        found.map(|bytes| bytes.to_vec()).ok_or_else(|| "there is no such file".into())
    }

    fn kind(&self, path: &str) -> Result<Option<FileKind>, String> {
        let place = Self::place(path);
        if path.starts_with('/') {
            Ok(None)
        } else if self.0.contains_key(&*place) {
            Ok(Some(FileKind::File))
        } else if !self.below(path).is_empty() {
            Ok(Some(FileKind::Directory))
        } else if self.0.keys().any(|name| place.starts_with(&format!("{name}/"))) {
            Err("not a directory".into())
        } else {
            Ok(None)
        }
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        Ok(self.below(path).into_iter().collect())
    }

    fn identity(&self, path: &str) -> String {
        Self::place(path)
    }
}

struct Locals<'a>(Context<'a>);

impl World for Locals<'_> {
    fn lookup(&self, root: Root, _: &str, name: &str) -> Option<Value> {
        if root != Root::Local {
            return None;
        }
        let texts =
            |texts: &[&str]| Value::tuple(texts.iter().map(|text| Value::from(*text)).collect());
        let any = Value::unknown(Type::Any);
        Some(match name {
            "secret" => Value::from("s3cret").sensitive(),
            "one" => Value::from(1).sensitive(),
            "secrets" => texts(&["a", "b"]).sensitive(),
            "partly" => Value::tuple(vec![Value::from("a").sensitive(), Value::from("b")]),
            "tpl" => Value::from("hello ${name}!"),
            "o" => Value::object([("t", Value::from("x ${y}"))]),
            "n" => Value::NULL,
            "nested" => Value::from("${templatestring(a, {})}"),
            "bad" => Value::from("${"),
            "lone" => Value::from("${n}"),
            "any" => any,
            "text" => Value::unknown(Type::String),
            "number" => Value::unknown(Type::Number),
            "truth" => Value::unknown(Type::Bool),
            "texts" => Value::unknown(Type::list(Type::Any)),
            "openlist" => Value::tuple(vec![any, Value::from("b")]),
            _ => return None,
        })
    }

    fn context(&self) -> &Context<'_> {
        &self.0
    }
}

/// The value as a row tells it.
fn told(value: &Value, context: &Context<'_>) -> String {
    let ty = type_text(value).split_whitespace().collect::<Vec<_>>().join(" ");
    let (open, marked) = value.reveal_deep();
    if !open.is_wholly_known() {
        return format!("{ty}\t?");
    }
    let json = find("jsonencode").unwrap().call(&[open], context).unwrap();
    format!("{ty}\t{}{}", if marked { "!" } else { "" }, json.as_str().unwrap())
}

#[test]
fn calls_give_what_terraform_gives() {
    let tree = Tree::new();
    let host = Host::default().within("/work/buckets".into(), Some("/home/ann".into()));
    let world = Locals(Context { files: &tree, host: &host });
    let rows: Vec<&str> = include_str!("console.txt")
        .lines()
        .filter(|line| !line.starts_with("# "))
        .skip(1)
        .collect();
    let (rows, rest) = rows.as_chunks::<2>();
    assert!(rest.is_empty() && rows.len() > 2_500, "{}", rows.len());
    let mut wrong = Vec::new();
    for [expression, expected] in rows {
        let mut sources = Sources::default();
        let file = sources.add("row", *expression);
        let parsed = config::parse_expr(&sources, file, &mut Diagnostics::new());
        let value = parsed.and_then(|expr| Scope::new(&world).eval(&expr).ok());
        let got = value.map_or_else(|| "error".to_owned(), |value| told(&value, &world.0));
        if got != expected.trim_start() {
            wrong.push(format!("{expression}\n  want {expected}\n  got  \t{got}"));
        }
    }
    assert!(wrong.is_empty(), "{} rows\n{}", wrong.len(), wrong.join("\n"));
}
