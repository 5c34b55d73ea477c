//! Objects, tuples, `for`, splats, indexes, attributes.

use super::check;

#[test]
fn objects_and_tuples() {
    check(&[
        (r#"[1, "a", null]"#, r#"[1, "a", null]"#),
        ("[1,]", "[1]"),
        ("[1,,2]", "error Invalid syntax: ,"),
        ("{}", "{}"),
        (r#"{a = 1, "b" = 2}"#, "{a = 1, b = 2}"),
        ("{a: 1}", "{a = 1}"),
        (r#"{a = "x",}"#, r#"{a = "x"}"#),
        (r#"{(upper("a")) = 1}"#, "{A = 1}"),
        (r#"{"${"x"}y" = 1}"#, "{xy = 1}"),
        ("{1 = 2}", "{1 = 2}"),
        ("{1.50 = 2}", "{1.5 = 2}"),
        ("{true = 2}", "{true = 2}"),
        ("{null = 1}", "{null = 1}"),
        ("{a-b = 1}", "{a-b = 1}"),
        ("{(1 + 1) = 2}", "{2 = 2}"),
        (r#"{foo = 1, "foo" = 2}"#, "{foo = 2}"),
        ("{(null) = 1}", "error Null key: (null)"),
        ("{([1]) = 1}", "error Wrong type: ([1])"),
        ("{var.list = 1}", "error Ambiguous key: var.list"),
        ("{a = 1 b = 2}", "error Missing comma: b"),
        ("{a = 1, a = 2}", "{a = 2}"),
    ]);
}

#[test]
fn for_makes_tuples() {
    check(&[
        ("[for x in [1, 2, 3] : x * 2]", "[2, 4, 6]"),
        ("[for x in [1, 2, 3] : x if x > 1]", "[2, 3]"),
        (r#"[for i, x in ["a", "b"] : "${i}${x}"]"#, r#"["0a", "1b"]"#),
        (r#"[for k, v in {b = 1, a = 2} : "${k}=${v}"]"#, r#"["a=2", "b=1"]"#),
        (r#"[for k, v in toset(["a"]) : "${k}${v}"]"#, r#"["aa"]"#),
        ("[for x in [[1, 2], [3]] : [for y in x : y + 1]]", "[[2, 3], [4]]"),
        (r#"[for x in [1, 2] : [for x in ["a"] : x]]"#, r#"[["a"], ["a"]]"#),
        ("[for x, x in {a = 1} : x]", "[1]"),
        ("[for x in [] : x]", "[]"),
        (r#"[for x in [1] : x if "true"]"#, "[1]"),
    ]);
}

#[test]
fn for_makes_objects() {
    check(&[
        (r#"{for x in ["a", "b"] : x => upper(x)}"#, r#"{a = "A", b = "B"}"#),
        (r#"{for x in ["a", "b"] : x => upper(x) if x == "a"}"#, r#"{a = "A"}"#),
        (r#"{for i, x in ["a", "b", "a"] : x => i...}"#, "{a = [0, 2], b = [1]}"),
        (r#"{for x in ["a", "b"] : x => x... if x != "b"}"#, r#"{a = ["a"]}"#),
        ("{for x in [1, true] : x => x}", "{1 = 1, true = true}"),
        ("{for k, v in {a = {n = 1}, b = {n = 2}} : v.n => k}", r#"{1 = "a", 2 = "b"}"#),
        ("{for x in [] : x => x}", "{}"),
        (r#"{for x in ["a", "a"] : x => 1}"#, "error Duplicate key: x"),
        ("{for x in [null] : x => x}", "error Null key: x"),
        ("{for x in [[1]] : x => x}", "error Wrong type: x"),
    ]);
}

#[test]
fn for_refuses_what_has_no_elements() {
    check(&[
        ("[for x in null : x]", "error Not a collection: null"),
        ("[for x in 5 : x]", "error Not a collection: 5"),
        (r#"[for x in "abc" : x]"#, r#"error Not a collection: "abc""#),
        ("[for x in [1] : x if null]", "error Null condition: null"),
        ("[for x in [1] : x if 1]", "error Wrong type: 1"),
        ("[for x in [1] : y]", "error Invalid reference: y"),
    ]);
}

#[test]
fn splats() {
    check(&[
        (r#"[{a = 1}, {a = "x"}][*].a"#, r#"[1, "x"]"#),
        ("[{a = 1}].*.a", "[1]"),
        ("tolist([{a = 1}, {a = 2}])[*].a", "list(number)[1, 2]"),
        (r#"toset(["b", "a"])[*]"#, r#"list(string)["a", "b"]"#),
        ("var.list[*]", r#"list(string)["a", "b"]"#),
        ("{a = 1}[*].a", "[1]"),
        ("tomap({a = 1})[*]", "[map(number){a = 1}]"),
        ("5[*]", "[5]"),
        ("[][*].a", "[]"),
        ("[[1, 2], [3, 4]][*][0]", "[1, 3]"),
        ("[{a = [{b = 1}, {b = 2}]}, {a = [{b = 3}]}][*].a[*].b", "[[1, 2], [3]]"),
        ("[{a = [{b = 1}]}, {a = [{b = 3}]}].*.a[0]", "[{b = 1}]"),
        ("[{a = 1}].*.a[0]", "1"),
        ("[[1, 2]].*.0", "[1]"),
        ("[null][*]", "[null]"),
    ]);
}

#[test]
fn a_splat_of_null() {
    check(&[
        ("null[*]", "[]"),
        ("null[*].a", "[]"),
        ("tostring(null)[*]", "[]"),
        ("tomap(null)[*]", "[]"),
        ("tolist(null)[*]", "error Splat of null: tolist(null)"),
        ("var.null_list[*]", "error Splat of null: var.null_list"),
        ("var.null_list.*.a", "error Splat of null: var.null_list"),
        ("[null][*].a", "error Attribute of null: [*].a"),
        ("[{a = 1}, {}][*].a", "error Unknown attribute: a"),
        ("[1, 2][*].a", "error Unknown attribute: a"),
        ("[[1]].*.*", "error Invalid syntax: .*"),
    ]);
}

#[test]
fn indexing() {
    check(&[
        ("[1, 2][1]", "2"),
        (r#"[1, 2]["0"]"#, "1"),
        ("[1, 2][1.0]", "2"),
        ("[1, 2].0", "1"),
        (r#"{a = 1}["a"]"#, "1"),
        (r#"{"0" = 1}[0]"#, "1"),
        (r#"{"true" = 1}[true]"#, "1"),
        (r#"tomap({a = 1})["a"]"#, "1"),
        ("tomap({a = 1}).a", "1"),
        ("{a = {b = [1, {c = 2}]}}.a.b[1].c", "2"),
        ("[1, 2][2]", "error Invalid index: 2"),
        ("[1, 2][-1]", "error Invalid index: -1"),
        ("[1, 2][0.5]", "error Invalid index: 0.5"),
        (r#"[1, 2]["x"]"#, r#"error Invalid index: "x""#),
        ("[1, 2][null]", "error Invalid index: null"),
        ("[1, 2][true]", "error Invalid index: true"),
        ("[][0]", "error Invalid index: 0"),
        ("[1][1]", "error Invalid index: 1"),
        ("[[1]].0.0", "error Invalid syntax: .0.0"),
        (r#"{a = 1}["b"]"#, r#"error Invalid index: "b""#),
        ("{a = 1}[null]", "error Invalid index: null"),
        ("{a = 1}[[1]]", "error Invalid index: [1]"),
        (r#"toset(["a"])[0]"#, "error Invalid index: 0"),
        (r#""abc"[0]"#, "error Invalid index: 0"),
        ("null[0]", "error Invalid index: 0"),
    ]);
}

#[test]
fn attributes() {
    check(&[
        ("{a = 1}.a", "1"),
        ("{abc = 1}.abd", "error Unknown attribute: abd"),
        ("{a = null}.a", "null"),
        ("{a = null}.a.b", "error Attribute of null: {a = null}.a.b"),
        ("null.a", "error Attribute of null: null.a"),
        (r#""abc".a"#, "error Unknown attribute: a"),
        ("[1].a", "error Unknown attribute: a"),
        ("[{a = 1}, {a = 2}].a", "error Unknown attribute: a"),
        ("tomap({a = 1}).b", "error Unknown attribute: b"),
    ]);
}
