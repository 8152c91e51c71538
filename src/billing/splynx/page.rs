//! Reads one list of Splynx: every record that is understood, and a note on each that is not.

use std::collections::BTreeSet;

use compact_str::{CompactString, format_compact};

use super::super::error::BillingProblem;
use super::super::http::HttpAnswer;
use super::super::json::{self, Record, ShapeError};
use super::answer::{not_a_list, not_json};
use super::endpoint::Endpoint;
use super::row::is_dropped;
use crate::model::billing::{AccountId, Collection, UnreadableRecord};

/// One list, or a page of it.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) rows: Vec<T>,
    pub(super) unreadable: Vec<UnreadableRecord>,
    /// The ids of all records that have one, in the order in which they came.
    pub(super) ids: Vec<u64>,
    /// The number of all records.
    pub(super) length: usize,
}

/// Reads a list. Nothing of it is used if it is not a complete list.
pub(super) fn read_page<T>(
    answer: &HttpAnswer,
    endpoint: Endpoint,
    collection: Collection,
    read: impl Fn(&Record<'_>) -> Result<T, ShapeError>,
) -> Result<Page<T>, BillingProblem> {
    let mut page = Page {
        rows: Vec::new(),
        unreadable: Vec::new(),
        ids: Vec::new(),
        length: 0,
    };
    let mut at = 0usize;
    let length = json::parse_list(&answer.body, is_dropped, &mut |value| {
        let path = format_compact!("[{at}]");
        at += 1;
        let record = Record::of(&value, path);
        let id = record
            .as_ref()
            .ok()
            .and_then(|record| record.id::<u64>("id").ok());
        page.ids.extend(id);
        match record.clone().and_then(|record| read(&record)) {
            Ok(row) => page.rows.push(row),
            Err(error) => {
                let unreadable = unreadable(collection, record.ok().as_ref(), &error);
                page.unreadable.push(unreadable);
            }
        }
    });
    match length {
        Ok(length) => {
            page.length = length;
            Ok(page)
        }
        Err(Ok(value)) => Err(not_a_list(&value, endpoint, answer)),
        Err(Err(json::NotJson)) => Err(not_json(answer)),
    }
}

fn unreadable(
    collection: Collection,
    record: Option<&Record<'_>>,
    error: &ShapeError,
) -> UnreadableRecord {
    let text =
        |key: &str| record.and_then(|record| record.optional_id::<AccountId>(key).ok().flatten());
    let id = text("id");
    let account = match collection {
        Collection::Accounts => id.clone(),
        _ => text("customer_id"),
    };
    UnreadableRecord {
        collection,
        id: id.map(CompactString::from),
        account,
        // The position in the list changes with every read; the id does not.
        reason: strip_position(&error.to_string()),
    }
}

fn strip_position(reason: &str) -> CompactString {
    let rest = reason
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'));
    let rest = rest.map_or(reason, |(_, rest)| rest.trim_start_matches('.'));
    match rest.starts_with(':') {
        true => format_compact!("the record{rest}"),
        false => CompactString::new(rest),
    }
}

impl<T> Page<T> {
    /// Checks that a page holds ascending ids above the one that it was asked for.
    ///
    /// Splynx ignores search parameters that it does not understand; the same page would come for ever.
    pub(super) fn follows(&self, last: u64) -> bool {
        let before = std::iter::once(&last).chain(&self.ids);
        before.zip(&self.ids).all(|(before, id)| before < id)
    }
}

/// All pages of a list.
#[derive(Debug)]
pub(super) struct Rows<T> {
    pub(super) rows: Vec<T>,
    pub(super) unreadable: Vec<UnreadableRecord>,
    ids: BTreeSet<u64>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            unreadable: Vec::new(),
            ids: BTreeSet::new(),
        }
    }
}

impl<T> Rows<T> {
    pub(super) fn add(&mut self, page: Page<T>) {
        self.rows.extend(page.rows);
        self.unreadable.extend(page.unreadable);
        self.ids.extend(page.ids);
    }

    /// Returns the number of distinct ids.
    pub(super) fn received(&self) -> u64 {
        u64::try_from(self.ids.len()).unwrap_or(u64::MAX)
    }

    /// Returns the highest id, 0 if there is none.
    pub(super) fn last_id(&self) -> u64 {
        self.ids.last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::endpoint::TARIFFS;
    use super::super::row::read_tariff;
    use super::*;
    use crate::model::billing::Tariff;

    fn page(body: &str) -> Result<Page<Tariff>, BillingProblem> {
        let answer = HttpAnswer::for_test(200, body, &[]);
        read_page(&answer, TARIFFS, Collection::Tariffs, read_tariff)
    }

    #[test]
    fn one_bad_record_stops_no_other() {
        let read = page(r#"[{"id":1,"title":"a"},{"id":"2","title":["Okafor"]},7,{"id":[]},{"id":"3","title":"b"}]"#).unwrap();
        assert_eq!(read.rows.len(), 2);
        assert_eq!((read.ids, read.length), (vec![1, 2, 3], 5));
        let reasons: Vec<_> = read
            .unreadable
            .iter()
            .map(|one| (one.id.as_deref(), one.reason.as_str()))
            .collect();
        assert_eq!(
            reasons,
            [
                (Some("2"), "title: expected a text, got a list of 1"),
                (None, "the record: expected an object, got a number"),
                (None, "id: expected an id, got a list of 0"),
            ]
        );
    }

    #[test]
    fn half_a_list_gives_nothing() {
        for body in [
            r#"[{"id":1,"title":"a"},{"id":2,"ti"#,
            "<html></html>",
            "[{\"id\":1}",
            "",
        ] {
            assert!(
                matches!(page(body), Err(BillingProblem::NotJson { .. })),
                "{body}"
            );
        }
        for body in [
            "{}",
            r#"{"error":{"message":"x","code":500}}"#,
            "null",
            "17",
        ] {
            assert!(
                matches!(page(body), Err(BillingProblem::Shape(_))),
                "{body}"
            );
        }
    }

    #[test]
    fn a_page_that_repeats_or_goes_back_does_not_follow() {
        let follows = |body: &str, last| page(body).unwrap().follows(last);
        assert!(follows(r#"[{"id":8},{"id":9}]"#, 7));
        assert!(follows("[]", 7));
        assert!(!follows(r#"[{"id":7},{"id":9}]"#, 7));
        assert!(!follows(r#"[{"id":9},{"id":8}]"#, 7));
        assert!(!follows(r#"[{"id":8},{"id":8}]"#, 7));
    }
    fn any_body() -> impl Strategy<Value = String> {
        let record = prop_oneof![
            "\\{\"id\":([1-9][0-9]{0,3}|\"[0-9]{1,4}\"),\"title\":\"[a-z]{0,5}\"\\}",
            "\\{\"id\":(null|\\[\\]|-1|1\\.5|true),\"title\":\"a\"\\}",
            "\\{\"title\":(7|null|\\{\\}|\\[1\\])\\}",
            "(null|7|\"x\"|\\[\\])",
        ];
        prop::collection::vec(record, 0..8).prop_map(|records| format!("[{}]", records.join(",")))
    }

    proptest! {
        #[test]
        fn every_record_of_a_list_is_read_or_named(body in any_body()) {
            let read = page(&body).unwrap();
            prop_assert_eq!(read.rows.len() + read.unreadable.len(), read.length);
            let length = serde_json::from_str::<Vec<serde_json::Value>>(&body).unwrap().len();
            prop_assert_eq!(read.length, length);
        }

        #[test]
        fn no_beginning_of_a_list_is_taken_for_the_list(body in any_body(), at in any::<prop::sample::Index>()) {
            let length = at.index(body.len());
            let cut: String = body.chars().take(length).collect();
            prop_assert!(page(&cut).is_err(), "{}", cut);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut answer = HttpAnswer::for_test(200, "", &[]);
            answer.body = bytes;
            let read = read_page(&answer, TARIFFS, Collection::Tariffs, read_tariff);
            prop_assert!(read.is_err() || answer.body.contains(&b'['));
        }
    }
}
