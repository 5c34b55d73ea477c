//! What holds of any plan.

use super::samples::{address, change, plan, step};
use crate::addr::{InstanceKey, ResourceAddr};
use crate::plan::{Action, OutputChange, Plan, Step};
use crate::render::{Style, human};
use crate::value::Value;
use proptest::prelude::*;
use serde_json::json;

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9.-]{1,12}", "\\PC{0,12}", "[\\x00-\\x7f]{0,12}", "(line [a-c]\n){0,9}",]
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::NULL),
        any::<bool>().prop_map(Value::Bool),
        any_text().prop_map(Value::from),
        any_text().prop_map(|text| Value::from(text).sensitive()),
        prop::collection::vec(any_text().prop_map(Value::from), 0..3).prop_map(Value::tuple),
    ]
}

const PATHS: &[&str] = &["top", "rule.a", "rule.inner.b", "rule.inner.c", "other.d", "rule.e"];

fn any_step() -> impl Strategy<Value = Step> {
    let changes = || {
        let one = (prop::sample::select(PATHS), any_value(), any_value());
        prop::collection::vec(one.prop_map(|(path, a, b)| change(path, a, b)), 0..5)
    };
    let action = prop::sample::select(&Action::ALL[..]);
    let why = prop::option::of(any_text());
    (action, any_text(), any_text(), changes(), changes(), why).prop_map(
        |(action, key, bucket, changes, drift, weakening)| Step {
            address: ResourceAddr::managed("t", "n").instance(InstanceKey::Name(key.into())),
            changes,
            drift,
            weakening,
            ..step(action, address("n"), &bucket)
        },
    )
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let json = any_value().prop_map(|value| crate::value::to_json(&value)).boxed();
    let json = prop_oneof![
        json.clone(),
        prop::collection::btree_map(any_text(), json, 0..4).prop_map(|map| json!(map))
    ];
    let json = prop::option::of(json).boxed();
    let output = (any_text(), json.clone(), json, any::<bool>()).prop_map(
        |(name, before, after, sensitive)| OutputChange { name, before, after, sensitive },
    );
    let steps = prop::collection::vec(any_step(), 0..25);
    (steps, prop::collection::vec(output, 0..3), any::<bool>()).prop_map(
        |(steps, output_changes, destroy)| Plan { destroy, output_changes, ..plan(steps) },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_text_is_the_same_without_colour(plan in any_plan(), concise: bool, width in 0_usize..130) {
        let style = Style { color: false, concise, width };
        let plain = human::plan(&plan, &style);
        let colored = human::plan(&plan, &Style { color: true, ..style });
        prop_assert_eq!(anstream::adapter::strip_str(&colored).to_string(), &*plain);
        prop_assert!(!plain.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        prop_assert!(!plain.contains("(known after apply)"));
    }
}
