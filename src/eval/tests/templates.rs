//! Templates in quotes.

use super::check;

#[test]
fn a_lone_value_keeps_its_type() {
    check(&[
        (r#""${1}""#, "1"),
        (r#""${[1]}""#, "[1]"),
        (r#""${null}""#, "null"),
        (r#""${"a"}""#, r#""a""#),
        (r#""a${1}b""#, r#""a1b""#),
        (r#""a${1.50}b""#, r#""a1.5b""#),
        (r#""a${true}""#, r#""atrue""#),
        (r#""${"a"}${"b"}""#, r#""ab""#),
        (r#""${"nested ${"deep"}"}""#, r#""nested deep""#),
        (r#""a${null}""#, "error Null in a template: null"),
        (r#""x${[1]}""#, "error Wrong type: [1]"),
        (r#""x${{a = 1}}""#, "error Wrong type: {a = 1}"),
        (r#""a${}""#, "error Invalid syntax: }"),
    ]);
}

#[test]
fn escapes() {
    check(&[
        (r#""a\nb\tc\\d\"e\r""#, r#""a\nb\tc\\d\"e\r""#),
        (r#""\u00e9\U0001F600""#, r#""é😀""#),
        (r#""a$${b} %%{c} $ % $$ %%""#, r#""a${b} %{c} $ % $$ %%""#),
        (r#""\x""#, r"error Invalid escape: \x"),
        (r#""\u12""#, r"error Invalid escape: \u12"),
        (r#""\ud800""#, r"error Invalid escape: \ud800"),
        (r#""%{if true}\u00e9\n\t\\\"%{endif}""#, r#""é\n\t\\\"""#),
        (r#""%{if true}%{if true}\n%{endif}%{endif}""#, r#""\n""#),
        (r#""%{if true}$${x}%%{y}%{endif}""#, r#""${x}%{y}""#),
        (r#""%{if true}\x%{endif}""#, r"error Invalid escape: \x"),
    ]);
}

#[test]
fn directives() {
    check(&[
        (r#""%{if true}yes%{else}no%{endif}""#, r#""yes""#),
        (r#""%{if false}yes%{else}no%{endif}""#, r#""no""#),
        (r#""%{if false}yes%{endif}""#, r#""""#),
        (r#""%{if "true"}yes%{endif}""#, r#""yes""#),
        (r#""%{for x in [1, 2]}${x},%{endfor}""#, r#""1,2,""#),
        (r#""%{for i, x in ["a", "b"]}${i}${x} %{endfor}""#, r#""0a 1b ""#),
        (r#""%{for k, v in {a = 1}}${k}${v}%{endfor}""#, r#""a1""#),
        (r#""%{for x in []}${x}%{endfor}""#, r#""""#),
        (r#""%{if false}${null}%{endif}x""#, r#""x""#),
        (r#""%{if true}${null}%{endif}""#, "error Null in a template: null"),
        (r#""%{if null}yes%{endif}""#, "error Null condition: null"),
        (r#""%{if 1}yes%{endif}""#, "error Wrong type: 1"),
        (r#""%{for x in null}${x}%{endfor}""#, "error Not a collection: null"),
        (r#""%{if true}a""#, "error Unclosed directive: %{if true}"),
        (r#""%{endif}""#, "error Invalid directive: %{endif}"),
        (r#""%{if true}a%{endfor}""#, "error Invalid directive: %{endfor}"),
    ]);
}

#[test]
fn strip_markers() {
    check(&[
        (r#""a ${~ 1 ~} b""#, r#""a1b""#),
        (r#""a ${~ 1} b""#, r#""a1 b""#),
        (r#""a ${1 ~} b""#, r#""a 1b""#),
        (r#""a\n  ${~ 1 ~} \n\n b""#, r#""a1b""#),
        (r#""a ${"b" ~} ${"c"}""#, r#""a bc""#),
        (r#""a ${"b" ~}  ${~ "c"}""#, r#""a bc""#),
        (r#""a  %{~ if true ~}  b  %{~ endif ~}  c""#, r#""abc""#),
        (r#""a %{ if true ~} b %{ else ~} c %{~ endif } d""#, r#""a b  d""#),
        (r#""%{~ for x in [1, 2] ~} ${x} %{~ endfor ~} z""#, r#""12z""#),
        (r#""a%{ if true }  ${~ 1 ~}  %{ endif }b""#, r#""a1b""#),
    ]);
}
