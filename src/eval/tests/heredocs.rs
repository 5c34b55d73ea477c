//! Templates of several lines, and where lines may end.

use super::check;

#[test]
fn heredocs() {
    check(&[
        ("<<EOT\nhello\nEOT", r#""hello\n""#),
        ("<<EOT\nEOT", r#""""#),
        ("<<EOT\n\nEOT", r#""\n""#),
        ("<<EOT\n  a\n b\n  EOT", r#""  a\n b\n""#),
        ("<<EOT\na\\nb \"q\"\nEOT", r#""a\\nb \"q\"\n""#),
        ("<<EOT\n$${a} %%{b}\nEOT", r#""${a} %{b}\n""#),
        ("<<EOT\n${1}\nEOT", r#""1\n""#),
        ("upper(<<EOT\na\nEOT\n)", r#""A\n""#),
        ("<<EOT\r\na\r\n${1}\r\nEOT", r#""a\r\n1\r\n""#),
    ]);
}

#[test]
fn an_indented_heredoc_loses_its_margin() {
    check(&[
        ("<<-EOT\n    a\n   b\n  EOT", r#"" a\nb\n""#),
        ("<<-EOT\n    a\n\n   b\n  EOT", r#"" a\n\nb\n""#),
        ("<<-EOT\n    a\n  \n   b\n  EOT", r#"" a\n  \nb\n""#),
        ("<<-EOT\n\ta\n\t\tb\n\tEOT", r#""a\n\tb\n""#),
        ("<<-EOT\n    a\n      ${1}\n    b\nEOT", r#""a\n  1\nb\n""#),
        ("<<-EOT\n    ${1}\n  b\nEOT", r#""  1\nb\n""#),
        ("<<-EOT\n${1}\n  b\nEOT", r#""1\n  b\n""#),
        ("<<-EOT\r\n    a\r\n   b\r\n  EOT", r#"" a\r\nb\r\n""#),
    ]);
}

#[test]
fn the_margin_is_taken_within_directives_too() {
    check(&[
        ("<<-EOT\n  %{ for x in [1,2] }\n  x ${x}\n  %{ endfor }\nEOT", r#""\nx 1\n\nx 2\n\n""#),
        (
            "<<-EOT\n      a\n    %{ if true }\n      b\n    %{ endif }\n    EOT",
            r#""  a\n\n  b\n\n""#,
        ),
    ]);
}

#[test]
fn in_a_heredoc_a_strip_marker_trims_one_line() {
    check(&[
        ("<<EOT\na ${~ 1 ~}\n\n\n  b\nEOT", r#""a1\n\n  b\n""#),
        ("<<EOT\n  ${~ \"x\" }\nEOT", r#""x\n""#),
        ("<<EOT\n${\"x\" ~}\nEOT", r#""x""#),
        ("<<EOT\n%{ for x in [1,2] ~}\n- ${x}\n%{ endfor ~}\nEOT", r#""- 1\n- 2\n""#),
        ("<<EOT\n%{ if false ~}\na\n%{ endif ~}\nb\nEOT", r#""b\n""#),
        ("<<-EOT\n  %{ for x in [1,2] ~}\n  x ${x}\n  %{ endfor ~}\nEOT", r#""  x 1\n  x 2\n""#),
        (
            "<<-EOT\n    %{ if true ~}\n    yes\n    %{ else ~}\n    no\n    %{ endif ~}\n  end\nEOT",
            r#""    yes\n  end\n""#,
        ),
    ]);
}

#[test]
fn newlines_within_brackets() {
    check(&[
        ("{\n a = 1\n b = 2\n}", "{a = 1, b = 2}"),
        ("{\n a = 1, b = 2\n c = 3,\n}", "{a = 1, b = 2, c = 3}"),
        ("{a = 1\n  # c\n b = 2 // d\n}", "{a = 1, b = 2}"),
        ("[\n 1,\n 2,\n]", "[1, 2]"),
        ("(\n1 +\n2\n)", "3"),
        ("[for x in [1]:\n x\n]", "[1]"),
        ("(true\n ? 1\n : 2)", "1"),
        ("upper(\n\"a\",\n)", r#""A""#),
        ("{(\n\"a\"\n) = 1}", "{a = 1}"),
        ("[\n 1\n 2\n]", "error Missing comma: 2"),
        ("\"a\nb\"", r#"error Unclosed string: "a"#),
    ]);
}
