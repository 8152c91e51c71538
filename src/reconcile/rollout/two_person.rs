//! Decides how many persons must approve a plan, and whether the given approvals count.
//!
//! An approval is a person's consent to one plan at one target under one policy. It is used once, and it becomes void when any of
//! the three changes or when it is too old. The author of a commit is text that its writer chose, so the rule that no author
//! approves is firm only with `[git] signers`; then the caller passes the addresses of the signers as well.

use std::collections::BTreeSet;
use std::fmt;

/// The persons that a plan under the rule needs.
const TWO: usize = 2;

/// A kind of plan that two persons must approve, one word of `two_persons`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TwoPersonCase {
    Removals,
    OverLimit,
}

/// The settings of `[approval]` in `policy.toml`; without a case, one person is enough for any plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalSettings {
    pub two_persons: Vec<TwoPersonCase>,
}

/// The properties of a plan that decide its approvals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalFacts {
    /// The policy lets the service apply it without a person (`[reconcile]`).
    pub is_automatic: bool,
    /// Removed subscribers and endpoints, as `plan::guard` counts them.
    pub removals: usize,
    /// The keys of the limits that it exceeds together with the last hour, such as `limits.removals`.
    pub over_limit: Vec<String>,
}

/// The approvals that a plan needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeededApprovals {
    /// Different persons: 0, 1 or 2.
    pub count: usize,
    /// The authors of the commits, in lower case, who may not approve; none if one person is enough.
    pub not_by: BTreeSet<String>,
    pub because: Vec<ApprovalReason>,
}

/// The reason that a plan needs approvals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalReason {
    /// `[reconcile]` asks a person before such a plan.
    NotAutomatic,
    Removals {
        count: usize,
    },
    OverLimit {
        limits: Vec<String>,
    },
}

impl fmt::Display for ApprovalReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAutomatic => formatter.write_str("the policy asks a person"),
            Self::Removals { count: 1 } => {
                formatter.write_str("1 subscriber or endpoint would be removed")
            }
            Self::Removals { count } => {
                write!(
                    formatter,
                    "{count} subscribers or endpoints would be removed"
                )
            }
            Self::OverLimit { limits } => {
                let limits = limits.join("` and `");
                write!(
                    formatter,
                    "with what was done within the last hour, it exceeds `{limits}`"
                )
            }
        }
    }
}

/// Returns the approvals that a plan needs. A plan over a limit always needs one, even if the policy applies others by itself.
///
/// `authors` are the e-mail addresses of the authors of all commits between the last applied one and the target.
pub fn needed_approvals(
    facts: &ApprovalFacts,
    settings: &ApprovalSettings,
    authors: &[String],
) -> NeededApprovals {
    let applies = |case| settings.two_persons.contains(&case);
    let mut because = Vec::new();
    let mut has_two = false;
    if facts.removals > 0 && applies(TwoPersonCase::Removals) {
        has_two = true;
        because.push(ApprovalReason::Removals {
            count: facts.removals,
        });
    }
    if !facts.over_limit.is_empty() {
        has_two |= applies(TwoPersonCase::OverLimit);
        because.push(ApprovalReason::OverLimit {
            limits: facts.over_limit.clone(),
        });
    }
    if !facts.is_automatic && because.is_empty() {
        because.push(ApprovalReason::NotAutomatic);
    }
    let count = match (has_two, because.is_empty()) {
        (true, _) => TWO,
        (false, false) => 1,
        (false, true) => 0,
    };
    let authors = authors.iter().filter(|_| has_two);
    NeededApprovals {
        count,
        not_by: authors.map(|author| normal(author)).collect(),
        because,
    }
}

fn normal(address: &str) -> String {
    address.trim().to_lowercase()
}

/// An approval as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The person's user name, the same in any case.
    pub who: String,
    /// The e-mail addresses of the person, to compare with authors.
    pub addresses: Vec<String>,
    /// Seconds since 1970, by the store's clock.
    pub at: u64,
    pub plan_id: String,
    pub target: String,
    pub policy_digest: String,
    /// A rollout has taken it.
    pub is_used: bool,
}

/// The plan as it would be applied now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentPlan<'a> {
    pub plan_id: &'a str,
    pub target: &'a str,
    pub policy_digest: &'a str,
}

/// The reason that an approval does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VoidBecause {
    Used,
    TargetChanged,
    PolicyChanged,
    PlanChanged,
    Expired,
    /// The person is an author of a commit in the plan.
    ByAuthor,
    /// No address of the person is known, so the person may be an author.
    NoAddress,
}

impl fmt::Display for VoidBecause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Used => "it was used already",
            Self::TargetChanged => "the target changed since",
            Self::PolicyChanged => "the policy changed since",
            Self::PlanChanged => "the plan changed since",
            Self::Expired => "it is too old",
            Self::ByAuthor => "an author of the commit may not approve this plan",
            Self::NoAddress => {
                "the person has no e-mail address, so gamctl cannot check that they are not an author"
            }
        })
    }
}

/// An approval that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidApproval {
    pub who: String,
    pub because: VoidBecause,
}

/// The result of the check of all approvals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalState {
    /// Enough persons approved: these.
    Approved { by: Vec<String> },
    /// So many more persons must approve. If each of the given approvals is void, `by` is empty and `void` has the reasons.
    Missing {
        count: usize,
        by: Vec<String>,
        void: Vec<VoidApproval>,
    },
}

/// Checks the approvals of a plan, in the order in which they were given. `expires_hours` is `plan_expires_hours`.
pub fn check_approvals(
    approvals: &[Approval],
    needed: &NeededApprovals,
    current: CurrentPlan<'_>,
    now: u64,
    expires_hours: u16,
) -> ApprovalState {
    let mut valid: Vec<&Approval> = Vec::new();
    let mut void = Vec::new();
    for approval in approvals {
        match void_because(approval, needed, current, now, expires_hours) {
            Some(because) => void.push(VoidApproval {
                who: approval.who.clone(),
                because,
            }),
            None if valid.iter().any(|other| is_same_person(other, approval)) => {}
            None => valid.push(approval),
        }
    }
    let by: Vec<String> = valid.iter().map(|approval| approval.who.clone()).collect();
    match needed.count.saturating_sub(by.len()) {
        0 => ApprovalState::Approved { by },
        count => ApprovalState::Missing { count, by, void },
    }
}

/// Returns why an approval does not count, the gravest reason first.
fn void_because(
    approval: &Approval,
    needed: &NeededApprovals,
    current: CurrentPlan<'_>,
    now: u64,
    expires_hours: u16,
) -> Option<VoidBecause> {
    let expires = approval.at.saturating_add(3600 * u64::from(expires_hours));
    let is_author = approval
        .addresses
        .iter()
        .any(|address| needed.not_by.contains(&normal(address)));
    let checks = [
        (approval.is_used, VoidBecause::Used),
        (
            approval.target != current.target,
            VoidBecause::TargetChanged,
        ),
        (
            approval.policy_digest != current.policy_digest,
            VoidBecause::PolicyChanged,
        ),
        (
            approval.plan_id != current.plan_id,
            VoidBecause::PlanChanged,
        ),
        (expires < now, VoidBecause::Expired),
        (is_author, VoidBecause::ByAuthor),
        (
            approval.addresses.is_empty() && !needed.not_by.is_empty(),
            VoidBecause::NoAddress,
        ),
    ];
    let void = checks.into_iter().find(|(is_void, _)| *is_void);
    void.map(|(_, because)| because)
}

/// Two accounts with an address in common are one person.
fn is_same_person(left: &Approval, right: &Approval) -> bool {
    let has = |address: &String| {
        let mut others = right.addresses.iter();
        others.any(|other| normal(other) == normal(address))
    };
    normal(&left.who) == normal(&right.who) || left.addresses.iter().any(has)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_800_000_000;
    const CURRENT: CurrentPlan<'_> = CurrentPlan {
        plan_id: "plan",
        target: "target",
        policy_digest: "policy",
    };

    fn by(who: &str) -> Approval {
        Approval {
            who: who.to_owned(),
            addresses: vec![format!("{who}@example.net")],
            at: NOW - 60,
            plan_id: "plan".to_owned(),
            target: "target".to_owned(),
            policy_digest: "policy".to_owned(),
            is_used: false,
        }
    }

    fn both_cases() -> ApprovalSettings {
        ApprovalSettings {
            two_persons: vec![TwoPersonCase::Removals, TwoPersonCase::OverLimit],
        }
    }

    fn removal() -> ApprovalFacts {
        ApprovalFacts {
            removals: 1,
            ..ApprovalFacts::default()
        }
    }

    fn two() -> NeededApprovals {
        needed_approvals(&removal(), &both_cases(), &["Anna@Example.net".to_owned()])
    }

    fn state(approvals: &[Approval], needed: &NeededApprovals) -> ApprovalState {
        check_approvals(approvals, needed, CURRENT, NOW, 24)
    }

    fn approved(by: &[&str]) -> ApprovalState {
        ApprovalState::Approved {
            by: by.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_plan_needs_none_one_or_two_persons() {
        let authors = || ["anna@example.net".to_owned()];
        let automatic = ApprovalFacts {
            is_automatic: true,
            ..ApprovalFacts::default()
        };
        let over = ApprovalFacts {
            over_limit: vec!["limits.slower".to_owned()],
            ..automatic.clone()
        };
        let none = ApprovalSettings::default();
        for (facts, settings, count, because) in [
            (&automatic, &both_cases(), 0, ""),
            (
                &ApprovalFacts::default(),
                &both_cases(),
                1,
                "the policy asks a person",
            ),
            (
                &removal(),
                &both_cases(),
                2,
                "1 subscriber or endpoint would be removed",
            ),
            (&removal(), &none, 1, "the policy asks a person"),
            (
                &over,
                &both_cases(),
                2,
                "with what was done within the last hour, it exceeds `limits.slower`",
            ),
            (
                &over,
                &none,
                1,
                "with what was done within the last hour, it exceeds `limits.slower`",
            ),
        ] {
            let needed = needed_approvals(facts, settings, &authors());
            let reasons: Vec<String> = needed.because.iter().map(ToString::to_string).collect();
            assert_eq!(
                (needed.count, reasons.join("; ").as_str()),
                (count, because),
                "{facts:?}"
            );
            assert_eq!(needed.not_by.len(), usize::from(count == 2), "{facts:?}");
        }
    }

    #[test]
    fn two_persons_who_are_not_authors_approve() {
        assert_eq!(
            state(&[by("ben"), by("carl")], &two()),
            approved(&["ben", "carl"])
        );
        let missing = |approvals: &[Approval]| match state(approvals, &two()) {
            ApprovalState::Missing { count, void, .. } => {
                (count, void.first().map(|void| void.because))
            }
            ApprovalState::Approved { by } => panic!("approved by {by:?}"),
        };
        assert_eq!(missing(&[]), (2, None));
        assert_eq!(missing(&[by("ben")]), (1, None));
        assert_eq!(missing(&[by("ben"), by("Ben")]), (1, None));
        assert_eq!(
            missing(&[by("ben"), by("anna")]),
            (1, Some(VoidBecause::ByAuthor))
        );
        let same_address = Approval {
            addresses: vec!["BEN@example.net".to_owned()],
            ..by("root")
        };
        assert_eq!(missing(&[by("ben"), same_address]), (1, None));
        let unknown = Approval {
            addresses: Vec::new(),
            ..by("carl")
        };
        assert_eq!(
            missing(&[by("ben"), unknown]),
            (1, Some(VoidBecause::NoAddress))
        );
    }

    #[test]
    fn the_author_may_approve_a_plan_that_needs_one_person() {
        let one = needed_approvals(
            &ApprovalFacts::default(),
            &both_cases(),
            &["anna@example.net".to_owned()],
        );
        assert_eq!(state(&[by("anna")], &one), approved(&["anna"]));
    }

    #[test]
    fn an_approval_is_void_when_the_plan_the_target_or_the_policy_changed_or_it_is_old_or_used() {
        let one = NeededApprovals {
            count: 1,
            ..NeededApprovals::default()
        };
        let void = |change: fn(&mut Approval)| {
            let mut approval = by("ben");
            change(&mut approval);
            match state(&[approval], &one) {
                ApprovalState::Missing { void, .. } => void.first().map(|void| void.because),
                ApprovalState::Approved { .. } => None,
            }
        };
        assert_eq!(void(|_| ()), None);
        assert_eq!(
            void(|one| one.target = "older".to_owned()),
            Some(VoidBecause::TargetChanged)
        );
        assert_eq!(
            void(|one| one.policy_digest = "older".to_owned()),
            Some(VoidBecause::PolicyChanged)
        );
        assert_eq!(
            void(|one| one.plan_id = "older".to_owned()),
            Some(VoidBecause::PlanChanged)
        );
        assert_eq!(void(|one| one.is_used = true), Some(VoidBecause::Used));
        assert_eq!(void(|one| one.at = NOW - 24 * 3600), None);
        assert_eq!(
            void(|one| one.at = NOW - 24 * 3600 - 1),
            Some(VoidBecause::Expired)
        );
    }

    fn any_approval() -> impl Strategy<Value = Approval> {
        let who = prop::sample::select(vec!["anna", "ben", "carl", "dora"]);
        (who, 0_u8..12, any::<bool>()).prop_map(|(who, change, is_shared)| {
            let mut one = by(who);
            if is_shared {
                one.addresses.push("team@example.net".to_owned());
            }
            match change {
                0 => one.target.clear(),
                1 => one.plan_id.clear(),
                2 => one.policy_digest.clear(),
                3 => one.at = 0,
                4 => one.is_used = true,
                5 => one.addresses.clear(),
                _ => {}
            }
            one
        })
    }

    proptest! {
        #[test]
        fn no_author_and_no_void_approval_is_ever_among_those_who_approved(
            approvals in prop::collection::vec(any_approval(), 0..7),
        ) {
            if let ApprovalState::Approved { by } = state(&approvals, &two()) {
                prop_assert!(by.len() >= 2 && !by.contains(&"anna".to_owned()));
                for who in &by {
                    let mut own = approvals.iter().filter(|one| one.who == *who);
                    let has_one = own.any(|one| void_because(one, &two(), CURRENT, NOW, 24).is_none());
                    prop_assert!(has_one);
                }
                let names: BTreeSet<&String> = by.iter().collect();
                prop_assert_eq!(names.len(), by.len());
            }
        }

        #[test]
        fn a_newer_target_makes_every_approval_void(approvals in prop::collection::vec(any_approval(), 0..7)) {
            let newer = CurrentPlan { target: "newer", ..CURRENT };
            let found = check_approvals(&approvals, &two(), newer, NOW, 24);
            let nothing = matches!(&found, ApprovalState::Missing { count: 2, by, .. } if by.is_empty());
            prop_assert!(nothing);
        }
    }
}
