//! Reports to draw.

use super::reports;
use crate::report::{
    Actions, Blame, Class, Command, Difference, FORMAT_VERSION, Failure, Item, Level, OutputItem,
    Place, Problem, Report, Severities, Severity, Share, Status, Summary, Suppression, Unknown,
    Verdict, Whose,
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// Names that would steer a terminal, a page, a document or a reader, if they could.
pub(super) const HOSTILE: &[&str] = &[
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]></failure><testcase name='x'/>",
    "<img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "[click](http://evil.test/) {0} {{}}",
    "a\nb\tc\rd\u{0}e\u{1b}[31mf\u{7f}",
    "\u{202e}txt.exe\u{2066}\u{feff}",
    "\u{fffe}\u{ffff}\u{2028}\u{2029}\u{85}",
    "back\\slash\"quote'",
    "{{data}} {{script}} }} ${x}",
    "`code` | pipe | &lt; &amp;",
];

pub(super) fn address(name: &str) -> String {
    format!("aws_s3_bucket_server_side_encryption_configuration.{name}")
}

/// A bucket as it should be.
pub(super) fn item(name: &str, bucket: &str) -> Item {
    Item {
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        place: Some(place("main.seal.hcl", 12)),
        ..reports::item(&address(name), bucket)
    }
}

pub(super) fn place(file: &str, line: usize) -> Place {
    Place { file: file.to_owned(), line, column: 1, end_line: line + 10 }
}

pub(super) fn difference(whose: Whose, recorded: Json, live: Json, desired: Json) -> Difference {
    Difference {
        path: "rule.apply_server_side_encryption_by_default.sse_algorithm".to_owned(),
        recorded: Some(recorded),
        live: Some(live),
        desired: Some(desired),
        whose,
        sensitive: false,
    }
}

/// Somebody changed it.
pub(super) fn drifted(name: &str, bucket: &str, severity: Severity) -> Item {
    let (before, after, weakened) = match severity {
        Severity::High => ("aws:kms", "AES256", Some("customer managed key → S3's own key")),
        Severity::Medium => ("aws:kms", "aws:backup", None),
        Severity::Low => ("AES256", "aws:kms", None),
    };
    let found = difference(Whose::Drift, json!(before), json!(after), json!(before));
    Item {
        class: Class::Drift,
        action: Some("update".to_owned()),
        severity: Some(severity),
        weakened: weakened.map(str::to_owned),
        differences: vec![found],
        ..item(name, bucket)
    }
}

/// The files changed.
pub(super) fn pending(name: &str, bucket: &str) -> Item {
    let changed = difference(Whose::Pending, json!("AES256"), json!("AES256"), json!("aws:kms"));
    Item {
        class: Class::Pending,
        action: Some("update".to_owned()),
        differences: vec![changed],
        ..item(name, bucket)
    }
}

/// Both.
pub(super) fn both(name: &str, bucket: &str) -> Item {
    let found = difference(Whose::Both, json!("aws:kms"), json!("AES256"), json!("aws:kms:dsse"));
    Item { class: Class::Both, differences: vec![found], ..drifted(name, bucket, Severity::High) }
}

/// It could not be read.
pub(super) fn unreadable(name: &str, bucket: &str) -> Item {
    Item {
        class: Class::Error,
        action: None,
        error: Some(Failure {
            summary: "Access denied".to_owned(),
            detail: "s3:GetEncryptionConfiguration is not allowed.".to_owned(),
        }),
        ..item(name, bucket)
    }
}

/// Known drift.
pub(super) fn suppressed(name: &str, bucket: &str) -> Item {
    Item {
        suppressed: Some(Suppression {
            name: "migration".to_owned(),
            reason: "The data team moves these buckets".to_owned(),
            expires: Some("2026-12-31".to_owned()),
        }),
        ..drifted(name, bucket, Severity::High)
    }
}

/// A report of these, with their numbers.
pub(super) fn report(resources: Vec<Item>) -> Report {
    let count = |is: &dyn Fn(&Item) -> bool| resources.iter().filter(|item| is(item)).count();
    let drifts =
        |item: &Item| matches!(item.class, Class::Drift | Class::Both) && item.suppressed.is_none();
    let action = |name: &str| count(&|item| item.action.as_deref() == Some(name));
    let severity = |it: Severity| count(&|item| drifts(item) && item.severity == Some(it));
    let summary = Summary {
        checked: resources.len(),
        unchanged: count(&|item| item.class == Class::Unchanged),
        drifted: count(&drifts),
        pending: count(&|item| matches!(item.class, Class::Pending | Class::Both)),
        suppressed: count(&|item| item.suppressed.is_some()),
        errors: count(&|item| item.class == Class::Error),
        weakening: count(&|item| item.weakening.is_some()),
        actions: Actions {
            update: action("update"),
            adopt: action("adopt"),
            reset: action("reset"),
            forget: action("forget"),
        },
        severities: Severities {
            high: severity(Severity::High),
            medium: severity(Severity::Medium),
            low: severity(Severity::Low),
        },
    };
    let verdict = if summary.errors > 0 {
        Verdict::Error
    } else if summary.drifted > 0 {
        Verdict::Drift
    } else if summary.pending > 0 {
        Verdict::Pending
    } else {
        Verdict::Clean
    };
    Report {
        format_version: FORMAT_VERSION.to_owned(),
        sealform_version: "0.1.0".to_owned(),
        command: Command::Drift,
        destroy: false,
        directory: "infra/prod".to_owned(),
        started: Some("2026-11-21T06:00:00Z".to_owned()),
        seconds: Some(1.25),
        share: None,
        verdict,
        summary,
        resources,
        outputs: Vec::new(),
        diagnostics: Vec::new(),
    }
}

/// One of each.
pub(super) fn sampler() -> Report {
    let by_hand = Item {
        blame: Some(Blame {
            who: "arn:aws:iam::111122223333:user/eve".to_owned(),
            when: "2026-11-20T23:11:05Z".to_owned(),
            event: "PutBucketEncryption".to_owned(),
            source: Some("203.0.113.7".to_owned()),
            agent: Some("aws-cli/2.31.0".to_owned()),
        }),
        ..drifted("audit", "acme-audit", Severity::High)
    };
    let orphan = Item { place: None, ..drifted("orphan", "acme-orphan", Severity::Medium) };
    let weakening = Item {
        weakening: Some("customer managed key → AWS managed key".to_owned()),
        ..pending("archive", "acme-archive")
    };
    let in_module = Item {
        address: format!("module.team[\"a.b\"].{}", address("data[0]")),
        provider: "aws.vault".to_owned(),
        ..both("x", "acme-team")
    };
    let mut report = report(vec![
        by_hand,
        item("fine", "acme-fine"),
        orphan,
        drifted("strong", "acme-strong", Severity::Low),
        pending("logs", "acme-logs"),
        weakening,
        in_module,
        unreadable("denied", "acme-denied"),
        suppressed("known", "acme-known"),
    ]);
    report.diagnostics = vec![
        // The one of `denied`, told a second time.
        Problem {
            severity: Level::Error,
            summary: "Access denied".to_owned(),
            detail: "s3:GetEncryptionConfiguration is not allowed.".to_owned(),
            address: Some(address("denied")),
            place: None,
        },
        Problem {
            severity: Level::Warning,
            summary: "Suppression expired".to_owned(),
            detail: "It held until 2026-01-01.".to_owned(),
            address: None,
            place: Some(place("suppress.seal.hcl", 3)),
        },
        Problem {
            severity: Level::Error,
            summary: "No credentials".to_owned(),
            detail: "The profile does not exist.".to_owned(),
            address: None,
            place: None,
        },
    ];
    report
}

/// A fleet in which of each hundred buckets one is bad in some way.
pub(super) fn fleet(size: usize) -> Report {
    let items = (0..size).map(|n| {
        let (name, bucket) = (format!("b[{n}]"), format!("acme-{:05}", (n * 7919) % size.max(1)));
        let mut made = match n % 100 {
            1 => drifted(&name, &bucket, Severity::High),
            2 => drifted(&name, &bucket, Severity::Medium),
            3 => drifted(&name, &bucket, Severity::Low),
            4..=6 => pending(&name, &bucket),
            7 => both(&name, &bucket),
            8 => unreadable(&name, &bucket),
            9 => suppressed(&name, &bucket),
            _ => item(&name, &bucket),
        };
        made.region = Some(["eu-west-1", "us-east-1", "ap-south-1"][n % 3].to_owned());
        made
    });
    report(items.collect())
}

/// Where text from outside can stand, it is this.
pub(super) fn hostile(text: &str) -> Report {
    let text = text.to_owned();
    let found = Difference {
        path: text.clone(),
        ..difference(Whose::Both, json!({ (text.clone()): [text] }), json!(text), json!(false))
    };
    let bad = Item {
        address: format!("t.n[\"{text}\"]"),
        provider: text.clone(),
        account: Some(text.clone()),
        region: Some(text.clone()),
        place: Some(place(&text, 1)),
        action: Some(text.clone()),
        reason: Some(text.clone()),
        moved_from: Some(text.clone()),
        imported: Some(text.clone()),
        notes: vec![text.clone()],
        unknown: vec![Unknown { path: text.clone(), content: text.clone() }],
        weakening: Some(text.clone()),
        weakened: Some(text.clone()),
        differences: vec![found],
        blame: Some(Blame {
            who: text.clone(),
            when: text.clone(),
            event: text.clone(),
            source: Some(text.clone()),
            agent: Some(text.clone()),
        }),
        error: Some(Failure { summary: text.clone(), detail: text.clone() }),
        ..both("n", &text)
    };
    let silenced = Item {
        suppressed: Some(Suppression {
            name: text.clone(),
            reason: text.clone(),
            expires: Some(text.clone()),
        }),
        error: None,
        ..bad.clone()
    };
    let mut report = report(vec![bad.clone(), silenced, Item { error: None, ..bad }]);
    report.directory.clone_from(&text);
    report.sealform_version = "0.1.0".to_owned();
    report.outputs = vec![OutputItem {
        name: text.clone(),
        before: Some(json!(text)),
        after: None,
        sensitive: false,
    }];
    report.diagnostics = [Level::Error, Level::Warning]
        .map(|severity| Problem {
            severity,
            summary: text.clone(),
            detail: text.clone(),
            address: Some(text.clone()),
            place: Some(place(&text, 2)),
        })
        .to_vec();
    report
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9.-]{1,12}",
        any::<String>(),
        prop::sample::select(HOSTILE).prop_map(str::to_owned),
    ]
}

fn any_item() -> impl Strategy<Value = Item> {
    let class = prop::sample::select(vec![
        Class::Unchanged,
        Class::Pending,
        Class::Drift,
        Class::Both,
        Class::Error,
    ]);
    let severity = prop::option::of(prop::sample::select(vec![
        Severity::Low,
        Severity::Medium,
        Severity::High,
    ]));
    let status =
        prop::option::of(prop::sample::select(vec![Status::Done, Status::Failed, Status::Skipped]));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (any_text(), any_text(), class, severity, status, flags, any_text()).prop_map(
        |(name, bucket, class, severity, status, (has_place, is_known, weakens), text)| {
            let template = suppressed(&name, &bucket);
            Item {
                class,
                severity,
                status,
                place: has_place.then(|| place(&text, 3)),
                suppressed: template.suppressed.filter(|_| is_known),
                weakening: weakens.then(|| text.clone()),
                ..drifted(&name, &bucket, Severity::High)
            }
        },
    )
}

/// Any report, its numbers included.
pub(super) fn any_report() -> impl Strategy<Value = Report> {
    let share = prop::option::of((1_u32..9, 9_u32..99));
    let items = prop::collection::vec(any_item(), 0..12);
    (items, any_text(), share, any_text()).prop_map(|(items, directory, share, text)| {
        let mut report = report(items);
        report.directory = directory;
        report.share = share.map(|(part, of)| Share { part, of });
        report.diagnostics = vec![Problem {
            severity: Level::Warning,
            summary: text.clone(),
            detail: text,
            address: None,
            place: None,
        }];
        report
    })
}
