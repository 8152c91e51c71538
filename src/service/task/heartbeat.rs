//! Records that this instance lives, leads what no other instance leads, and learns which instances live.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::TaskError;
use crate::history::{Instance, InstanceReport};
use crate::service::instance_state::Shared;
use crate::service::metrics::StoreOperation;

/// The tasks that only one instance runs at a time.
pub(in crate::service) const LEADER_TASKS: [&str; 2] = [FETCH, ROLLOUT];
pub(in crate::service) const FETCH: &str = "fetch";
pub(in crate::service) const ROLLOUT: &str = "rollout";

/// An instance whose clock differs more than this leads no task: its windows and budgets would be wrong.
const MOST_SKEW: u64 = 30;

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
    for task in LEADER_TASKS {
        let led = shared.leader(task);
        // A wave in progress is finished under its leader: another one would take it for abandoned.
        let is_finishing = task == ROLLOUT && led.is_some();
        let may_lead = skew <= MOST_SKEW && (!shared.is_stopping() || is_finishing);
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
                _ => shared.triggers.rollout.notify_one(),
            }
        }
    }
    let instances = store.instances().await?;
    for dead in instances.iter().filter(|one| is_long_dead(one)) {
        store.remove_instance(dead.id).await?;
    }
    let dead = shared.settings.timing.leads;
    let live = instances.iter().filter(|one| is_live(one, dead));
    let live = live.map(|one| one.id).collect();
    if shared.devices().set_instances(shared.id(), live) {
        shared.triggers.target.notify_one();
    }
    Ok(())
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
    fn an_instance_is_live_until_its_heartbeat_is_twenty_seconds_old_or_it_stops() {
        let dead = Duration::from_secs(20);
        assert!(is_live(&instance(19, false), dead));
        assert!(!is_live(&instance(20, false), dead));
        assert!(!is_live(&instance(0, true), dead));
        assert!(!is_long_dead(&instance(3600, false)));
        assert!(is_long_dead(&instance(3601, false)));
    }
}
