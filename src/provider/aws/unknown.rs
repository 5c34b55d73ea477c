//! What an answer to `GetBucketEncryption` holds and this version does not know.
//!
//! The SDK drops such elements, and a Put replaces the whole configuration: what is not seen would be
//! lost. Owns the one walk over the raw answer.

use crate::resource::UnknownElement;
use aws_sdk_s3::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::sync::{Arc, Mutex, PoisonError};

/// The most of an element's content that is kept, in bytes.
const LONGEST: usize = 400;
/// The most elements that are kept.
const MOST: usize = 32;

/// Looks at the raw answer to one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch(Arc<Mutex<Vec<UnknownElement>>>);

impl Watch {
    /// What was found in the last answer.
    pub(super) fn found(&self) -> Vec<UnknownElement> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "unknown elements"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        if response.status().is_success()
            && let Some(body) = response.body().bytes()
        {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = elements(body);
        }
        Ok(())
    }
}

/// Where the walk is. Names alone count, without their prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Document,
    Configuration,
    Rule,
    Default,
    Blocked,
    /// An element that holds text alone.
    Text,
}

impl At {
    /// What an element is here; nothing if it is not known.
    fn inner(self, name: &str) -> Option<Self> {
        match (self, name) {
            (Self::Document, "ServerSideEncryptionConfiguration") => Some(Self::Configuration),
            (Self::Configuration, "Rule") => Some(Self::Rule),
            (Self::Rule, "ApplyServerSideEncryptionByDefault") => Some(Self::Default),
            (Self::Rule, "BlockedEncryptionTypes") => Some(Self::Blocked),
            (Self::Rule, "BucketKeyEnabled")
            | (Self::Default, "SSEAlgorithm" | "KMSMasterKeyID")
            | (Self::Blocked, "EncryptionType") => Some(Self::Text),
            _ => None,
        }
    }

    /// How a path to here begins.
    fn path(self) -> &'static str {
        match self {
            Self::Document | Self::Configuration => "",
            // Within which of them is not told: there is no element in any today.
            Self::Rule | Self::Text => "Rule.",
            Self::Default => "Rule.ApplyServerSideEncryptionByDefault.",
            Self::Blocked => "Rule.BlockedEncryptionTypes.",
        }
    }
}

/// The elements of an answer that are not known, and every rule but the first: there is one today,
/// and one is written. A document of something else has none.
fn elements(body: &[u8]) -> Vec<UnknownElement> {
    let mut found = Vec::new();
    let mut reader = Reader::from_reader(body);
    let mut stack = vec![At::Document];
    let mut rules = 0;
    while found.len() < MOST {
        // What the SDK has read can be read; else there is nothing more to learn.
        let Ok(event) = reader.read_event() else { break };
        let (start, is_empty) = match event {
            Event::Start(start) => (start, false),
            Event::Empty(start) => (start, true),
            Event::End(_) => {
                stack.pop();
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        let at = stack.last().copied().unwrap_or(At::Document);
        let name = start.local_name();
        let inner = at.inner(name.as_ref());
        if inner == Some(At::Rule) {
            rules += 1;
        }
        match inner.filter(|inner| *inner != At::Rule || rules == 1) {
            Some(inner) if !is_empty => stack.push(inner),
            Some(_) => {}
            None if at == At::Document => break,
            None => {
                let path = format!("{}{}", at.path(), name.as_ref());
                let content = if is_empty {
                    Some("")
                } else {
                    let span = reader.read_to_end(start.name()).ok();
                    span.and_then(|span| {
                        let at = |place: u64| usize::try_from(place).ok();
                        std::str::from_utf8(body.get(at(span.start)?..at(span.end)?)?).ok()
                    })
                };
                found.push(UnknownElement { path, content: cut(content.unwrap_or_default()) });
            }
        }
    }
    found
}

/// The content in one line, and no longer than can be shown.
fn cut(content: &str) -> String {
    let mut kept = String::new();
    for word in content.split_whitespace() {
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
        if kept.len() > LONGEST {
            kept.truncate(kept.floor_char_boundary(LONGEST));
            kept.push('…');
            break;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(body: &str) -> Vec<(String, String)> {
        elements(body.as_bytes()).into_iter().map(|it| (it.path, it.content)).collect()
    }

    fn rule(inner: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<ServerSideEncryptionConfiguration xmlns=\"http://s3\"><Rule>\
             <ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>\
             <KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>\
             <BucketKeyEnabled>true</BucketKeyEnabled>{inner}<BlockedEncryptionTypes>\
             <EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule>\
             </ServerSideEncryptionConfiguration>"
        )
    }

    #[test]
    fn what_is_known_is_not_told() {
        for body in [
            rule(""),
            rule("<!-- <New/> --><![CDATA[<New/>]]> text <?New?>"),
            rule("").replace("<Rule>", "<s3:Rule>").replace("</Rule>", "</s3:Rule>"),
            "<ServerSideEncryptionConfiguration/>".to_owned(),
            "<ServerSideEncryptionConfiguration><Rule/></ServerSideEncryptionConfiguration>".into(),
            "<html><New/></html>".into(),
            String::new(),
        ] {
            assert_eq!(found(&body), [], "{body}");
        }
    }

    #[test]
    fn what_is_not_known_is_told_with_its_place() {
        let element = |path: &str, content: &str| (path.to_owned(), content.to_owned());
        for (body, expected) in [
            (rule("<New/>"), vec![element("Rule.New", "")]),
            (rule("<x:New xmlns:x=\"u\">1</x:New>"), vec![element("Rule.New", "1")]),
            (
                rule(
                    "<New><Rule>\n  <SSEAlgorithm>x</SSEAlgorithm></Rule><New/></New><Two>é</Two>",
                ),
                vec![
                    element("Rule.New", "<Rule> <SSEAlgorithm>x</SSEAlgorithm></Rule><New/>"),
                    element("Rule.Two", "é"),
                ],
            ),
            (
                rule("").replace("</Rule>", "</Rule><Rule><New/></Rule><Mode>a</Mode><Rule/>"),
                vec![element("Rule", "<New/>"), element("Mode", "a"), element("Rule", "")],
            ),
            (
                rule("").replace("</SSEAlgorithm>", "</SSEAlgorithm><Layers>3</Layers>"),
                vec![element("Rule.ApplyServerSideEncryptionByDefault.Layers", "3")],
            ),
            (
                rule("").replace("</EncryptionType>", "</EncryptionType><Until>2030</Until>"),
                vec![element("Rule.BlockedEncryptionTypes.Until", "2030")],
            ),
            // Known elsewhere is not known here.
            (rule("<EncryptionType>x</EncryptionType>"), vec![element("Rule.EncryptionType", "x")]),
        ] {
            assert_eq!(found(&body), expected, "{body}");
        }
    }

    #[test]
    fn there_are_bounds() {
        let long = found(&rule(&format!("<New>{}</New>", "é".repeat(10_000))));
        assert_eq!(long[0].1.len(), LONGEST + '…'.len_utf8());
        assert_eq!(found(&rule(&"<New/>".repeat(10_000))).len(), MOST);
        let deep = format!("{}{}", "<New>".repeat(50_000), "</New>".repeat(50_000));
        assert_eq!(found(&rule(&deep)).len(), 1);
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_walk(body in "(<|</|/>|>|Rule|New|ServerSideEncryptionConfiguration| |é|&|!\\[CDATA\\[|--){0,60}") {
            prop_assert!(elements(body.as_bytes()).len() <= MOST);
        }
    }
}
