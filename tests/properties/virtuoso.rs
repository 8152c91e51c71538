//! A list of VIRTUOSO leads back to the same subscribers, and no list makes an inventory invalid.

use std::collections::BTreeMap;
use std::path::Path;

use gamctl::authoring::Base;
use gamctl::authoring::csv::{CsvTable, csv_line};
use gamctl::authoring::virtuoso::{
    Column, Decision, ListForm, ListOptions, WeededImport, decide, export, weed,
};
use gamctl::inventory::{Reading, complete_subscriber};
use gamctl::model::{PortAssignment, Subscriber};
use proptest::prelude::*;

use super::write::{Texts, plain};
use super::{dice, listed, reading_of, resolved, shown, tried, valid_inventory};

fn imported(texts: &Texts, list: &str, options: ListOptions) -> (Decision, Texts) {
    let base = Base::folder(Path::new("network"), reading_of(texts));
    let table = CsvTable::parse(list.as_bytes()).unwrap();
    let decision = decide(&base.reading.inventory, &table, options).unwrap();
    let WeededImport { decision, proposal } = weed(&base, decision).unwrap();
    assert!(proposal.refusal().is_none(), "{:?}", proposal.refusal());
    let mut texts = texts.clone();
    for change in &proposal.changes {
        texts.insert(change.path.clone(), change.after.clone().unwrap());
    }
    (decision, texts)
}

/// Returns the subscribers by their ids, without the keys that no list has.
fn subscribers(reading: &Reading) -> BTreeMap<String, Subscriber> {
    let complete = reading
        .inventory
        .subscribers()
        .filter_map(complete_subscriber);
    let listed = complete.map(|one| Subscriber {
        protected: false,
        moved_from: None,
        external: None,
        hold: None,
        ..one
    });
    listed.map(|one| (one.id.to_string(), one)).collect()
}

fn without_subscribers(texts: &Texts) -> Texts {
    let mut texts = texts.clone();
    texts.retain(|path, _| !path.starts_with("subscribers"));
    texts
}

const EVERYTHING: ListOptions = ListOptions {
    default_port: None,
    with_descriptions: true,
};

proptest! {
    #![proptest_config(tried(60))]

    #[test]
    fn an_export_that_is_imported_gives_the_same_subscribers_and_configurations(spec in valid_inventory()) {
        let texts = plain(&spec);
        let before = reading_of(&texts);
        let list = export(&before.inventory, |_| true, ListForm::WithOwnColumns);
        let (decision, texts) = imported(&without_subscribers(&texts), &list.text, EVERYTHING);
        prop_assert_eq!(&decision.left_out, &[], "{}\n{}", list.text, shown(&texts));
        let after = reading_of(&texts);
        prop_assert!(!after.has_errors(), "{}", listed(&after));
        prop_assert_eq!(subscribers(&after), subscribers(&before));
        prop_assert_eq!(resolved(&after), resolved(&before));
        let again = export(&after.inventory, |_| true, ListForm::WithOwnColumns);
        prop_assert_eq!(&again.text, &list.text);
        let (decision, same) = imported(&texts, &list.text, EVERYTHING);
        prop_assert_eq!((decision.unchanged, decision.rows_left_out()), (list.rows, 0));
        prop_assert_eq!(same, texts);
    }

    #[test]
    fn a_list_of_virtuoso_alone_comes_back_with_the_same_rows(spec in valid_inventory()) {
        let texts = plain(&spec);
        let before = reading_of(&texts);
        let list = export(&before.inventory, |_| true, ListForm::VirtuosoOnly);
        let options = ListOptions { default_port: Some(PortAssignment::Unassigned), ..ListOptions::default() };
        let (decision, texts) = imported(&without_subscribers(&texts), &list.text, options);
        let after = reading_of(&texts);
        prop_assert!(!after.has_errors(), "{}", listed(&after));
        prop_assert_eq!(decision.additions.len() + decision.rows_left_out(), list.rows);
        // Only what several service plans can mean is left out.
        for one in &decision.left_out {
            let problem = one.problem.to_string();
            prop_assert!(problem.contains("can be of the service plans"), "{}", problem);
        }
        let lines = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let again = lines(&export(&after.inventory, |_| true, ListForm::VirtuosoOnly).text);
        let expected = lines(&list.text);
        prop_assert!(again.iter().all(|line| expected.contains(line)));
        prop_assert_eq!(again.len(), 1 + decision.additions.len());
    }

    #[test]
    fn no_list_makes_an_inventory_invalid_and_every_row_is_accounted_for(
        spec in valid_inventory(),
        mut dice in dice::dice(400),
    ) {
        let texts = plain(&spec);
        let before = reading_of(&texts);
        let list = export(&before.inventory, |_| true, ListForm::WithOwnColumns);
        let table = CsvTable::parse(list.text.as_bytes()).unwrap();
        let mut rows: Vec<Vec<String>> = table.rows.into_iter().map(|row| row.cells).collect();
        let odd = ["", "0", "4094", "yes", "maybe", "'", "=1", "\"", "25", "auto", "Unthrottled", "x,y;z"];
        for _ in 0..dice.below(40) {
            let Some(row) = dice.position(rows.len()) else { break };
            let column = dice.below(Column::ALL.len());
            rows[row][column] = match dice.position(rows.len()) {
                Some(other) if dice.once_in(2) => rows[other][column].clone(),
                _ => (*dice.pick(&odd)).to_owned(),
            };
        }
        let mut text = csv_line(Column::ALL.iter().map(|column| column.title()));
        for row in &rows {
            text.push_str(&csv_line(row.iter().map(String::as_str)));
        }
        let count = CsvTable::parse(text.as_bytes()).unwrap().rows.len();
        let start = match dice.once_in(2) {
            true => texts,
            false => without_subscribers(&texts),
        };
        let (decision, after) = imported(&start, &text, EVERYTHING);
        prop_assert_eq!(decision.additions.len() + decision.unchanged + decision.rows_left_out(), count);
        let after = reading_of(&after);
        prop_assert!(!after.has_errors(), "{}\n{}", listed(&after), text);
    }
}
