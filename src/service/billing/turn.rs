//! Chooses the accounts whose turn it is, so that each is read again and again.

use crate::model::billing::AccountId;

/// Returns the next entries after `last`, from the start again after the end.
pub(super) fn in_turn(all: &[AccountId], last: Option<&AccountId>, most: usize) -> Vec<AccountId> {
    let start = last.map_or(0, |last| all.partition_point(|one| one <= last));
    let count = most.min(all.len());
    all.iter()
        .cycle()
        .skip(start)
        .take(count)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(ids: &[&str]) -> Vec<AccountId> {
        ids.iter().map(|id| AccountId::new(id).unwrap()).collect()
    }

    #[test]
    fn every_account_has_its_turn() {
        let all = accounts(&["1", "2", "3", "4", "5"]);
        let first = in_turn(&all, None, 2);
        assert_eq!(first, accounts(&["1", "2"]));
        let second = in_turn(&all, first.last(), 2);
        assert_eq!(second, accounts(&["3", "4"]));
        let third = in_turn(&all, second.last(), 2);
        assert_eq!(third, accounts(&["5", "1"]));
        assert_eq!(in_turn(&all, Some(&all[4]), 9), all, "none twice");
        assert_eq!(in_turn(&[], None, 2), []);
    }
}
