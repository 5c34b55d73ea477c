//! Which look-up comes next, and what has been found so far: without any request.
//!
//! `LookupEvents` filters by one attribute only. By the name of the event, two look-ups tell of all
//! buckets of a Region, in as many pages as there were such calls; by the name of a bucket, one tells
//! of that bucket alone, in as many pages as there were calls of any kind. So the names of events are
//! looked up first, both in step, newest first, and only so far back as a bucket is missing. Once that
//! has cost as much as asking for each bucket that is missing would, each is asked for, once: all
//! together it never costs more than twice what the better way would have.

use super::event::{Change, Found, NAMES};
use crate::provider::Author;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How far back a look-up has come: all events after this second are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    /// To its end.
    End,
    Second(i64),
    /// Nothing is known yet.
    Start,
}

/// The look-up by the name of an event.
#[derive(Debug)]
struct Stream {
    name: &'static str,
    token: Option<String>,
    reached: Reached,
}

/// A bucket that is looked for.
#[derive(Debug)]
struct Sought<'a> {
    live: &'a Value,
    /// It has been asked for by its own name.
    asked: bool,
    /// The last change that is known, and whether it fits what is live.
    last: Option<(Change, bool)>,
    /// Nothing later can come.
    settled: bool,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    /// The next page of an event's name.
    Event { name: &'static str, token: Option<String> },
    /// The first page of a bucket's name.
    Bucket(Arc<str>),
}

/// What is looked for and what has been found.
#[derive(Debug)]
pub(super) struct Search<'a> {
    sought: BTreeMap<&'a Arc<str>, Sought<'a>>,
    streams: [Stream; 2],
    /// Pages of events' names that were asked for.
    spent: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(objects: &'a BTreeMap<Arc<str>, Value>) -> Self {
        let sought = |live| Sought { live, asked: false, last: None, settled: false };
        let stream = |name| Stream { name, token: None, reached: Reached::Start };
        Self {
            sought: objects.iter().map(|(bucket, live)| (bucket, sought(live))).collect(),
            streams: NAMES.map(stream),
            spent: 0,
        }
    }

    /// What is to be asked next; nothing once all is known that can be.
    pub(super) fn next(&self) -> Option<Lookup> {
        let stream = self.streams.iter().rev().max_by_key(|it| it.reached)?;
        if stream.reached == Reached::End {
            return None;
        }
        let mut open = self.sought.iter().filter(|(_, sought)| !sought.settled).peekable();
        open.peek()?;
        let unasked: Vec<&Arc<str>> =
            open.filter(|(_, sought)| !sought.asked).map(|(bucket, _)| *bucket).collect();
        match unasked.first() {
            Some(bucket) if unasked.len() <= self.spent.max(1) => {
                Some(Lookup::Bucket(Arc::clone(bucket)))
            }
            Some(_) | None => {
                Some(Lookup::Event { name: stream.name, token: stream.token.clone() })
            }
        }
    }

    /// Whether anything was answered.
    pub(super) fn has_begun(&self) -> bool {
        self.spent > 0 || self.sought.values().any(|sought| sought.asked)
    }

    /// Takes a page: its events, newest first, and the token of the next one.
    pub(super) fn take<'e>(
        &mut self,
        lookup: &Lookup,
        events: impl Iterator<Item = Found<'e>>,
        next: Option<&str>,
    ) {
        let mut oldest: Option<i64> = None;
        let mut changed: BTreeSet<Arc<str>> = BTreeSet::new();
        for found in events {
            oldest = found.time.or(oldest);
            if let Some(change) = Change::of(&found) {
                changed.insert(Arc::from(&*change.bucket));
                self.consider(change);
            }
        }
        match lookup {
            Lookup::Bucket(bucket) => {
                if let Some(sought) = self.sought.get_mut(bucket) {
                    sought.asked = true;
                    // Without one, it may be on a later page, or filed under another name.
                    sought.settled = changed.contains(bucket);
                }
            }
            Lookup::Event { name, token } => {
                self.spent += 1;
                for stream in self.streams.iter_mut().filter(|it| it.name == *name) {
                    // The same page again and again is the end, too.
                    let more =
                        next.filter(|next| !next.is_empty() && Some(*next) != token.as_deref());
                    stream.token = more.map(str::to_owned);
                    stream.reached = match (more, oldest) {
                        (None, _) => Reached::End,
                        (Some(_), Some(oldest)) => stream.reached.min(Reached::Second(oldest)),
                        (Some(_), None) => stream.reached,
                    };
                }
                self.settle();
            }
        }
    }

    /// Takes note of a change that is the last one so far. Of two in one second, it is the one that
    /// fits.
    fn consider(&mut self, change: Change) {
        let Some(sought) = self.sought.get_mut(&Arc::from(&*change.bucket)) else { return };
        if sought.settled {
            return;
        }
        let fits = change.fits(sought.live);
        let is_last = sought.last.as_ref().is_none_or(|(last, was_fit)| {
            let (new, old) = (change.author.when, last.author.when);
            new > old || (new == old && fits && !was_fit)
        });
        if is_last {
            sought.last = Some((change, fits));
        }
    }

    /// Marks the buckets whose last change is later than anything that may still come.
    fn settle(&mut self) {
        let Some(reached) = self.streams.iter().map(|it| it.reached).max() else { return };
        for sought in self.sought.values_mut() {
            sought.settled |= sought
                .last
                .as_ref()
                .is_some_and(|(last, _)| reached <= Reached::Second(last.author.when.as_second()));
        }
    }

    /// Who changed what, and which buckets nobody is known to have changed to what is live. Where the
    /// search broke off, only what is sure is told.
    pub(super) fn end(self) -> (BTreeMap<Arc<str>, Author>, Vec<Arc<str>>) {
        let (mut found, mut open) = (BTreeMap::new(), Vec::new());
        for (bucket, sought) in self.sought {
            match sought.last {
                Some((change, true)) if sought.settled => {
                    found.insert(Arc::clone(bucket), change.author);
                }
                Some(_) | None => open.push(Arc::clone(bucket)),
            }
        }
        (found, open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::BucketEncryption;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::json;

    /// A call on a bucket: when, which kind, and whether it left what is live.
    #[derive(Clone, Debug)]
    struct Call {
        time: i64,
        bucket: usize,
        kind: Kind,
        fits: bool,
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Kind {
        Put,
        Delete,
        Read,
    }

    impl Call {
        fn name(&self) -> &'static str {
            match self.kind {
                Kind::Put => NAMES[0],
                Kind::Delete => NAMES[1],
                Kind::Read => "GetBucketEncryption",
            }
        }

        fn record(&self, number: usize) -> String {
            let algorithm = if self.fits { "AES256" } else { "aws:kms" };
            let rule =
                json!({ "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": algorithm } });
            json!({
                "eventName": self.name(),
                "userIdentity": { "arn": number.to_string() },
                "requestParameters": {
                    "bucketName": format!("b{}", self.bucket),
                    "ServerSideEncryptionConfiguration": { "Rule": rule },
                },
            })
            .to_string()
        }
    }

    fn objects(count: usize) -> BTreeMap<Arc<str>, Value> {
        let live = BucketEncryption::live("AES256", None, false, []);
        (0..count).map(|n| (format!("b{n}").into(), live.clone())).collect()
    }

    /// Answers from a log, in pages of `page`; gives what was found and how many requests it took.
    fn run(
        buckets: usize,
        log: &[Call],
        page: usize,
    ) -> (BTreeMap<Arc<str>, Author>, Vec<Arc<str>>, usize) {
        let mut log: Vec<(usize, &Call, String)> =
            log.iter().enumerate().map(|(n, call)| (n, call, call.record(n))).collect();
        log.sort_by_key(|(n, call, _)| std::cmp::Reverse((call.time, *n)));
        let objects = objects(buckets);
        let mut search = Search::new(&objects);
        let mut requests = 0;
        while let Some(lookup) = search.next() {
            requests += 1;
            assert!(requests < 10_000, "it never ends");
            let (from, name, bucket) = match &lookup {
                Lookup::Event { name, token } => {
                    (token.as_ref().map_or(0, |it| it.parse().unwrap()), Some(*name), None)
                }
                Lookup::Bucket(bucket) => (0, None, Some(bucket)),
            };
            let fits = |(_, call, _): &&(usize, &Call, String)| {
                name.is_none_or(|name| call.name() == name)
                    && bucket.is_none_or(|it| **it == format!("b{}", call.bucket))
            };
            let all: Vec<_> = log.iter().filter(fits).collect();
            let events = all.iter().skip(from).take(page).map(|(_, call, record)| Found {
                name: Some(call.name()),
                time: Some(call.time),
                record: Some(record),
                ..Found::default()
            });
            let next = (from + page < all.len()).then(|| (from + page).to_string());
            search.take(&lookup, events, next.as_deref());
        }
        let (found, open) = search.end();
        (found, open, requests)
    }

    fn put(bucket: usize, time: i64) -> Call {
        Call { time, bucket, kind: Kind::Put, fits: true }
    }

    #[test]
    fn many_buckets_are_looked_up_by_the_event_and_one_by_its_name() {
        let fleet: Vec<Call> = (0..60).map(|n| put(n, 1000)).collect();
        assert_eq!(run(60, &fleet, 50).2, 3, "two pages of Put, one of Delete");
        assert_eq!(run(1, &fleet, 50).2, 1);
        assert_eq!(run(2, &fleet, 50).2, 4, "one page of each, and both by name");
        assert_eq!(run(0, &fleet, 50).2, 0);
        // A fleet that was applied at one go long ago, and three changes since.
        let mut fleet: Vec<Call> = (0..10_000).map(|n| put(n, 1000)).collect();
        fleet.extend((0..3).map(|n| put(n, 2000)));
        assert_eq!(run(3, &fleet, 50).2, 2);
        // One of them not since: it costs as much as it would cost to ask for it alone, and no more.
        fleet.remove(10_000);
        let (found, open, requests) = run(3, &fleet, 50);
        assert_eq!((found.len(), open.len()), (3, 0));
        assert_eq!(requests, 3);
    }

    #[test]
    fn a_bucket_that_much_is_done_to_is_found_by_the_event() {
        let read = |time| Call { kind: Kind::Read, ..put(0, time) };
        let mut log: Vec<Call> = (0..5000).map(|n| read(2000 + n)).collect();
        log.push(put(0, 1000));
        let (found, _, requests) = run(1, &log, 50);
        assert_eq!((found.len(), requests), (1, 3));
    }

    #[test]
    fn the_last_change_counts_whichever_it_was() {
        let delete = |time| Call { kind: Kind::Delete, ..put(0, time) };
        let unfit = |time| Call { fits: false, ..put(0, time) };
        let who = |log: &[Call]| run(1, log, 1).0.get("b0").map(|it| it.who.clone());
        assert_eq!(who(&[put(0, 10), delete(20)]).as_deref(), Some("1"));
        assert_eq!(who(&[put(0, 20), delete(10)]).as_deref(), Some("0"));
        // Within one second, the one that left what is live.
        let log = [put(0, 20), unfit(20)];
        assert_eq!(run(1, &log, 50).0["b0"].who, "0");
        // The last known one left something else: another has not been delivered.
        assert_eq!(who(&[put(0, 10), unfit(20)]), None);
        assert_eq!(run(1, &[], 50).1, [Arc::from("b0")]);
    }

    #[test]
    fn a_search_that_breaks_off_tells_only_what_is_sure() {
        let objects = objects(3);
        let mut search = Search::new(&objects);
        let lookup = search.next().unwrap();
        assert_eq!(lookup, Lookup::Event { name: NAMES[0], token: None });
        let record = put(0, 1000).record(0);
        let found = Found { time: Some(1000), record: Some(&record), ..Found::default() };
        search.take(&lookup, [found].into_iter(), None);
        // Somebody may have reset it since.
        assert_eq!(search.next(), Some(Lookup::Event { name: NAMES[1], token: None }));
        let (found, open) = search.end();
        assert_eq!((found.len(), open.len()), (0, 3));
    }

    #[test]
    fn the_same_token_again_is_the_end() {
        let objects = objects(3);
        let mut search = Search::new(&objects);
        for requests in 0.. {
            let Some(lookup) = search.next() else { break };
            assert!(requests < 20);
            search.take(&lookup, std::iter::empty(), Some("again"));
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_the_last_change_however_it_is_looked_up(
            calls in vec((0..40_i64, 0..6_usize, 0..3_usize, any::<bool>()), 0..80),
            buckets in 0..6_usize,
            page in 1..8_usize,
        ) {
            // One call a second for each bucket: the order within one is nobody's to know.
            let mut log: Vec<Call> = Vec::new();
            for (time, bucket, kind, fits) in calls {
                let kind = [Kind::Put, Kind::Delete, Kind::Read][kind];
                if !log.iter().any(|it| it.time == time && it.bucket == bucket) {
                    log.push(Call { time, bucket, kind, fits: fits || kind == Kind::Delete });
                }
            }
            let (found, open, requests) = run(buckets, &log, page);
            for bucket in 0..buckets {
                let last = log.iter().enumerate()
                    .filter(|(_, it)| it.bucket == bucket && it.kind != Kind::Read)
                    .max_by_key(|(_, it)| it.time);
                let expected = last.filter(|(_, it)| it.fits).map(|(n, _)| n.to_string());
                let name: Arc<str> = format!("b{bucket}").into();
                prop_assert_eq!(found.get(&name).map(|it| it.who.clone()), expected.clone());
                prop_assert_eq!(open.contains(&name), expected.is_none());
            }
            let pages = |kind| log.iter().filter(|it| it.kind == kind).count().div_ceil(page).max(1);
            let most = pages(Kind::Put) + pages(Kind::Delete) + buckets;
            prop_assert!(requests <= most, "{requests} of {most}");
        }
    }
}
