//! What is known of what is not known yet: that it decides what it can, and never more.

use super::super::expression::{Scope, World};
use super::super::functions::{Context, Host, NoFiles};
use super::super::reference::Root;
use super::check;
use crate::config;
use crate::diag::{Diagnostics, Sources};
use crate::value::{Number, Type, Value};
use proptest::prelude::*;

#[test]
fn what_is_never_null_is_told_from_null() {
    check(&[
        ("var.text == null", "?bool"),
        (r#""a-${var.text}" == null"#, "false"),
        (r#""a-${var.text}" != null"#, "true"),
        ("var.number + 1 == null", "false"),
        ("-var.number == null", "false"),
        ("!var.truth == null", "false"),
        ("(var.text == 1) == null", "false"),
        ("(var.any == 1) == null", "false"),
        ("upper(var.text) == null", "false"),
        ("tostring(upper(var.text)) == null", "?bool"),
        ("one([var.text]) == null", "?bool"),
        ("one([upper(var.text)]) == null", "false"),
        ("(var.truth ? 1 : 2) == null", "false"),
        ("(var.truth ? 1 : null) == null", "?bool"),
        ("(var.truth ? var.number : 1) == null", "?bool"),
        ("[upper(var.text)] == [tostring(null)]", "false"),
        ("[var.text] == [tostring(null)]", "?bool"),
        ("var.any[*]", "?any"),
        ("var.text[*]", "?any"),
        ("upper(var.text)[*]", "[?string]"),
    ]);
}

#[test]
fn a_text_is_told_by_what_it_begins_with() {
    check(&[
        (r#""a-${var.text}" == "b""#, "false"),
        (r#""a-${var.text}" == "a-b""#, "?bool"),
        (r#""abc${var.text}" == "ab""#, "?bool"),
        (r#""abc${var.text}" == "a""#, "false"),
        (r#""${var.text}-b" == "b""#, "?bool"),
        (r#""%{if true}a-%{endif}${var.text}" == "b""#, "false"),
        (r#""a-%{if var.truth}b%{endif}" == "b""#, "false"),
        (r#""%{if true}a-${var.text}%{endif}" == "b""#, "?bool"),
        (r#""a-%{for x in [1]}${var.text}%{endfor}" == "b""#, "false"),
        (r#"startswith("a-${var.text}", "a")"#, "true"),
        (r#"startswith("a-${var.text}", "b")"#, "false"),
        (r#"startswith("a-${var.text}", "a-b")"#, "?bool"),
        (r#"startswith(var.text, "")"#, "true"),
        (r#"startswith(format("a-%s", var.text), "b")"#, "false"),
        (r#"contains(["a-${var.text}"], "b")"#, "false"),
        (r#"startswith(jsonencode([var.text]), "[")"#, "true"),
        (r#"startswith(jsonencode(var.text), "[")"#, "?bool"),
        (r#"length("abc-${var.text}") > 3"#, "true"),
        (r#"length("abc-${var.text}") > 4"#, "?bool"),
        (r#"sensitive("a-${var.text}") == "b""#, "!false"),
    ]);
}

#[test]
fn numbers_and_lengths_are_told_by_their_bounds() {
    check(&[
        ("(var.truth ? 1 : 5) < 6", "true"),
        ("(var.truth ? 1 : 5) > 6", "false"),
        ("(var.truth ? 1 : 5) >= 6", "false"),
        ("(var.truth ? 1 : 5) == 6", "false"),
        ("(var.truth ? 1 : 5) == 3", "?bool"),
        ("(var.truth ? 1 : var.number) < 6", "?bool"),
        ("(var.truth ? 2 : 2)", "2"),
        ("length(tolist(toset([var.text]))) == 1", "true"),
        ("length(toset([var.text, 1])) > 3", "false"),
        ("length(toset([var.text, 1])) > 2", "?bool"),
        ("length(var.truth ? var.list : var.list) == 2", "true"),
        ("var.truth ? var.list : tolist([\"c\", \"d\"])", "list(string)[?string, ?string]"),
        ("length(var.truth ? var.list : tolist([\"c\"])) > 3", "false"),
        ("(var.truth ? var.list : tolist([\"c\"])) == tolist([])", "false"),
        ("length((var.truth ? var.list : tolist([\"c\"]))[*]) == 3", "false"),
        ("length(setproduct(var.truth ? var.list : tolist([\"c\"]), [1, 2])) == 5", "false"),
        ("length(setproduct(var.truth ? var.list : compact([\"\"]), [1, 2])) == 0", "?bool"),
        ("length(split(\",\", var.text)) < 0", "?bool"),
        ("length(split(\",\", var.text)) < -1", "false"),
        ("length(split(\",\", var.text)) == -1", "false"),
    ]);
}

/// A world of which all is known, or nothing but the types.
struct Guessed {
    context: Context<'static>,
    values: Option<[Value; 4]>,
}

impl World for Guessed {
    fn lookup(&self, root: Root, _: &str, name: &str) -> Option<Value> {
        let at = ["text", "number", "truth", "list"].iter().position(|known| *known == name)?;
        let types = [Type::String, Type::Number, Type::Bool, Type::list(Type::String)];
        let value = match &self.values {
            Some(values) => values[at].convert(&types[at]).unwrap(),
            None => Value::unknown(types[at].clone()),
        };
        (root == Root::Variable).then_some(value)
    }

    fn context(&self) -> &Context<'_> {
        &self.context
    }
}

fn eval_in(values: Option<[Value; 4]>, text: &str, host: &'static Host) -> Option<Value> {
    let mut sources = Sources::default();
    let file = sources.add("t", text);
    let expr = config::parse_expr(&sources, file, &mut Diagnostics::new())?;
    let world = Guessed { context: Context { files: &NoFiles, host }, values };
    Scope::new(&world).eval(&expr).ok()
}

/// Whether a value may turn out to be what it did.
fn may_become(guess: &Value, truth: &Value) -> bool {
    let each = |guess: &[Value], truth: &[Value]| {
        guess.len() == truth.len() && guess.iter().zip(truth).all(|(a, b)| may_become(a, b))
    };
    match (guess, truth) {
        (Value::Unknown(_, bounds), _) => !bounds.as_ref().is_some_and(|it| it.exclude(truth)),
        // Which of its elements is which is not told.
        (Value::Set(guess), Value::Set(truth)) if guess.may_shrink() => {
            !truth.items.is_empty() && truth.items.len() <= guess.items.len()
        }
        (guess, truth) => match (guess.as_items(), truth.as_items()) {
            (Some(guess), Some(truth)) => each(guess, truth),
            _ => match (guess.as_fields(), truth.as_fields()) {
                (Some(guess), Some(truth)) => {
                    let values = |fields: &crate::value::Fields| {
                        fields.values().cloned().collect::<Vec<_>>()
                    };
                    guess.keys().eq(truth.keys()) && each(&values(guess), &values(truth))
                }
                _ => guess == truth,
            },
        },
    }
}

/// An expression of one kind, with others within it: `T` stands for a text, `N` for a number, `B`
/// for a truth, `L` for a list.
fn expression(kind: char, depth: u32) -> BoxedStrategy<String> {
    let leaves: &[&str] = match kind {
        'T' => &["var.text", "\"a\"", "\"\"", "\"a-b\"", "\"e\u{301}\"", "tostring(null)"],
        'N' => &["var.number", "0", "1", "-2", "2.5", "1 / 0", "tonumber(null)"],
        'B' => &["var.truth", "true", "false"],
        _ => &["var.list", "tolist([])", "tolist([\"a\"])", "tolist([\"a\", \"b\"])"],
    };
    // What is not known is what it is about.
    let leaf = prop_oneof![1 => proptest::sample::select(&leaves[..1]), 1 => proptest::sample::select(leaves)];
    let leaf = leaf.prop_map(str::to_owned);
    if depth == 0 {
        return leaf.boxed();
    }
    let wholes: &[&str] = match kind {
        'T' => &[
            "\"${T}${T}\"",
            "\"a-${T}\"",
            "\"e${T}\"",
            "\"ab${N}\"",
            "\"x\n-${T}\"",
            "\"a%{if B}b${T}%{else}c%{endif}d\"",
            "\"-%{for x in L}${x}-%{endfor}\"",
            "(B ? T : T)",
            "upper(T)",
            "format(\"a-%s\", T)",
            "format(\"100%%-%v\", N)",
            "join(\"-\", L)",
            "jsonencode(T)",
            "jsonencode(L)",
            "jsonencode([N])",
            "coalesce(T, T)",
            "try(T, \"a\")",
            "L[0]",
            "element(L, 1)",
            "one([T])",
            "one(L)",
            "tostring(N)",
            "formatlist(\"b-%s\", [T])[0]",
            "{a = T}.a",
            "lookup({a = T}, \"a\", \"d\")",
        ],
        'N' => &[
            "N + N",
            "N * N",
            "-N",
            "(B ? N : N)",
            "length(L)",
            "length(T)",
            "length(toset(L))",
            "length(toset([T, T]))",
            "length(T[*])",
            "length(L[*])",
            "length(setproduct(L, L))",
            "length(setproduct(toset(L), [T, N]))",
            "length(setproduct(B ? compact([\"\"]) : L, [T, N]))",
            "length(B ? L : L)",
            "abs(N)",
            "max(N, N)",
            "tonumber(N)",
            "index([T, T], T)",
        ],
        'B' => &[
            "T == T",
            "T == null",
            "N == N",
            "N != N",
            "N < N",
            "N <= N",
            "N > N",
            "N >= N",
            "L == L",
            "[T, N] == [T, N]",
            "{a = T} == {a = T}",
            "T == N",
            "toset(L) == toset(L)",
            "B && B",
            "B || B",
            "!B",
            "(B ? B : B)",
            "can(T + 1)",
            "startswith(T, T)",
            "contains([T, T], T)",
            "contains(L, T)",
            "alltrue([B, B])",
        ],
        _ => &[
            "(B ? L : L)",
            "tolist([T, T])",
            "tolist(toset(L))",
            "tolist(toset([T, T]))",
            "L[*]",
            "sort(L)",
            "concat(L, L)",
            "split(\"-\", T)",
            "formatlist(\"a-%s\", L)",
            "formatlist(\"a-%s\", [T, T])",
            "tolist([for x in L : \"q${x}\"])",
            "distinct(L)",
            "reverse(L)",
            "tolist(keys({a = T, b = T}))",
            "coalescelist(L, L)",
        ],
    };
    let whole = proptest::sample::select(wholes).prop_flat_map(move |whole| {
        let mut parts = Just(String::new()).boxed();
        for c in whole.chars() {
            parts = if "TNBL".contains(c) {
                (parts, expression(c, depth - 1))
                    .prop_map(|(before, part)| format!("{before}{part}"))
                    .boxed()
            } else {
                parts.prop_map(move |before| format!("{before}{c}")).boxed()
            };
        }
        parts
    });
    prop_oneof![1 => leaf, 4 => whole].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_known_of_the_unknown_is_never_wrong(
        expression in prop_oneof![
            3 => expression('B', 3), 2 => expression('T', 1), 1 => expression('T', 2),
            2 => expression('N', 3), 1 => expression('L', 2),
        ],
        text in proptest::option::of("[ab-]{0,3}|\u{301}"),
        number in prop_oneof![
            1 => Just(Value::NULL),
            4 => (-3_i64..4).prop_map(Value::from),
            1 => Just(Value::Number(Number::from_f64(f64::INFINITY).unwrap())),
        ],
        truth in any::<bool>(),
        list in proptest::option::of(proptest::collection::vec("[ab-]{0,2}", 0..3)),
    ) {
        let host: &'static Host = Box::leak(Box::new(Host::default()));
        let list = list.map(|list| Value::tuple(list.into_iter().map(Value::from).collect()));
        let values = [
            text.map_or(Value::NULL, Value::from),
            number,
            Value::from(truth),
            list.unwrap_or(Value::NULL),
        ];
        let guess = eval_in(None, &expression, host);
        let became = eval_in(Some(values.clone()), &expression, host);
        if let (Some(guess), Some(became)) = (guess, became) {
            prop_assert!(
                may_become(&guess, &became),
                "{expression}\n was {guess:?}\n came to {became:?}\n with {values:?}"
            );
        }
    }
}
