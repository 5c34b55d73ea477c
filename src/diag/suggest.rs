//! "Did you mean".

/// The most names that are told where none is similar, and how long they are together; more would
/// not be read.
const MAX_LISTED: usize = 8;
const MAX_LENGTH: usize = 80;

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

/// As [`did_you_mean`]; where nothing is similar, what there is, unless that is too much to read.
pub fn did_you_mean_or_known<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str, IntoIter: Clone>,
) -> String {
    let candidates = candidates.into_iter();
    let hint = did_you_mean(given, candidates.clone());
    if !hint.is_empty() {
        return hint;
    }
    let names: Vec<&str> = candidates.take(MAX_LISTED + 1).collect();
    match names.as_slice() {
        [_] => known(&names),
        all if all.len() > MAX_LISTED => String::new(),
        all if all.iter().map(|name| name.len()).sum::<usize>() > MAX_LENGTH => String::new(),
        all => known(all),
    }
}

/// As [`did_you_mean`]; where nothing is similar, all that there is, however much.
pub fn did_you_mean_or_all(given: &str, names: &[&str]) -> String {
    match did_you_mean(given, names.iter().copied()) {
        hint if hint.is_empty() => known(names),
        hint => hint,
    }
}

fn known(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!(" Known is {one}."),
        all => format!(" Known are {}.", all.join(", ")),
    }
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
    fn where_nothing_is_similar_a_few_names_are_told_and_many_are_not() {
        let rows: [(&[&str], &str); 5] = [
            (&[], ""),
            (&["bucket"], " Known is bucket."),
            (&["bucket", "rule"], " Known are bucket, rule."),
            (&["bucket", "tag"], " Did you mean \"tag\"?"),
            (&["a", "b", "c", "d", "e", "f", "g", "h", "i"], ""),
        ];
        for (names, expected) in rows {
            assert_eq!(did_you_mean_or_known("tags", names.iter().copied()), expected);
        }
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
