//! Explains the rules of the gate, which hold back what follows from many records at once.

use super::sync_rule::RuleFacts::{Gate, Reason};
use super::sync_rule::SyncRule;

/// The rules of the gate.
pub(super) const RULES: &[SyncRule] = &[
    SyncRule {
        id: "read-incomplete",
        summary: "counts disagree, so records may be missing",
        means: "Billing is read three times before this. Everything that follows from a record that is there goes ahead. \
                Nothing follows from one that is missing: no suspension, no removal.",
        person: "Run the sync again. If it stays, `gamctl sync check NAME` shows the list that cannot be counted or read.",
        facts: &[
            Gate(r#"{"read_incomplete":{"missing":3}}"#),
            Reason(r#""read_incomplete""#),
        ],
    },
    SyncRule {
        id: "empty-export",
        summary: "billing returned no service, and had some before",
        means: "Every change is held back. Most often the login lost its permissions, or the settings name another instance.",
        person: "Run `gamctl sync check NAME`, and correct permissions, partners or `scope`.",
        facts: &[Gate(r#"{"empty_export":{"before":1200}}"#)],
    },
    SyncRule {
        id: "export-shrank",
        summary: "more services than `drop` of the lane allows are missing",
        means: "Suspensions and removals are held back; other changes go ahead. Half an export looks like half of the \
                customers leaving, and new customers do not make up for those who are missing.",
        person: "Compare the counts with billing. If the services really ended, approve the digest.",
        facts: &[Gate(
            r#"{"export_shrank":{"before":1200,"now":610,"missing":590,"most":20}}"#,
        )],
    },
    SyncRule {
        id: "group-vanished",
        summary: "a partner, company, location or status of five services or more has none now",
        means: "Suspensions and removals are held back; other changes go ahead. A login that lost a partner looks like this, \
                and so does a run that blocks every customer.",
        person: "Check in billing that the login may read the group, and why its customers have another status. If that is \
                 intended, approve the digest.",
        facts: &[Gate(
            r#"{"group_vanished":{"group":"partner.2","before":340}}"#,
        )],
    },
    SyncRule {
        id: "statuses-unknown",
        summary: "more than 1 % of the services have a status that is not understood",
        means: "Suspensions and removals are held back. Billing may have changed what its statuses mean.",
        person: "Map the statuses under `states`; `gamctl sync map NAME` prints the lines.",
        facts: &[Gate(
            r#"{"statuses_unknown":{"unknown":40,"services":1200}}"#,
        )],
    },
    SyncRule {
        id: "too-many-suspensions",
        summary: "more suspensions than the lane allows in an hour, or than half of a site",
        means: "All suspensions are held back, those of one site or all of them. The rule of a site counts from five \
                suspensions on.",
        person: "If so many customers really did not pay, approve the digest. Otherwise correct billing: the next reading \
                 ends it.",
        facts: &[
            Gate(r#"{"too_many":{"kind":"suspension","count":800,"used":0,"most":50}}"#),
            Gate(r#"{"site_suspended":{"site":"maple-court","suspensions":19,"active":22}}"#),
        ],
    },
    SyncRule {
        id: "too-many-removals",
        summary: "more removals than the lane allows in an hour",
        means: "All removals are held back. A subscriber that is replaced by another one counts as a removal.",
        person: "Check a few of them in billing, then approve the digest.",
        facts: &[Gate(
            r#"{"too_many":{"kind":"removal","count":25,"used":0,"most":10}}"#,
        )],
    },
    SyncRule {
        id: "too-many-changes",
        summary: "more changes of service plans, states and endpoints than the lane allows in an hour",
        means: "All changes of this kind are held back.",
        person: "A mapping or a tariff was probably changed. Check a few of them, then approve the digest.",
        facts: &[Gate(
            r#"{"too_many":{"kind":"change","count":350,"used":20,"most":300}}"#,
        )],
    },
    SyncRule {
        id: "too-many-additions",
        summary: "more new subscribers than the lane allows in an hour",
        means: "The first ones go ahead, the rest waits for the next hour.",
        person: "Nothing, or approve the digest to have all of them now.",
        facts: &[Gate(
            r#"{"too_many":{"kind":"addition","count":90,"used":0,"most":60}}"#,
        )],
    },
    SyncRule {
        id: "too-many-moves",
        summary: "more moves than the lane allows in an hour",
        means: "The first ones go ahead, the rest waits for the next hour.",
        person: "Nothing, or approve the digest to have all of them now.",
        facts: &[Gate(
            r#"{"too_many":{"kind":"move","count":14,"used":2,"most":10}}"#,
        )],
    },
];
