//! Whatever a file holds, reading it gives a configuration and faults that can be drawn.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealform::config;
use sealform::diag::{Diagnostics, Sources};
use sealform::render::{self, Style};

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let file = sources.add("fuzz.seal.hcl", text);
    let mut diagnostics = Diagnostics::new();
    config::parse(&sources, &[file], &|_| false, &mut diagnostics);
    config::parse_values(&sources, file, &mut diagnostics);
    config::parse_expr(&sources, file, &mut diagnostics);
    config::parse_template(&sources, file, &mut diagnostics);
    for diagnostic in &diagnostics {
        let spans = diagnostic.subject.iter().chain(diagnostic.related.iter().map(|(it, _)| it));
        for span in spans {
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{diagnostic:?}");
        }
    }
    render::diagnostics(&diagnostics, &sources, &Style::default());
});
