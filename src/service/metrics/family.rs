//! Holds one cell for each combination of label values; all of them exist from the start.

use std::marker::PhantomData;

use super::cell::Cell;
use super::label::LabelValue;
use super::snapshot::Series;

/// The labels of a series, as names and values.
type Labels = Vec<(&'static str, String)>;

/// The labels of a metric: none, one or two with closed sets.
pub(super) trait LabelSet: Copy {
    /// The number of combinations.
    const LEN: usize;

    /// Returns a number below `LEN`, different for each combination.
    fn index(self) -> usize;

    /// Returns every combination in the order of its index.
    fn all() -> Vec<Labels>;
}

impl LabelSet for () {
    const LEN: usize = 1;

    fn index(self) -> usize {
        0
    }

    fn all() -> Vec<Labels> {
        vec![Vec::new()]
    }
}

impl<A: LabelValue> LabelSet for A {
    const LEN: usize = A::ALL.len();

    fn index(self) -> usize {
        LabelValue::index(self)
    }

    fn all() -> Vec<Labels> {
        let words = A::WORDS.iter();
        words
            .map(|word| vec![(A::NAME, (*word).to_owned())])
            .collect()
    }
}

impl<A: LabelValue, B: LabelValue> LabelSet for (A, B) {
    const LEN: usize = A::ALL.len() * B::ALL.len();

    fn index(self) -> usize {
        self.0.index() * B::ALL.len() + self.1.index()
    }

    fn all() -> Vec<Labels> {
        <A as LabelSet>::all()
            .into_iter()
            .flat_map(|first| {
                let seconds = <B as LabelSet>::all().into_iter();
                seconds.map(move |second| [first.clone(), second].concat())
            })
            .collect()
    }
}

/// The cells of one metric.
#[derive(Debug)]
pub(super) struct Family<S, C> {
    cells: Box<[C]>,
    /// Replaces a panic: it is used by an index of `LEN` or more, which no label has. It is not exported.
    overflow: C,
    labels: PhantomData<S>,
}

impl<S: LabelSet, C: Cell> Family<S, C> {
    pub(super) fn new(cell: impl Fn() -> C) -> Self {
        Self {
            cells: (0..S::LEN).map(|_| cell()).collect(),
            overflow: cell(),
            labels: PhantomData,
        }
    }

    pub(super) fn get(&self, labels: S) -> &C {
        self.cells.get(labels.index()).unwrap_or(&self.overflow)
    }

    /// Returns the series that have a value.
    pub(super) fn series(&self, now: u64) -> Vec<Series> {
        let cells = S::all().into_iter().zip(&self.cells);
        cells
            .filter_map(|(labels, cell)| {
                let value = cell.value(now)?;
                Some(Series { labels, value })
            })
            .collect()
    }
}

/// The cells of a metric whose first label is a name that is declared at the start; every other name is `other`.
#[derive(Debug)]
pub(super) struct NamedFamily<S, C> {
    label: &'static str,
    names: Vec<String>,
    /// One per name, then that of `other`.
    families: Box<[Family<S, C>]>,
    other: Family<S, C>,
}

impl<S: LabelSet, C: Cell> NamedFamily<S, C> {
    /// Makes cells for `most` names, `other` included; names beyond that are `other`.
    pub(super) fn new(
        label: &'static str,
        names: &[&str],
        most: usize,
        cell: impl Fn() -> C,
    ) -> Self {
        let names = names.iter().take(most.saturating_sub(1));
        let names: Vec<String> = names.map(|name| (*name).to_owned()).collect();
        Self {
            label,
            families: names.iter().map(|_| Family::new(&cell)).collect(),
            names,
            other: Family::new(&cell),
        }
    }

    pub(super) fn get(&self, name: &str, labels: S) -> &C {
        let at = self.names.iter().position(|one| one == name);
        let family = at.and_then(|at| self.families.get(at));
        family.unwrap_or(&self.other).get(labels)
    }

    pub(super) fn series(&self, now: u64) -> Vec<Series> {
        let named = self.names.iter().map(String::as_str).zip(&self.families);
        let all = named.chain([(OTHER, &self.other)]);
        all.flat_map(|(name, family)| {
            let label = (self.label, name.to_owned());
            family.series(now).into_iter().map(move |mut series| {
                series.labels.insert(0, label.clone());
                series
            })
        })
        .collect()
    }
}

/// The value of a label for everything that was not declared.
const OTHER: &str = "other";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::cell::Counter;
    use super::super::label::{LookKind, LookResult};
    use super::super::snapshot::SeriesValue;
    use super::*;
    use crate::model::ConditionWord;

    #[test]
    fn every_combination_has_a_cell_of_its_own_under_its_own_labels() {
        let family: Family<(LookKind, LookResult), Counter> = Family::new(Counter::default);
        let mut expected = 0;
        for kind in LookKind::ALL {
            for result in LookResult::ALL {
                expected += 1;
                family.get((*kind, *result)).add(expected);
            }
        }
        let mut expected = 0;
        let series = family.series(0);
        for kind in LookKind::ALL {
            for result in LookResult::ALL {
                expected += 1;
                let labels = vec![
                    ("kind", kind.word().to_owned()),
                    ("result", result.word().to_owned()),
                ];
                let found = series.iter().find(|one| one.labels == labels).unwrap();
                assert_eq!(found.value, SeriesValue::Number(f64::from(expected as u32)));
            }
        }
        assert_eq!(family.overflow.value(0), Some(SeriesValue::Number(0.0)));
    }

    #[test]
    fn the_number_of_combinations_is_that_of_their_labels() {
        fn check<S: LabelSet>() {
            let different: BTreeSet<Labels> = S::all().into_iter().collect();
            assert_eq!(different.len(), S::LEN);
        }
        check::<()>();
        check::<ConditionWord>();
        check::<(LookKind, LookResult)>();
    }

    #[test]
    fn a_name_that_was_not_declared_is_counted_as_other() {
        let family: NamedFamily<(), Counter> =
            NamedFamily::new("route", &["/a", "/b", "/c"], 3, Counter::default);
        for name in ["/a", "/b", "/c", "/../etc", ""] {
            family.get(name, ()).inc();
        }
        let series = family.series(0).into_iter();
        let shown: Vec<(String, SeriesValue)> = series
            .map(|mut one| (one.labels.remove(0).1, one.value))
            .collect();
        let number = SeriesValue::Number;
        assert_eq!(
            shown,
            [
                ("/a".to_owned(), number(1.0)),
                ("/b".to_owned(), number(1.0)),
                ("other".to_owned(), number(3.0))
            ]
        );
    }
}
