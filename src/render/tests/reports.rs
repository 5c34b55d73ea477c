//! Reports to draw for reviewers.

use crate::report::{
    Actions, Blame, Class, Command, Difference, FORMAT_VERSION, Failure, Item, Level, OutputItem,
    Place, Problem, Report, Severities, Severity, Summary, Verdict, Whose,
};
use serde_json::{Value as Json, json};

/// Names that try to end whatever is around them.
pub(super) const HOSTILE: &[&str] = &[
    "plain",
    "@octocat and @org/team",
    "#123 and GH-7 and owner/repo#9",
    "https://example.com/ www.example.com a@example.com",
    "[text](https://example.com) ![x](y) [ref]: z",
    "</details></summary></code><script>alert(1)</script>",
    "<!-- hidden --> -->",
    "``` ```` ` `` code",
    "`",
    "~~~~",
    "a | b || c \\| d \\\\| e \\",
    "line one\nline two\r\n\n```\n# title\n- item",
    "\u{202e}gnp.exe\u{200b}\u{2066}",
    "\u{2028}\u{2029}\u{85}\u{b}\u{c}\u{0}\u{1b}[31m",
    "&lt; &#64;octocat &amp; &nbsp;",
    "*bold* _em_ ~~gone~~ $x^2$ :tada: ==",
    " edges ",
    "",
    "日本語 žluťoučký 🦀 e\u{301}",
    "$`math`$ {{ jinja }} ${{ github.token }} %0A::error::x",
    "::error file=a::b",
];

pub(super) fn item(address: &str, bucket: &str) -> Item {
    Item {
        address: address.to_owned(),
        bucket: bucket.to_owned(),
        provider: "aws".to_owned(),
        account: None,
        region: None,
        place: Some(Place { file: "main.seal.hcl".to_owned(), line: 3, column: 1, end_line: 12 }),
        class: Class::Unchanged,
        action: Some("no-op".to_owned()),
        reason: None,
        moved_from: None,
        imported: None,
        notes: Vec::new(),
        unknown: Vec::new(),
        status: None,
        severity: None,
        weakening: None,
        weakened: None,
        differences: Vec::new(),
        suppressed: None,
        blame: None,
        error: None,
    }
}

pub(super) fn difference(path: &str, recorded: Json, live: Json, desired: Json) -> Difference {
    let some = |value: Json| (!value.is_null()).then_some(value);
    let whose = match (recorded == live, live == desired) {
        (true, _) => Whose::Pending,
        (false, _) if recorded == desired => Whose::Drift,
        (false, _) => Whose::Both,
    };
    Difference {
        path: path.to_owned(),
        recorded: some(recorded),
        live: some(live),
        desired: some(desired),
        whose,
        sensitive: false,
    }
}

const ALGORITHM: &str = "rule.apply_server_side_encryption_by_default.sse_algorithm";
const KEY: &str = "rule.apply_server_side_encryption_by_default.kms_master_key_id";
const BUCKET_KEY: &str = "rule.bucket_key_enabled";

/// The files say something else.
pub(super) fn pending(address: &str, bucket: &str, key: &str) -> Item {
    Item {
        class: Class::Pending,
        action: Some("update".to_owned()),
        differences: vec![
            difference(ALGORITHM, json!("AES256"), json!("AES256"), json!("aws:kms")),
            difference(KEY, Json::Null, Json::Null, json!(key)),
            difference(BUCKET_KEY, json!(false), json!(false), json!(true)),
        ],
        ..item(address, bucket)
    }
}

/// The files say something that protects less.
pub(super) fn weakening(address: &str, bucket: &str, key: &str) -> Item {
    Item {
        class: Class::Pending,
        action: Some("update".to_owned()),
        weakening: Some("customer managed key → SSE-S3".to_owned()),
        differences: vec![
            difference(ALGORITHM, json!("aws:kms"), json!("aws:kms"), json!("AES256")),
            difference(KEY, json!(key), json!(key), Json::Null),
        ],
        ..item(address, bucket)
    }
}

/// Somebody else changed it.
pub(super) fn drifted(address: &str, bucket: &str, key: &str) -> Item {
    Item {
        class: Class::Drift,
        action: Some("update".to_owned()),
        severity: Some(Severity::High),
        weakened: Some("customer managed key → SSE-S3".to_owned()),
        differences: vec![
            difference(ALGORITHM, json!("aws:kms"), json!("AES256"), json!("aws:kms")),
            difference(KEY, json!(key), Json::Null, json!(key)),
        ],
        blame: Some(Blame {
            who: "arn:aws:sts::111122223333:assumed-role/ops/eve".to_owned(),
            when: "2026-11-20T09:00:00Z".to_owned(),
            event: "PutBucketEncryption".to_owned(),
            source: None,
            agent: None,
        }),
        ..item(address, bucket)
    }
}

/// It could not be read.
pub(super) fn failed(address: &str, bucket: &str, detail: &str) -> Item {
    Item {
        class: Class::Error,
        action: None,
        error: Some(Failure { summary: "Access denied".to_owned(), detail: detail.to_owned() }),
        ..item(address, bucket)
    }
}

pub(super) fn warning(summary: &str, detail: &str) -> Problem {
    Problem {
        severity: Level::Warning,
        summary: summary.to_owned(),
        detail: detail.to_owned(),
        address: None,
        place: Some(Place { file: "a:b,c.seal.hcl".to_owned(), line: 7, column: 2, end_line: 7 }),
    }
}

pub(super) fn output(name: &str, before: Json, after: Json) -> OutputItem {
    let some = |value: Json| (!value.is_null()).then_some(value);
    OutputItem { name: name.to_owned(), before: some(before), after: some(after), sensitive: false }
}

/// A report of these, with the numbers that they come to.
pub(super) fn report(command: Command, resources: Vec<Item>) -> Report {
    let count = |test: &dyn Fn(&Item) -> bool| resources.iter().filter(|it| test(it)).count();
    let errors = count(&|it| it.error.is_some());
    let drifted = count(&|it| matches!(it.class, Class::Drift | Class::Both));
    let pending = count(&|it| matches!(it.class, Class::Pending | Class::Both));
    let verdict = match (errors, drifted, pending) {
        (0, 0, 0) => Verdict::Clean,
        (0, 0, _) => Verdict::Pending,
        (0, _, _) => Verdict::Drift,
        (_, _, _) => Verdict::Error,
    };
    Report {
        format_version: FORMAT_VERSION.to_owned(),
        sealform_version: "0.1.0".to_owned(),
        command,
        destroy: false,
        directory: "infra/buckets".to_owned(),
        started: Some("2026-11-21T06:00:00Z".to_owned()),
        seconds: Some(1.25),
        share: None,
        verdict,
        summary: Summary {
            checked: resources.len(),
            unchanged: count(&|it| it.class == Class::Unchanged),
            drifted,
            pending,
            suppressed: 0,
            errors,
            weakening: count(&|it| it.weakening.is_some()),
            actions: Actions {
                update: count(&|it| it.action.as_deref() == Some("update")),
                ..Actions::default()
            },
            severities: Severities { high: drifted, medium: 0, low: 0 },
        },
        resources,
        outputs: Vec::new(),
        diagnostics: Vec::new(),
    }
}

/// A plan of so many changes of all kinds, with hostile names.
pub(super) fn hostile(count: usize) -> Report {
    let items = (0..count)
        .map(|n| {
            let name = HOSTILE[n % HOSTILE.len()];
            let address = format!("t.n[{}]", crate::addr::quoted(&format!("{n:05} {name}")));
            let key = format!("alias/{name}");
            match n % 7 {
                0 => failed(&address, name, name),
                1 => weakening(&address, name, &key),
                2 => drifted(&address, name, &key),
                _ => pending(&address, name, &key),
            }
        })
        .collect();
    let mut report = report(Command::Plan, items);
    report.directory = "infra--buckets-->\n@octocat/`".to_owned();
    report.outputs = HOSTILE.iter().map(|name| output(name, json!(name), json!([name]))).collect();
    report.diagnostics = HOSTILE.iter().map(|name| warning(name, name)).collect();
    report
}
