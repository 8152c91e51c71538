//! Explains the rules about decisions: contested, held and protected values, and edits that are not possible.

use super::sync_rule::RuleFacts::Reason;
use super::sync_rule::SyncRule;

/// The rules about decisions.
pub(super) const RULES: &[SyncRule] = &[
    SyncRule {
        id: "contested",
        summary: "a person edited the inventory, or nothing is remembered of an earlier sync",
        means: "Billing has the same value as at the last sync, and the inventory has another one. Billing's silence never \
                undoes a commit of an engineer. A new value in billing does, and so does a decision.",
        person: "Run `gamctl sync resolve ID --take billing`, or `--take inventory` to keep the value with a hold. Or edit \
                 the side that is wrong.",
        facts: &[Reason(
            r#"{"contested":{"key":"service_plan","billing":"home-100","inventory":"home-500"}}"#,
        )],
    },
    SyncRule {
        id: "subscriber-removed",
        summary: "a person removed the subscriber, and billing still has the service",
        means: "The sync does not add it again until billing has a new endpoint for the service.",
        person: "End the service in billing. To have the subscriber again, revert the commit that removed it.",
        facts: &[Reason(
            r#"{"subscriber_removed":{"subscriber":"acct-1042"}}"#,
        )],
    },
    SyncRule {
        id: "protected",
        summary: "the service ended, and `protected` keeps its subscriber",
        means: "The subscriber is suspended and stays.",
        person: "Remove `protected` in one commit. The sync removes the subscriber in a later one.",
        facts: &[Reason(r#"{"protected":{"subscriber":"acct-1042"}}"#)],
    },
    SyncRule {
        id: "held",
        summary: "`hold` of the subscriber keeps a value that billing would change",
        means: "A hold outranks billing until its date. After that day, billing's value is set, and `hold-over` warns until \
                the hold is removed.",
        person: "Nothing. Remove the hold to end it early.",
        facts: &[Reason(
            r#"{"held":{"key":"service_plan","billing":"home-100","inventory":"home-500"}}"#,
        )],
    },
    SyncRule {
        id: "flapping",
        summary: "a field changed more than three times within a day",
        means: "Two programs or two people change it to and fro. The value stays as it is for a day after the last change.",
        person: "Find out who changes it in billing: its change log has the name.",
        facts: &[Reason(r#"{"flapping":{"key":"state"}}"#)],
    },
    SyncRule {
        id: "id-taken",
        summary: "the id of the new subscriber belongs to one that is not linked to this account",
        means: "A new subscriber is `acct-ACCOUNT`, a further one `acct-ACCOUNT-2`. A subscriber of that name without \
                `external` may be this customer's, from before gamctl.",
        person: "If it is this customer's, add `external` to it, or run `gamctl sync adopt NAME`. Otherwise give it another \
                 id with `gamctl rename`.",
        facts: &[Reason(r#"{"id_taken":{"id":"acct-1042"}}"#)],
    },
    SyncRule {
        id: "not-editable",
        summary: "the change cannot be written into the file of the subscriber",
        means: "The file has a form that gamctl does not edit, such as a subscriber in an inline table.",
        person: "Write the subscriber as a table of its own, `[subscriber.ID]`.",
        facts: &[Reason(
            r#"{"causes_finding":{"rule":"not-editable","message":"subscriber acct-1042 is written in a form that is not edited"}}"#,
        )],
    },
    SyncRule {
        id: "lost-file",
        summary: "the removal would leave a file without an object",
        means: "Whole files are removed by a person.",
        person: "Delete the file by a commit of your own.",
        facts: &[Reason(
            r#"{"causes_finding":{"rule":"lost-file","message":"`subscribers/maple-a.toml` would have no object left"}}"#,
        )],
    },
    SyncRule {
        id: "inventory-partial",
        summary: "a part of the inventory cannot be read",
        means: "A subscriber that seems to be missing may be in that part, so nothing follows for any service.",
        person: "Run `gamctl validate` and fix the errors.",
        facts: &[Reason(r#""inventory_partial""#)],
    },
];
