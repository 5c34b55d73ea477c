//! Plans for people.

use super::samples::*;
use crate::addr::{InstanceKey, ResourceAddr};
use crate::plan::{Action, OutputChange, Plan, Reason, Step, Terms};
use crate::render::{Style, human};
use insta::assert_snapshot;
use serde_json::json;

const WIDE: Style = Style { color: false, concise: false, width: 120 };
const CONCISE: Style = Style { color: false, concise: true, width: 80 };

/// A plan with a step of every kind.
fn every_kind() -> Plan {
    let kms = settings("aws:kms", Some("alias/acme"), true);
    plan(vec![
        step(Action::Adopt, address("archive"), "acme-archive"),
        Step { reason: Some(Reason::Gone), ..step(Action::Forget, address("gone"), "acme-gone") },
        Step {
            address: ResourceAddr::managed(TYPE, "logs").instance(InstanceKey::Name("eu".into())),
            ..update("logs", "acme-logs-eu")
        },
        Step {
            reason: Some(Reason::MovedTo { to: Box::new(address("new")) }),
            ..step(Action::Forget, address("moved"), "acme-moved")
        },
        Step {
            reason: Some(Reason::NotInConfiguration),
            before: Some(kms),
            after: Some(settings("AES256", None, false)),
            changes: vec![
                algorithm("aws:kms", "AES256"),
                key(Some("alias/acme"), None),
                bucket_key(true, false),
            ],
            weakening: Some("customer managed key → SSE-S3".to_owned()),
            ..step(Action::Reset, address("old"), "acme-old")
        },
        step(Action::NoOp, address("same"), "acme-same"),
    ])
}

#[test]
fn a_step_of_every_kind() {
    assert_snapshot!(human::plan(&every_kind(), &Style::PLAIN), @r#"
    Sealform will perform the following actions:

      = aws_s3_bucket_server_side_encryption_configuration.archive
          bucket "acme-archive"
          # already live as declared; will be recorded

      . aws_s3_bucket_server_side_encryption_configuration.gone
          bucket "acme-gone"
          # the bucket is gone: only the record is dropped

      ~ aws_s3_bucket_server_side_encryption_configuration.logs["eu"]
          bucket "acme-logs-eu"
          rule {
              apply_server_side_encryption_by_default {
      ~           sse_algorithm     = "AES256" -> "aws:kms"
      +           kms_master_key_id = "alias/acme"
              }
      ~       bucket_key_enabled = false -> true
              # 1 unchanged attribute hidden
          }

      . aws_s3_bucket_server_side_encryption_configuration.moved
          bucket "acme-moved"
          # now managed as aws_s3_bucket_server_side_encryption_configuration.new: only the record is dropped

      - aws_s3_bucket_server_side_encryption_configuration.old
          bucket "acme-old"
          # no longer in the configuration: back to SSE-S3 (DeleteBucketEncryption)
          rule {
              apply_server_side_encryption_by_default {
      ~           sse_algorithm     = "aws:kms" -> "AES256"
      -           kms_master_key_id = "alias/acme"
              }
      ~       bucket_key_enabled = true -> false
              # 1 unchanged attribute hidden
          }
      !   weakens: customer managed key → SSE-S3

    Symbols: ~ update, = adopt (record only), - reset (back to SSE-S3), . forget
    (drop the record), ! weakens protection

    Plan: 1 to update, 1 to adopt, 1 to reset, 2 to forget. 1 unchanged. 1 weakens protection.
    "#);
}

#[test]
fn a_head_is_the_same_however_wide_the_terminal_is() {
    let plan = plan(vec![update("logs", "acme-logs")]);
    assert_snapshot!(human::plan(&plan, &WIDE), @r#"
    Sealform will perform the following actions:

      ~ aws_s3_bucket_server_side_encryption_configuration.logs
          bucket "acme-logs"
          rule {
              apply_server_side_encryption_by_default {
      ~           sse_algorithm     = "AES256" -> "aws:kms"
      +           kms_master_key_id = "alias/acme"
              }
      ~       bucket_key_enabled = false -> true
              # 1 unchanged attribute hidden
          }

    Symbols: ~ update

    Plan: 1 to update.
    "#);
}

#[test]
fn concise_is_one_line_an_action() {
    assert_snapshot!(human::plan(&every_kind(), &CONCISE), @r#"
    Sealform will perform the following actions:

    = aws_s3_bucket_server_side_encryption_configuration.archive: already live as declared; will be recorded
    . aws_s3_bucket_server_side_encryption_configuration.gone: the bucket is gone: only the record is dropped
    ~ aws_s3_bucket_server_side_encryption_configuration.logs["eu"]: sse_algorithm "AES256" -> "aws:kms", kms_master_key_id + "alias/acme", bucket_key_enabled false -> true
    . aws_s3_bucket_server_side_encryption_configuration.moved: now managed as aws_s3_bucket_server_side_encryption_configuration.new: only the record is dropped
    - aws_s3_bucket_server_side_encryption_configuration.old: sse_algorithm "aws:kms" -> "AES256", kms_master_key_id - "alias/acme", bucket_key_enabled true -> false  ! weakens: customer managed key → SSE-S3

    Symbols: ~ update, = adopt (record only), - reset (back to SSE-S3), . forget
    (drop the record), ! weakens protection

    Plan: 1 to update, 1 to adopt, 1 to reset, 2 to forget. 1 unchanged. 1 weakens protection.
    "#);
}

#[test]
fn what_only_moved_has_a_symbol_and_says_from_where() {
    let moved = Step { previous: Some(address("old")), ..step(Action::NoOp, address("new"), "b") };
    let updated = Step { previous: Some(address("one")), ..update("two", "c") };
    let text = human::plan(&plan(vec![moved, updated]), &CONCISE);
    assert!(text.contains(&format!("> {TYPE}.new  # has moved from {TYPE}.old\n")), "{text}");
    assert!(text.contains(&format!("  # has moved from {TYPE}.one\n")), "{text}");
    assert!(text.contains("Symbols: ~ update, > move (record only)\n"), "{text}");
    let moved = Step { previous: Some(address("old")), ..step(Action::NoOp, address("new"), "b") };
    let alone = plan(vec![moved]);
    for style in [CONCISE, Style::PLAIN] {
        let text = human::plan(&alone, &style);
        assert!(text.contains(&format!("> {TYPE}.new")), "{text}");
        assert!(text.contains("\n\nSymbols: > move (record only)\n\nPlan: 1 to move."), "{text}");
    }
}

#[test]
fn long_values_stand_one_above_the_other() {
    let arn = |region: &str| format!("arn:aws:kms:{region}:111122223333:alias/acme-production");
    let change = key(Some(&arn("eu-west-1")), Some(&arn("eu-central-1")));
    let step = Step { changes: vec![change], ..step(Action::Update, address("a"), "acme") };
    assert_snapshot!(human::plan(&plan(vec![step]), &Style::PLAIN), @r#"
    Sealform will perform the following actions:

      ~ aws_s3_bucket_server_side_encryption_configuration.a
          bucket "acme"
          rule {
              apply_server_side_encryption_by_default {
      ~           kms_master_key_id = "arn:aws:kms:eu-west-1:111122223333:alias/acme-production"
                                   -> "arn:aws:kms:eu-central-1:111122223333:alias/acme-production"
                  # 1 unchanged attribute hidden
              }
              # 2 unchanged attributes hidden
          }

    Symbols: ~ update

    Plan: 1 to update.
    "#);
}

#[test]
fn drift_comes_first() {
    let drift = vec![algorithm("aws:kms", "AES256"), key(Some("alias/acme"), None)];
    let plan = plan(vec![
        Step { drift: drift.clone(), ..update("logs", "acme-logs") },
        Step {
            drift: vec![bucket_key(false, true)],
            record: true,
            ..step(Action::NoOp, address("same"), "acme-same")
        },
    ]);
    assert_snapshot!(human::plan(&plan, &Style::PLAIN), @r#"
    Changed outside of Sealform since the last apply:

      ~ aws_s3_bucket_server_side_encryption_configuration.logs
          bucket "acme-logs"
          rule {
              apply_server_side_encryption_by_default {
      ~           sse_algorithm     = "aws:kms" -> "AES256"
      -           kms_master_key_id = "alias/acme"
              }
              # 2 unchanged attributes hidden
          }

      ~ aws_s3_bucket_server_side_encryption_configuration.same
          bucket "acme-same"
          rule {
      ~       bucket_key_enabled = false -> true
              # 1 unchanged attribute hidden
              # 1 unchanged block hidden
          }
          # nothing to do about it

    Sealform will perform the following actions:

      ~ aws_s3_bucket_server_side_encryption_configuration.logs
          bucket "acme-logs"
          rule {
              apply_server_side_encryption_by_default {
      ~           sse_algorithm     = "AES256" -> "aws:kms"
      +           kms_master_key_id = "alias/acme"
              }
      ~       bucket_key_enabled = false -> true
              # 1 unchanged attribute hidden
          }

    Symbols: ~ update

    Plan: 1 to update. 1 unchanged. 2 changed outside. 1 record is out of date; apply renews it.
    "#);
    assert_snapshot!(human::plan(&plan, &CONCISE), @r#"
    Changed outside of Sealform since the last apply:

    ~ aws_s3_bucket_server_side_encryption_configuration.logs: sse_algorithm "aws:kms" -> "AES256", kms_master_key_id - "alias/acme"
    ~ aws_s3_bucket_server_side_encryption_configuration.same: bucket_key_enabled false -> true

    Sealform will perform the following actions:

    ~ aws_s3_bucket_server_side_encryption_configuration.logs: sse_algorithm "AES256" -> "aws:kms", kms_master_key_id + "alias/acme", bucket_key_enabled false -> true

    Symbols: ~ update

    Plan: 1 to update. 1 unchanged. 2 changed outside. 1 record is out of date; apply renews it.
    "#);
}

#[test]
fn much_drift_is_bounded() {
    let steps = (0..70).map(|n| Step {
        drift: vec![bucket_key(false, true)],
        ..step(Action::NoOp, address(&format!("b{n}")), "acme")
    });
    let text = human::plan(&plan(steps.collect()), &Style::PLAIN);
    assert_eq!(text.matches("bucket_key_enabled = false -> true").count(), 50);
    assert!(text.contains("… and 20 more; all are in the JSON form\n"), "{text}");
}

#[test]
fn a_destroy() {
    let mut plan = plan(vec![Step {
        reason: Some(Reason::Destroy),
        before: Some(settings("aws:kms", None, false)),
        after: Some(settings("AES256", None, false)),
        changes: vec![algorithm("aws:kms", "AES256")],
        weakening: Some("AWS managed key → SSE-S3".to_owned()),
        ..step(Action::Reset, address("logs"), "acme-logs")
    }]);
    plan.destroy = true;
    plan.output_changes = vec![OutputChange {
        name: "names".to_owned(),
        before: Some(json!(["acme-logs"])),
        after: None,
        sensitive: false,
    }];
    assert_snapshot!(human::plan(&plan, &Style::PLAIN), @r#"
    Sealform will take back what it manages:

      - aws_s3_bucket_server_side_encryption_configuration.logs
          bucket "acme-logs"
          # back to SSE-S3 (DeleteBucketEncryption)
          rule {
              apply_server_side_encryption_by_default {
      ~           sse_algorithm = "aws:kms" -> "AES256"
              }
              # 2 unchanged attributes hidden
          }
      !   weakens: AWS managed key → SSE-S3

    Symbols: - reset (back to SSE-S3), ! weakens protection

    Changes to Outputs:

      - names = ["acme-logs"]

    Plan: 1 to reset, 1 output to change. 1 weakens protection.
    "#);
}

#[test]
fn an_address_that_names_another_bucket() {
    let plan = plan(vec![Step {
        reason: Some(Reason::IdentityChanged { to: "acme-new".into() }),
        changes: vec![algorithm("aws:kms", "AES256")],
        ..step(Action::Reset, address("logs"), "acme-old")
    }]);
    assert_snapshot!(human::plan(&plan, &Style::PLAIN), @r#"
    Sealform will perform the following actions:

      - aws_s3_bucket_server_side_encryption_configuration.logs
          bucket "acme-old"
          # the address now names the bucket "acme-new"; this one: back to SSE-S3 (DeleteBucketEncryption)
          rule {
              apply_server_side_encryption_by_default {
      ~           sse_algorithm = "aws:kms" -> "AES256"
                  # 1 unchanged attribute hidden
              }
              # 2 unchanged attributes hidden
          }

    Symbols: - reset (back to SSE-S3)

    Plan: 1 to reset.
    "#);
}

#[test]
fn nothing_to_do() {
    let same = |n: usize| step(Action::NoOp, address(&format!("b{n}")), "acme");
    let draw = |count: usize, unplanned: usize, destroy: bool| {
        let mut plan = plan((0..count).map(same).collect());
        plan.unplanned = (0..unplanned).map(|n| address(&format!("x{n}"))).collect();
        plan.destroy = destroy;
        human::plan(&plan, &Style::PLAIN)
    };
    assert_snapshot!(draw(3, 0, false), @"No changes. 3 buckets are encrypted as declared.");
    assert_snapshot!(draw(1, 0, false), @"No changes. 1 bucket is encrypted as declared.");
    assert_snapshot!(draw(1200, 2, false), @"No changes as far as could be planned. 1,200 buckets are encrypted as declared. 2 could not be planned; see the errors.");
    assert_snapshot!(draw(0, 0, false), @"No changes. There is no bucket to look after.");
    let mut elsewhere = plan(Vec::new());
    elsewhere.left_out = 1;
    assert_snapshot!(human::plan(&elsewhere, &Style::PLAIN), @"No changes. The only bucket is left out by -target and -exclude.");
    elsewhere.left_out = 1200;
    assert_snapshot!(human::plan(&elsewhere, &Style::PLAIN), @"No changes. All 1,200 buckets are left out by -target and -exclude.");
    assert_snapshot!(draw(0, 0, true), @"No changes. Nothing is managed.");
    assert_snapshot!(draw(0, 1, false), @"Nothing could be planned. 1 could not be planned; see the errors.");
}

#[test]
fn a_large_plan_sums_up_its_addresses() {
    let mut steps: Vec<Step> =
        (0..60).map(|n| update(&format!("b{n:02}"), &format!("acme-{n:02}"))).collect();
    steps.push(Step {
        weakening: Some("SSE-C blocked → SSE-C allowed".to_owned()),
        ..step(Action::Reset, address("z"), "acme-z")
    });
    steps.extend((0..1000).map(|n| step(Action::NoOp, address(&format!("s{n}")), "same")));
    let text = human::plan(&plan(steps), &Style::PLAIN);
    assert_eq!(text.matches("    bucket \"acme-").count(), 61);
    let (_, end) = text.split_once("Addresses by action:").unwrap();
    let ends: Vec<&str> =
        end.lines().filter(|line| !line.contains(".b") || line.ends_with("b49")).collect();
    assert_snapshot!(ends.join("\n"), @r"
      ~ update (60)
          aws_s3_bucket_server_side_encryption_configuration.b49
          … and 10 more
      - reset (1)
          aws_s3_bucket_server_side_encryption_configuration.z
      ! weakens protection (1)
          aws_s3_bucket_server_side_encryption_configuration.z

    Plan: 60 to update, 1 to reset. 1,000 unchanged. 1 weakens protection.
    ");
}

#[test]
fn a_sensitive_value_is_never_shown() {
    let mut secret = key(Some("alias/hush-1"), Some("alias/hush-2"));
    secret.sensitive = true;
    let mut new = key(None, Some("alias/hush"));
    new.after = new.after.sensitive();
    let mut plan = plan(vec![
        Step { changes: vec![secret.clone()], ..step(Action::Update, address("a"), "acme-a") },
        Step {
            changes: vec![new],
            drift: vec![secret],
            ..step(Action::Update, address("b"), "acme-b")
        },
    ]);
    plan.output_changes = vec![OutputChange {
        name: "key".to_owned(),
        before: Some(json!("hush")),
        after: Some(json!("hush hush")),
        sensitive: true,
    }];
    let text = human::plan(&plan, &Style::PLAIN);
    assert!(!text.contains("hush"), "{text}");
    assert_snapshot!(text, @r#"
    Changed outside of Sealform since the last apply:

      ~ aws_s3_bucket_server_side_encryption_configuration.b
          bucket "acme-b"
          rule {
              apply_server_side_encryption_by_default {
      ~           kms_master_key_id = (sensitive value)
                  # 1 unchanged attribute hidden
              }
              # 2 unchanged attributes hidden
          }

    Sealform will perform the following actions:

      ~ aws_s3_bucket_server_side_encryption_configuration.a
          bucket "acme-a"
          rule {
              apply_server_side_encryption_by_default {
      ~           kms_master_key_id = (sensitive value)
                  # 1 unchanged attribute hidden
              }
              # 2 unchanged attributes hidden
          }

      ~ aws_s3_bucket_server_side_encryption_configuration.b
          bucket "acme-b"
          rule {
              apply_server_side_encryption_by_default {
      +           kms_master_key_id = (sensitive value)
                  # 1 unchanged attribute hidden
              }
              # 2 unchanged attributes hidden
          }

    Symbols: ~ update

    Changes to Outputs:

      ~ key = (sensitive value)

    Plan: 2 to update, 1 output to change. 1 changed outside.
    "#);
    assert!(!human::plan(&plan, &CONCISE).contains("hush"));
}

#[test]
fn outputs_change_in_many_ways() {
    let mut plan = plan(Vec::new());
    let change = |name: &str, before, after| OutputChange {
        name: name.to_owned(),
        before,
        after,
        sensitive: false,
    };
    plan.output_changes = vec![
        change("comes", None, Some(json!({ "a": 1, "b c": ["x", null, true] }))),
        change("goes", Some(json!("text")), None),
        change("list", Some(json!(["a", "b", "c"])), Some(json!(["a", "c", "d"]))),
        change(
            "map",
            Some(json!({ "eu": { "kept": 1, "name": "acme-1" }, "us": "x", "kept": 1 })),
            Some(json!({ "eu": { "kept": 1, "name": "acme-2" }, "ap": "y", "kept": 1 })),
        ),
        change(
            "policy",
            Some(json!("{\n  1\n  2\n  3\n  4\n  \"old\"\n}\n")),
            Some(json!("{\n  1\n  2\n  3\n  4\n  \"new\"\n}\n")),
        ),
        change("simple", Some(json!(1)), Some(json!("one"))),
    ];
    assert_snapshot!(human::plan(&plan, &Style::PLAIN), @r#"
    Changes to Outputs:

      + comes  = { a = 1, "b c" = ["x", null, true] }
      - goes   = "text"
      ~ list   = [
          - "b",
          + "d",
            # 2 unchanged elements hidden
        ]
      ~ map    = {
          + ap = "y"
          ~ eu = {
              ~ name = "acme-1" -> "acme-2"
                # 1 unchanged entry hidden
            }
          - us = "x"
            # 1 unchanged entry hidden
        }
      ~ policy = <<-EOT
            # 2 unchanged lines hidden
              2
              3
              4
          -   "old"
          +   "new"
            }
        EOT
      ~ simple = 1 -> "one"

    Plan: 6 outputs to change.
    "#);
}

#[test]
fn what_comes_from_outside_cannot_steer_the_terminal() {
    let hostile = "a\u{1b}[2J\u{202e}\r\n\u{9b}m";
    let mut plan = plan(vec![Step {
        address: ResourceAddr::managed(TYPE, "x").instance(InstanceKey::Name(hostile.into())),
        changes: vec![key(Some(hostile), Some("alias/ok"))],
        ..step(Action::Update, address("x"), hostile)
    }]);
    plan.output_changes = vec![OutputChange {
        name: "text".to_owned(),
        before: None,
        after: Some(json!({ hostile: format!("{hostile}\nEOT\n\u{1b}[1A") })),
        sensitive: false,
    }];
    let text = human::plan(&plan, &Style::PLAIN);
    assert_snapshot!(text, @r#"
    Sealform will perform the following actions:

      ~ aws_s3_bucket_server_side_encryption_configuration.x["a\u001b[2J\u202e\r\n\u009bm"]
          bucket "a\u001b[2J\u202e\r\n\u009bm"
          rule {
              apply_server_side_encryption_by_default {
      ~           kms_master_key_id = "a\x1b[2J\u202e\r\n\u009bm" -> "alias/ok"
                  # 1 unchanged attribute hidden
              }
              # 2 unchanged attributes hidden
          }

    Symbols: ~ update

    Changes to Outputs:

      + text = {
          "a\x1b[2J\u202e\r\n\u009bm" = <<-EOT
            a\u001b[2J\u202e\r
            \u009bm
            EOT
            \u001b[1A
          EOT
        }

    Plan: 1 to update, 1 output to change.
    "#);
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
}

#[test]
fn ten_thousand_steps_are_all_told() {
    let steps = (0..10_000).map(|n| Step {
        drift: vec![bucket_key(true, false)],
        ..update(&format!("b{n:05}"), &format!("acme-{n:05}"))
    });
    let text = human::plan(&plan(steps.collect()), &Style::PLAIN);
    // Of each section the first are shown; what is the same for all is shown once.
    let (outside, actions) = text.split_once("Sealform will perform").unwrap();
    assert_eq!(outside.matches("bucket \"acme-").count(), 50);
    assert_eq!(actions.matches("\n      aws_s3_bucket_").count(), 50);
    assert!(actions.ends_with("Plan: 10,000 to update. 10,000 changed outside.\n"), "{actions}");
    for section in [outside, actions] {
        assert!(section.contains("9,950 more"), "{section}");
    }
}

#[test]
fn colour_marks_what_matters() {
    let text = human::plan(&every_kind(), &Style { color: true, ..Style::PLAIN });
    assert!(text.contains("\u{1b}[31m!   weakens: "), "{text:?}");
    assert_eq!(
        anstream::adapter::strip_str(&text).to_string(),
        human::plan(&every_kind(), &Style::PLAIN)
    );
}

/// What a step comes to beyond its changes, with what a service says made harmless.
#[test]
fn notes_and_what_is_not_known_to_this_version() {
    let element = |path: &str| {
        let content = "<New>\u{1b}[31m1</New>".to_owned();
        serde_json::json!([{ "path": path, "content": content }])
    };
    let terms = |path: &str| -> Terms {
        serde_json::from_value(serde_json::json!({
            "notes": ["objects that are there still need the key alias/old: keep it enabled"],
            "unknown": element(path),
        }))
        .unwrap()
    };
    let dropped = Step {
        terms: terms("Rule.New"),
        weakening: Some("customer managed key → AWS managed key".to_owned()),
        ..update("a", "acme-a")
    };
    let kept = Step { terms: terms("Rule.Other"), ..step(Action::Adopt, address("b"), "acme-b") };
    let text = human::plan(&plan(vec![dropped, kept]), &Style::PLAIN);
    assert!(!text.contains('\u{1b}'), "{text}");
    for line in [
        "  -   Rule.New <New>",
        "# not known to this version, dropped",
        "      # Rule.Other <New>",
        "not known to this version, stays",
        "      # objects that are there still need the key alias/old: keep it enabled",
        "  !   weakens: customer managed key → AWS managed key",
    ] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
}

#[test]
fn what_somebody_must_say_yes_to_is_named_with_its_reason() {
    let weaker = |name: &str| Step {
        weakening: Some("SSE-C blocked → SSE-C allowed".to_owned()),
        ..update(name, name)
    };
    let one = human::consent(&plan(vec![weaker("a"), update("b", "b")]), &Style::PLAIN);
    assert_eq!(
        one,
        format!(
            "1 of these actions protects new objects less than now:\n  {TYPE}.a: SSE-C blocked → \
             SSE-C allowed\nDo you want to weaken the protection of this bucket?"
        )
    );
    let many: Vec<Step> = (0..1000).map(|n| weaker(&format!("x{n}"))).collect();
    let many = human::consent(&plan(many), &Style::PLAIN);
    assert!(many.lines().count() < 60 && many.contains("… and 950 more"), "{many}");
}
