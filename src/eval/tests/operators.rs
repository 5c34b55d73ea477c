//! Literals, operators, conditionals, names.

use super::check;

#[test]
fn literals_are_exact() {
    check(&[
        ("1", "1"),
        ("1.50", "1.5"),
        ("1e3", "1000"),
        ("1E-2", "0.01"),
        ("1.0e+2", "100"),
        ("-5", "-5"),
        ("- 5", "-5"),
        ("--5", "5"),
        ("-0", "0"),
        ("05", "5"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("1e4097", "error Invalid number: 1e4097"),
        ("1.", "error Invalid syntax: "),
        (".5", "error Invalid syntax: ."),
        ("1_000", "error Invalid syntax: _000"),
        ("0x10", "error Invalid syntax: x10"),
        ("true", "true"),
        ("null", "null"),
    ]);
}

#[test]
fn arithmetic_is_exact() {
    check(&[
        ("0.1+0.2", "0.3"),
        ("9223372036854775807 + 1", "9223372036854775808"),
        ("-9223372036854775808 - 1", "-9223372036854775809"),
        ("9223372036854775807 * 9223372036854775807", "85070591730234615847396907784232501249"),
        ("99999999999999999999 % 7", "1"),
        ("1e100+1 - 1e100", "1"),
        ("1.1*1.1 == 1.21", "true"),
        ("2/3*3 == 2", "true"),
        ("1/3+1/3+1/3 == 1", "true"),
        ("1/49*49 == 1", "true"),
        ("10/4", "2.5"),
        ("7 % 3", "1"),
        ("-7 % 3", "-1"),
        ("7 % -3", "1"),
        ("5.5 % 2", "1.5"),
        ("5 - -3", "8"),
        ("5--3", "8"),
        ("2 * 3 + 4", "10"),
        ("2 + 3 * 4", "14"),
        ("(2+3)*4", "20"),
        ("10 - 2 - 3", "5"),
        ("100 / 10 / 2", "5"),
    ]);
}

// Terraform gives infinity for the first, and 10 for the third. A mistake is told here.
#[test]
fn there_is_no_infinity() {
    check(&[
        ("1 / 0", "error Invalid operation: 1 / 0"),
        ("0/0", "error Invalid operation: 0/0"),
        ("10 % 0", "error Invalid operation: 10 % 0"),
        ("1e4000 * 1e4000", "error Invalid operation: 1e4000 * 1e4000"),
        ("1 / (1 - 1)", "error Invalid operation: 1 / (1 - 1)"),
    ]);
}

#[test]
fn operands_are_converted() {
    check(&[
        (r#""5" + "6""#, "11"),
        (r#"-"5""#, "-5"),
        (r#"!"true""#, "false"),
        (r#""1" < "2""#, "true"),
        (r#"true && "true""#, "true"),
        (r#"" 5" + 0"#, r#"error Wrong type: " 5""#),
        (r#""0x10" + 0"#, r#"error Wrong type: "0x10""#),
        (r#""1e2" + 0"#, "100"),
        (r#""a" + "b""#, r#"error Wrong type: "a""#),
        ("true + 1", "error Wrong type: true"),
        ("-true", "error Wrong type: true"),
        ("!1", "error Wrong type: 1"),
        (r#""a" < "b""#, r#"error Wrong type: "a""#),
        ("true && 1", "error Wrong type: 1"),
        ("[] + 1", "error Wrong type: []"),
    ]);
}

#[test]
fn null_is_no_operand() {
    check(&[
        ("null + 1", "error Null operand: null"),
        ("-null", "error Null operand: null"),
        ("!null", "error Null operand: null"),
        ("true && null", "error Null operand: null"),
        ("null && false", "error Null operand: null"),
        ("null < 1", "error Null operand: null"),
        ("null ? 1 : 2", "error Null condition: null"),
    ]);
}

#[test]
fn equality_asks_for_one_type() {
    check(&[
        ("1 == 1.0", "true"),
        (r#"1 == "1""#, "false"),
        (r#"true == "true""#, "false"),
        ("null == null", "true"),
        ("null == 1", "false"),
        ("null == tostring(null)", "true"),
        ("[1] == [1]", "true"),
        (r#"[1] == ["1"]"#, "false"),
        ("tolist([1]) == [1]", "false"),
        ("tolist([1]) == tolist([1])", "true"),
        (r#"toset(["a", "b"]) == toset(["b", "a"])"#, "true"),
        ("toset([1]) == tolist([1])", "false"),
        ("tomap({}) == {}", "false"),
        ("{a=1} == {a=1}", "true"),
        (r#"{a=1} == {a="1"}"#, "false"),
        ("{a=1} == {b=1}", "false"),
        ("[null] == [null]", "true"),
        ("[null] == [tostring(null)]", "false"),
        ("{a = null} == {a = tostring(null)}", "false"),
        (r#"1 != "1""#, "true"),
        ("[1] != [1]", "false"),
    ]);
}

#[test]
fn precedence_is_that_of_terraform() {
    check(&[
        ("true || false && false", "true"),
        ("!false && false", "false"),
        ("1 < 2 == true", "true"),
        ("1 == 1 && 2 > 1", "true"),
        (r#"1 + 1 == 2 ? "yes" : "no""#, r#""yes""#),
        ("false ? 1 : true ? 2 : 3", "2"),
        ("true ? true ? 1 : 2 : 3", "1"),
        ("-1 - -1", "0"),
        ("1 < 2 < 3", "error Wrong type: 1 < 2"),
    ]);
}

// Terraform looks at the right side all the same.
#[test]
fn what_is_decided_is_not_looked_at_further() {
    check(&[
        ("true || [][0]", "true"),
        ("false && [][0]", "false"),
        ("true || nosuch.a", "true"),
        ("false || [][0]", "error Invalid index: 0"),
    ]);
}

#[test]
fn branches_get_one_type() {
    check(&[
        (r#"true ? 1 : "a""#, r#""1""#),
        (r#"false ? 1 : "a""#, r#""a""#),
        (r#"true ? true : "a""#, r#""true""#),
        ("true ? [1] : [1, 2]", "list(number)[1]"),
        ("true ? [] : [1]", "list(number)[]"),
        (r#"true ? [1] : ["a"]"#, r#"["1"]"#),
        (r#"true ? [null, 1] : ["a", "b"]"#, r#"[null string, "1"]"#),
        ("true ? {a=1} : {b=2}", "map(number){a = 1}"),
        ("true ? {a=1} : {}", "map(number){a = 1}"),
        ("false ? {a=1} : {}", "map(number){}"),
        (r#"true ? {a=1} : {a="x"}"#, r#"{a = "1"}"#),
        (r#"true ? {a=1} : {a=1, b="x"}"#, r#"map(string){a = "1"}"#),
        (r#"true ? tolist([1]) : ["a"]"#, r#"list(string)["1"]"#),
        (r#"true ? toset(["a"]) : ["a"]"#, r#"set(string)["a"]"#),
        (r#"true ? tolist(["a"]) : toset(["a"])"#, r#"list(string)["a"]"#),
        ("true ? tomap({a=1}) : {b=2}", "map(number){a = 1}"),
        (r#"true ? {b=2} : tomap({a="1"})"#, r#"map(string){b = "2"}"#),
        ("true ? 1 : true", "error Inconsistent conditional: true ? 1 : true"),
        ("true ? 1 : [1]", "error Inconsistent conditional: true ? 1 : [1]"),
        ("true ? [1] : {}", "error Inconsistent conditional: true ? [1] : {}"),
        (
            r#"true ? {a=[1]} : {b="x"}"#,
            r#"error Inconsistent conditional: true ? {a=[1]} : {b="x"}"#,
        ),
    ]);
}

#[test]
fn a_null_branch_has_the_type_of_the_other() {
    check(&[
        ("true ? null : 1", "null number"),
        ("false ? null : 1", "1"),
        (r#"true ? null : "x""#, "null string"),
        ("false ? [1] : null", "null tuple([number])"),
        ("true ? [1] : null", "[1]"),
        ("true ? {a = null} : {a = 1}", "{a = null number}"),
        ("true ? null : null", "null"),
    ]);
}

#[test]
fn only_the_branch_that_is_taken_may_not_fail() {
    check(&[
        ("true ? 1 : [][0]", "1"),
        ("false ? [][0] : 1", "1"),
        ("true ? [][0] : 1", "error Invalid index: 0"),
        (r#""true" ? 1 : 2"#, "1"),
        (r#""yes" ? 1 : 2"#, r#"error Wrong type: "yes""#),
        ("1 ? 1 : 2", "error Wrong type: 1"),
    ]);
}

#[test]
fn names_that_are_not_there() {
    check(&[
        ("var.nosuch", "error Invalid reference: var.nosuch"),
        ("nosuch.a", "error Invalid reference: nosuch.a"),
        ("foo", "error Invalid reference: foo"),
        ("each.key", "error Invalid reference: each.key"),
        ("[for abc in [1] : abd]", "error Invalid reference: abd"),
        ("nosuch(1)", "error Unknown function: nosuch"),
        (r#"uper("a")"#, "error Unknown function: uper"),
        ("upper()", "error Invalid function call: upper"),
        (r#"upper("a", "b")"#, "error Invalid function call: upper"),
        ("upper(null)", "error Invalid function call: null"),
        ("upper([1])", "error Invalid function call: [1]"),
        ("max([])", "error Invalid function call: []"),
        ("max([1]...)", "1"),
        ("max(null...)", "error Wrong type: null"),
        ("max(5...)", "error Wrong type: 5"),
        ("max(1, [2, 3]...)", "3"),
        ("try()", "error Invalid function call: try()"),
        ("try([][0], 2)", "2"),
        ("try([][0])", "error Invalid function call: 0"),
        ("can([][0])", "false"),
        ("can(1)", "true"),
    ]);
}

#[test]
fn syntax() {
    check(&[
        ("1 +", "error Invalid syntax: "),
        ("(1", "error Unclosed bracket: ("),
        ("[1", "error Unclosed bracket: ["),
        ("{a = 1", "error Unclosed bracket: {"),
        (r#""a"#, r#"error Unclosed string: "a"#),
        ("1 2", "error Invalid syntax: 2"),
        ("1 +* 2", "error Invalid syntax: *"),
        ("true ? 1", "error Invalid syntax: "),
        ("[1 2]", "error Missing comma: 2"),
        (r#"upper("a""#, "error Unclosed bracket: ("),
    ]);
}
