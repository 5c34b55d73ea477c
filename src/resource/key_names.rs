//! When two names mean one key, with what KMS has told of them.

use super::keys::{KeyAnswer, KeyName, Keys};
use super::kms_key::{self, AWS_MANAGED, KeyRef, KeyScope};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the names of keys mean that the settings of one object have. A name that is not among them
/// means what it spells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyNames(BTreeMap<Arc<str>, KeyMeaning>);

/// The key that a name means now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyMeaning {
    /// The ARN of the key itself.
    pub arn: Arc<str>,
    /// AWS manages it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aws_managed: bool,
}

impl KeyNames {
    /// What is known of these names, as they are meant by an object of this provider and Region.
    pub fn of(
        keys: &Keys,
        provider: &Arc<str>,
        region: Option<&Arc<str>>,
        names: impl IntoIterator<Item = Arc<str>>,
    ) -> Self {
        let Some(region) = region else { return Self::default() };
        let found = names.into_iter().filter_map(|name| {
            let asked = KeyName {
                provider: Arc::clone(provider),
                region: Arc::clone(region),
                name: Arc::clone(&name),
            };
            match keys.get(&asked)? {
                KeyAnswer::Found(key) => {
                    let (arn, aws_managed) = (Arc::clone(&key.arn), key.aws_managed);
                    Some((name, KeyMeaning { arn, aws_managed }))
                }
                KeyAnswer::Missing(_) | KeyAnswer::Untold(_) => None,
            }
        });
        Self(found.collect())
    }

    /// Whether nothing is known of any name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ARN of the key that a name means, where KMS has told.
    pub fn points_to(&self, name: &str) -> Option<&Arc<str>> {
        self.meaning(name).map(|meaning| &meaning.arn)
    }

    /// What a name means. One that was not asked for may be another spelling of one that was.
    fn meaning(&self, name: &str) -> Option<&KeyMeaning> {
        self.0.get(name).or_else(|| {
            let wanted = KeyRef::parse(name)?;
            self.0.iter().find_map(|(known, meaning)| {
                // `alias/x` was asked for in one account; the ARN of an alias may be in another.
                let scope = KeyRef::parse(&meaning.arn)?.scope;
                let same = KeyRef::parse(known)?.same(&wanted);
                (same && wanted.scope.is_none_or(|it| Some(it) == scope)).then_some(meaning)
            })
        })
    }

    /// Whether the name, or none, is that of the key that AWS manages for S3.
    pub(super) fn is_aws_managed(&self, name: Option<&str>) -> bool {
        name.is_none_or(|name| {
            KeyRef::parse(name).is_some_and(|key| key.is_aws_managed())
                || self.meaning(name).is_some_and(|meaning| meaning.aws_managed)
        })
    }

    /// Whether two names mean one key; no name means the key that AWS manages.
    pub(super) fn same(&self, a: Option<&str>, b: Option<&str>) -> bool {
        let arn = |name: Option<&str>| self.meaning(name.unwrap_or(AWS_MANAGED)).map(|it| &it.arn);
        let (arn_a, arn_b) = (arn(a), arn(b));
        if let (Some(a), Some(b)) = (arn_a, arn_b) {
            return a == b;
        }
        let text_a: &str = arn_a.map_or(a.unwrap_or(AWS_MANAGED), |arn| arn);
        let text_b: &str = arn_b.map_or(b.unwrap_or(AWS_MANAGED), |arn| arn);
        let both_managed = || {
            let (a_scope, b_scope) = (scope_of(text_a), scope_of(text_b));
            let apart = a_scope.is_some() && b_scope.is_some() && a_scope != b_scope;
            self.is_aws_managed(a) && self.is_aws_managed(b) && !apart
        };
        kms_key::same_key(a, b) || kms_key::same_key(Some(text_a), Some(text_b)) || both_managed()
    }

    /// Whether the two are told apart by their spelling alone, and KMS could say that they are one:
    /// an alias, of which nothing is known, and a key.
    pub(super) fn is_doubtful(&self, a: Option<&str>, b: Option<&str>) -> bool {
        let known = |name: &str| self.meaning(name).is_some();
        let doubt = |alias: Option<&str>, key: Option<&str>| {
            let alias = alias.unwrap_or(AWS_MANAGED);
            let is_alias = |name| KeyRef::parse(name).is_some_and(|key| key.is_alias());
            let managed = KeyRef::parse(alias).is_some_and(|alias| alias.is_aws_managed());
            is_alias(alias)
                && key.is_some_and(|key| !(is_alias(key) || managed && known(key)))
                && !known(alias)
        };
        !self.same(a, b) && (doubt(a, b) || doubt(b, a))
    }
}

/// Where a key is, where its name tells.
fn scope_of(name: &str) -> Option<KeyScope<'_>> {
    KeyRef::parse(name).and_then(|key| key.scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Key;
    use proptest::prelude::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    const OTHER: &str = "99999999-12ab-34cd-56ef-1234567890ab";
    const MANAGED: &str = "00000000-12ab-34cd-56ef-1234567890ab";

    fn arn(account: &str, rest: &str) -> String {
        format!("arn:aws:kms:eu-west-1:{account}:{rest}")
    }

    fn key(account: &str, id: &str, aws_managed: bool) -> KeyAnswer {
        KeyAnswer::Found(Key {
            arn: arn(account, &format!("key/{id}")).into(),
            account: account.into(),
            region: "eu-west-1".into(),
            state: "Enabled".into(),
            deletion_date: None,
            usage: "ENCRYPT_DECRYPT".into(),
            spec: "SYMMETRIC_DEFAULT".into(),
            aws_managed,
        })
    }

    fn names(answers: &[(&str, KeyAnswer)]) -> KeyNames {
        let (provider, region): (Arc<str>, Arc<str>) = ("aws".into(), "eu-west-1".into());
        let mut keys = Keys::default();
        for (name, answer) in answers {
            let (provider, region) = (Arc::clone(&provider), Arc::clone(&region));
            keys.insert(KeyName { provider, region, name: (*name).into() }, answer.clone());
        }
        let asked = answers.iter().map(|(name, _)| Arc::from(*name));
        KeyNames::of(&keys, &provider, Some(&region), asked)
    }

    #[test]
    fn an_alias_is_the_key_that_it_points_to_now() {
        let own = "111122223333";
        let known = names(&[
            ("alias/x", key(own, ID, false)),
            ("alias/y", key(own, ID, false)),
            ("alias/aws/s3", key(own, MANAGED, true)),
            (&arn("444455556666", "alias/x"), key("444455556666", OTHER, false)),
            (&arn(own, &format!("key/{MANAGED}")), key(own, MANAGED, true)),
        ]);
        let theirs = arn("444455556666", "alias/x");
        let managed = arn(own, &format!("key/{MANAGED}"));
        let key_arn = arn(own, &format!("key/{ID}"));
        let own_alias = arn(own, "alias/x");
        for (a, b, same) in [
            (Some("alias/x"), Some(key_arn.as_str()), true),
            (Some("alias/x"), Some(ID), true),
            (Some("alias/x"), Some("alias/y"), true),
            (Some(own_alias.as_str()), Some(key_arn.as_str()), true),
            (Some("alias/x"), Some(own_alias.as_str()), true),
            (Some("alias/x"), Some(theirs.as_str()), false),
            (Some("alias/x"), Some(OTHER), false),
            (None, Some(managed.as_str()), true),
            (Some("alias/aws/s3"), Some(managed.as_str()), true),
            (None, Some("alias/x"), false),
        ] {
            assert_eq!(known.same(a, b), same, "{a:?} {b:?}");
            assert_eq!(known.same(b, a), same, "{b:?} {a:?}");
        }
        assert!(known.is_aws_managed(Some(&managed)) && known.is_aws_managed(None));
        assert!(!known.is_aws_managed(Some("alias/x")));
    }

    #[test]
    fn without_an_answer_names_are_compared_by_their_spelling() {
        let nothing = names(&[("alias/x", KeyAnswer::Untold("no".into()))]);
        assert!(nothing.is_empty());
        assert!(!nothing.same(Some("alias/x"), Some(ID)));
        assert!(nothing.is_doubtful(Some("alias/x"), Some(ID)));
        assert!(!nothing.is_doubtful(Some("alias/x"), Some("alias/x")));
        assert!(!nothing.is_doubtful(Some("alias/x"), Some("alias/y")));
        assert!(!nothing.is_doubtful(Some(ID), Some(OTHER)));
    }

    fn any_name() -> impl Strategy<Value = Option<&'static str>> {
        prop::sample::select(vec![
            None,
            Some("alias/x"),
            Some("alias/y"),
            Some("alias/aws/s3"),
            Some(ID),
            Some(OTHER),
            Some("arn:aws:kms:eu-west-1:111122223333:alias/x"),
            Some("arn:aws:kms:eu-west-1:444455556666:alias/x"),
            Some("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
            Some("no-key"),
        ])
    }

    proptest! {
        /// In whatever order two names are given, whatever KMS has told.
        #[test]
        fn comparison_has_no_direction(
            a in any_name(),
            b in any_name(),
            told in prop::collection::vec((any_name(), prop::bool::ANY, prop::bool::ANY), 0..4),
        ) {
            let answers: Vec<(&str, KeyAnswer)> = told
                .into_iter()
                .filter_map(|(name, one, managed)| {
                    let id = if managed { MANAGED } else if one { ID } else { OTHER };
                    Some((name?, key("111122223333", id, managed)))
                })
                .collect();
            let known = names(&answers);
            prop_assert!(known.same(a, a));
            prop_assert_eq!(known.same(a, b), known.same(b, a));
            prop_assert_eq!(known.is_doubtful(a, b), known.is_doubtful(b, a));
            prop_assert!(!(known.same(a, b) && known.is_doubtful(a, b)));
        }
    }
}
