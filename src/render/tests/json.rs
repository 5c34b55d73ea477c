//! Documents for programs, and graphs.

use super::samples::*;
use crate::addr::ResourceAddr;
use crate::diag::{Diagnostic, Sources, Span};
use crate::eval::{Edge, Item, ModulePath, Node};
use crate::event::Outcome;
use crate::plan::{Action, OutputChange, Reason, Step};
use crate::render::{graph, json};
use crate::state::OutputState;
use insta::assert_snapshot;
use serde_json::{Value as Json, json};

fn pretty(json: &Json) -> String {
    serde_json::to_string_pretty(json).unwrap()
}

#[test]
fn a_plan_as_a_document() {
    let mut secret = key(None, Some("alias/hush"));
    secret.sensitive = true;
    let mut plan = plan(vec![
        Step {
            changes: vec![algorithm("AES256", "aws:kms"), secret],
            weakening: Some("because".to_owned()),
            reason: Some(Reason::MovedTo { to: Box::new(address("b")) }),
            ..step(Action::Update, address("a"), "acme-a")
        },
        step(Action::NoOp, address("n"), "acme-n"),
        Step { drift: vec![bucket_key(false, true)], ..step(Action::NoOp, address("o"), "acme-o") },
    ]);
    plan.unplanned = vec![address("u")];
    plan.output_changes = vec![OutputChange {
        name: "key".to_owned(),
        before: None,
        after: Some(Json::from("hush")),
        sensitive: true,
    }];
    let text = pretty(&json::plan(&plan, &[], &Sources::default()));
    assert!(!text.contains("hush"), "{text}");
    assert_snapshot!(text, @r#"
    {
      "destroy": false,
      "diagnostics": [],
      "format_version": "1.0",
      "output_changes": {
        "key": {
          "action": "create",
          "after": null,
          "before": null,
          "sensitive": true
        }
      },
      "resource_changes": [
        {
          "action": "update",
          "address": "aws_s3_bucket_server_side_encryption_configuration.a",
          "bucket": "acme-a",
          "changes": [
            {
              "after": "aws:kms",
              "before": "AES256",
              "path": "rule.apply_server_side_encryption_by_default.sse_algorithm",
              "sensitive": false
            },
            {
              "after": null,
              "before": null,
              "path": "rule.apply_server_side_encryption_by_default.kms_master_key_id",
              "sensitive": true
            }
          ],
          "drift": [],
          "provider": "aws",
          "reason": {
            "kind": "moved-to",
            "to": "aws_s3_bucket_server_side_encryption_configuration.b"
          },
          "weakening": "because"
        },
        {
          "action": "no-op",
          "address": "aws_s3_bucket_server_side_encryption_configuration.o",
          "bucket": "acme-o",
          "changes": [],
          "drift": [
            {
              "after": true,
              "before": false,
              "path": "rule.bucket_key_enabled",
              "sensitive": false
            }
          ],
          "provider": "aws"
        }
      ],
      "sealform_version": "0.1.0",
      "summary": {
        "complete": false,
        "counts": {
          "adopt": 0,
          "forget": 0,
          "no-op": 2,
          "reset": 0,
          "update": 1
        },
        "drifted": 1,
        "empty": false,
        "weakening": 1
      },
      "unplanned": [
        "aws_s3_bucket_server_side_encryption_configuration.u"
      ]
    }
    "#);
}

#[test]
fn a_diagnostic_as_a_document() {
    let mut sources = Sources::default();
    let file = sources.add("main.seal.hcl", "a {\n  é = bad\n}\n");
    let span = Span { file, start: 11, end: 14 };
    let list = [Diagnostic::error("Wrong", "It is.").at(span).of(&address("a"))];
    assert_snapshot!(pretty(&json::diagnostics(&list, &sources)), @r#"
    [
      {
        "address": "aws_s3_bucket_server_side_encryption_configuration.a",
        "detail": "It is.",
        "range": {
          "end": {
            "byte": 14,
            "column": 10,
            "line": 2
          },
          "filename": "main.seal.hcl",
          "start": {
            "byte": 11,
            "column": 7,
            "line": 2
          }
        },
        "severity": "error",
        "snippet": {
          "code": "  é = bad",
          "context": null,
          "highlight_end_offset": 10,
          "highlight_start_offset": 7,
          "start_line": 2,
          "values": []
        },
        "summary": "Wrong"
      }
    ]
    "#);
}

/// Columns are characters as people see them; an empty place is widened; the values of references
/// and what the place stands in are told; other places are words.
#[test]
fn a_diagnostic_has_terraforms_shape() {
    let mut sources = Sources::default();
    let text = "a {\r\n  e\u{301} = \"👩‍👩‍👧\" + bad\r\n}\r\n";
    let file = sources.add("main.seal.hcl", text);
    let at = |part: &str| {
        let start = u32::try_from(text.find(part).unwrap()).unwrap();
        Span { file, start, end: start + u32::try_from(part.len()).unwrap() }
    };
    sources.set_context(at("bad"), "a \"b\"");
    let mut told = Diagnostic::error("Wrong", "It is.").at(at("bad")).related(at("a"), "see here");
    told.values.push(("var.x".to_owned(), "is \"y\"".to_owned()));
    let empty = Diagnostic::warning("Empty", "It is.").at(at("}").head());
    let document = json::diagnostics(&[told, empty], &sources);
    let place = |line, column, byte| json!({ "line": line, "column": column, "byte": byte });
    assert_eq!(
        document,
        json!([
            {
                "severity": "error",
                "summary": "Wrong",
                "detail": "It is.\n\nmain.seal.hcl:1:1: see here.",
                "range": {
                    "filename": "main.seal.hcl",
                    "start": place(2, 13, 36),
                    "end": place(2, 16, 39),
                },
                "snippet": {
                    "context": "a \"b\"",
                    "code": "  e\u{301} = \"👩‍👩‍👧\" + bad",
                    "start_line": 2,
                    "highlight_start_offset": 31,
                    "highlight_end_offset": 34,
                    "values": [{ "traversal": "var.x", "statement": "is \"y\"" }],
                },
            },
            {
                "severity": "warning",
                "summary": "Empty",
                "detail": "It is.",
                "range": {
                    "filename": "main.seal.hcl",
                    "start": place(3, 1, 41),
                    "end": place(3, 2, 42),
                },
                "snippet": {
                    "context": null,
                    "code": "}",
                    "start_line": 3,
                    "highlight_start_offset": 0,
                    "highlight_end_offset": 1,
                    "values": [],
                },
            },
        ])
    );
}

/// A program may write all of a fleet on one line.
#[test]
fn many_diagnostics_on_one_long_line_take_linear_time() {
    let mut sources = Sources::default();
    let text = "x é ".repeat(1_000_000);
    let file = sources.add("main.seal.hcl.json", text);
    let list: Vec<Diagnostic> = (0..10_000)
        .map(|n| Diagnostic::error("Wrong", "").at(Span { file, start: n * 500, end: n * 500 + 1 }))
        .collect();
    #[expect(clippy::disallowed_methods, reason = "the time is what is measured")]
    let begun = std::time::Instant::now();
    let document = json::diagnostics(&list, &sources);
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    let last = document.as_array().unwrap().last().unwrap();
    assert_eq!(last["range"]["start"]["column"], json!(9_999 * 400 + 1));
    assert!(last["snippet"]["code"].as_str().unwrap().len() < 1000);
}

#[test]
fn an_outcome_as_a_document() {
    let mut plan = plan(Vec::new());
    let hidden = OutputState { value: Json::from("hush"), sensitive: true };
    plan.outputs.insert("key".to_owned(), hidden);
    let outcome = Outcome {
        moved: 0,
        done: [2, 0, 0, 0, 0],
        failures: vec![Diagnostic::error("Access denied", "No.").of(&address("a"))],
        skipped: vec!["t.b".to_owned()],
        interrupted: false,
        ..Outcome::default()
    };
    assert_snapshot!(pretty(&json::outcome(&plan, &outcome, &Sources::default())), @r#"
    {
      "destroy": false,
      "diagnostics": [
        {
          "address": "aws_s3_bucket_server_side_encryption_configuration.a",
          "detail": "No.",
          "severity": "error",
          "summary": "Access denied"
        }
      ],
      "format_version": "1.0",
      "outputs": {
        "key": {
          "sensitive": true,
          "value": null
        }
      },
      "resource_changes": [],
      "sealform_version": "0.1.0",
      "skipped": [
        "t.b"
      ],
      "summary": {
        "complete": false,
        "counts": {
          "adopt": 0,
          "forget": 0,
          "no-op": 0,
          "reset": 0,
          "update": 2
        },
        "cut": 0,
        "failed": 1,
        "interrupted": false,
        "skipped": 1,
        "unrecorded": 0
      }
    }
    "#);
}

#[test]
fn graphs_are_the_same_whatever_the_order() {
    let mut sources = Sources::default();
    let file = sources.add("main.seal.hcl", "");
    let span = Span { file, start: 0, end: 0 };
    let nodes = [
        Item::Resource(ResourceAddr::managed("t", "a\"]\\<b>\n")),
        Item::Variable("region".into()),
        Item::Provider("aws.eu".into()),
        Item::Output("names".into()),
    ]
    .map(|item| Node { module: ModulePath::default(), item });
    let [resource, variable, provider, output] = &nodes;
    let edge = |from: &Node, to: &Node| Edge { from: from.clone(), to: to.clone(), span };
    let mut edges = vec![
        edge(output, resource),
        edge(resource, variable),
        edge(resource, provider),
        edge(resource, variable),
    ];
    let (dot, mermaid) = (graph::dot(&nodes, &edges), graph::mermaid(&nodes, &edges));
    assert_snapshot!(dot, @r#"
    digraph {
      rankdir = "LR"
      node [fontname = "sans-serif"]
      "var.region" [shape = note]
      "provider.aws.eu" [shape = component]
      "t.a\"]\\<b>\\n" [shape = box]
      "output.names" [shape = cds]
      "t.a\"]\\<b>\\n" -> "var.region"
      "t.a\"]\\<b>\\n" -> "provider.aws.eu"
      "output.names" -> "t.a\"]\\<b>\\n"
    }
    "#);
    assert_snapshot!(mermaid, @r#"
    flowchart LR
      n0("var.region")
      n1{{"provider.aws.eu"}}
      n2["t.a#34;]#92;#60;b#62;#92;n"]
      n3(["output.names"])
      n2 --> n0
      n2 --> n1
      n3 --> n2
    "#);
    edges.reverse();
    let mut reversed = nodes.clone();
    reversed.reverse();
    assert_eq!(graph::dot(&reversed, &edges), dot);
    assert_eq!(graph::mermaid(&reversed, &edges), mermaid);
}
