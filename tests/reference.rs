//! The reference pages say what the schemas say. `SEALFORM_UPDATE=1 cargo test --test reference`
//! writes them anew.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails where something is not as it expects"
)]

use sealform::provider::aws;
use sealform::resource;
use sealform::resource::data;
use sealform::schema::{reference, reference_section};
use std::path::Path;

#[track_caller]
fn compare(file: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("SEALFORM_UPDATE").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "{file} is out of date: run with SEALFORM_UPDATE=1");
}

#[test]
fn of_the_resource_types() {
    assert_eq!(resource::TYPES.len(), 1, "a page for each");
    let ty = resource::TYPES[0];
    let page = reference(ty.name(), ty.description(), ty.example(), ty.schema());
    compare("src/resource/README.md", &page);
}

#[test]
fn of_the_provider() {
    let page = reference("provider \"aws\"", aws::DESCRIPTION, aws::EXAMPLE, &aws::SCHEMA);
    compare("src/provider/README.md", &page);
}

#[test]
fn of_the_data_sources() {
    let mut page = String::from(
        "# Data sources\n\nWhat a configuration reads and does not manage: `data \"TYPE\" \"NAME\" { … }`, \
         referred to as `data.TYPE.NAME.attribute`. Their names and attributes are those of the \
         Terraform AWS provider, but `aws_s3_buckets`, which is Sealform's own. `provider`, \
         `for_each`, `count` and `depends_on` stand beside the attributes. What is read only is \
         not set, but told.\n",
    );
    for source in data::SOURCES {
        let section = reference_section(
            source.name(),
            source.description(),
            source.example(),
            source.schema(),
        );
        page.push('\n');
        page.push_str(&section);
    }
    compare("src/resource/data/README.md", &page);
}

#[test]
fn of_the_functions() {
    compare("src/eval/functions/README.md", &sealform::eval::functions::reference());
}
