//! What the specification of HCL's native syntax lays down, and what `terraform console` does where
//! it leaves room.

use super::{body, check, expression, template};

#[test]
fn literals() {
    check(
        expression,
        &[
            ("1", "1"),
            ("1.50", "1.5"),
            ("01", "1"),
            ("1.5e3", "1500"),
            ("1E+2", "100"),
            ("1.e2", "100"),
            ("25e-2", "0.25"),
            ("1e30", "1000000000000000000000000000000"),
            ("-1", "(-1)"),
            ("- 1", "(-1)"),
            ("--1", "1"),
            ("true", "true"),
            ("false", "false"),
            ("null", "null"),
            ("nullx", "nullx"),
            ("true-1", "true-1"),
            (r#""""#, r#""""#),
            (r#""a\"b\\c\n\r\t\u00e9\U0001F600""#, r#""a\"b\\c\n\r\té😀""#),
            ("\"e\u{301}\"", "\"é\""),
            (r#""e\u0301""#, "\"é\""),
            ("e\u{301}.e\u{301}", "é.é"),
            ("\u{feff}1", "1"),
            ("1..e2", "error Invalid number: 1..e2"),
            ("1.2.3", "error Invalid number: 1.2.3"),
            (".5", "error Invalid syntax: ."),
            ("1e", "error Invalid syntax: e"),
            (r#""\a""#, r"error Invalid escape: \a"),
            (r#""\u00g0""#, r"error Invalid escape: \u00"),
            (r#""\${a}""#, r"error Invalid escape: \$"),
        ],
    );
}

#[test]
fn operators_bind_as_in_the_specification() {
    check(
        expression,
        &[
            ("a + b * c", "(a + (b * c))"),
            ("a * b + c", "((a * b) + c)"),
            ("a - b - c", "((a - b) - c)"),
            ("a / b % c * d", "(((a / b) % c) * d)"),
            ("a + b < c - d", "((a + b) < (c - d))"),
            ("a < b == c >= d", "((a < b) == (c >= d))"),
            ("a == b != c", "((a == b) != c)"),
            ("a == b && c != d || e", "(((a == b) && (c != d)) || e)"),
            ("a || b && c", "(a || (b && c))"),
            ("!a == b", "((!a) == b)"),
            ("-a.b[0] + c", "((-a.b[0]) + c)"),
            ("!!a", "(!(!a))"),
            ("-(-a)", "(-(-a))"),
            ("!-a", "(!(-a))"),
            ("a-b", "a-b"),
            ("a -b", "(a - b)"),
            ("(a + b) * c", "((a + b) * c)"),
            ("a ? b : c", "(a ? b : c)"),
            ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
            ("a ? b ? c : d : e", "(a ? (b ? c : d) : e)"),
            ("a || b ? c + d : e", "((a || b) ? (c + d) : e)"),
            ("(a ? b : c) + d", "((a ? b : c) + d)"),
            ("a ? (b) : c", "(a ? b : c)"),
            ("a ?b:c", "(a ? b : c)"),
            ("a + * b", "error Invalid syntax: *"),
            ("a +", "error Invalid syntax: "),
            ("a ? b", "error Invalid syntax: "),
            ("a ? : b", "error Invalid syntax: :"),
            ("+a", "error Invalid syntax: +"),
            ("a = b", "error Invalid syntax: ="),
        ],
    );
}

#[test]
fn steps_behind_a_value() {
    check(
        expression,
        &[
            ("a.b.c", "a.b.c"),
            ("a . b", "a.b"),
            ("a.\nb", "a.b"),
            ("a[0]", "a[0]"),
            ("a [0]", "a[0]"),
            (r#"a["b"].c"#, r#"a["b"].c"#),
            ("a[b[c]].d", "a[b[c]].d"),
            ("a[-1]", "a[(-1)]"),
            ("a.0", "a[0]"),
            ("a.0.b", "a[0].b"),
            ("a.0[1].2", "a[0][1][2]"),
            ("f().a", "f().a"),
            ("[1, 2][0]", "[1, 2][0]"),
            ("{a = 1}.a", r#"{"a" = 1}.a"#),
            (r#""x".a"#, r#""x".a"#),
            ("(a).b", "a.b"),
            ("a.true", "a.true"),
            // A splat with brackets takes all that is behind it, one with a point only attributes.
            ("a[*]", "a[*: @]"),
            ("a[*].b[0].c", "a[*: @.b[0].c]"),
            ("a[*].b[*].c", "a[*: @.b[*: @.c]]"),
            ("a[*][*]", "a[*: @[*: @]]"),
            ("a[*].*.b", "a[*: @[*: @.b]]"),
            ("a.*", "a[*: @]"),
            ("a.*.b.c[0].d", "a[*: @.b.c][0].d"),
            ("a.*.b.0.c", "a[*: @.b[0].c]"),
            ("a.*[0]", "a[*: @][0]"),
            ("a.*.b[*].c", "a[*: @.b][*: @.c]"),
            ("a.*[0].*.b", "a[*: @][0][*: @.b]"),
            ("a.0.1", "error Invalid syntax: .0.1"),
            ("a.*.0.1", "error Invalid syntax: .0.1"),
            ("a.*.*", "error Invalid syntax: .*"),
            ("a.*.b.*", "error Invalid syntax: .*"),
            ("a.", "error Invalid syntax: "),
            ("a.[0]", "error Invalid syntax: ["),
            ("a[]", "error Invalid syntax: ]"),
            ("a[0", "error Unclosed bracket: ["),
            ("a[*", "error Unclosed bracket: ["),
            ("a[*b]", "error Invalid syntax: b"),
        ],
    );
}

#[test]
fn collections() {
    check(
        expression,
        &[
            ("[]", "[]"),
            ("[1]", "[1]"),
            ("[1, 2,]", "[1, 2]"),
            ("[\n1\n,\n2\n]", "[1, 2]"),
            ("[a, [b], {}]", "[a, [b], {}]"),
            ("{}", "{}"),
            ("{ a = 1 }", r#"{"a" = 1}"#),
            ("{ a = 1, b = 2, }", r#"{"a" = 1, "b" = 2}"#),
            ("{ a = 1\nb = 2 }", r#"{"a" = 1, "b" = 2}"#),
            ("{\n\na = 1,\n\nb = 2\n\n}", r#"{"a" = 1, "b" = 2}"#),
            ("{ a: 1, \"b\": 2 }", r#"{"a" = 1, "b" = 2}"#),
            ("{ a = 1, a = 2 }", r#"{"a" = 1, "a" = 2}"#),
            ("{ (a) = 1 }", "{a = 1}"),
            ("{ (a.b) = 1, (c) : 2 }", "{a.b = 1, c = 2}"),
            ("{ (a)[0].b = 1 }", "{a[0].b = 1}"),
            ("{ 1 = 2, 1.5 = 3, -1 = 4 }", "{1 = 2, 1.5 = 3, (-1) = 4}"),
            ("{ 1 + 1 = 2 }", "{(1 + 1) = 2}"),
            ("{ a ? b : c = 1 }", "{(a ? b : c) = 1}"),
            ("{ f(a) = 1 }", "{f(a) = 1}"),
            ("{ a[b] = 1 }", "{a[b] = 1}"),
            (
                "{ null = 1, true = 2, if = 3, in = 4 }",
                r#"{"null" = 1, "true" = 2, "if" = 3, "in" = 4}"#,
            ),
            (r#"{ "a${b}" = 1 }"#, r#"{T("a" b) = 1}"#),
            ("{ a = 1 /* b */, # c\n// d\nb = 2 }", r#"{"a" = 1, "b" = 2}"#),
            ("{ a = (\n1\n) }", r#"{"a" = 1}"#),
            ("{ a = [\n1\n] }", r#"{"a" = [1]}"#),
            ("({ a = 1\nb = 2 })", r#"{"a" = 1, "b" = 2}"#),
            ("{ a.b = 1 }", "error Ambiguous key: a.b"),
            ("{ a[0].b = 1 }", "error Ambiguous key: a[0].b"),
            ("[,]", "error Invalid syntax: ,"),
            ("[1,,2]", "error Invalid syntax: ,"),
            ("[1 2]", "error Missing comma: 2"),
            ("{,}", "error Invalid syntax: ,"),
            ("{ a = 1,, b = 2 }", "error Invalid syntax: ,"),
            ("{ a = 1\n, b = 2 }", "error Invalid syntax: ,"),
            ("{ a = 1 b = 2 }", "error Missing comma: b"),
            ("{ a }", "error Invalid syntax: }"),
            ("{ a =\n1 }", "error Invalid syntax: \n"),
            ("{ a\n= 1 }", "error Invalid syntax: a"),
            ("{ a = 1 +\n2 }", "error Invalid syntax: \n"),
        ],
    );
}

#[test]
fn for_expressions() {
    check(
        expression,
        &[
            ("[for x in y : z]", "for(x in y : z)"),
            ("[for k, v in y : v if k]", "for(k, v in y : v if k)"),
            ("{for k, v in y : k => v}", "for(k, v in y : k => v)"),
            ("{for k, v in y : k => v... if v}", "for(k, v in y : k => v... if v)"),
            ("[\nfor\nx\nin\ny\n:\nz\nif\nw\n]", "for(x in y : z if w)"),
            ("{\nfor x in y : x\n=> x\n}", "for(x in y : x => x)"),
            ("[for x in [for y in z : y] : x]", "for(x in for(y in z : y) : x)"),
            ("[for for in in : in]", "for(for in in : in)"),
            ("[for x in y : x ? 1 : 2]", "for(x in y : (x ? 1 : 2))"),
            ("[for x in y : { a = x }]", r#"for(x in y : {"a" = x})"#),
            ("[fora, b]", "[fora, b]"),
            ("[for]", "error Invalid syntax: ]"),
            ("{ for = 1 }", "error Invalid syntax: for"),
            ("[for x y : z]", "error Invalid syntax: y"),
            ("[for x, in y : z]", "error Invalid syntax: y"),
            ("[for x in y z]", "error Invalid syntax: z"),
            ("[for x in y : k => v]", "error Invalid syntax: =>"),
            ("[for x in y : v...]", "error Invalid syntax: ..."),
            ("{for x in y : v}", "error Invalid syntax: v"),
            ("{for x in y : k = v}", "error Invalid syntax: ="),
            ("[for x in y : z, w]", "error Invalid syntax: ,"),
        ],
    );
}

#[test]
fn calls() {
    check(
        expression,
        &[
            ("f()", "f()"),
            ("f(a)", "f(a)"),
            ("f (a, b,)", "f(a, b)"),
            ("f(\na\n,\nb\n)", "f(a, b)"),
            ("f(a, b...)", "f(a, b...)"),
            ("f(a...\n)", "f(a...)"),
            ("f(g(h()))", "f(g(h()))"),
            ("a::b::c(1)", "a::b::c(1)"),
            ("provider :: x :: f(1)", "provider::x::f(1)"),
            ("true()", "true()"),
            ("f(,)", "error Invalid syntax: ,"),
            ("f(a b)", "error Missing comma: b"),
            ("f(a..., b)", "error Invalid syntax: ,"),
            ("f(...)", "error Invalid syntax: ..."),
            ("f(a", "error Unclosed bracket: ("),
            ("a::b", "error Invalid syntax: "),
            ("a::(1)", "error Invalid syntax: ("),
            ("a.b()", "error Invalid syntax: ("),
        ],
    );
}

#[test]
fn templates_in_quotes() {
    check(
        expression,
        &[
            (r#""${a}""#, "T(a)"),
            (r#""${"b"}""#, r#"T("b")"#),
            (r#""a${b}c""#, r#"T("a" b "c")"#),
            (r#""${a}${b}""#, "T(a b)"),
            (r#""${ { a = "}" } }""#, r#"T({"a" = "}"})"#),
            ("\"${\na\n}\"", "T(a)"),
            (r#""$${a} %%{b} $ % $$ $a""#, r#""${a} %{b} $ % $$ $a""#),
            (r#""$$${a}""#, r#""$${a}""#),
            (r#""%${a}""#, r#"T("%" a)"#),
            (r#""$%{if a}b%{endif}""#, r#"T("$" if(a ? "b" : ))"#),
            // `~` takes the white space of the text next to it.
            (r#""a ${~ b ~} c""#, r#"T("a" b "c")"#),
            (r#""a \n ${~ b ~} \t c""#, r#"T("a" b "c")"#),
            (r#"" ${~ b}""#, r#"T("" b)"#),
            (r#""${~ b ~}""#, "T(b)"),
            (r#""${a ~} ${~ b}""#, "T(a b)"),
            (r#""%{if a}b%{else}c%{endif}""#, r#"T(if(a ? "b" : "c"))"#),
            (r#""%{ if a }%{ if b }c%{ endif }%{ endif }""#, r#"T(if(a ? if(b ? "c" : ) : ))"#),
            (r#""%{for x in y}${x},%{endfor}""#, r#"T(for(x in y : x ","))"#),
            (r#""%{for k, v in y}%{endfor}""#, "T(for(k, v in y : ))"),
            (r#""%{if a ~} b %{~ endif}""#, r#"T(if(a ? "b" : ))"#),
            (r#""%{if a}\n\u00e9%{endif}""#, r#"T(if(a ? "\né" : ))"#),
            (r#""${}""#, "error Invalid syntax: }"),
            (r#""${a b}""#, "error Invalid syntax: b"),
            (r#""${a""#, "error Unclosed template: ${"),
            (r#""%{if a}""#, "error Unclosed directive: %{if a}"),
            (r#""%{if a}%{else}%{else}%{endif}""#, "error Invalid directive: %{else}"),
            (r#""%{for x in y}%{else}%{endfor}""#, "error Invalid directive: %{else}"),
            (r#""%{endif}""#, "error Invalid directive: %{endif}"),
            (r#""%{for x in y}%{endif}""#, "error Invalid directive: %{endif}"),
            (r#""%{unless a}""#, "error Invalid directive: unless"),
            (r#""%{}""#, "error Invalid syntax: }"),
            ("\"a\nb\"", "error Unclosed string: \"a"),
        ],
    );
}

#[test]
fn heredocs() {
    check(
        expression,
        &[
            ("<<EOT\na\nb\nEOT\n", r#""a\nb\n""#),
            ("<<EOT\nEOT\n", r#""""#),
            ("<<EOT\n\nEOT\n", r#""\n""#),
            ("<<EOT\n  a\n    EOT\n", r#""  a\n""#),
            ("<<EOT\na\nEOT  \n", r#""a\n""#),
            ("<<EOT\na EOT\nEOTS\nEOT\n", r#""a EOT\nEOTS\n""#),
            ("<<é-1\na\né-1\n", r#""a\n""#),
            ("<<EOT\na\\n\"\nEOT\n", r#""a\\n\"\n""#),
            ("<<EOT\n$${a} %%{b} $$\nEOT\n", r#""${a} %{b} $$\n""#),
            ("<<EOT\na ${b} c\nEOT\n", r#"T("a " b " c\n")"#),
            ("<<EOT\n${b}EOT\nEOT\n", r#"T(b "EOT\n")"#),
            ("<<EOT\n${b}\nEOT\n", r#"T(b "\n")"#),
            ("<<EOT\n${<<IN\nx\nIN\n}\nEOT\n", r#"T("x\n" "\n")"#),
            ("[<<EOT\na\nEOT\n, 1]", r#"["a\n", 1]"#),
            ("<<EOT\r\na\r\nEOT\r\n", r#""a\r\n""#),
            // The margin is that of the line with the least; blank lines have none.
            ("<<-EOT\n    a\n      b\n   c\n  EOT\n", r#"" a\n   b\nc\n""#),
            ("<<-EOT\n    a\n\n    b\nEOT\n", r#""a\n\nb\n""#),
            ("<<-EOT\n    a\n  \n    b\nEOT\n", r#""a\n  \nb\n""#),
            ("<<-EOT\n\t\ta\n\t b\nEOT\n", r#""a\nb\n""#),
            ("<<-EOT\n    ${a}\n      b\nEOT\n", r#"T(a "\n  b\n")"#),
            ("<<-EOT\n    a\n${b}\n    c\nEOT\n", r#"T("    a\n" b "\n    c\n")"#),
            ("<<-EOT\n  a ${b}\n    c\nEOT\n", r#"T("a " b "\n  c\n")"#),
            ("<<-EOT\n  %{if a}\n    b\n  %{endif}\nEOT\n", r#"T(if(a ? "\n  b\n" : ) "\n")"#),
            // `~` takes white space to the end of its line, and joins lines before the margin is taken.
            ("<<EOT\n%{if a ~}\n  b\n%{endif ~}\nEOT\n", r#"T(if(a ? "  b\n" : ))"#),
            ("<<EOT\na\n  ${~ b}\nEOT\n", r#"T("a\n" b "\n")"#),
            ("<<EOT\n${a ~}\n\nb\nEOT\n", r#"T(a "\nb\n")"#),
            ("<<-EOT\n    a\n    ${~ b}\n    c\nEOT\n", r#"T("    a\n" b "\n    c\n")"#),
            ("<<EOT\na\n", "error Unclosed heredoc: <<EOT"),
            ("<<EOT\na\nEOT)\n", "error Unclosed heredoc: <<EOT"),
            ("<< EOT\na\nEOT\n", "error Invalid syntax: <"),
            ("<<EOT a\nEOT\n", "error Invalid syntax: <"),
            ("<<EOT\n\rEOT\n", "error Invalid character: \r"),
            ("<<EOT\n\ra\nEOT\n", "error Invalid character: \r"),
        ],
    );
}

#[test]
fn whole_templates() {
    check(
        template,
        &[
            ("", r#""""#),
            ("a \"b\" \\n\n", r#""a \"b\" \\n\n""#),
            ("a\rb $", r#""a\rb $""#),
            ("${a}", "T(a)"),
            ("${a}\n", r#"T(a "\n")"#),
            ("$${a} %%{b}", r#""${a} %{b}""#),
            ("\u{feff}a", r#""a""#),
            ("%{if a ~}\n\n b\n%{endif}", r#"T(if(a ? "\n b\n" : ))"#),
            ("  ${~ a ~}\n\n", r#"T(a "\n")"#),
            ("}\"", r#""}\"""#),
            ("${a", "error Unclosed template: ${"),
            ("%{for x in y}", "error Unclosed directive: %{for x in y}"),
            ("${a b}", "error Invalid syntax: b"),
        ],
    );
}

#[test]
fn comments_stand_wherever_white_space_may() {
    check(
        expression,
        &[
            ("/* a */ 1", "1"),
            ("1 # a", "1"),
            ("# a\n1 // b\n", "1"),
            ("a /* b */ . /* c */ d /* e */ [ /* f */ 0 ]", "a.d[0]"),
            ("f(1, # a\n2 /* b\n */ )", "f(1, 2)"),
            ("[1, // a\n]", "[1]"),
            (r#""${1 /* a } " */}""#, "T(1)"),
            ("/* /* */ 1", "1"),
            ("/**/1", "1"),
            ("1 /* a", "error Unclosed comment: /*"),
            ("# a", "error Invalid syntax: "),
        ],
    );
}

#[test]
fn bodies() {
    check(
        body,
        &[
            ("", ""),
            ("a = 1", "a = 1"),
            ("a = 1\nb = 2\n", "a = 1; b = 2"),
            ("a = 1 # b\n# c\nd = 2 // e\n/* f */ g = 3 /* h */\n", "a = 1; d = 2; g = 3"),
            ("\u{feff}a = 1\r\nb = 2\r\n", "a = 1; b = 2"),
            ("a {\n}\n", "a {  }"),
            ("a {}", "a {  }"),
            ("a { b = 1 }\n", "a { b = 1 }"),
            ("a { b = [\n1,\n2\n] }\n", "a { b = [1, 2] }"),
            ("a { # b\n}\n", "a {  }"),
            ("a { /* b */ c = 1 }\n", "a { c = 1 }"),
            ("a b \"c\" d {\n}\n", r#"a "b" "c" "d" {  }"#),
            (r#"a "\u00e9 $${b}" {}"#, r#"a "é ${b}" {  }"#),
            ("a {\nb {\nc = 1\n}\nd = 2\n}\na {\n}\n", "a { d = 2; b { c = 1 } }; a {  }"),
            ("a = <<EOT\nb\nEOT\nc = 1\n", r#"a = "b\n"; c = 1"#),
            ("a = {\n}\nb = (\n1\n+ 2)\n", "a = {}; b = (1 + 2)"),
            ("if = 1\nfor = 2\ntrue = 3\nnull {}\n", "if = 1; for = 2; true = 3; null {  }"),
            ("a = 1 b = 2\n", "error Missing newline: b"),
            ("a = 1, b = 2\n", "error Unexpected comma: ,"),
            ("a {} b {}\n", "error Missing newline: b"),
            ("a { b {} }\n", "error Missing newline: b"),
            ("a { b {}\n}\n", "error Missing newline: b"),
            ("a { b = 1, c = 2 }\n", "error Unexpected comma: ,"),
            ("a { b = 1\n}\n", "error Invalid syntax: "),
            ("a = 1 + \n2\n", "error Invalid syntax: \n"),
            ("a = true\n? 1 : 2\n", "error Invalid syntax: ?"),
            ("a = b.\nc = 1\n", "error Invalid syntax: \n"),
            ("a\n{\n}\n", "error Invalid syntax: "),
            ("a \"${b}\" {}\n", "error Template in a name: ${"),
            ("\"a\" = 1\n", "error Quoted name: \"a\""),
            ("a = 1\nb = 2\na = 3\n", "error Attribute set twice: a"),
            ("1 = 2\n", "error Invalid syntax: 1"),
            ("a.b = 1\n", "error Invalid syntax: ."),
            ("a = 1\rb = 2\n", "error Invalid character: \r"),
        ],
    );
}
