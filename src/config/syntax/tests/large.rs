//! What is long takes its time only once, and what is deep no more stack than there is.

use super::{body, expression, parse_expr, parse_file, parse_template};
use crate::diag::{Diagnostics, Sources};
use proptest::prelude::*;

fn rows(count: usize, row: impl Fn(usize) -> String) -> String {
    (0..count).map(row).collect()
}

#[test]
fn long_texts_take_linear_time() {
    let entries = rows(20_000, |n| format!("k{n} = {n},\n"));
    let same: String = "k = 1,".repeat(20_000);
    let texts = [
        format!("a = {{\n{entries}}}\n"),
        format!("a = {{ {same} }}\n"),
        "a {\n b = 1\n}\n".repeat(20_000),
        format!("a = \"{}\"\n", "x".repeat(1_000_000)),
        format!("a = \"{}\"\n", "${b} ".repeat(20_000)),
        format!("a = [{}]\n", "1, ".repeat(30_000)),
        format!("a = 1{}\n", " + 1".repeat(20_000)),
        format!("a = <<-EOT\n{}  EOT\n", "    x ${1} $$\n".repeat(20_000)),
        format!("{}\n", "# comment ".repeat(20_000)),
        rows(20_000, |n| format!("a{n} = {n}\n")),
    ];
    for text in texts {
        assert!(body(&text).is_ok(), "{}", &text[..30]);
    }
}

#[test]
fn faulty_texts_take_linear_time() {
    let pieces = [
        "a = \"\n",
        "a = \"${\n",
        "a = [\n",
        "a = {\n",
        "a = (\n",
        "a {\n",
        "a = <<E\n",
        "a = <<E\n${",
        "}\n",
        "]\n",
        "a = {]\n",
        "a = [}\n",
        "a = [ {b c},\n",
        "a { b = 1, ",
        "a = {b c, ",
        "a /*\n",
        "'",
        "${",
        "%{if a}",
        "\"%{if a}",
        "a = \"${\"",
        "{",
        "(",
        "[",
        "-",
        "!",
        "a ? b : ",
        "a.",
        "a[",
        "a(",
        "{a=",
        "[for x in ",
        "}",
        "a = 1 b ",
        "a \"",
        "    ",
        "a = <<E\n  a /*\n",
        "a = [\n  1\n",
    ];
    for piece in pieces {
        for text in [piece.repeat(4_000), format!("a = [ {}", piece.repeat(4_000))] {
            let mut sources = Sources::default();
            let file = sources.add("t", "");
            let mut faults = Diagnostics::new();
            drop(parse_file(&text, file, &mut faults));
            drop(parse_expr(&text, file, &mut faults));
            drop(parse_template(&text, file, &mut faults));
            assert!(faults.len() <= 150, "{piece}: {}", faults.len());
        }
    }
}

#[test]
fn deep_texts_are_refused_with_a_word_about_it() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(500), close.repeat(500));
    for text in [
        deep("(", ")"),
        deep("[", "]"),
        deep("{ a = ", " }"),
        deep("f(", ")"),
        deep("\"${", "}\""),
        deep("a ? b : ", ""),
        deep("-", "") + &".a".repeat(500),
        deep("[for x in ", " : x]"),
        deep("x[", "]"),
    ] {
        let faults = expression(&text).unwrap_err();
        assert!(faults[0].starts_with("Too deep nesting"), "{text}: {}", faults[0]);
    }
    let faults = body(&format!("{}{}", "a {\n".repeat(500), "}\n".repeat(500))).unwrap_err();
    assert_eq!(faults, ["Too deep nesting: \n"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever stands there: no panic, an end, and an error where there is no tree.
    #[test]
    fn any_text_is_read_or_refused(
        text in "([ab=,:.?!+*/<>&|;'~\\[\\](){}\"$%#\\\\-]|[0-9]|\\$\\{|%\\{|if |else|endif|for |in |endfor|true|null|<<-?E\n|\nE\n|\n|\r| |é|\\PC)*"
    ) {
        let mut sources = Sources::default();
        let file = sources.add("t", text.as_str());
        let mut faults = Diagnostics::new();
        let parsed = parse_file(&text, file, &mut faults);
        // A bracket too many damages nothing.
        prop_assert!(parsed.damaged.is_empty() || !faults.is_empty());
        for fault in &faults {
            let span = fault.subject.unwrap();
            prop_assert!(text.get(span.start as usize..span.end as usize).is_some(), "{:?}", fault);
        }
        for parse in [parse_expr, parse_template] {
            let mut faults = Diagnostics::new();
            let read = parse(&text, file, &mut faults);
            prop_assert!(read.is_some() || !faults.is_empty());
        }
    }
}

/// Prints how long reading takes, beside *hcl-edit*.
#[test]
#[ignore = "a measurement, not a test"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures and shows")]
fn measure() {
    let resources = rows(10_000, |n| {
        format!(
            "resource \"aws_s3_bucket_server_side_encryption_configuration\" \"b{n}\" {{\n  \
             bucket = \"bucket-${{var.env}}-{n}\"\n\n  rule {{\n    \
             apply_server_side_encryption_by_default {{\n      sse_algorithm     = \
             \"aws:kms\"\n      kms_master_key_id = aws_kms_key.k[{n}].arn # the key\n    \
             }}\n    bucket_key_enabled = true\n  }}\n}}\n\n"
        )
    });
    let entries =
        |count| format!("a = {{\n{}}}\n", rows(count, |n| format!("  key{n} = \"value {n}\"\n")));
    for (what, text) in [
        ("10,000 resources", resources),
        ("an object of 2,000 keys", entries(2_000)),
        ("an object of 100,000 keys", entries(100_000)),
    ] {
        let start = std::time::Instant::now();
        let read = body(&text).is_ok();
        let tokens = crate::config::syntax::Lexer::new(&text).count();
        println!("{what}: {} KB, {tokens} tokens, {read}", text.len() / 1000);
        println!("  with text {:?}", start.elapsed());
        let start = std::time::Instant::now();
        let file = Sources::default().add("t", "");
        let parsed = parse_file(&text, file, &mut Diagnostics::new());
        println!("  ours      {:?}", start.elapsed());
        let start = std::time::Instant::now();
        drop(parsed);
        println!("  dropped   {:?}", start.elapsed());
        if what.contains("100,000") {
            continue;
        }
        let start = std::time::Instant::now();
        let theirs = hcl::edit::parser::parse_body(&text).is_ok();
        println!("  hcl-edit  {:?} {theirs}", start.elapsed());
    }
}
