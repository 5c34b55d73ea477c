//! Who changed what has drifted, as the log of the service tells it.

use super::run::Run;
use crate::diag::{Diagnostic, Diagnostics};
use crate::plan::{Plan, Step};
use crate::provider::{Author, Authors, Inquiry, Provider as _};
use crate::refresh;
use crate::report::{Blame, Class, Item, Report};
use crate::value::Value;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;

/// So many logs are asked at once at most: each is that of a Region of an account, and is asked
/// slowly.
const AT_ONCE: usize = 64;

/// How long drift is asked for again that nobody is known to have made: what has not been told by
/// then is not on its way any more.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// When it is asked, and how long that may take.
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    /// When the live settings had been read.
    pub until: Timestamp,
    /// When the asking ends, whatever is known by then.
    pub deadline: Instant,
}

/// What was found out about drift, for the next look: a drift is asked for once.
#[derive(Debug, Default)]
pub struct Blamed(BTreeMap<Object, Known>);

/// An object, by its provider and its name.
type Object = (Arc<str>, Arc<str>);

/// What is known of one drift.
#[derive(Debug)]
struct Known {
    /// The settings that it led to: others are another drift.
    live: Value,
    blame: Option<Blame>,
    /// When it was first asked for.
    since: Timestamp,
}

impl Known {
    fn of(live: &Value, since: Timestamp) -> Self {
        Self { live: live.clone(), blame: None, since }
    }

    /// Whether there is no point in asking.
    fn is_enough(&self, now: Timestamp) -> bool {
        self.blame.is_some() || now.duration_since(self.since) >= PATIENCE
    }
}

/// A question, and whom its answer is for.
struct Question {
    inquiry: Inquiry,
    objects: Vec<Object>,
}

impl Run {
    /// Writes into the report who made the drift that counts in it. Drift that is known to `blamed`
    /// is not asked for again. Gives back, as warnings, why it is not known of some.
    pub async fn blame(
        &self,
        plan: &Plan,
        report: &mut Report,
        asking: Asking,
        blamed: &mut Blamed,
    ) -> Diagnostics {
        let steps: BTreeMap<String, &Step> =
            plan.drifted().map(|step| (step.address.to_string(), step)).collect();
        // What is drift no more is forgotten.
        let mut before = std::mem::take(&mut blamed.0);
        let mut drifted: Vec<(&mut Item, Object)> = Vec::new();
        let mut open: BTreeMap<Object, &Step> = BTreeMap::new();
        for item in report.resources.iter_mut().filter(|item| counts(item)) {
            let Some(step) = steps.get(&item.address) else { continue };
            let Some(live) = &step.before else { continue };
            let object: Object = (Arc::clone(&step.provider), Arc::clone(&step.identity));
            let told = before.remove(&object).filter(|told| told.live == *live);
            let told = told.unwrap_or_else(|| Known::of(live, asking.until));
            if !told.is_enough(asking.until) {
                open.insert(object.clone(), step);
            }
            blamed.0.entry(object.clone()).or_insert(told);
            drifted.push((item, object));
        }
        let notes = self.ask(open, asking, blamed).await;
        for (item, object) in drifted {
            item.blame = blamed.0.get(&object).and_then(|told| told.blame.clone());
        }
        notes
    }

    /// Asks, and takes note of the answers.
    async fn ask(
        &self,
        open: BTreeMap<Object, &Step>,
        asking: Asking,
        blamed: &mut Blamed,
    ) -> Diagnostics {
        let questions = self.questions(open, asking).await;
        let (inquiries, objects): (Vec<Inquiry>, Vec<Vec<Object>>) =
            questions.into_iter().map(|it| (it.inquiry, it.objects)).unzip();
        let answers = refresh::authors(&self.provider, &inquiries, AT_ONCE).await;
        let mut notes = Diagnostics::new();
        for (objects, Authors { found, note }) in objects.into_iter().zip(answers) {
            for object in objects {
                if let (Some(told), Some(author)) =
                    (blamed.0.get_mut(&object), found.get(&object.1))
                {
                    told.blame = Some(blame(author));
                }
            }
            notes.extend(note.map(|note| Diagnostic::warning("Unknown who changed it", note)));
        }
        notes
    }

    /// One question for each Region of each account, whichever providers have buckets there.
    async fn questions(&self, open: BTreeMap<Object, &Step>, asking: Asking) -> Vec<Question> {
        let mut accounts: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        let mut questions: BTreeMap<(Arc<str>, Arc<str>), Question> = BTreeMap::new();
        for (object, step) in open {
            let (provider, bucket) = &object;
            if !accounts.contains_key(provider) {
                let account = self.provider.account(provider).await.ok().flatten();
                let account = account.unwrap_or_else(|| Arc::clone(provider));
                accounts.insert(Arc::clone(provider), account);
            }
            let own = || self.provider.region(provider).map(Arc::from);
            let (Some(account), Some(region), Some(live)) =
                (accounts.get(provider), step.region.clone().or_else(own), &step.before)
            else {
                continue;
            };
            let inquiry = || Inquiry {
                provider: Arc::clone(provider),
                region: Arc::clone(&region),
                objects: BTreeMap::new(),
                until: asking.until,
                deadline: asking.deadline,
            };
            let question = questions
                .entry((Arc::clone(account), Arc::clone(&region)))
                .or_insert_with(|| Question { inquiry: inquiry(), objects: Vec::new() });
            question.inquiry.objects.insert(Arc::clone(bucket), live.clone());
            question.objects.push(object);
        }
        questions.into_values().collect()
    }
}

/// Whether it is worth a question: what is silenced is known.
fn counts(item: &Item) -> bool {
    matches!(item.class, Class::Drift | Class::Both) && item.suppressed.is_none()
}

fn blame(author: &Author) -> Blame {
    let Author { who, when, event, source, agent } = author;
    Blame {
        who: who.clone(),
        when: when.to_string(),
        event: (*event).to_owned(),
        source: source.clone(),
        agent: agent.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_that_nobody_is_known_to_have_made_is_asked_for_again_for_a_while() {
        let then: Timestamp = "2026-11-20T23:00:00Z".parse().unwrap();
        let after = |minutes| then + SignedDuration::from_mins(minutes);
        let mut told = Known::of(&Value::NULL, then);
        assert!(!told.is_enough(then) && !told.is_enough(after(59)));
        assert!(told.is_enough(after(60)));
        told.blame = Some(blame(&Author {
            who: "eve".to_owned(),
            when: then,
            event: "PutBucketEncryption",
            source: None,
            agent: None,
        }));
        assert!(told.is_enough(then), "who is known needs no question");
        assert_eq!(told.blame.unwrap().when, "2026-11-20T23:00:00Z");
    }
}
