//! Records that this instance lives, leads what no other instance leads, and learns which instances live.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::TaskError;
use crate::history::{Instance, InstanceReport};
use crate::service::instance_state::Shared;
use crate::service::metrics::StoreOperation;

/// The tasks that only one instance runs at a time.
pub(in crate::service) const LEADER_TASKS: [&str; 3] = [FETCH, ROLLOUT, BILLING];
pub(in crate::service) const FETCH: &str = "fetch";
pub(in crate::service) const ROLLOUT: &str = "rollout";
pub(in crate::service) const BILLING: &str = "billing";

/// An instance whose clock differs more than this leads no task: its windows and budgets would be wrong.
const MOST_SKEW: u64 = 30;

/// After so many failures in a row a task is left to another instance: a full disk here need not hold up the fleet.
const MOST_FAILURES: u32 = 3;

/// The time, in milliseconds, for which it is left: the other instance needs a moment to claim it.
const LEFT_TO_OTHERS: u64 = 60_000;

pub(in crate::service) async fn heartbeat(shared: Arc<Shared>) -> Result<(), TaskError> {
    let store = &shared.store.store;
    let report = InstanceReport {
        is_stopping: shared.is_stopping(),
        devices: u64::try_from(shared.devices().owned()).unwrap_or(u64::MAX),
        tasks: shared.reports.all(),
    };
    let began = Instant::now();
    store.heartbeat(&shared.instance, &report).await?;
    let took = shared.metrics.store_duration(StoreOperation::Heartbeat);
    took.observe(began.elapsed().as_secs_f64());
    shared.heard();
    let skew = store.clock().await?.abs_diff(shared.seconds());
    shared.set_skew(skew);
    let instances = store.instances().await?;
    let others = instances.iter().filter(|one| one.id != shared.id());
    let dead = shared.settings.timing.leads;
    let has_fit_other = others
        .clone()
        .any(|one| is_live(one, dead) && is_fit(&one.report));
    for task in LEADER_TASKS {
        let led = shared.leader(task);
        if led.is_some() && has_fit_other && fails(&report, task) {
            tracing::warn!(task, "the task fails here, so another instance may lead it");
            shared.leave_to_others(task, shared.now().saturating_add(LEFT_TO_OTHERS));
        }
        // A wave in progress is finished under its leader: another one would take it for abandoned.
        let is_finishing = task == ROLLOUT && led.is_some();
        let may_lead = skew <= MOST_SKEW
            && !shared.is_left_to_others(task)
            && (!shared.is_stopping() || is_finishing);
        let leader = match (may_lead, &led) {
            (true, _) => {
                store
                    .lead(task, shared.id(), shared.settings.timing.leads)
                    .await?
            }
            (false, Some(led)) => {
                store.stop_leading(led).await?;
                None
            }
            (false, None) => None,
        };
        let began = leader.is_some() && led.is_none();
        shared.set_leader(task, leader);
        if began {
            tracing::info!(task, "this instance leads the task");
            match task {
                FETCH => shared.triggers.fetch.notify_one(),
                BILLING => shared.triggers.billing.notify_one(),
                _ => shared.triggers.rollout.notify_one(),
            }
        }
    }
    for dead in instances.iter().filter(|one| is_long_dead(one)) {
        store.remove_instance(dead.id).await?;
    }
    let live = instances.iter().filter(|one| is_live(one, dead));
    // An instance that cannot read the target would compare its devices with an older one.
    let fit = live.filter(|one| is_fit(&one.report)).map(|one| one.id);
    let mut sharing: BTreeSet<Uuid> = fit.collect();
    if sharing.is_empty() || is_fit(&report) {
        sharing.insert(shared.id());
    }
    if shared.devices().set_instances(shared.id(), sharing) {
        shared.triggers.target.notify_one();
    }
    let (per_second, intervals) = (
        shared.settings.serve.requests_per_second,
        &shared.settings.intervals,
    );
    let requests = &shared.requests;
    requests.update(per_second, &shared.devices(), intervals);
    requests.forget_idle_sites(shared.now());
    Ok(())
}

/// Returns whether a leader task, or what it needs, fails again and again.
fn fails(report: &InstanceReport, task: &str) -> bool {
    let failures = |name: &str| report.tasks.get(name).map_or(0, |task| task.failures);
    failures(task) >= MOST_FAILURES || (task == ROLLOUT && !is_fit(report))
}

/// Returns whether an instance reads the target: without it, neither its looks nor its rollouts would be of the present commit.
fn is_fit(report: &InstanceReport) -> bool {
    let target = report.tasks.get("target");
    target.is_none_or(|task| task.failures < MOST_FAILURES)
}

/// Returns whether an instance takes part: it had a heartbeat recently, and is not about to end.
pub(in crate::service) fn is_live(instance: &Instance, dead: Duration) -> bool {
    !instance.report.is_stopping && Duration::from_secs(instance.silent) < dead
}

/// A dead instance stays visible for a while, so that a person can see what became of it.
fn is_long_dead(instance: &Instance) -> bool {
    const VISIBLE: Duration = Duration::from_secs(3600);
    Duration::from_secs(instance.silent) > VISIBLE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(silent: u64, is_stopping: bool) -> Instance {
        Instance {
            id: uuid::Uuid::from_u128(1),
            who: "gamctl@noc".to_owned(),
            host: "noc".to_owned(),
            process: 1,
            version: "0.1.0".to_owned(),
            began: 0,
            seen: 100,
            silent,
            report: InstanceReport {
                is_stopping,
                ..InstanceReport::default()
            },
        }
    }

    #[test]
    fn a_task_that_fails_three_times_in_a_row_is_left_to_another_instance() {
        let report = |name: &str, failures| {
            let report = crate::history::TaskReport {
                failures,
                ..crate::history::TaskReport::default()
            };
            InstanceReport {
                tasks: [(name.to_owned(), report)].into(),
                ..InstanceReport::default()
            }
        };
        assert!(!fails(&report("fetch", 2), FETCH));
        assert!(fails(&report("fetch", 3), FETCH));
        assert!(!fails(&report("fetch", 3), ROLLOUT));
        // Without the target no rollout moves on, though the task itself does not fail.
        assert!(fails(&report("target", 3), ROLLOUT));
        assert!(!is_fit(&report("target", 3)) && is_fit(&report("fetch", 30)));
    }

    #[test]
    fn an_instance_is_live_until_its_heartbeat_is_twenty_seconds_old_or_it_stops() {
        let dead = Duration::from_secs(20);
        assert!(is_live(&instance(19, false), dead));
        assert!(!is_live(&instance(20, false), dead));
        assert!(!is_live(&instance(0, true), dead));
        assert!(!is_long_dead(&instance(3600, false)));
        assert!(is_long_dead(&instance(3601, false)));
    }
}
