//! What is told of a name that a block does not have: most often it is a slip, or something that is
//! written in another way or in another place.

use super::expr::Name;
use super::language;
use crate::diag::{Diagnostic, did_you_mean, did_you_mean_or_known};

/// The fault of an attribute that is none of `attributes`; `what` is what stands around it.
pub(crate) fn attribute(
    what: &str,
    name: &Name,
    attributes: &[&str],
    blocks: &[&str],
) -> Diagnostic {
    let text = &*name.text;
    let (summary, detail) = if blocks.contains(&text) {
        (
            "Attribute instead of a block",
            format!("{text:?} is a block: write `{text} {{ … }}` without `=`."),
        )
    } else {
        // A block is guessed at, but none is listed where an attribute is asked for.
        let hint = match did_you_mean(text, blocks.iter().copied()) {
            hint if hint.is_empty() => did_you_mean_or_known(text, attributes.iter().copied()),
            hint => hint,
        };
        ("Unknown attribute", format!("{what} has no attribute {text:?}.{hint}"))
    };
    Diagnostic::error(summary, detail).at(name.span)
}

/// The fault of a block that is none of `blocks`; `what` is what stands around it.
pub(crate) fn block(what: &str, kind: &Name, attributes: &[&str], blocks: &[&str]) -> Diagnostic {
    let text = &*kind.text;
    let (summary, detail) = if attributes.contains(&text) {
        ("Block instead of an attribute", format!("{text:?} is an attribute: write `{text} = …`."))
    } else {
        let hint = if language::find(text).is_some() {
            " A block of this kind stands outside of all others: move it there, or close what is \
             open before it with `}`."
                .to_owned()
        } else {
            match did_you_mean(text, attributes.iter().copied()) {
                _ if blocks.contains(&text) => {
                    format!(" It is written `{text} \"name\" {{ … }}`.")
                }
                hint if hint.is_empty() => did_you_mean_or_known(text, blocks.iter().copied()),
                hint => hint,
            }
        };
        ("Unknown block", format!("{what} has no block {text:?}.{hint}"))
    };
    Diagnostic::error(summary, detail).at(kind.span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Sources, Span};
    use std::sync::Arc;

    #[test]
    fn a_name_is_told_with_what_was_most_likely_meant() {
        let name = |text: &str| Name {
            text: Arc::from(text),
            span: Span { file: Sources::default().add("main.seal.hcl", ""), start: 0, end: 0 },
        };
        let (attributes, blocks) = (["bucket", "region"], ["rule"]);
        let rows = [
            ("buckt", "X has no attribute \"buckt\". Did you mean \"bucket\"?"),
            ("rules", "X has no attribute \"rules\". Did you mean \"rule\"?"),
            ("rule", "\"rule\" is a block: write `rule { … }` without `=`."),
            ("zzzz", "X has no attribute \"zzzz\". Known are bucket, region."),
        ];
        for (given, detail) in rows {
            assert_eq!(attribute("X", &name(given), &attributes, &blocks).detail, detail);
        }
        let rows = [
            ("rul", "X has no block \"rul\". Did you mean \"rule\"?"),
            ("bucket", "\"bucket\" is an attribute: write `bucket = …`."),
            (
                "variable",
                "X has no block \"variable\". A block of this kind stands outside of all others: \
                 move it there, or close what is open before it with `}`.",
            ),
            ("zzzz", "X has no block \"zzzz\". Known is rule."),
        ];
        for (given, detail) in rows {
            assert_eq!(block("X", &name(given), &attributes, &blocks).detail, detail);
        }
    }
}
