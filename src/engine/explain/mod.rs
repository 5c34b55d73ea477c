//! Finding what can be explained by the name that somebody has in mind.
//!
//! Everything has a path: `aws_x.rule.name`, `data.aws_y.id`, `provider.aws.region`,
//! `resource.lifecycle`, `cidrsubnet`. Names that people have in mind lead to a path: an address of
//! the configuration, a path without its beginning, a call. What stands on the page that a path leads
//! to is `catalogue`'s, and what the configuration itself says `place`'s.

mod catalogue;
mod place;

use self::catalogue::{Item, first_sentence, items, stands_outside};
use self::place::{Place, declared_names};
use super::Project;
use crate::config::language;
use crate::diag::{Diagnostic, did_you_mean};
use crate::eval::functions::FUNCTIONS;
use crate::provider::aws;
use crate::resource;
use crate::schema::{Entry, Page, Section};
use std::collections::BTreeSet;

/// Pages about as many different things are shown at once; of more, there is a list.
const AT_ONCE: usize = 3;

/// What there is, for somebody who has no name in mind.
pub fn overview() -> Page {
    let entry = |name: &str, text: &str| Entry {
        name: name.to_owned(),
        text: first_sentence(text),
        ..Entry::default()
    };
    let section = |title: &str, entries: Vec<Entry>| Section { title: title.to_owned(), entries };
    let types = resource::TYPES.iter().map(|ty| entry(ty.name(), ty.description()));
    let sources = resource::data::SOURCES
        .iter()
        .map(|source| entry(&format!("data.{}", source.name()), source.description()));
    let blocks = language::BLOCKS.iter().map(|block| entry(block.kind, block.description));
    let of_tests = language::TEST_BLOCKS.iter().map(|it| entry(it.kind, it.description));
    let functions =
        FUNCTIONS.iter().map(|it| Entry { name: it.name.to_owned(), ..Entry::default() });
    Page {
        title: "sealform explain NAME".to_owned(),
        kind: "a name from these lists, one behind it (TYPE.rule, TYPE.rule.name), or an address \
               of the configuration"
            .to_owned(),
        sections: vec![
            section("Resource types", types.collect()),
            section("Data sources", sources.collect()),
            section("Providers", vec![entry("provider.aws", aws::DESCRIPTION)]),
            section("Blocks of the language", blocks.collect()),
            section("Blocks of tests", of_tests.collect()),
            section("Functions", functions.collect()),
        ],
        ..Page::default()
    }
}

/// What is told of the things that `subject` may mean. Addresses are looked up in the project, if
/// there is one.
///
/// # Errors
/// Says that there is no such thing, and what was meant most likely.
pub fn explain(subject: &str, project: Option<&Project>) -> Result<Vec<Page>, Diagnostic> {
    let fault = |detail: String| Diagnostic::error("Nothing to explain", detail);
    let items = items();
    let Some(names) = names(subject) else {
        return Err(fault(format!(
            "{subject:?} is not a name. Write names with points between them, such as \
             `TYPE.rule.name`, or an address such as `TYPE.name[\"key\"]`."
        )));
    };
    let place = project.and_then(|project| Place::of(&names, project));
    if let Some(page) = place.as_ref().and_then(Place::declared_value) {
        return Ok(vec![page]);
    }
    let mut path = canonical(&names, &items);
    let find = |path: &[String]| {
        let joined = path.join(".");
        items.iter().find(|item| item.path == joined)
    };
    // The name of a resource, which leads to nothing in its type.
    let mut declared = None;
    let kind = match path.first().map(String::as_str) {
        Some("data") => "data",
        Some("provider") => "provider",
        _ => "resource",
    };
    let type_at = usize::from(kind != "resource");
    if find(&path).is_none()
        && let (Some(ty), Some(name)) = (path.get(type_at), path.get(type_at + 1))
        && let Some(place) = &place
        && let Some((address, span)) = place.declared_block(kind, ty, name)
    {
        let (within, sources) = (&place.within, &place.project.sources);
        declared = Some(format!(
            "{within}{address} is declared in {}, line {}.",
            sources.name(span.file),
            sources.position(span).line
        ));
        path.remove(type_at + 1);
    }
    // What stands beside the attributes of every resource belongs to the language.
    if find(&path).is_none() && find(path.get(..=type_at).unwrap_or_default()).is_some() {
        let behind = path.get(type_at + 1..).unwrap_or_default();
        let of_all = [&[kind.to_owned()], behind].concat();
        if find(&of_all).is_some() {
            path = of_all;
        }
    }
    if let Some(item) = find(&path) {
        let mut page = whole(&item.page, &[item]);
        if let Some(declared) = declared {
            if !page.text.is_empty() {
                page.text.push_str("\n\n");
            }
            page.text.push_str(&declared);
        }
        return Ok(vec![page]);
    }
    let pages = by_ending(&path.join("."), &items);
    if pages.is_empty() { Err(fault(unknown(subject, &path, &items, project))) } else { Ok(pages) }
}

/// The names of an address or path, without the indexes behind them.
fn names(subject: &str) -> Option<Vec<String>> {
    let mut rest = subject.trim();
    rest = rest.strip_suffix("()").unwrap_or(rest);
    let mut names = Vec::new();
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return None;
        }
        // An index may be written with a point, too.
        let index = !names.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        if !index {
            names.push(name.to_owned());
        }
        rest = behind;
        while let Some(index) = rest.strip_prefix('[') {
            let quoted = index.strip_prefix('"').map(|text| {
                let mut escaped = false;
                let end = text.bytes().position(|b| {
                    let ends = b == b'"' && !escaped;
                    escaped = b == b'\\' && !escaped;
                    ends
                });
                end.and_then(|end| text.get(end + 1..))
            });
            rest = quoted.unwrap_or(Some(index))?.split_once(']')?.1;
        }
        match rest.strip_prefix('.') {
            Some(behind) => rest = behind,
            None => return rest.is_empty().then_some(names),
        }
    }
}

/// The path that the names are meant as, as far as they alone tell.
fn canonical(names: &[String], items: &[Item]) -> Vec<String> {
    let is = |path: &str| items.iter().any(|item| item.path == path);
    let mut names = names;
    if is(&names.join(".")) {
        return names.to_vec();
    }
    // Through modules, to what is within them.
    while let [module, _, rest @ ..] = names
        && module == "module"
        && !rest.is_empty()
    {
        names = rest;
    }
    // What a check looks up is no different from what stands outside of it.
    while let [kind, inner, ..] = names
        && let Some(inner) = language::find_anywhere(kind).and_then(|block| block.block(inner))
        && stands_outside(inner)
    {
        names = names.get(1..).unwrap_or_default();
    }
    match names {
        [kind, ty, ..] if kind == "resource" && is(ty) => {
            names.get(1..).unwrap_or_default().to_vec()
        }
        [aws, rest @ ..] if aws == "aws" => [&["provider".to_owned(), aws.clone()], rest].concat(),
        [ty, ..] if resource::find(ty).is_none() && resource::data::find(ty).is_some() => {
            [&["data".to_owned()], names].concat()
        }
        _ => names.to_vec(),
    }
}

/// Pages about what has a path with this ending: one for all that say the same.
fn by_ending(ending: &str, items: &[Item]) -> Vec<Page> {
    let behind = format!(".{ending}");
    let found = items.iter().filter(|item| item.path.ends_with(&behind));
    let mut groups: Vec<Vec<&Item>> = Vec::new();
    for item in found {
        let same = |group: &&mut Vec<&Item>| {
            group.first().is_some_and(|first| {
                let (a, b) = (&first.page, &item.page);
                (&a.kind, &a.text, &a.sections) == (&b.kind, &b.text, &b.sections)
            })
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    if groups.len() <= AT_ONCE {
        let page = |group: Vec<&Item>| {
            let mut page = group.first().map(|first| whole(&first.page, &group))?;
            if group.len() > 1 {
                ending.clone_into(&mut page.title);
            }
            Some(page)
        };
        return groups.into_iter().filter_map(page).collect();
    }
    let entry = |item: &&Item| Entry {
        depth: 0,
        name: item.path.clone(),
        note: item.page.kind.clone(),
        text: first_sentence(&item.page.text),
    };
    let entries = groups.iter().filter_map(|group| group.first()).map(entry).collect();
    let sections = vec![Section { title: "One of these".to_owned(), entries }];
    let kind = "several things are called so".to_owned();
    vec![Page { title: ending.to_owned(), kind, sections, ..Page::default() }]
}

/// A page, with the things that what it tells of is within.
fn whole(page: &Page, items: &[&Item]) -> Page {
    let mut page = page.clone();
    let within: Vec<&str> =
        items.iter().map(|item| item.within.as_str()).filter(|it| !it.is_empty()).collect();
    if !within.is_empty() {
        page.kind = format!("{}, in {}", page.kind, within.join(", "));
    }
    page
}

/// What to say of a name that leads nowhere.
fn unknown(subject: &str, path: &[String], items: &[Item], project: Option<&Project>) -> String {
    let declared = project.map(declared_names).unwrap_or_default();
    // The longest beginning that leads somewhere, and what stands behind it.
    for length in (1..path.len()).rev() {
        let (Some(known), Some(name)) = (path.get(..length), path.get(length)) else { continue };
        let known = known.join(".");
        let Some(item) = items.iter().find(|item| item.path == known) else { continue };
        let behind = |path: &'_ str| {
            let rest = path.strip_prefix(&known)?.strip_prefix('.')?;
            (!rest.contains('.')).then(|| rest.to_owned())
        };
        let mut inner: Vec<String> = items.iter().filter_map(|it| behind(&it.path)).collect();
        if known == "resource" {
            inner.extend(resource::TYPES.iter().map(|ty| ty.name().to_owned()));
        }
        if inner.is_empty() {
            return format!("{known} is a {}: nothing is within it.", item.page.kind);
        }
        let names: Vec<String> = declared.iter().filter_map(|it| behind(it)).collect();
        let hint = did_you_mean(name, inner.iter().chain(&names).map(String::as_str));
        let of_files = if matches!(&*item.page.kind, "resource type" | "data source") {
            format!(", and no block of the configuration is called {known}.{name}")
        } else {
            String::new()
        };
        return format!("{known} has no {name:?}{of_files}.{hint} It has {}.", inner.join(", "));
    }
    let mut candidates: BTreeSet<&str> = items.iter().map(|item| item.path.as_str()).collect();
    candidates.extend(items.iter().filter_map(|item| item.path.rsplit('.').next()));
    candidates.extend(declared.iter().map(String::as_str));
    format!(
        "There is nothing called {subject:?}.{} `sealform explain` lists what there is.",
        did_you_mean(subject, candidates)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(subject: &str) -> Vec<String> {
        let pages = explain(subject, None).unwrap_or_default();
        pages.into_iter().map(|page| page.title).collect()
    }

    const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

    #[test]
    fn addresses_are_read_without_their_indexes() {
        let rows = [
            ("a", "a"),
            (" a.b ", "a.b"),
            ("f()", "f"),
            (r#"a.b["c.d[\"]\"]"].e[0].f[*].g"#, "a.b.e.f.g"),
            ("a.b.0.c", "a.b.c"),
            ("module.m[\"x\"].a.b", "module.m.a.b"),
        ];
        for (subject, expected) in rows {
            assert_eq!(names(subject).unwrap().join("."), expected, "{subject}");
        }
        for subject in ["", ".", "a.", "a..b", "a[", "a[\"]", "a]b c", "a[0]b", "a b"] {
            assert_eq!(names(subject), None, "{subject}");
        }
    }

    #[test]
    fn every_path_is_of_one_thing_and_leads_to_it() {
        let items = items();
        let paths: BTreeSet<&str> = items.iter().map(|item| item.path.as_str()).collect();
        assert_eq!(paths.len(), items.len());
        for item in &items {
            assert_eq!(titles(&item.path), [item.path.as_str()]);
            assert!(!item.page.text.is_empty(), "{}", item.path);
        }
        let page = overview();
        for entry in page.sections.iter().flat_map(|section| &section.entries) {
            assert_eq!(titles(&entry.name), [entry.name.as_str()]);
        }
    }

    #[test]
    fn names_that_people_have_in_mind_lead_to_a_path() {
        let rows = [
            ("aws", "provider.aws"),
            ("aws.assume_role.role_arn", "provider.aws.assume_role.role_arn"),
            ("aws_kms_key", "data.aws_kms_key"),
            ("aws_kms_key.arn", "data.aws_kms_key.arn"),
            ("join()", "join"),
            ("rule", &format!("{TYPE}.rule")),
            ("rule.bucket_key_enabled", &format!("{TYPE}.rule.bucket_key_enabled")),
            (&format!("resource.{TYPE}.rule[0]"), &format!("{TYPE}.rule")),
            (&format!("module.a[0].module.b.{TYPE}"), TYPE),
            (&format!("{TYPE}.for_each"), "resource.for_each"),
            ("data.aws_kms_key.lifecycle", "data.lifecycle"),
            ("provider.aws.alias", "provider.alias"),
            ("check.data", "data"),
            ("ignore_changes", "resource.lifecycle.ignore_changes"),
            ("condition", "condition"),
        ];
        for (subject, title) in rows {
            assert_eq!(titles(subject), [title], "{subject}");
        }
        assert_eq!(
            titles("lifecycle"),
            ["resource.lifecycle", "data.lifecycle", "removed.lifecycle"]
        );
        let many = explain("id", None).unwrap();
        assert_eq!(many[0].sections[0].title, "One of these");
    }

    #[test]
    fn a_name_that_leads_nowhere_is_told_with_a_guess() {
        let rows = [
            ("jion", "Did you mean \"join\"?"),
            ("variabel", "Did you mean \"variable\"?"),
            ("bucket_key_enable", "Did you mean \"bucket_key_enabled\"?"),
            ("data.aws_kms_kee", "Did you mean \"aws_kms_key\"?"),
            (&format!("{TYPE}.rul"), "Did you mean \"rule\"?"),
            (&format!("{TYPE}.rule.x"), "It has bucket_key_enabled, "),
            ("resource.count.x", "nothing is within it"),
            ("join.x", "nothing is within it"),
            ("zzzzzz", "`sealform explain` lists"),
            ("a..b", "is not a name"),
        ];
        for (subject, part) in rows {
            let fault = explain(subject, None).unwrap_err();
            assert!(fault.detail.contains(part), "{subject}: {}", fault.detail);
        }
    }
}
