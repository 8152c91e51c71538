//! Explains the rules about records of billing: ids, tariffs, statuses, MAC addresses.

use super::sync_rule::RuleFacts::Reason;
use super::sync_rule::SyncRule;

/// The rules about records of billing.
pub(super) const RULES: &[SyncRule] = &[
    SyncRule {
        id: "record-unreadable",
        summary: "a record of the account has a form that gamctl does not know",
        means: "Nothing is guessed from half a record, so all services of the account stay as they are. The reading is not \
                complete either: nothing follows from a record that is missing.",
        person: "Open the account in billing and correct the field that the sentence names. If billing is right, report it \
                 with the version of the instance.",
        facts: &[Reason(
            r#"{"record_unreadable":{"reason":"customer_id is a list"}}"#,
        )],
    },
    SyncRule {
        id: "service-listed-twice",
        summary: "billing lists the same account and service twice",
        means: "Two records with the same id may differ, and no one knows which of them is right.",
        person: "Find the double record in billing. If there is only one, report it with the version of the instance.",
        facts: &[Reason(r#""listed_twice""#)],
    },
    SyncRule {
        id: "external-twice",
        summary: "two subscribers have the same account and service in `external`",
        means: "One service is one subscriber. `gamctl validate` reports the same as a finding of the inventory.",
        person: "Correct `external` of the subscriber that is not this service.",
        facts: &[Reason(
            r#"{"linked_twice":{"subscribers":["acct-1042","acct-1042-2"]}}"#,
        )],
    },
    SyncRule {
        id: "external-incomplete",
        summary: "`external` names an account with several services, and none of them",
        means: "With one service in scope, the sync adds its id to `external`. With several it does not choose.",
        person: "Add `service` to `external` of the subscriber.",
        facts: &[Reason(r#"{"link_ambiguous":{"subscriber":"acct-1042"}}"#)],
    },
    SyncRule {
        id: "renumber-ambiguous",
        summary: "a service ended, and several services may continue it",
        means: "Splynx gives a service a new id when it changes. The login or the MAC address shows which one it is now. \
                Here several services have it.",
        person: "End the services in billing that are not used, or correct `external.service` of the subscriber.",
        facts: &[Reason(
            r#"{"renumber_ambiguous":{"subscriber":"acct-1042","candidates":["1042/7002","1042/7003"]}}"#,
        )],
    },
    SyncRule {
        id: "login-shared",
        summary: "several live services of an account have one login",
        means: "A login is one line. Services with the same login are rows of one line, of which one is served.",
        person: "End the row in billing that is not used, or give it a login of its own.",
        facts: &[Reason(
            r#"{"login_shared":{"services":["1042/7001","1042/7002"]}}"#,
        )],
    },
    SyncRule {
        id: "continues-another",
        summary: "the service is to replace another one of the same login, which is still live",
        means: "Billing plans a change: a new row waits until the old one ends. Then the subscriber gets the id of the new \
                row without an interruption.",
        person: "Nothing. If the old service should have ended, end it in billing.",
        facts: &[Reason(r#"{"continues":{"service":"1042/7001"}}"#)],
    },
    SyncRule {
        id: "status-unknown",
        summary: "the status is not in the table of the sync",
        means: "An unknown status changes nothing: it may be a vacation or the end of the contract.",
        person: "Add the status to `states` of the billing system, as `served`, `suspended`, `pending` or `gone`.",
        facts: &[Reason(r#"{"status_unknown":{"word":"active/vacation"}}"#)],
    },
    SyncRule {
        id: "tariff-missing",
        summary: "the service has no tariff",
        means: "Without a tariff there is no service plan, and none is made up. A subscriber keeps the one that it has.",
        person: "Give the service a tariff in billing.",
        facts: &[Reason(r#""tariff_missing""#)],
    },
    SyncRule {
        id: "tariff-ignored",
        summary: "the settings mark the tariff as not for GAMs",
        means: "Without a subscriber, such a service is out of scope. A subscriber that has one keeps its service plan.",
        person: "Correct the tariff in billing, or map it instead of `ignore = true`.",
        facts: &[Reason(r#"{"tariff_ignored":{"tariff":"40"}}"#)],
    },
    SyncRule {
        id: "tariff-not-mapped",
        summary: "no service plan is mapped to the tariff",
        means: "There is no default service plan. New services of the tariff are not added, and subscribers keep what they \
                have. The tariff is listed once, with its number of services.",
        person: "Add `[billing.NAME.tariff.ID]` with `service_plan`, or with `ignore = true`.",
        facts: &[Reason(
            r#"{"tariff":{"tariff":"32","problem":"not_mapped"}}"#,
        )],
    },
    SyncRule {
        id: "tariff-plan-unknown",
        summary: "the tariff is mapped to a service plan that does not exist",
        means: "`gamctl validate` reports the same as a finding of the inventory.",
        person: "Add the service plan, or correct the mapping.",
        facts: &[Reason(
            r#"{"tariff":{"tariff":"32","problem":{"plan_unknown":"home-900"}}}"#,
        )],
    },
    SyncRule {
        id: "tariff-speed-unknown",
        summary: "billing has no speed for the tariff, so it cannot be compared",
        means: "The comparison protects against a wrong mapping and an edited tariff.",
        person: "Add the speed in billing. If billing has none on purpose, set `as_sold = false` for the tariff.",
        facts: &[Reason(
            r#"{"tariff":{"tariff":"32","problem":{"speed_unknown":"home-500"}}}"#,
        )],
    },
    SyncRule {
        id: "tariff-differs",
        summary: "the speed of the tariff is not that of its service plan",
        means: "The tariff was edited in billing, or the service plan in the inventory. All subscribers of the tariff keep \
                what they have: one edit does not change a thousand lines at once.",
        person: "Correct the tariff in billing. If the new speed is intended, change the service plan or the mapping by a \
                 commit of your own. If the tariff advertises another speed than it has, set `as_sold = false`.",
        facts: &[Reason(
            r#"{"tariff":{"tariff":"31","problem":{"differs":{"service_plan":"home-500","down_kbps":50000,"up_kbps":25000}}}}"#,
        )],
    },
    SyncRule {
        id: "mac-claimed-twice",
        summary: "one MAC address is on several items, accounts or services",
        means: "An endpoint has one owner. All of the claimants are quarantined, so that no endpoint is activated for the \
                wrong customer. A subscriber that is served stays served.",
        person: "Compare the items in billing with their labels, and correct the wrong one.",
        facts: &[Reason(
            r#"{"mac_claimed_twice":{"mac":"00:0e:d8:00:00:07","items":["88","93"],"accounts":["1042","1077"]}}"#,
        )],
    },
    SyncRule {
        id: "claim-ambiguous",
        summary: "an item belongs to an account with several services, and names none of them",
        means: "The endpoint may serve any of them, so none of them gets it.",
        person: "Assign the item to its service in billing.",
        facts: &[Reason(
            r#"{"claim_ambiguous":{"mac":"00:0e:d8:00:00:07","services":["1042/7001","1042/7002"]}}"#,
        )],
    },
    SyncRule {
        id: "no-item",
        summary: "billing has no endpoint for the service",
        means: "The sync finds the line of a service by the MAC address of its endpoint.",
        person: "Add the item with the MAC address of its label, and assign it to the account or the service.",
        facts: &[Reason(r#""no_item""#)],
    },
    SyncRule {
        id: "not-started",
        summary: "the service has not started",
        means: "It is added at its start. With `pre_activate = true` it is added as soon as its endpoint is heard.",
        person: "Nothing.",
        facts: &[Reason(r#"{"not_started":{"starts":"2026-12-01"}}"#)],
    },
    SyncRule {
        id: "suspended-before-start",
        summary: "the service is suspended, and never had a subscriber",
        means: "It gets its subscriber when billing serves it.",
        person: "Nothing.",
        facts: &[Reason(r#""suspended_before_start""#)],
    },
    SyncRule {
        id: "in-grace",
        summary: "the service ended; its subscriber is suspended, and removed later",
        means: "It is removed after `gone_after_days` of complete readings without the service. If its endpoint is heard \
                for another customer before, it is removed then. A service that comes back is served again.",
        person: "Nothing. `protected = true` keeps a subscriber.",
        facts: &[Reason(
            r#"{"in_grace":{"since":1795278720,"removed_at":1796488320}}"#,
        )],
    },
    SyncRule {
        id: "not-for-gams",
        summary: "neither the tariff nor the equipment is for GAMs",
        means: "A service is in scope if a subscriber links it, its tariff is mapped, or its equipment is an endpoint: by \
                `scope.endpoint_models`, else by the MAC address `00:0e:d8`.",
        person: "Nothing. If it should be in scope, map its tariff, or correct its item in billing.",
        facts: &[Reason(r#""not_for_gams""#)],
    },
    SyncRule {
        id: "other-group",
        summary: "the account belongs to no partner or company of `scope`",
        means: "Only the accounts of `scope.partners` or `scope.companies` are compared.",
        person: "Nothing. If it should be in scope, add its partner or company.",
        facts: &[Reason(r#""other_group""#)],
    },
    SyncRule {
        id: "ended",
        summary: "the service ended, and has no subscriber",
        means: "Nothing is left to do.",
        person: "Nothing.",
        facts: &[Reason(r#""ended""#)],
    },
];
