//! Whatever a file holds, formatting it twice is formatting it once; the formatter itself makes sure
//! that the text still means the same, and says so where it does not.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealform::config::format::format;
use sealform::diag::Sources;

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let file = sources.add("fuzz.seal.hcl", text);
    let formatted = match format(&sources, file) {
        Ok(formatted) => formatted,
        Err(faults) => {
            // What does not parse is told where it stands; anything else is the formatter's fault.
            assert!(faults.iter().all(|fault| fault.subject.is_some()), "{faults:?}");
            return;
        }
    };
    let again = sources.add("again.seal.hcl", formatted.as_str());
    assert_eq!(format(&sources, again).as_deref(), Ok(formatted.as_str()), "of {text:?}");
});
