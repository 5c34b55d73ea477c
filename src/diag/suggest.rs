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
    match suggest(given, candidates) {
        Some(candidate) if candidate.contains('"') && !candidate.contains(char::is_control) => {
            format!(" Did you mean `{candidate}`?")
        }
        Some(candidate) => format!(" Did you mean {candidate:?}?"),
        None => String::new(),
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
    fn what_is_suggested_can_be_pasted() {
        assert_eq!(did_you_mean("buket", ["bucket"]), " Did you mean \"bucket\"?");
        let key = r#"type.name["a"]"#;
        assert_eq!(did_you_mean(r#"type.nam["a"]"#, [key]), format!(" Did you mean `{key}`?"));
        assert_eq!(did_you_mean("a\"b", ["a\"\nb"]), " Did you mean \"a\\\"\\nb\"?");
    }
}
