//! Commits what engineers change by hand, and pushes it between the commits of the sync.

use std::fs;

use crate::bed::Bed;
use crate::shop::Plan;

/// The branch moves all the time: a push is tried again so often.
const TRIES: usize = 20;

/// Adds a description to a subscriber; returns false if there is none yet.
pub(crate) fn describe(bed: &Bed<'_>, account: u64) -> bool {
    edit(bed, account, &|block| {
        Some(format!("{block}description = \"unit {account}\"\n"))
    })
}

/// Keeps the service plan of a subscriber, whatever billing has.
pub(crate) fn hold(bed: &Bed<'_>, account: u64) -> bool {
    edit(bed, account, &|block| {
        Some(format!(
            "{block}hold = {{ keys = [\"service_plan\"], why = \"trial\", until = \"2099-01-01\" }}\n"
        ))
    })
}

/// Gives a subscriber another service plan than billing has; returns false if it does not have this one.
pub(crate) fn change_plan(bed: &Bed<'_>, account: u64, from: Plan, to: Plan) -> bool {
    edit(bed, account, &|block| {
        let line = |plan: Plan| format!("service_plan = \"{}\"\n", plan.name());
        block
            .contains(&line(from))
            .then(|| block.replace(&line(from), &line(to)))
    })
}

/// Returns whether the branch has a subscriber of an account.
pub(crate) fn knows(bed: &Bed<'_>, account: u64) -> bool {
    bed.git(&["fetch", "-q", "forge"]);
    let header = header(account);
    let (is_there, _) = bed.try_git(&["grep", "-qF", &header, "forge/main", "--", "subscribers"]);
    is_there
}

fn header(account: u64) -> String {
    format!("[subscriber.acct-{account}]")
}

/// Edits the keys of a subscriber, commits and pushes.
fn edit(bed: &Bed<'_>, account: u64, change: &dyn Fn(&str) -> Option<String>) -> bool {
    let header = header(account);
    for _ in 0..TRIES {
        bed.git(&["fetch", "-q", "forge"]);
        bed.git(&["reset", "-q", "--hard", "forge/main"]);
        let (is_there, path) = bed.try_git(&["grep", "-lF", &header, "--", "subscribers"]);
        if !is_there {
            return false;
        }
        let path = bed.network().join(path);
        let text = fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once(&format!("{header}\n")).unwrap();
        // The keys end at the next table or comment.
        let end = rest.find("\n\n").map_or(rest.len(), |at| at + 1);
        let (keys, after) = rest.split_at(end);
        let Some(keys) = change(keys) else {
            return false;
        };
        fs::write(path, format!("{before}{header}\n{keys}{after}")).unwrap();
        bed.git(&["commit", "-qam", &format!("acct-{account} by hand")]);
        let (is_pushed, _) = bed.try_git(&["push", "-q", "forge", "HEAD:main"]);
        if is_pushed {
            return true;
        }
    }
    panic!("the branch moves all the time");
}
