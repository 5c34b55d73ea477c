//! Whatever an expression is, evaluating it ends: with a value that can be shown, or with a fault.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealform::config;
use sealform::diag::{Diagnostics, Sources};
use sealform::eval::{self, Input, Tree};
use sealform::graph;
use sealform::provider::aws;
use sealform::resource;
use sealform::value::{Value, to_json};
use std::collections::BTreeMap;

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    // An expression by itself, and as a part of a configuration with something to refer to.
    let whole = format!(
        "variable \"v\" {{\n  default = {{ a = [1, \"x\", null], b = true }}\n}}\n\
         variable \"s\" {{\n  default   = \"secret-of-the-fuzzer\"\n  sensitive = true\n}}\n\
         locals {{\n  x = {text}\n}}\noutput \"x\" {{\n  value = local.x\n}}\n"
    );
    let file = sources.add("fuzz.seal.hcl", whole);
    let mut diagnostics = Diagnostics::new();
    let config = config::parse(&sources, &[file], &|_| false, &mut diagnostics);
    let tree = Tree::new(&config, &mut diagnostics);
    let (nodes, edges) = eval::dependencies(&tree, &mut diagnostics);
    let order = graph::order(&nodes, &edges, &mut diagnostics);
    let input = Input {
        tree: &tree,
        order: &order,
        given: &[],
        lenient: false,
        resource_schema: &resource::schema,
        resource_types: &resource::names,
        provider_schema: &aws::SCHEMA,
        resolve: &|_, declared| declared.clone(),
        data: &|_, _| Value::NULL,
        contexts: &BTreeMap::new(),
        cwd: "/",
    };
    let evaluation = eval::evaluate(&input, &mut diagnostics);
    for value in evaluation.outputs.values() {
        let _json = to_json(value);
        let _type = value.ty().to_string();
    }
    for diagnostic in &diagnostics {
        assert!(!diagnostic.detail.contains("secret-of-the-fuzzer"), "{diagnostic:?}");
    }
});
