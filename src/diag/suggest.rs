//! "Did you mean".

/// The candidate that `given` was most likely meant to be, if one is near enough.
pub fn suggest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing costs the product of the lengths; a name of this length is no slip of the finger.
    if given.len() > 128 {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(given, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= (given.chars().count().max(candidate.chars().count()) / 3).max(1)
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// ` Did you mean "x"?`, or nothing. What has quotes in it, as addresses have, can be pasted as it
/// stands.
pub fn did_you_mean<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    suggest(given, candidates)
        .map(|candidate| format!(" Did you mean {}?", quoted(candidate)))
        .unwrap_or_default()
}

/// A name in quotes, so that it can be pasted into a shell: one with quotes in it, such as the address
/// of an instance, is in single ones.
fn quoted(name: &str) -> String {
    if name.contains('"') {
        format!("'{}'", name.replace('\'', r"'\''"))
    } else {
        format!("{name:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let names = ["bucket", "rule", "expected_bucket_owner"];
        assert_eq!(suggest("buket", names), Some("bucket"));
        assert_eq!(suggest("expected_owner", names), Some("expected_bucket_owner"));
        assert_eq!(suggest("rules", names), Some("rule"));
        assert_eq!(suggest("tags", names), None);
    }

    #[test]
    fn what_was_meant_can_be_pasted() {
        for (name, told) in [
            ("bucket", r#" Did you mean "bucket"?"#),
            (r#"t.logs["eu"]"#, r#" Did you mean 't.logs["eu"]'?"#),
            (r#"t.logs["it's"]"#, r#" Did you mean 't.logs["it'\''s"]'?"#),
        ] {
            assert_eq!(did_you_mean(&name.replace('l', "i").replace('u', "v"), [name]), told);
        }
    }
}
