//! A second opinion: what this parser and *hcl-edit* both take is the same tree.
//!
//! Kept out of the generated texts is where *hcl-edit* is known to be wrong: the margin of `<<-`,
//! escapes within directives, `~`, composed characters, a key `null`, and what follows a negative
//! number.

use super::{body, expression};
use hcl::edit::Span as _;
use hcl::edit::expr::{
    BinaryOperator, Expression, ObjectKey, Traversal, TraversalOperator, UnaryOperator,
};
use hcl::edit::structure::{BlockLabel, Body, Structure};
use hcl::edit::template::{Directive, Element};
use proptest::prelude::*;

fn list<'a>(items: impl Iterator<Item = &'a Expression>, text: &str) -> String {
    items.map(|item| show(item, text)).collect::<Vec<_>>().join(", ")
}

/// Their tree as [`super::show`] writes ours.
fn show(expr: &Expression, text: &str) -> String {
    match expr {
        Expression::Null(_) => "null".to_owned(),
        Expression::Bool(truth) => truth.value().to_string(),
        Expression::Number(number) => {
            let number = number.value();
            let written = number.to_string();
            match written.strip_prefix('-') {
                Some(written) => format!("(-{written})"),
                None => written,
            }
        }
        Expression::String(text) => format!("{:?}", text.as_str()),
        Expression::Array(items) => format!("[{}]", list(items.iter(), text)),
        Expression::Object(object) => {
            let entries = object.iter().map(|(key, value)| {
                let key = match key {
                    ObjectKey::Ident(name) => format!("{:?}", name.as_str()),
                    ObjectKey::Expression(expr) => show(expr, text),
                };
                format!("{key} = {}", show(value.expr(), text))
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Expression::StringTemplate(template) => format!("T({})", parts(template.iter(), text)),
        Expression::HeredocTemplate(heredoc) => {
            let elements: Vec<_> = heredoc.template.iter().collect();
            match elements.as_slice() {
                [Element::Literal(text)] => format!("{:?}", text.value()),
                _ => format!("T({})", parts(elements.into_iter(), text)),
            }
        }
        Expression::Parenthesis(inner) => show(inner.inner(), text),
        Expression::Variable(name) => name.as_str().to_owned(),
        Expression::Conditional(it) => format!(
            "({} ? {} : {})",
            show(&it.cond_expr, text),
            show(&it.true_expr, text),
            show(&it.false_expr, text)
        ),
        Expression::FuncCall(call) => {
            let names = call.name.namespace.iter().chain([&call.name.name]);
            let name: Vec<&str> = names.map(|name| name.as_str()).collect();
            let expand = if call.args.expand_final() { "..." } else { "" };
            format!("{}({}{expand})", name.join("::"), list(call.args.iter(), text))
        }
        Expression::Traversal(traversal) => steps(traversal, text),
        Expression::UnaryOp(it) => {
            let sign = match it.operator.value() {
                UnaryOperator::Neg => "-",
                UnaryOperator::Not => "!",
            };
            negated(sign, &show(&it.expr, text))
        }
        Expression::BinaryOp(it) => {
            let sign = match it.operator.value() {
                BinaryOperator::Eq => "==",
                BinaryOperator::NotEq => "!=",
                BinaryOperator::LessEq => "<=",
                BinaryOperator::GreaterEq => ">=",
                BinaryOperator::Less => "<",
                BinaryOperator::Greater => ">",
                BinaryOperator::Plus => "+",
                BinaryOperator::Minus => "-",
                BinaryOperator::Mul => "*",
                BinaryOperator::Div => "/",
                BinaryOperator::Mod => "%",
                BinaryOperator::And => "&&",
                BinaryOperator::Or => "||",
            };
            format!("({} {sign} {})", show(&it.lhs_expr, text), show(&it.rhs_expr, text))
        }
        Expression::ForExpr(it) => {
            let key_var = it.intro.key_var.as_ref();
            let key_var = key_var.map(|name| format!("{}, ", name.as_str())).unwrap_or_default();
            let key = it.key_expr.as_ref();
            let key = key.map(|key| format!("{} => ", show(key, text))).unwrap_or_default();
            let condition = it.cond.as_ref().map(|it| format!(" if {}", show(&it.expr, text)));
            format!(
                "for({key_var}{} in {} : {key}{}{}{})",
                it.intro.value_var.as_str(),
                show(&it.intro.collection_expr, text),
                show(&it.value_expr, text),
                if it.grouping { "..." } else { "" },
                condition.unwrap_or_default()
            )
        }
    }
}

/// A sign before an operand. A number takes a minus as its own.
fn negated(sign: &str, operand: &str) -> String {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match (sign, operand) {
        ("-", "0") => return "-0".to_owned(),
        ("-", "-0") => return "0".to_owned(),
        _ => {}
    }
    match operand.strip_prefix("(-").and_then(|rest| rest.strip_suffix(')')) {
        Some(positive) if sign == "-" && number(positive) => positive.to_owned(),
        _ => format!("({sign}{operand})"),
    }
}

fn steps(traversal: &Traversal, text: &str) -> String {
    let mut out = show(&traversal.expr, text);
    let mut closers = String::new();
    let mut in_attributes = false;
    for operator in &traversal.operators {
        let attribute = matches!(
            operator.value(),
            TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_)
        );
        if in_attributes && !attribute {
            in_attributes = false;
            out.push(']');
        }
        match operator.value() {
            TraversalOperator::GetAttr(name) => out += &format!(".{}", name.as_str()),
            TraversalOperator::Index(index) => out += &format!("[{}]", show(index, text)),
            TraversalOperator::LegacyIndex(index) => out += &format!("[{}]", index.value()),
            TraversalOperator::FullSplat(_) => {
                out += "[*: @";
                closers.push(']');
            }
            TraversalOperator::AttrSplat(_) => {
                out += "[*: @";
                in_attributes = true;
            }
        }
    }
    if in_attributes {
        out.push(']');
    }
    out + &closers
}

fn parts<'a>(elements: impl Iterator<Item = &'a Element>, text: &str) -> String {
    let parts = elements.map(|element| match element {
        Element::Literal(literal) => format!("{:?}", literal.value()),
        Element::Interpolation(it) => show(&it.expr, text),
        Element::Directive(directive) => match &**directive {
            Directive::If(it) => format!(
                "if({} ? {} : {})",
                show(&it.if_expr.cond_expr, text),
                parts(it.if_expr.template.iter(), text),
                it.else_expr.as_ref().map(|it| parts(it.template.iter(), text)).unwrap_or_default()
            ),
            Directive::For(it) => {
                let key = it.for_expr.key_var.as_ref();
                format!(
                    "for({}{} in {} : {})",
                    key.map(|name| format!("{}, ", name.as_str())).unwrap_or_default(),
                    it.for_expr.value_var.as_str(),
                    show(&it.for_expr.collection_expr, text),
                    parts(it.for_expr.template.iter(), text)
                )
            }
        },
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn show_body(body: &Body, text: &str) -> String {
    let mut attributes = Vec::new();
    let mut blocks = Vec::new();
    for structure in body {
        match structure {
            Structure::Attribute(it) => {
                attributes.push(format!("{} = {}", it.key.as_str(), show(&it.value, text)));
            }
            Structure::Block(it) => {
                let labels: String = it
                    .labels
                    .iter()
                    .map(|label| match label {
                        BlockLabel::Ident(name) => super::show_label(name.as_str()),
                        BlockLabel::String(name) => super::show_label(name.as_str()),
                    })
                    .collect();
                let inner = show_body(&it.body, text);
                blocks.push(format!("{}{labels} {{ {inner} }}", it.ident.as_str()));
            }
        }
    }
    attributes.extend(blocks);
    attributes.join("; ")
}

/// An expression without parentheses of our making, so that operators must find their operands.
fn made_up() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "0",
        "2.5",
        "\"a\"",
        "\"\"",
        "null",
        "true",
        "a",
        "b-c",
        "_d",
        "f()",
        "[]",
        "{}",
        "\"x\\n$${y}\"",
        "<<E\nx ${a}\n y\nE\n",
        "p::q(1)",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let three = (inner.clone(), inner.clone(), inner.clone());
        let sign = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||",
        ]);
        let step = prop::sample::select(vec![
            ".a", "[0]", "[*]", ".*", ".0", ".a.b", "[\"k\"]", ".*.a", "[*].a",
        ]);
        prop_oneof![
            (two.clone(), sign).prop_map(|((a, b), sign)| format!("{a} {sign} {b}")),
            inner.clone().prop_map(|a| format!("!{a}")),
            // A minus is no part of the number behind it: `-1.a` is `-(1.a)`.
            inner.clone().prop_map(|a| {
                if a.starts_with(|c: char| c.is_ascii_digit()) {
                    format!("-({a})")
                } else {
                    format!("-{a}")
                }
            }),
            inner.clone().prop_map(|a| format!("({a})")),
            (inner.clone(), step).prop_map(|(a, step)| format!("{a}{step}")),
            two.clone().prop_map(|(a, b)| format!("({a})[{b}]")),
            three.clone().prop_map(|(a, b, c)| format!("{a} ? {b} : {c}")),
            two.clone().prop_map(|(a, b)| format!("[{a}, {b}]")),
            two.clone().prop_map(|(a, b)| format!("[\n{a}, # x\n{b},\n]")),
            two.clone().prop_map(|(a, b)| format!("{{ k = {a}, (l) = {b} }}")),
            two.clone().prop_map(|(a, b)| format!("{{\n k : {a}\n \"l\" = {b}\n}}")),
            two.clone().prop_map(|(a, b)| format!("f({a}, {b}...)")),
            two.clone().prop_map(|(a, b)| format!("[for x in {a} : {b}]")),
            three.clone().prop_map(|(a, b, c)| format!("{{for k, v in {a} : {b} => {c}... if k}}")),
            two.clone().prop_map(|(a, b)| format!("\"x${{{a}}}y${{ {b} }}\"")),
            three.prop_map(|(a, b, c)| {
                format!("\"%{{if {a}}}m${{{b}}}%{{else}}n%{{for x in {c}}}o%{{endfor}}%{{endif}}\"")
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn expressions_are_the_same_trees(text in made_up()) {
        if let (Ok(ours), Ok(theirs)) = (expression(&text), hcl::edit::parser::parse_expr(&text)) {
            prop_assert_eq!(ours, show(&theirs, &text));
        }
    }

    #[test]
    fn bodies_are_the_same_trees(
        values in prop::collection::vec(made_up(), 1..5),
        shape in prop::sample::select(vec!["{A}", "b \"l\" m {\n{A}}\n", "b {\n{A}c {\n{A}}\n}\n", "d { e = 1 }\n{A}"]),
    ) {
        let attribute = |(n, value): (usize, &String)| format!("a{n} = {value}\n");
        let attributes: String = values.iter().enumerate().map(attribute).collect();
        let text = shape.replace("{A}", &attributes);
        if let (Ok(ours), Ok(theirs)) = (body(&text), hcl::edit::parser::parse_body(&text)) {
            prop_assert_eq!(ours, show_body(&theirs, &text));
        }
    }

    #[test]
    fn soups_are_the_same_trees(
        text in "(a|b|c.0|\"s\"| |  |\n|=|\\.|,|:|\\?|\\+|-|\\*|/|!|&&|\\|\\||==|<|\\(|\\)|\\[|\\]|\\{|\\}|for|in|if|=>|#c\n)*"
    ) {
        if let (Ok(ours), Ok(theirs)) = (expression(&text), hcl::edit::parser::parse_expr(&text)) {
            prop_assert_eq!(ours, show(&theirs, &text));
        }
        if let (Ok(ours), Ok(theirs)) = (body(&text), hcl::edit::parser::parse_body(&text)) {
            prop_assert_eq!(ours, show_body(&theirs, &text));
        }
    }
}

#[test]
fn most_made_up_expressions_are_read_by_both() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut both = 0;
    for _ in 0..1_000 {
        let text = made_up().new_tree(&mut runner).unwrap().current();
        let theirs = hcl::edit::parser::parse_expr(&text);
        both +=
            usize::from(theirs.is_ok_and(|it| it.span().is_some()) && expression(&text).is_ok());
    }
    assert!(both > 700, "{both} of 1000 say too little");
}
