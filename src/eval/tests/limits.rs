//! What is deep, long or made up at random neither overflows the stack nor takes for ever.

use super::whole::{Outcome, run};

#[test]
fn a_chain_of_10000_locals_is_evaluated() {
    let links = lines(1..=10_000, |n| format!("l{n} = local.l{} + 1", n - 1));
    let outcome =
        run(&format!("locals {{\nl0 = 0\n{links}}}\noutput \"x\" {{\n value = local.l10000\n}}\n"));
    assert_eq!(outcome.faults, Vec::<String>::new());
    assert_eq!(outcome.output("x"), "10000");
}

fn lines(numbers: impl Iterator<Item = usize>, line: impl Fn(usize) -> String) -> String {
    numbers.map(|n| line(n) + "\n").collect()
}

/// Each local names the last one `times`, within brackets.
fn wrapped(levels: usize, times: usize) -> Outcome {
    let links =
        lines(1..=levels, |n| format!("l{n} = [{}]", format!("local.l{}, ", n - 1).repeat(times)));
    run(&format!(
        "locals {{\nl0 = 0\n{links}}}\noutput \"x\" {{\n value = length(local.l{levels})\n}}\n"
    ))
}

#[test]
fn a_value_that_grows_deep_or_large_is_refused_in_time() {
    assert_eq!(wrapped(256, 1).faults, Vec::<String>::new());
    assert_eq!(wrapped(257, 1).faults, ["Value too large: [local.l256, ]"]);
    assert_eq!(wrapped(10_000, 1).faults.len(), 10_000 / 257);
    // What depends on a value that was refused starts over.
    assert_eq!(
        wrapped(60, 2).faults,
        ["Value too large: [local.l22, local.l22, ]", "Value too large: [local.l45, local.l45, ]"]
    );
}

#[test]
fn the_deepest_expressions_are_evaluated_on_a_small_stack() {
    let nest = |open: &str, inner: &str, close: &str, n: usize| {
        format!("{}{inner}{}", open.repeat(n), close.repeat(n))
    };
    let expressions = [
        format!("1{}", " + 1".repeat(10_000)),
        format!("true{}", " && true".repeat(10_000)),
        nest("(", &format!("1{}", " + 1".repeat(16)), ")", 90),
        format!("{}1{}", "(".repeat(28), format!("{})", " + 1".repeat(16)).repeat(28)),
        format!("[]{}", "[*]".repeat(200)),
        format!("1{}", "[*]".repeat(450)),
        format!("try(local.x{}, 1)", "[0]".repeat(450)),
        nest("[for x in [1] : ", "1", "]", 90),
        nest("\"${", "1", "}\"", 90),
        nest("upper(\"a${", "1", "}\")", 45),
        nest("true ? ", "1", " : 2", 90),
        nest("(", &format!("1{}", " + 1".repeat(100)), ")", 90),
        nest("!", "true", "", 450),
        nest("{ a = [", "1", "] }", 45),
        format!("\"{}\"", nest("%{if true}%{for x in [1]}", "a", "%{endfor}%{endif}", 200)),
    ];
    for expression in expressions {
        let outcome = run(&format!(
            "locals {{\n x = jsondecode(\"[]\")\n}}\noutput \"x\" {{\n value = {expression}\n}}\n"
        ));
        // Of one value, each splat makes a list of one: the value may be too deep to be shown.
        let evaluated = outcome.faults.iter().all(|fault| fault.starts_with("Value too large"));
        assert!(evaluated, "{:?} of {expression}", outcome.faults);
    }
}

/// Each part of a path that names nothing once looked for what all parts before it name.
#[test]
fn what_fails_as_a_whole_is_not_tried_again_by_its_parts() {
    let expressions = [
        format!("nothing{}", ".a".repeat(450)),
        format!("nothing{}", "[\"a\"]".repeat(450)),
        format!("local.nothing{}", ".a".repeat(450)),
        format!("{}x{}", "nothing[".repeat(90), "]".repeat(90)),
        format!("{}x.y{}", "upper(".repeat(90), ")".repeat(90)),
    ];
    for expression in expressions {
        // What would be exponential would not come to an end here.
        let outcome = run(&format!("output \"x\" {{\n value = {expression}\n}}\n"));
        let [fault, ..] = outcome.faults.as_slice() else { panic!("no fault") };
        assert!(!fault.starts_with("Too deep"), "{fault}");
    }
}

#[test]
fn what_is_deeper_is_refused() {
    let expressions = [
        format!("1{}", " + -(1".repeat(129)) + &")".repeat(129),
        format!("local.x{}", "[0]".repeat(100_000)),
        format!("local.x{}", ".a".repeat(100_000)),
        format!("local.x{}", "[*]".repeat(100_000)),
        format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("{}1", "-".repeat(100_000)),
        format!("{}1{}", "\"${".repeat(1_000), "}\"".repeat(1_000)),
        format!("{}1", "true ? 1 : ".repeat(10_000)),
    ];
    for expression in expressions {
        let outcome = run(&format!(
            "locals {{\n x = jsondecode(\"[]\")\n}}\noutput \"x\" {{\n value = {expression}\n}}\n"
        ));
        let [fault, ..] = outcome.faults.as_slice() else { panic!("no fault") };
        assert!(fault.starts_with("Too deep nesting"), "{}", &fault[..40]);
    }
}

#[test]
fn long_input_stays_linear() {
    let rows = [
        "a {\n".repeat(100_000),
        "a = [\n".repeat(100_000),
        format!("a = {}", "<<".repeat(500_000)),
        format!("a = {}", "\"".repeat(100_000)),
        "a = \"\n".repeat(100_000),
        "}\n".repeat(100_000),
        "/*".repeat(500_000),
        lines(0..20_000, |n| format!("a{n} = {n}")),
        format!("locals {{\n{}}}\n", lines(0..20_000, |n| format!("a{n} = b.c{n}"))),
        format!("locals {{\n a = [{}]\n}}\n", "1,".repeat(200_000)),
        format!("locals {{\n a = \"{}\"\n}}\n", "${1}".repeat(100_000)),
        format!("locals {{\n a = <<-EOT\n{}  EOT\n}}\n", "    x ${1}\n".repeat(50_000)),
    ];
    for text in rows {
        // What would be quadratic would not come to an end here.
        drop(run(&text));
    }
}

mod properties {
    use super::super::whole::{run, run_with};
    use proptest::prelude::*;

    fn expression() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "1",
            "0",
            "\"a\"",
            "null",
            "true",
            "var.s",
            "var.u",
            "local.a",
            "[]",
            "{}",
            "x",
            "[1, \"a\"]",
            "{ a = 1, b = null }",
            "toset([\"a\"])",
            "sensitive(2)",
            "thing.t.id",
            "tolist([1])",
            "tomap({ a = 1 })",
            "-1",
            "1.5",
        ])
        .prop_map(str::to_owned);
        leaf.prop_recursive(5, 40, 3, |inner| {
            let two = (inner.clone(), inner.clone());
            let three = (inner.clone(), inner.clone(), inner.clone());
            let operators = prop::sample::select(vec![
                "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||",
            ]);
            prop_oneof![
                (two.clone(), operators).prop_map(|((a, b), op)| format!("({a} {op} {b})")),
                inner.clone().prop_map(|a| format!("(!{a})")),
                inner.clone().prop_map(|a| format!("(-{a})")),
                three.clone().prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
                two.clone().prop_map(|(a, b)| format!("[{a}, {b}]")),
                two.clone().prop_map(|(a, b)| format!("{{ ({a}) = {b} }}")),
                two.clone().prop_map(|(a, b)| format!("[for x in {a} : {b}]")),
                three.prop_map(|(a, b, c)| format!("{{ for k, x in {a} : {b} => {c}... }}")),
                two.clone().prop_map(|(a, b)| format!("{a}[{b}]")),
                inner.clone().prop_map(|a| format!("{a}.a")),
                inner.clone().prop_map(|a| format!("{a}[*].a")),
                two.clone().prop_map(|(a, b)| format!("\"x${{{a}}}%{{if {b}}}y%{{endif}}\"")),
                inner.clone().prop_map(|a| format!("\"${{{a}}}\"")),
                two.prop_map(|(a, b)| format!("try({a}, {b})")),
                inner.clone().prop_map(|a| format!("can({a})")),
                inner.clone().prop_map(|a| format!("length({a})")),
                inner.prop_map(|a| format!("jsonencode({a})")),
            ]
        })
    }

    fn whole(expression: &str) -> String {
        format!(
            "variable \"s\" {{\n sensitive = true\n default = \"s3cret\"\n}}\n\
             variable \"u\" {{\n}}\n\
             locals {{\n a = [\"b\"]\n}}\n\
             resource \"thing\" \"t\" {{\n name = \"n\"\n}}\n\
             output \"x\" {{\n value = {expression}\n}}\n"
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn no_text_panics(text in "(variable|locals|resource|output|provider|count|for_each|[a-z]|[0-9.]|[{}()\\[\\]\"$%~<>=!?:,+*/&|#-]|<<-?EOT\n|EOT|\n| |\\PC)*") {
            drop(run(&text));
        }

        #[test]
        fn no_expression_panics(text in "([a-z]|[0-9]|[{}()\\[\\]\"$%~=!?:.,+*/&|-]|\\$\\{|%\\{(if|for|else|endif|endfor)|for | in | if |=>|\\.\\.\\.|<<-?EOT\n|\n|\nEOT\n)*") {
            drop(run(&whole(&text)));
        }

        #[test]
        fn evaluation_is_deterministic_and_hides_secrets(text in expression()) {
            let text = whole(&text);
            let one = run_with(&text, &[], true);
            let two = run_with(&text, &[], true);
            prop_assert_eq!(&one.faults, &two.faults);
            prop_assert_eq!(one.output("x"), two.output("x"));
            for detail in &one.details {
                prop_assert!(!detail.contains("s3cret"), "{}", detail);
            }
        }
    }

    #[test]
    fn most_made_up_expressions_have_a_value() {
        use proptest::strategy::ValueTree as _;
        use proptest::test_runner::TestRunner;
        let mut runner = TestRunner::deterministic();
        let sound = (0..500)
            .filter(|_| {
                let text = expression().new_tree(&mut runner).unwrap().current();
                run_with(&whole(&text), &[], true).faults.is_empty()
            })
            .count();
        assert!(sound > 50, "{sound} of 500 say too little");
    }
}

#[test]
fn texts_that_double_come_to_an_end() {
    let doubled = lines(1..=60, |n| format!("a{n} = \"${{local.a{0}}}${{local.a{0}}}\"", n - 1));
    let outcome = run(&format!("locals {{\na0 = \"0123456789\"\n{doubled}}}\n"));
    assert_eq!(outcome.faults.len(), 1, "{:?}", outcome.faults);
    assert!(outcome.details[0].contains("16 MiB"), "{:?}", outcome.details);
}
