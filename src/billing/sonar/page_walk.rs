//! Pages through a list that may change meanwhile, and proves by three counts that it is complete.

use std::collections::BTreeSet;

use compact_str::CompactString;

use crate::model::billing::Counts;

/// The records of a page: Sonar has no documented maximum, and every instance seen answers this many.
pub(super) const PAGE_SIZE: u32 = 100;

/// The number of times that a list is read from its start if its counts disagree.
const TRIES: u32 = 3;

/// The number of pages after which a list is considered endless.
const MOST_PAGES: u32 = 10_000;

/// The page to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// Counted from 1.
    pub(super) number: u32,
    pub(super) size: u32,
}

/// The size of a list, as it reports it with each page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageInfo {
    pub(super) total_pages: u64,
    pub(super) total_count: u64,
}

/// The next step after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageStep {
    /// Ask for the next page.
    More,
    /// Drop all that was read, and ask from the start.
    Again,
    /// The list ended.
    End(WalkEnd),
}

/// The way in which a list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WalkEnd {
    /// The list reported its total; whether the counts agree is for the proof.
    Counted(Counts),
    /// The list did not report its total.
    NotCounted,
}

/// The position in a list.
#[derive(Debug)]
pub(super) struct PageWalk {
    page: Page,
    tries_left: u32,
    first_total: Option<u64>,
    ids: BTreeSet<CompactString>,
}

impl PageWalk {
    pub(super) fn new(size: u32) -> Self {
        Self {
            page: Page { number: 1, size },
            tries_left: TRIES - 1,
            first_total: None,
            ids: BTreeSet::new(),
        }
    }

    pub(super) fn page(&self) -> Page {
        self.page
    }

    /// Notes a record; `false` if its id was seen before, because the list moved between two pages.
    pub(super) fn is_new(&mut self, id: &str) -> bool {
        self.ids.insert(CompactString::new(id))
    }

    /// Moves on from a page that brought this many records, doubles and unreadable ones included.
    pub(super) fn took(&mut self, info: Option<PageInfo>, records: usize) -> PageStep {
        if self.page.number == 1 {
            self.first_total = info.map(|info| info.total_count);
        }
        let is_short = u64::try_from(records).is_ok_and(|got| got < u64::from(self.page.size));
        let is_last = match info {
            Some(info) => u64::from(self.page.number) >= info.total_pages || records == 0,
            None => is_short,
        };
        if !is_last && self.page.number < MOST_PAGES {
            self.page.number += 1;
            return PageStep::More;
        }
        let (Some(before), Some(last), true) = (self.first_total, info, is_last) else {
            return PageStep::End(WalkEnd::NotCounted);
        };
        let counts = Counts {
            before,
            received: u64::try_from(self.ids.len()).unwrap_or(u64::MAX),
            after: last.total_count,
        };
        if counts.agree() || self.tries_left == 0 {
            return PageStep::End(WalkEnd::Counted(counts));
        }
        self.tries_left -= 1;
        self.restart();
        PageStep::Again
    }

    /// Asks for the same records in smaller pages, after a timeout; `false` if they cannot be smaller.
    pub(super) fn shrink(&mut self) -> bool {
        // Each size divides the one before, so that the new pages begin where the old ones did.
        let divisor = match self.page.size {
            0 | 1 => return false,
            size if size.is_multiple_of(2) => 2,
            size if size.is_multiple_of(5) => 5,
            size => size,
        };
        self.page.size /= divisor;
        self.page.number = (self.page.number - 1) * divisor + 1;
        true
    }

    fn restart(&mut self) {
        self.page.number = 1;
        self.first_total = None;
        self.ids.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a list with a function that answers a page with its total and its ids.
    fn read(
        mut walk: PageWalk,
        mut answer: impl FnMut(Page) -> (Option<u64>, Vec<u32>),
    ) -> (WalkEnd, BTreeSet<u32>) {
        let mut read = BTreeSet::new();
        loop {
            let page = walk.page();
            let (total, ids) = answer(page);
            for id in &ids {
                if walk.is_new(&id.to_string()) {
                    read.insert(*id);
                }
            }
            let info = total.map(|total| PageInfo {
                total_pages: total.div_ceil(u64::from(page.size)),
                total_count: total,
            });
            match walk.took(info, ids.len()) {
                PageStep::More => {}
                PageStep::Again => read.clear(),
                PageStep::End(end) => return (end, read),
            }
        }
    }

    fn page_of(list: &[u32], page: Page) -> Vec<u32> {
        let before = (page.number - 1) * page.size;
        let rest = list.iter().skip(usize::try_from(before).unwrap());
        rest.take(usize::try_from(page.size).unwrap())
            .copied()
            .collect()
    }

    fn counted(before: u64, received: u64, after: u64) -> WalkEnd {
        WalkEnd::Counted(Counts {
            before,
            received,
            after,
        })
    }

    #[test]
    fn a_list_that_does_not_change_is_read_once_and_proved() {
        for length in [0, 1, 99, 100, 101, 250] {
            let list: Vec<u32> = (0..length).collect();
            let mut asked = 0;
            let (end, read) = read(PageWalk::new(100), |page| {
                asked += 1;
                (Some(u64::from(length)), page_of(&list, page))
            });
            let total = u64::from(length);
            assert_eq!(end, counted(total, total, total));
            assert_eq!(read.len(), list.len());
            assert_eq!(asked, length.div_ceil(100).max(1));
        }
    }

    #[test]
    fn a_record_that_moves_to_a_page_already_read_is_found_by_reading_again() {
        let list: Vec<u32> = (0..150).collect();
        let moved: Vec<u32> = (1..150).chain([0]).collect();
        let mut asked = 0;
        let (end, read) = read(PageWalk::new(100), |page| {
            asked += 1;
            // Between the pages of the first try, record 100 moves from the second page to the first.
            let now = if asked == 2 { &moved } else { &list };
            (Some(150), page_of(now, page))
        });
        assert_eq!(end, counted(150, 150, 150));
        assert_eq!((read.len(), asked), (150, 4));
    }

    #[test]
    fn a_total_that_moves_at_every_try_is_incomplete_after_three() {
        let list: Vec<u32> = (0..150).collect();
        let mut asked = 0_u64;
        let (end, read) = read(PageWalk::new(100), |page| {
            asked += 1;
            (Some(150 + asked % 2), page_of(&list, page))
        });
        assert_eq!(asked, 6);
        assert!(matches!(end, WalkEnd::Counted(counts) if !counts.agree()));
        assert_eq!(read.len(), 150);
    }

    #[test]
    fn a_list_without_totals_ends_with_a_short_page_and_proves_nothing() {
        for (length, pages) in [(0, 1), (99, 1), (100, 2), (101, 2)] {
            let list: Vec<u32> = (0..length).collect();
            let mut asked = 0;
            let (end, read) = read(PageWalk::new(100), |page| {
                asked += 1;
                (None, page_of(&list, page))
            });
            assert_eq!(end, WalkEnd::NotCounted);
            assert_eq!((read.len(), asked), (list.len(), pages));
        }
    }

    #[test]
    fn a_total_that_is_missing_on_one_page_proves_nothing() {
        let list: Vec<u32> = (0..150).collect();
        let (end, _) = read(PageWalk::new(100), |page| {
            ((page.number == 1).then_some(150), page_of(&list, page))
        });
        assert_eq!(end, WalkEnd::NotCounted);
    }

    #[test]
    fn smaller_pages_go_on_where_the_larger_ones_were() {
        let list: Vec<u32> = (0..450).collect();
        let mut walk = PageWalk::new(100);
        let mut read = BTreeSet::new();
        loop {
            let page = walk.page();
            if page.number > 2 && page.size > 1 && walk.shrink() {
                continue;
            }
            let ids = page_of(&list, page);
            read.extend(ids.iter().copied());
            for id in &ids {
                assert!(walk.is_new(&id.to_string()), "{id} was asked for twice");
            }
            let info = PageInfo {
                total_pages: 450_u64.div_ceil(u64::from(page.size)),
                total_count: 450,
            };
            if walk.took(Some(info), ids.len()) != PageStep::More {
                break;
            }
        }
        assert_eq!(read.len(), 450);
        assert!(!PageWalk::new(1).shrink());
    }

    #[test]
    fn an_endless_list_ends_and_proves_nothing() {
        let mut next = 0;
        let (end, _) = read(PageWalk::new(1), |_| {
            next += 1;
            (Some(u64::MAX), vec![next])
        });
        assert_eq!(end, WalkEnd::NotCounted);
        assert_eq!(next, MOST_PAGES);
    }

    proptest! {
        #[test]
        fn agreeing_counts_mean_that_nothing_is_missing(
            length in 0_u32..60,
            size in 1_u32..9,
            moves in proptest::collection::vec((0_usize..60, 0_usize..60), 0..20),
        ) {
            let mut list: Vec<u32> = (0..length).collect();
            let mut moves = moves.into_iter();
            let (end, read) = read(PageWalk::new(size), |page| {
                let ids = page_of(&list, page);
                if let Some((from, to)) = moves.next() && from < list.len() {
                    let moved = list.remove(from);
                    list.insert(to.min(list.len()), moved);
                }
                (Some(u64::from(length)), ids)
            });
            if let WalkEnd::Counted(counts) = end && counts.agree() {
                prop_assert_eq!(read.len(), list.len());
            }
        }
    }
}
