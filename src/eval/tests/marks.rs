//! How what is sensitive and what is unknown pass through expressions.

use super::check;

#[test]
fn sensitivity_flows_through_operators() {
    check(&[
        ("var.one + 1", "!2"),
        ("-var.one", "!-1"),
        ("!var.yes", "!false"),
        ("var.one == 1", "!true"),
        ("var.one < 2", "!true"),
        (r#"[var.secret] == ["s3cret"]"#, "!true"),
        ("var.secret == null", "!false"),
        ("var.yes && false", "!false"),
        ("var.yes || true", "!true"),
        ("true && var.yes", "!true"),
        ("var.yes ? 1 : 2", "!1"),
        (r#"true ? var.secret : "x""#, r#"!"s3cret""#),
        (r#"false ? "x" : var.secret"#, r#"!"s3cret""#),
    ]);
}

#[test]
fn sensitivity_flows_through_templates() {
    check(&[
        (r#""${var.secret}""#, r#"!"s3cret""#),
        (r#""a${var.secret}""#, r#"!"as3cret""#),
        (r#""%{if var.yes}a%{endif}""#, r#"!"a""#),
        (r#""%{if true}${var.secret}%{endif}""#, r#"!"s3cret""#),
        (r#""%{for x in var.names}b%{endfor}""#, r#"!"bb""#),
        (r#""%{for x in var.partly}${x}%{endfor}""#, r#"!"ab""#),
    ]);
}

#[test]
fn sensitivity_flows_through_collections() {
    check(&[
        ("[var.secret, 1]", r#"[!"s3cret", 1]"#),
        ("{a = var.secret}", r#"{a = !"s3cret"}"#),
        ("{(var.secret) = 1}", "!{s3cret = 1}"),
        ("[for x in var.names : x]", r#"!["a", "b"]"#),
        ("[for x in var.partly : x]", r#"[!"a", "b"]"#),
        ("[for x in [1, 2] : x if var.yes]", "![1, 2]"),
        ("{for x in var.names : x => 1}", "!{a = 1, b = 1}"),
        ("{for x in var.partly : x => 1}", "!{a = 1, b = 1}"),
        (r#"{for x in ["a"] : x => var.secret}"#, r#"{a = !"s3cret"}"#),
        ("var.names[0]", r#"!"a""#),
        ("var.names[*]", r#"!list(string)["a", "b"]"#),
        ("var.partly[0]", r#"!"a""#),
        ("var.partly[1]", r#""b""#),
        ("[1, 2][var.one]", "!2"),
        ("{s3cret = 1}[var.secret]", "1"),
        ("sensitive({a = {b = 1}}).a.b", "!1"),
        ("sensitive([{a = 1}])[*].a", "![1]"),
        ("[{a = var.secret}][*].a", r#"[!"s3cret"]"#),
        ("tolist([var.secret, 1])", r#"list(string)[!"s3cret", "1"]"#),
        (r#"toset([var.secret, "b"])"#, r#"!set(string)["b", "s3cret"]"#),
    ]);
}

#[test]
fn sensitivity_flows_through_calls() {
    check(&[
        ("upper(var.secret)", r#"!"S3CRET""#),
        ("length(var.names)", "!2"),
        ("length([var.secret])", "1"),
        ("max(2, var.one)", "!2"),
        ("max([var.one, 2]...)", "!2"),
        ("max(sensitive([1])...)", "!1"),
        ("try(var.secret, 1)", r#"!"s3cret""#),
        ("can(var.secret)", "true"),
        ("nonsensitive(var.secret)", r#""s3cret""#),
        ("jsonencode({a = var.secret})", r#"!"{\"a\":\"s3cret\"}""#),
    ]);
}

#[test]
fn what_is_secret_is_not_told_by_errors() {
    check(&[
        ("{a = 1}[var.secret]", "error Invalid index: var.secret"),
        ("[1, 2][sensitive(7)]", "error Invalid index: sensitive(7)"),
        ("var.secret.a", "error Unknown attribute: a"),
        ("var.secret + 1", "error Wrong type: var.secret"),
    ]);
    for (value, detail) in [
        ("{abc = 1}.abd", "There is no attribute \"abd\". Did you mean \"abc\"?"),
        ("sensitive({abc = 1}).abd", "There is no attribute \"abd\"."),
        ("sensitive({abc = 1})[\"abd\"]", "There is no element \"abd\"."),
        ("sensitive(tomap({abc = 1}))[\"xyz\"]", "There is no element \"xyz\"."),
        ("sensitive([{abc = 1}])[*].abd", "There is no attribute \"abd\"."),
        ("{(sensitive(\"abc\")) = 1}[*].abd", "There is no attribute \"abd\"."),
        (
            "[for it in sensitive([{abc = 1}]) : it.abd]",
            "It fails for an element of what is sensitive, of which nothing is told.",
        ),
        (
            "{for it in sensitive([\"abc\", \"abc\"]) : it => 1}",
            "It fails for an element of what is sensitive, of which nothing is told.",
        ),
    ] {
        let outcome = super::whole::run(&format!("output \"o\" {{\n value = {value}\n}}\n"));
        assert_eq!(outcome.details, [detail], "{value}");
    }
}

#[test]
fn unknown_flows_through_operators() {
    check(&[
        ("var.any + 1", "?number"),
        ("-var.number", "?number"),
        ("!var.any", "?bool"),
        ("var.number < 1", "?bool"),
        (r#"var.text == "a""#, "?bool"),
        ("var.text == null", "?bool"),
        (r#"[var.text, 1] == ["a", 2]"#, "?bool"),
        ("var.truth && true", "?bool"),
        ("var.truth || false", "?bool"),
        ("var.text + 1", "?number"),
    ]);
}

// The four operations could be known, but are not to Terraform before its version 1.12.
#[test]
fn what_can_be_known_is_known() {
    check(&[
        ("var.truth && false", "?bool"),
        ("false && var.truth", "?bool"),
        ("var.truth || true", "?bool"),
        ("true || var.truth", "?bool"),
        ("length([var.text])", "1"),
        ("[var.text, 1][1]", "1"),
        ("true ? 1 : var.any", "1"),
        ("{a = var.text, b = 1}.b", "1"),
        ("[for x in [var.text] : x]", "[?string]"),
        ("[var.text][*]", "[?string]"),
    ]);
}

#[test]
fn unknown_flows_through_the_rest() {
    check(&[
        (r#""a${var.text}""#, "?string"),
        (r#""${var.text}""#, "?string"),
        (r#""%{if var.truth}a%{endif}""#, "?string"),
        (r#""%{for x in var.any}a%{endfor}""#, "?string"),
        ("{(var.text) = 1}", "?any"),
        ("{for x in [var.text] : x => 1}", "?any"),
        ("[for x in var.any : x]", "?any"),
        ("[for x in [1] : x if var.truth]", "?any"),
        ("var.any.a.b[0]", "?any"),
        ("var.any[*].a", "?any"),
        ("var.text[*]", "?any"),
        ("[1, 2][var.number]", "?any"),
        ("tolist([1, 2])[var.number]", "?number"),
        ("{a = 1}[var.text]", "?any"),
        ("var.truth ? 1 : 2", "?number"),
        (r#"var.truth ? 1 : "a""#, "?string"),
        ("var.truth ? 1 : [1]", "error Inconsistent conditional: var.truth ? 1 : [1]"),
        ("true ? var.text : 1", "?string"),
        ("upper(var.text)", "?string"),
        ("max(var.any...)", "?any"),
        ("try(var.any.foo, 1)", "?any"),
        ("can(var.any)", "?bool"),
        (r#"var.truth ? var.secret : "x""#, "!?string"),
        (r#""${var.text}${var.secret}""#, "!?string"),
    ]);
}

#[test]
fn errors_show_in_spite_of_what_is_unknown() {
    check(&[
        ("var.text[0]", "error Invalid index: 0"),
        ("var.text.a", "error Unknown attribute: a"),
        ("var.number[0]", "error Invalid index: 0"),
        (r#"var.any + "x""#, r#"error Wrong type: "x""#),
        ("var.truth ? [][0] : 1", "?any"),
        ("var.truth ? [][0] : [][1]", "?any"),
    ]);
}
