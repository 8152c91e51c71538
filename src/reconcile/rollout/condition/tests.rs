//! Tests the condition of a device: every word, the order of all pairs, and that nothing unread is converged.

use proptest::prelude::*;

use super::example::{NOW, add, looked_at, variants};
use super::meaning::MEANINGS;
use super::{ConditionFacts, LastLook, condition, condition_reference, meaning};
use crate::model::{
    Condition, ConditionSeverity, ConditionWord, DeviceName, DeviceState, NotObserved,
};
use crate::report::visible;

/// As long as a sentence with a text of a person can get on one line of a page.
const LONGEST: usize = 200;

fn device() -> DeviceName {
    DeviceName::new("maple-a").unwrap()
}

fn managed() -> ConditionFacts {
    looked_at(device())
}

fn with(words: &[ConditionWord]) -> ConditionFacts {
    let mut facts = managed();
    words.iter().for_each(|word| add(*word, &mut facts));
    facts
}

fn of(words: &[ConditionWord]) -> Condition {
    condition(&with(words), NOW)
}

/// Returns the words that apply, in order.
fn applying(condition: &Condition) -> Vec<ConditionWord> {
    let also = condition.evidence.also.iter().copied();
    [condition.word].into_iter().chain(also).collect()
}

/// Returns whether a device cannot be in both: its state excludes one, or they contradict each other.
fn exclude_each_other(first: ConditionWord, second: ConditionWord) -> bool {
    use ConditionWord as W;
    let is_wait = |word| {
        matches!(
            word,
            W::WaitingForApproval
                | W::WaitingForWindow
                | W::WaitingForBudget
                | W::WaitingForWave
                | W::WaitingForLane
                | W::Pending
        )
    };
    let is_unwritten = |word| matches!(word, W::Observe | W::Locked);
    match (first, second) {
        (W::Observe, W::Locked) => true,
        // What is never written to waits for nothing, and is not claimed to be as intended.
        (one, other) if is_unwritten(other) => is_wait(one),
        (one, W::Converged) => {
            is_unwritten(one) || matches!(one, W::Drifted | W::Pending | W::Unknown)
        }
        _ => false,
    }
}

#[test]
fn every_word_has_facts_of_its_own() {
    for word in ConditionWord::ALL {
        let condition = of(&[*word]);
        assert_eq!(condition.word, *word, "{condition:?}");
        assert_eq!(condition.needs_person, word.needs_person(), "{word}");
        assert_eq!(condition.severity, word.severity(), "{word}");
        for (case, facts) in variants(*word, &device()) {
            assert_eq!(condition_word(&facts), *word, "{case}");
        }
    }
}

fn condition_word(facts: &ConditionFacts) -> ConditionWord {
    condition(facts, NOW).word
}

#[test]
fn of_two_words_that_apply_the_earlier_one_is_the_condition() {
    for (index, first) in ConditionWord::ALL.iter().enumerate() {
        for second in &ConditionWord::ALL[index + 1..] {
            let condition = of(&[*first, *second]);
            if exclude_each_other(*first, *second) {
                let found = applying(&condition);
                let both = found.contains(first) && found.contains(second);
                assert!(!both, "{first} and {second}: {found:?}");
                // The state decides over what its device would wait for.
                let is_state = [ConditionWord::Observe, ConditionWord::Locked].contains(second);
                let winner = if is_state { second } else { first };
                assert_eq!(condition.word, *winner, "{first} and {second}");
                continue;
            }
            assert_eq!(condition.word, *first, "{first} and {second}");
            assert!(
                condition.evidence.also.contains(second),
                "{first} and {second}: {condition:?}"
            );
        }
    }
}

#[test]
fn the_order_of_the_words_is_total_and_that_of_the_type() {
    let all = ConditionWord::ALL;
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
    let every = of(all);
    let found = applying(&every);
    assert!(found.is_sorted_by(|one, next| one < next), "{found:?}");
    let first = of(&all.iter().rev().copied().collect::<Vec<_>>());
    assert_eq!(first.word, ConditionWord::WrongDevice);
}

#[test]
fn a_device_that_is_never_written_to_waits_for_nothing() {
    use ConditionWord as W;
    for state in [W::Observe, W::Locked] {
        for wait in [W::WaitingForApproval, W::WaitingForWave, W::Pending] {
            assert_eq!(of(&[wait, state]).word, state);
        }
        assert_eq!(of(&[W::Drifted, state]).word, W::Drifted);
    }
    let sentence = of(&[W::Pending, W::Observe]).sentence;
    assert_eq!(
        sentence,
        "only observed; 5 steps would bring it to commit 3f9c2d1e8a7b"
    );
}

#[test]
fn a_device_of_which_only_the_inventory_is_known_is_not_looked_at_yet() {
    for state in DeviceState::ALL {
        let facts = ConditionFacts::new(device(), *state);
        let condition = condition(&facts, NOW);
        assert_eq!(condition.word, ConditionWord::Unknown);
        assert!(condition.sentence.contains("not looked at yet"));
        assert_eq!(condition.evidence.last_look, None);
    }
}

#[test]
fn a_device_that_was_read_only_in_part_is_not_converged() {
    let mut facts = with(&[ConditionWord::Converged]);
    facts.look.as_mut().unwrap().unread = vec!["the endpoints of port 7".to_owned()];
    let partly = condition(&facts, NOW);
    assert_eq!(partly.word, ConditionWord::Unknown);
    assert_eq!(
        partly.sentence,
        "the look at 16:25 UTC could not read 1 part: the endpoints of port 7"
    );
    assert_eq!(partly.evidence.details, ["the endpoints of port 7"]);
}

#[test]
fn a_device_that_was_not_compared_with_the_target_is_not_converged() {
    let condition = condition(&managed(), NOW);
    assert_eq!(condition.word, ConditionWord::Unknown);
    assert_eq!(
        condition.sentence,
        "looked at 16:25 UTC, not compared with the target yet"
    );
}

#[test]
fn a_device_with_differences_is_not_converged_although_an_earlier_look_matched() {
    use ConditionWord as W;
    for differs in [W::Drifted, W::Pending] {
        let condition = of(&[W::Converged, differs]);
        assert_eq!(applying(&condition), [differs]);
    }
}

#[test]
fn a_device_that_is_not_installed_is_neither_unreachable_nor_converged() {
    let mut facts = with(&[ConditionWord::Unreachable, ConditionWord::Converged]);
    facts.state = DeviceState::Preprovision;
    let condition = condition(&facts, NOW);
    assert_eq!(applying(&condition), [ConditionWord::Unknown]);
    assert_eq!(condition.severity, ConditionSeverity::Quiet);
}

#[test]
fn the_last_known_state_of_an_unreachable_device_stays_visible() {
    use ConditionWord as W;
    let condition = of(&[W::Unreachable, W::Frozen, W::Converged]);
    assert_eq!(
        condition.sentence,
        "not heard since 14:02 UTC; last look 16:25 UTC; next try in 40 s"
    );
    assert_eq!(condition.evidence.also, [W::Frozen, W::Converged]);
    let known = condition.evidence.last_known.unwrap();
    assert_eq!(known.word, W::Converged);
    assert_eq!(
        known.sentence,
        "matches commit 3f9c2d1e8a7b, verified at 16:25 UTC (7 min ago)"
    );
    assert_eq!(condition.evidence.last_look.unwrap().at, NOW - 420);
}

#[test]
fn a_device_that_never_answered_has_no_last_known_state() {
    let mut facts = with(&[ConditionWord::Unreachable]);
    facts.look = None;
    let condition = condition(&facts, NOW);
    assert_eq!(
        condition.sentence,
        "never heard, tried 14 times since 14:02 UTC; next try in 40 s"
    );
    assert_eq!(condition.evidence.last_known, None);
}

#[test]
fn an_unreachable_device_needs_a_person_only_if_a_retry_does_not_help() {
    let mut facts = with(&[ConditionWord::Unreachable]);
    assert!(!condition(&facts, NOW).needs_person);
    facts.unreachable.as_mut().unwrap().reason = NotObserved::NoCredentials {
        name: "default".to_owned(),
    };
    let condition = condition(&facts, NOW);
    assert!(condition.needs_person);
    assert_eq!(
        condition.next,
        "correct address, credentials or secrets; `gamctl doctor --device maple-a` checks them"
    );
}

#[test]
fn a_freeze_that_has_ended_blocks_nothing_and_of_several_the_last_end_counts() {
    let mut facts = with(&[ConditionWord::Frozen, ConditionWord::Converged]);
    let end = facts.freezes[0].until;
    assert_eq!(condition(&facts, end - 1).word, ConditionWord::Frozen);
    assert_eq!(condition(&facts, end).word, ConditionWord::Converged);
    let mut longer = facts.freezes[0].clone();
    (longer.until, longer.reason, longer.who) = (end + 3600, "holidays".into(), "bob".into());
    facts.freezes.push(longer);
    let both = condition(&facts, NOW);
    assert_eq!(
        both.sentence,
        "frozen until 19:32 UTC by 2 freezes, the last of bob: holidays"
    );
    assert_eq!(both.evidence.details.len(), 2);
    let later = condition(&facts, end);
    assert_eq!(
        later.sentence, "frozen until 19:32 UTC by bob: holidays",
        "the first one has ended"
    );
}

#[test]
fn a_paused_rollout_needs_a_person_and_one_that_goes_on_does_not() {
    let facts = with(&[ConditionWord::WaitingForWave]);
    assert!(!condition(&facts, NOW).needs_person);
    let (_, paused) = variants(ConditionWord::WaitingForWave, &device()).remove(0);
    let paused = condition(&paused, NOW);
    assert!(paused.needs_person);
    assert_eq!(paused.severity, ConditionSeverity::Decision);
    assert!(paused.next.contains("`gamctl rollout resume`"));
}

#[test]
fn a_wait_without_an_end_needs_a_person() {
    let mut facts = with(&[ConditionWord::WaitingForWindow]);
    assert!(!condition(&facts, NOW).needs_person);
    facts.window.as_mut().unwrap().opens = None;
    assert!(condition(&facts, NOW).needs_person);
    let mut facts = with(&[ConditionWord::WaitingForBudget]);
    assert!(!condition(&facts, NOW).needs_person);
    facts.budget.as_mut().unwrap().free_at = None;
    assert!(condition(&facts, NOW).needs_person);
}

#[test]
fn a_limit_names_its_device_and_the_persons_who_may_exceed_it() {
    let mut facts = with(&[ConditionWord::WaitingForBudget]);
    let budget = facts.budget.as_mut().unwrap();
    budget.rule = "limits.removals_per_device".to_owned();
    budget.device = Some("oak".parse().unwrap());
    budget.persons = 2;
    let condition = condition(&facts, NOW);
    assert_eq!(
        condition.sentence,
        "`limits.removals_per_device` allows 40 in an hour on oak: 38 used, 3 planned; enough is free at 16:57 UTC"
    );
    assert!(
        condition.next.contains("by 2 persons exceeds the limit"),
        "{}",
        condition.next
    );
}

#[test]
fn a_look_is_stale_after_three_intervals() {
    let mut facts = with(&[ConditionWord::Converged]);
    let is_stale = |facts: &ConditionFacts| {
        let look = condition(facts, NOW).evidence.last_look.unwrap();
        look.is_stale
    };
    let look = |age, interval| {
        Some(LastLook {
            at: NOW - age,
            interval,
            unread: Vec::new(),
            commit: None,
        })
    };
    facts.look = look(2700, 900);
    assert!(!is_stale(&facts));
    facts.look = look(2701, 900);
    assert!(is_stale(&facts));
    facts.look = look(2701, u64::MAX);
    assert!(!is_stale(&facts));
}

#[test]
fn evidence_has_what_the_sentence_cuts_and_counts_what_it_leaves_out() {
    let mut facts = with(&[ConditionWord::WaitingForLane]);
    let outside = (0..30).map(|number| format!("acct-{number}: vlan {}", "x".repeat(80)));
    facts.lane.as_mut().unwrap().outside = outside.collect();
    let condition = condition(&facts, NOW);
    assert!(condition.sentence.ends_with("… and 29 more"));
    assert_eq!(condition.evidence.details.len(), 20);
    assert_eq!(condition.evidence.details_left_out, 10);
    assert!(condition.evidence.details[0].ends_with(&"x".repeat(80)));
}

#[test]
fn sentences_are_lower_case_without_a_full_stop_and_fit_a_line() {
    for word in ConditionWord::ALL {
        let own = [("", with(&[*word]))];
        for (case, facts) in own.into_iter().chain(variants(*word, &device())) {
            let condition = condition(&facts, NOW);
            for (text, longest) in [(&condition.sentence, 130), (&condition.next, 160)] {
                assert!(!text.ends_with('.') && !text.is_empty(), "{text}");
                let first = text.chars().next().unwrap();
                // The text of a caller is as it is.
                assert!(
                    first.is_lowercase() || first.is_numeric() || "`V".contains(first),
                    "{text}"
                );
                assert!(
                    text.chars().count() <= longest,
                    "{word} {case}: {} {text}",
                    text.len()
                );
            }
        }
    }
}

#[test]
fn every_word_has_an_explanation_in_order_of_precedence() {
    let words: Vec<ConditionWord> = MEANINGS.iter().map(|one| one.word).collect();
    assert_eq!(words, ConditionWord::ALL);
    for word in ConditionWord::ALL {
        let one = meaning(*word).unwrap();
        assert!(!one.summary.ends_with('.'), "{word}");
        for text in [one.means, one.automatic, one.person] {
            assert!(text.ends_with('.') && text.lines().count() == 1, "{text}");
        }
    }
}

#[test]
fn the_reference_has_a_section_with_an_example_for_every_word() {
    let text = condition_reference(&device());
    for word in ConditionWord::ALL {
        let (_, section) = text.split_once(&format!("\n## {word}\n")).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let example = format!("\n{}\nnext: ", of(&[*word]).sentence);
        assert!(section.contains(&example), "{word}: {section}");
    }
}

/// Any facts: each word or not, any state, looked at in full, in part or never, and texts of any kind.
fn any_facts() -> impl Strategy<Value = ConditionFacts> {
    let words = proptest::sample::subsequence(ConditionWord::ALL.to_vec(), 0..=6);
    let states = proptest::sample::select(DeviceState::ALL.to_vec());
    let look = proptest::option::of((any::<u64>(), any::<u64>(), 0..3_usize));
    (words, states, look, "\\PC{0,200}|.{0,20}\u{1b}\\[2J\n").prop_map(
        |(words, state, look, text)| {
            let mut facts = with(&words);
            facts.state = state;
            facts.look = look.map(|(at, interval, unread)| LastLook {
                at,
                interval,
                unread: vec![text.clone(); unread],
                commit: None,
            });
            for freeze in &mut facts.freezes {
                (freeze.reason, freeze.who) = (text.clone(), text.clone());
            }
            for field in &mut facts.contested {
                field.field = text.clone();
            }
            for refusal in &mut facts.refused {
                (refusal.rule, refusal.message, refusal.hint) =
                    (text.clone(), text.clone(), text.clone());
            }
            if let Some(drift) = &mut facts.drift {
                drift.differences = vec![text.clone(); 3];
            }
            if let Some(lane) = &mut facts.lane {
                (lane.lane, lane.author) = (text.clone(), text.clone());
                (lane.commit, lane.outside) = (text.clone(), vec![text]);
            }
            facts
        },
    )
}

proptest! {
    #[test]
    fn nothing_unread_is_ever_converged(facts in any_facts(), now in 0..4_102_444_800_u64) {
        let shown = condition(&facts, now);
        let is_read = facts.look.as_ref().is_some_and(|look| look.unread.is_empty());
        let is_claimed = applying(&shown).contains(&ConditionWord::Converged);
        if is_claimed {
            prop_assert!(is_read && facts.state.is_written() && facts.matched.is_some());
            prop_assert!(facts.drift.is_none() && facts.pending.is_none());
        }
        if !is_read {
            prop_assert_ne!(shown.word, ConditionWord::Converged);
            prop_assert!(shown.evidence.last_known.is_none_or(|known| known.word != ConditionWord::Converged));
        }
    }

    #[test]
    fn the_words_of_a_device_are_in_order_and_each_is_named_once(facts in any_facts()) {
        let found = applying(&condition(&facts, NOW));
        prop_assert!(found.is_sorted_by(|one, next| one < next), "{found:?}");
    }

    #[test]
    fn what_needs_a_person_comes_before_what_goes_on_by_itself(facts in any_facts()) {
        let shown = condition(&facts, NOW);
        if shown.needs_person {
            prop_assert!(shown.severity <= ConditionSeverity::Decision);
        }
    }

    #[test]
    fn no_text_of_a_person_breaks_out_of_its_line(facts in any_facts()) {
        let shown = condition(&facts, NOW);
        for text in [&shown.sentence, &shown.next].into_iter().chain(&shown.evidence.details) {
            let safe = visible(text).into_owned();
            prop_assert_eq!(&safe, text);
        }
        prop_assert!(shown.sentence.chars().count() <= LONGEST, "{}", shown.sentence);
    }

    #[test]
    fn what_is_removed_from_the_facts_never_makes_a_device_more_urgent(facts in any_facts()) {
        let before = condition(&facts, NOW);
        let mut fewer = facts;
        (fewer.identity, fewer.stuck, fewer.applying) = (None, None, None);
        fewer.freezes.clear();
        prop_assert!(condition(&fewer, NOW).word >= before.word);
    }

    #[test]
    fn a_condition_survives_json(facts in any_facts()) {
        let shown = condition(&facts, NOW);
        let json = serde_json::to_string(&shown).unwrap();
        prop_assert_eq!(serde_json::from_str::<Condition>(&json).unwrap(), shown);
    }
}
