//! Lists the faults between billing and a line, with the answer of gamctl to each and the tests that prove it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::golden::assert_golden;

struct Fault {
    fault: &'static str,
    answer: &'static str,
    /// The file of a test and its name.
    tests: &'static [(&'static str, &'static str)],
}

const PURE: &str = "src/sync/tests/faults.rs";
const LANES: &str = "src/sync/tests/lanes.rs";
const SERVICE: &str = "tests/service/on_twins/billing.rs";
const CUSTOMERS: &str = "tests/billing/protected_customers.rs";
const DECISIONS: &str = "tests/billing/decisions.rs";
const SONAR: &str = "tests/billing/sonar/faults.rs";
const SPLYNX: &str = "tests/billing/splynx/faults.rs";
const WRITE_BACK: &str = "tests/billing/write_back/mod.rs";
const KILLS: &str = "tests/billing/write_back/kills.rs";
const DUE: &str = "src/service/billing/due.rs";

const FAULTS: [Fault; 31] = [
    Fault {
        fault: "the token is revoked, or the key has lost a permission",
        answer: "The sentence names the login or the permission. Every customer stays as they are, and one alert is raised.",
        tests: &[
            (SONAR, "a_token_that_ends_in_the_middle_ends_the_reading"),
            (
                SPLYNX,
                "a_module_that_is_off_is_absent_and_a_forbidden_one_names_its_permission",
            ),
            (
                SERVICE,
                "a_billing_system_that_refuses_the_login_is_a_condition_and_holds_up_no_device",
            ),
        ],
    },
    Fault {
        fault: "the answer is a page of a proxy, half of a document, an error, or data with errors",
        answer: "The whole answer is dropped and asked for again. A system that keeps failing is left alone for a minute.",
        tests: &[
            (
                SONAR,
                "an_answer_of_a_proxy_half_an_answer_and_none_are_asked_for_again",
            ),
            (SONAR, "partial_data_is_never_used"),
            (SPLYNX, "a_wrong_answer_is_dropped_whole_and_named"),
            (SPLYNX, "a_system_that_keeps_failing_is_spared"),
            (PURE, "fault_02_a_record_of_another_shape_changes_nothing"),
        ],
    },
    Fault {
        fault: "the number of records changes while it is read, or an account slips from one page to another",
        answer: "It is read three times. After that, new lines go ahead, and nothing follows from a missing record.",
        tests: &[
            (
                SONAR,
                "an_account_that_slips_once_is_found_by_reading_again",
            ),
            (
                SONAR,
                "a_total_that_moves_at_each_try_leaves_the_reading_incomplete",
            ),
            (SPLYNX, "counts_that_move_once_are_read_again"),
            (
                PURE,
                "fault_03_an_account_that_slipped_between_pages_is_not_absent",
            ),
        ],
    },
    Fault {
        fault: "a list inside of a record is cut after its first entries",
        answer: "Its total differs from its entries, so the account is read on its own, or held as it is.",
        tests: &[
            (SONAR, "nested_lists_with_a_small_default_are_read_whole"),
            (
                SONAR,
                "an_account_that_never_shows_all_of_a_list_is_held_and_proves_nothing",
            ),
            (
                PURE,
                "fault_04_a_nested_list_that_is_cut_proves_nothing_about_its_account",
            ),
        ],
    },
    Fault {
        fault: "the list is empty, or a partner or company is no longer visible",
        answer: "The gate holds the changes back. No customer is suspended or removed.",
        tests: &[
            (PURE, "fault_05_an_empty_list_suspends_no_one"),
            (PURE, "fault_05_a_partner_that_is_invisible_suspends_no_one"),
            (
                CUSTOMERS,
                "an_empty_export_suspends_and_removes_no_customer",
            ),
            (CUSTOMERS, "half_an_export_suspends_and_removes_no_customer"),
        ],
    },
    Fault {
        fault: "all customers stop paying at once",
        answer: "The gate holds all suspensions back until a person approves exactly these, or billing is corrected.",
        tests: &[
            (
                PURE,
                "fault_06_all_customers_delinquent_waits_for_an_approval",
            ),
            (
                DECISIONS,
                "everybody_delinquent_is_held_back_and_exactly_what_was_approved_passes",
            ),
            (
                CUSTOMERS,
                "customers_who_all_stop_paying_at_once_stay_connected_until_a_person_approves",
            ),
        ],
    },
    Fault {
        fault: "a tariff is edited from 500 to 50 Mbps",
        answer: "The tariff is listed with its number of services. All of them keep 500 Mbps.",
        tests: &[
            (PURE, "fault_07_an_edited_tariff_changes_no_one"),
            (CUSTOMERS, "an_edited_tariff_changes_no_subscriber"),
        ],
    },
    Fault {
        fault: "a tariff or a status is new",
        answer: "It is listed with the lines to paste. Everything else goes ahead.",
        tests: &[
            (
                PURE,
                "fault_08_a_new_tariff_or_status_word_is_listed_and_the_rest_goes_ahead",
            ),
            (
                "tests/billing/sync.rs",
                "a_tariff_without_a_mapping_is_printed_as_lines_to_paste",
            ),
        ],
    },
    Fault {
        fault: "a service gets another id, and the rows before and after overlap",
        answer: "Only the link is edited, without an interruption. The row that is valid today decides.",
        tests: &[
            (
                PURE,
                "fault_09_a_service_with_another_id_is_renumbered_without_an_interruption",
            ),
            (
                PURE,
                "fault_09_two_rows_that_may_continue_a_service_are_a_question",
            ),
        ],
    },
    Fault {
        fault: "the customer is blocked, and the service is still active",
        answer: "The line is suspended: it is not paid.",
        tests: &[(
            PURE,
            "fault_10_a_blocked_customer_with_an_active_service_is_suspended",
        )],
    },
    Fault {
        fault: "one MAC address is in two items, or at two customers",
        answer: "All of them are quarantined, and both items are named. A customer who is served stays served.",
        tests: &[
            (PURE, "fault_11_one_mac_at_two_customers_quarantines_both"),
            (
                PURE,
                "fault_11_a_mac_that_is_claimed_twice_takes_no_endpoint_away",
            ),
            (
                CUSTOMERS,
                "a_mac_address_of_two_customers_connects_neither_and_disconnects_none",
            ),
        ],
    },
    Fault {
        fault: "the MAC address of an item is mistyped",
        answer: "The service waits. An endpoint that is heard and differs in one digit is suggested, never accepted.",
        tests: &[(
            PURE,
            "fault_12_a_mistyped_mac_is_suggested_and_never_accepted",
        )],
    },
    Fault {
        fault: "MAC addresses are in five notations, or two are in one field",
        answer: "All are read. If two of them could serve, the service is quarantined.",
        tests: &[
            (
                "src/model/billing/equipment.rs",
                "a_mac_is_read_in_five_notations",
            ),
            (
                PURE,
                "fault_13_two_macs_in_a_field_are_both_read_and_one_may_be_heard",
            ),
        ],
    },
    Fault {
        fault: "the right endpoint is in the wrong building, or is heard on two devices",
        answer: "No line is connected and none is moved, until it is heard in one place, and that is the right one.",
        tests: &[
            (
                PURE,
                "fault_14_the_right_mac_in_the_wrong_building_connects_no_one",
            ),
            (
                "src/sync/tests/classes.rs",
                "an_endpoint_in_two_places_waits_until_one_remains",
            ),
            (
                CUSTOMERS,
                "an_endpoint_in_the_wrong_building_connects_no_flat_and_moves_no_customer",
            ),
        ],
    },
    Fault {
        fault: "a copper port has a subscriber who still answers",
        answer: "The new service is quarantined: the port is taken.",
        tests: &[(
            PURE,
            "fault_15_a_copper_port_whose_subscriber_answers_is_taken",
        )],
    },
    Fault {
        fault: "the endpoint of a customer who left serves another one",
        answer: "The old subscriber is removed and the new one added in one commit.",
        tests: &[
            (
                PURE,
                "fault_16_an_endpoint_of_a_cancelled_customer_serves_another_in_one_run",
            ),
            (
                PURE,
                "fault_16_an_endpoint_of_a_served_customer_is_not_reused",
            ),
        ],
    },
    Fault {
        fault: "no VLAN is left, or an unmanaged subscriber uses the next one",
        answer: "Used VLANs are skipped. Without a free one, the service waits.",
        tests: &[
            (
                PURE,
                "fault_17_used_and_unmanaged_vlans_are_skipped_until_none_is_left",
            ),
            (PURE, "fault_17_reserved_vlans_are_never_given_out"),
        ],
    },
    Fault {
        fault: "an engineer sets another service plan by a pull request",
        answer: "The value stays, and both sides are named. A new value in billing or a hold ends it.",
        tests: &[
            (
                PURE,
                "fault_18_a_plan_that_an_engineer_set_stays_until_billing_has_a_new_one",
            ),
            (
                "tests/billing/sync.rs",
                "an_engineers_edit_stays_and_both_sides_are_explained",
            ),
        ],
    },
    Fault {
        fault: "the branch moves, the push is refused, or two processes sync at once",
        answer: "The changes are proposed again for the new commit. A process without the lease only shows.",
        tests: &[
            (PURE, "fault_19_a_branch_that_moved_is_proposed_for_again"),
            (
                SERVICE,
                "a_forge_that_refuses_the_push_is_a_condition_and_changes_nothing",
            ),
            (
                DECISIONS,
                "an_approval_while_another_process_syncs_is_used_by_the_next_run",
            ),
        ],
    },
    Fault {
        fault: "the process dies between reading, commit, push, and what it remembers",
        answer: "The next run finds what is left. Nothing is done twice, and nothing is lost.",
        tests: &[
            (
                PURE,
                "fault_20_a_crash_between_push_and_base_is_repaired_without_an_edit",
            ),
            (
                KILLS,
                "a_death_at_any_point_of_write_back_loses_nothing_and_doubles_no_note",
            ),
        ],
    },
    Fault {
        fault: "the store is lost",
        answer: "Equal values are accepted, values that differ are contested. Notes are not repeated.",
        tests: &[
            (
                PURE,
                "fault_21_with_the_store_lost_differences_are_contested_and_equal_values_are_the_base",
            ),
            (
                KILLS,
                "a_note_is_not_repeated_without_the_store_and_a_move_gets_another_one",
            ),
        ],
    },
    Fault {
        fault: "a webhook is forged, repeated, unsigned or huge, or ten thousand come at once",
        answer: "It is refused, or costs one read. More than a hundred of them are one reading of what changed.",
        tests: &[
            (SERVICE, "a_webhook_needs_its_token_and_its_signature"),
            (
                "tests/billing/sonar/changes.rs",
                "a_forged_webhook_costs_a_look_and_changes_nothing",
            ),
            (DUE, "one_delta_replaces_more_than_a_hundred_hints"),
        ],
    },
    Fault {
        fault: "webhooks are lost, or billing sends none for its nightly run",
        answer: "Each minute asks for what changed, and finds it. The changes are counted as missed by webhooks.",
        tests: &[
            (
                "tests/billing/splynx/changes.rs",
                "the_nightly_run_is_found_without_a_hook",
            ),
            (
                "tests/billing/sonar/changes.rs",
                "a_webhook_leads_to_its_account_and_a_missed_one_can_be_asked_for",
            ),
            (
                SERVICE,
                "a_change_whose_webhook_was_lost_is_found_and_counted",
            ),
        ],
    },
    Fault {
        fault: "a write to billing is answered and not done, or done and not answered",
        answer: "A read decides: the write is sent again, refused, or proved.",
        tests: &[
            (WRITE_BACK, "an_answer_that_was_lost_is_decided_by_a_read"),
            (
                WRITE_BACK,
                "a_write_that_changes_nothing_is_sent_again_and_one_that_is_refused_is_not",
            ),
        ],
    },
    Fault {
        fault: "a person edits gamctl's own fields in billing",
        answer: "They are set back twice, then left and listed. No device changes.",
        tests: &[
            (
                PURE,
                "fault_25_a_vlan_that_someone_edits_in_billing_changes_nothing",
            ),
            (
                WRITE_BACK,
                "a_field_that_others_change_back_is_set_back_twice_and_then_left",
            ),
        ],
    },
    Fault {
        fault: "billing limits the requests, or its clock is an hour off",
        answer: "Nothing is sent while the limit lasts, then webhooks first. Changes are asked for with an overlap.",
        tests: &[
            (
                "src/billing/limiter.rs",
                "nothing_is_sent_while_the_system_reports_its_limit",
            ),
            (
                "src/billing/limiter.rs",
                "hints_go_first_and_full_reads_last",
            ),
            (
                SPLYNX,
                "the_own_rate_is_kept_and_the_limit_of_the_system_waited_for",
            ),
            (
                "tests/billing/splynx/changes.rs",
                "a_clock_in_another_zone_hides_no_change",
            ),
            (
                "src/billing/sonar/delta.rs",
                "a_start_goes_back_by_the_overlap_and_the_difference_of_the_clocks",
            ),
        ],
    },
    Fault {
        fault: "a device does not answer while forty customers are suspended",
        answer: "The others are done. That one stays planned, and billing shows that it failed.",
        tests: &[(
            WRITE_BACK,
            "a_device_that_does_not_answer_is_written_as_failed_and_the_others_as_done",
        )],
    },
    Fault {
        fault: "a unit has a question mark, control characters or letters that run from right to left",
        answer: "It never reaches git: the description is left out, and the record goes ahead.",
        tests: &[(
            PURE,
            "fault_28_a_unit_with_control_bytes_is_left_out_and_the_record_goes_ahead",
        )],
    },
    Fault {
        fault: "a customer is deleted, or an account archived",
        answer: "Once complete readings prove it: suspended, and removed after the grace period. A protected one is contested.",
        tests: &[
            (
                PURE,
                "fault_29_a_deleted_customer_is_suspended_then_removed_unless_protected",
            ),
            (PURE, "fault_29_one_complete_reading_never_removes"),
        ],
    },
    Fault {
        fault: "many customers change at once, more than the limits of a device",
        answer: "The commit is made, and the limits refuse the plan. No line is sent.",
        tests: &[(
            PURE,
            "fault_30_a_mass_change_within_the_lane_is_left_to_the_limits_of_the_plan",
        )],
    },
    Fault {
        fault: "a fault of gamctl would change a device or a key of engineers",
        answer: "It is refused before the commit, and again when the commit is judged.",
        tests: &[
            (LANES, "fault_31_edits_are_judged_before_the_commit"),
            (LANES, "fault_31_a_device_key_leaves_the_lane"),
            (
                LANES,
                "fault_31_a_subscriber_that_is_not_of_billing_leaves_the_lane",
            ),
        ],
    },
];

const HEAD: &str = "# Faults between billing and a line

Something goes wrong every day: in billing, on the way to it, in an apartment, or in gamctl. This page lists every fault that
was thought of, and the answer of gamctl. It is generated from the list of tests that prove the answers. [Billing](billing.md)
explains the sync, and [its rules](billing-rules.md) are what you see of a fault and what you can do.

| | fault | answer |
| --- | --- | --- |
";

#[test]
fn every_fault_has_tests_that_exist() {
    let mut names = BTreeSet::new();
    for (number, fault) in (1..).zip(&FAULTS) {
        assert!(!fault.tests.is_empty(), "fault {number}");
        for (file, name) in fault.tests {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            let text = fs::read_to_string(path).unwrap();
            let head = format!("fn {name}(");
            assert_eq!(
                text.matches(&head).count(),
                1,
                "fault {number}: {name} in {file}"
            );
            assert!(names.insert((file, name)), "{name} is listed twice");
        }
    }
}

#[test]
fn the_page_of_faults_is_this_list() {
    let mut page = HEAD.to_owned();
    for (number, Fault { fault, answer, .. }) in (1..).zip(&FAULTS) {
        writeln!(page, "| {number} | {fault} | {answer} |").unwrap();
    }
    assert_golden("docs/billing-faults.md", &page);
}
