//! What holds for every data source, and what each finds wrong.

use super::*;
use crate::schema::Usage;
use crate::value::Type;
use std::collections::BTreeSet;

type Given<'a> = &'a [(&'a str, Value)];

/// The arguments as the engine gives them: null where nothing is given.
fn arguments(source: &dyn DataSource, given: Given<'_>) -> Value {
    let settable = source.schema().attributes.iter().filter(|it| it.is_settable());
    Value::object(settable.map(|it| {
        let value = given.iter().find(|(name, _)| *name == it.name).map(|(_, value)| value.clone());
        (it.name, value.unwrap_or_else(|| Value::Null(it.ty.ty())))
    }))
}

#[test]
fn the_list_is_in_order_and_complete_in_itself() {
    for source in SOURCES {
        assert_eq!(find(source.name()).unwrap().name(), source.name());
        let schema = source.schema();
        assert!(schema.blocks.is_empty());
        let mut names = BTreeSet::new();
        for attribute in schema.attributes {
            assert!(names.insert(attribute.name), "{} {}", source.name(), attribute.name);
            assert!(attribute.description.ends_with('.'), "{}", attribute.description);
        }
        assert!(source.example().contains(&format!("data \"{}\" \"", source.name())));
    }
    assert!(find("aws_s3_objects").is_none());
}

#[test]
fn answers_have_the_type_of_the_schema() {
    for source in SOURCES {
        let ty = source.schema().object_type();
        let nothing = arguments(*source, &[]);
        let answered = answer(*source, &nothing, Vec::<(&str, Value)>::new());
        assert_eq!(answered.ty(), ty);
        assert!(answered.as_fields().unwrap().values().all(Value::is_null));
        let pending = pending(*source, &nothing);
        assert_eq!(pending.ty(), ty);
        for attribute in source.schema().attributes {
            let unknown = pending.get(attribute.name).unwrap().is_unknown();
            // Nothing stands in for an optional argument: null is what it is.
            assert_eq!(
                unknown,
                attribute.usage != Usage::Optional,
                "{} {}",
                source.name(),
                attribute.name
            );
        }
    }
}

#[test]
fn what_is_asked_with_a_secret_is_answered_as_one() {
    let given = arguments(&KmsAlias, &[("name", Value::from("alias/x").sensitive())]);
    let answer = answer(&KmsAlias, &given, [("arn", Value::from("arn:…:alias/x"))]);
    assert!(answer.as_fields().unwrap().values().all(Value::is_sensitive));
}

#[test]
fn what_is_named_is_told() {
    let named = |source: &dyn DataSource, name: &str| {
        let value = Value::from("alias/x");
        source.named(&arguments(source, &[(name, value)]))
    };
    assert_eq!(named(&KmsKey, "key_id"), Some(Named::Key("alias/x".into())));
    assert_eq!(named(&KmsAlias, "name"), Some(Named::Key("alias/x".into())));
    assert_eq!(named(&Bucket, "bucket"), Some(Named::Bucket("alias/x".into())));
    assert_eq!(named(&Buckets, "prefix"), None);
    assert_eq!(Bucket.named(&arguments(&Bucket, &[])), None);
}

#[test]
fn right_arguments_are_let_pass() {
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let strings = |texts: &[&str]| texts.iter().map(|text| Value::from(*text)).collect::<Vec<_>>();
    let right: &[(&dyn DataSource, Given<'_>)] = &[
        (&CallerIdentity, &[]),
        (&Region, &[]),
        (&Region, &[("name", Value::from("eu-west-1"))]),
        (
            &Region,
            &[
                ("name", Value::from("eu-west-1")),
                ("endpoint", Value::from("ec2.eu-west-1.amazonaws.com")),
            ],
        ),
        (&KmsKey, &[("key_id", Value::from(id))]),
        (
            &KmsKey,
            &[
                ("key_id", Value::from("alias/a")),
                ("grant_tokens", Value::list(Type::String, strings(&["t"]))),
            ],
        ),
        (&KmsKey, &[("key_id", Value::unknown(Type::String))]),
        (&KmsAlias, &[("name", Value::from("alias/aws/s3"))]),
        (&Bucket, &[("bucket", Value::from("logs"))]),
        (&Buckets, &[]),
        (&Buckets, &[("prefix", Value::from("")), ("region", Value::from("us-east-1"))]),
        (
            &Buckets,
            &[("tags", Value::unknown(Type::map(Type::String))), ("name_regex", Value::from("^a"))],
        ),
        (&Buckets, &[("exclude", Value::set(Type::String, strings(&["a", "b-*"])))]),
    ];
    for (source, given) in right {
        assert_eq!(source.validate(&arguments(*source, given)), [], "{given:?}");
    }
}

#[test]
fn each_wrong_argument_is_found_at_its_place() {
    let text = |text: &str| Value::from(text);
    let tags =
        |key: &str, value: Value| Value::map(Type::String, [(key, value)].into_iter().collect());
    let list = |items: Vec<Value>| Value::list(Type::String, items);
    let wrong: &[(&dyn DataSource, Given<'_>)] = &[
        (&Region, &[("name", text("eu-wset-1"))]),
        (&Region, &[("name", text("Ireland"))]),
        (&Region, &[("endpoint", text("s3.eu-west-1.amazonaws.com"))]),
        (&Region, &[("name", text("eu-west-1")), ("region", text("eu-west-2"))]),
        (&KmsKey, &[("key_id", text("my-key"))]),
        (&KmsKey, &[("key_id", text("secret").sensitive())]),
        (&KmsKey, &[("grant_tokens", list(vec![text("t"); 11]))]),
        (&KmsKey, &[("grant_tokens", list(vec![text("")]))]),
        (&KmsAlias, &[("name", text("logs"))]),
        (&KmsAlias, &[("name", text("arn:aws:kms:eu-west-1:111122223333:alias/logs"))]),
        (&Bucket, &[("bucket", text("arn:aws:s3:::logs"))]),
        (&Bucket, &[("bucket", text("fast--euw1-az1--x-s3"))]),
        (&Buckets, &[("prefix", text("acme-*"))]),
        (&Buckets, &[("prefix", text("a/b"))]),
        (&Buckets, &[("region", text("eu-wset-1"))]),
        (&Buckets, &[("name_regex", text("^(acme"))]),
        (&Buckets, &[("name_regex", text("^(acme").sensitive())]),
        (&Buckets, &[("tags", tags("", text("x")))]),
        (&Buckets, &[("tags", tags("team", Value::Null(Type::String)))]),
        (&Buckets, &[("tags", tags("team", text(&"x".repeat(257))))]),
        (&Buckets, &[("exclude", Value::set(Type::String, vec![text("")]))]),
    ];
    let mut found = Vec::new();
    for (source, given) in wrong {
        let findings = source.validate(&arguments(*source, given));
        assert!(!findings.is_empty(), "{given:?}");
        for Finding { severity, path, summary, detail } in findings {
            found.push(format!("{severity:?} {} {path}: {summary}: {detail}", source.name()));
        }
    }
    insta::assert_snapshot!(found.join("\n"), @r#"
    Warning aws_region name: Unknown Region: "eu-wset-1" is not among the Regions that are known here. Did you mean "eu-west-1"? If it is a new one, all is well.
    Error aws_region name: Invalid Region: "Ireland" is not the name of a Region: one looks like eu-west-1.
    Error aws_region endpoint: Unknown endpoint: "s3.eu-west-1.amazonaws.com" is not the EC2 endpoint of a Region: one looks like ec2.eu-west-1.amazonaws.com. Name the Region by `name` instead.
    Error aws_region region: Two Regions: `name` and `region` name two Regions. One of them is enough: remove the other.
    Error aws_kms_key key_id: Invalid KMS key: "my-key" does not name a key of KMS. A key is named by its id (a UUID), its ARN, `alias/name`, or the ARN of an alias.
    Error aws_kms_key key_id: Invalid KMS key: (sensitive) does not name a key of KMS. A key is named by its id (a UUID), its ARN, `alias/name`, or the ARN of an alias.
    Error aws_kms_key grant_tokens: Too many grant tokens: KMS takes up to 10 grant tokens, not 11.
    Error aws_kms_key grant_tokens: Invalid grant token: A grant token has 1 to 8192 characters, as CreateGrant gave it.
    Error aws_kms_alias name: Invalid alias: "logs" is not the name of an alias: alias/ and then 1 to 250 letters, digits, /, _ or -. Did you mean "alias/logs"?
    Error aws_kms_alias name: Invalid alias: "arn:aws:kms:eu-west-1:111122223333:alias/logs" is not the name of an alias: alias/ and then 1 to 250 letters, digits, /, _ or -. Give the name alone; `data "aws_kms_key"` takes an ARN.
    Error aws_s3_bucket bucket: Invalid bucket name: "arn:aws:s3:::logs": this is an ARN; give the name of the bucket alone.
    Error aws_s3_bucket bucket: Invalid bucket name: "fast--euw1-az1--x-s3": this is a directory bucket; only general purpose buckets are read.
    Error aws_s3_buckets prefix: Invalid prefix: "acme-*" cannot begin the name of a bucket: it is the beginning itself, without a star.
    Error aws_s3_buckets prefix: Invalid prefix: "a/b" cannot begin the name of a bucket: names are made of lower-case letters, digits, dots and dashes.
    Warning aws_s3_buckets region: Unknown Region: "eu-wset-1" is not among the Regions that are known here. Did you mean "eu-west-1"? If it is a new one, all is well.
    Error aws_s3_buckets name_regex: Invalid regular expression: "^(acme" is not a regular expression: unclosed group.
    Error aws_s3_buckets name_regex: Invalid regular expression: (sensitive) is not a regular expression.
    Error aws_s3_buckets tags: Invalid tag: "" is no key of a tag: it has 1 to 128 characters.
    Error aws_s3_buckets tags: Invalid tag: The tag "team" has no value. Give the one that the buckets must have.
    Error aws_s3_buckets tags: Invalid tag: The value of the tag "team" has more than 256 characters.
    Error aws_s3_buckets exclude: Invalid name: No bucket has an empty name: write the names to leave out, or remove it.
    "#);
}
