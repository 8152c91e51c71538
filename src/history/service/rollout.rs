//! Stores rollouts: one plan brought to many devices, with each change of its state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Leader;
use super::leader::still_leads;
use crate::history::Hint;
use crate::history::document::plain;
use crate::history::error::Fault;
use crate::history::run::most;
use crate::history::session::{Bind, Row, Session};
use crate::history::version::{ROLLOUT, ROLLOUT_STEP};
use crate::history::{RunId, Store, StoreError};
use crate::model::{ActiveAlarm, DeviceName, MacAddress};
use crate::plan::{Field, LimitedEffects, Object};

/// The id of a rollout: sorted by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RolloutId(pub Uuid);

/// The reason of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RolloutKind {
    /// A commit changed the inventory.
    Commit,
    /// Devices differ from what was last applied.
    Drift,
}

/// A rollout as it starts; it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutPlan {
    pub kind: RolloutKind,
    /// The digest of the policy that the plan was checked with.
    pub policy: String,
    pub waves: Vec<Vec<DeviceName>>,
    /// No gate opens earlier than this after its wave, in seconds.
    pub settle: u64,
    /// The authors of the commits since the commit last applied: they cannot approve where two persons are required.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// The number of persons that must approve.
    #[serde(default)]
    pub approvals: u32,
    /// The reason that it needs approval, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Only limits for an hour block it: it starts without an approval when they allow it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits_for_hour: bool,
    /// The number of steps.
    #[serde(default)]
    pub steps: u64,
    /// The drifted fields that it restores, by device.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub restores: BTreeMap<DeviceName, Vec<RestoredField>>,
    /// The changes with a limit, by device; they count for an hour.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub effects: BTreeMap<DeviceName, LimitedEffects>,
}

/// A drifted field of an object, or a whole object that is missing on the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredField {
    pub object: Object,
    /// Left out for the whole object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
}

/// A rollout to store, with its first step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRollout {
    pub id: RolloutId,
    pub plan_id: String,
    pub commit: String,
    pub plan: RolloutPlan,
}

/// The state of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RolloutState {
    WaitingForApproval,
    /// It may start, and its first or next wave does as soon as windows and budgets allow it.
    Ready,
    /// A wave is being carried out.
    Wave,
    /// A wave ended, and its gate is not open yet.
    Gate,
    /// A gate did not open, or a person paused it.
    Paused,
    Done,
    /// A person ended it.
    Abandoned,
    /// A newer target or policy replaced it, or the devices changed.
    Superseded,
}

impl RolloutState {
    pub fn word(self) -> &'static str {
        match self {
            Self::WaitingForApproval => "waiting-for-approval",
            Self::Ready => "ready",
            Self::Wave => "wave",
            Self::Gate => "gate",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Abandoned => "abandoned",
            Self::Superseded => "superseded",
        }
    }

    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Abandoned | Self::Superseded)
    }

    fn of(word: &str) -> Result<Self, Fault> {
        let all = [
            Self::WaitingForApproval,
            Self::Ready,
            Self::Wave,
            Self::Gate,
            Self::Paused,
            Self::Done,
            Self::Abandoned,
            Self::Superseded,
        ];
        all.into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| Fault::Broken(format!("a rollout in it has the state `{word}`")))
    }
}

/// A device right before its wave: what must be up again before the next wave starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceBeforeWave {
    /// The endpoints that were up; left out: they were not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<Vec<MacAddress>>,
    /// The active alarms; left out: they were not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<Vec<ActiveAlarm>>,
}

/// The facts of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutStepContent {
    /// The wave that the step is about, from 0.
    pub wave: u32,
    /// The run of the wave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Why the rollout is in this state, or the reason that a person gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The end of the last run, in seconds since 1970: the settle time counts from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave_ended: Option<u64>,
    /// The devices of the wave that is carried out, as they were before it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<DeviceName, DeviceBeforeWave>,
}

/// A step to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRolloutStep {
    /// One more than the last one; another writer that was faster makes this one void.
    pub number: u64,
    pub state: RolloutState,
    pub who: String,
    pub content: RolloutStepContent,
}

/// A step of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutStep {
    pub number: u64,
    pub state: RolloutState,
    pub who: String,
    /// Seconds since 1970, by the store's clock.
    pub at: u64,
    pub content: RolloutStepContent,
}

/// A rollout with its last step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    pub id: RolloutId,
    pub plan_id: String,
    pub commit: String,
    /// Seconds since 1970, by the store's clock.
    pub at: u64,
    pub plan: RolloutPlan,
    pub last: RolloutStep,
}

const ROLLOUTS: &str = "select rollout.id as id, rollout.plan as plan, rollout.inventory_commit as inventory_commit, \
    @seconds(rollout.at) as began, rollout.content as content, step.number as number, step.state as state, \
    step.who as who, @seconds(step.at) as step_at, step.content as step_content \
    from rollout join rollout_step as step on step.rollout = rollout.id \
    and step.number = (select max(number) from rollout_step where rollout_step.rollout = rollout.id)";

impl Store {
    /// Stores a rollout with its first step. Its plan must be stored. The same id again changes nothing.
    pub async fn begin_rollout(
        &self,
        rollout: &NewRollout,
        step: &NewRolloutStep,
        leader: Option<&Leader>,
    ) -> Result<(), StoreError> {
        self.within("record a rollout", || async {
            let mut session = self.write().await?;
            if let Some(leader) = leader {
                still_leads(&mut session, leader).await?;
            }
            let sql = "insert into rollout (id, plan, inventory_commit, at, content) \
                values ($1, $2, $3, @now, $4) on conflict (id) do nothing";
            let binds = [
                Bind::Id(rollout.id.0),
                Bind::Text(&rollout.plan_id),
                Bind::Text(&rollout.commit),
                Bind::Document(ROLLOUT.stored(&rollout.plan)?),
            ];
            session.execute(sql, &binds).await?;
            insert_step(&mut session, rollout.id, step).await?;
            session.hint(Hint::Rollout).await?;
            session.commit().await
        })
        .await
    }

    /// Stores the next step of a rollout; returns whether it is the one that counts: not if another writer was faster.
    pub async fn rollout_step(
        &self,
        rollout: RolloutId,
        step: &NewRolloutStep,
        leader: Option<&Leader>,
    ) -> Result<bool, StoreError> {
        self.within("record a step of a rollout", || async {
            let mut session = self.write().await?;
            if let Some(leader) = leader {
                still_leads(&mut session, leader).await?;
            }
            insert_step(&mut session, rollout, step).await?;
            let sql = "select number, state, who, @seconds(at) as step_at, content as step_content \
                from rollout_step where rollout = $1 and number = $2";
            let binds = [Bind::Id(rollout.0), Bind::Number(signed(step.number))];
            let row = session.row(sql, &binds).await?;
            let stored = row.map(|row| step_of(&row)).transpose()?;
            // The leader knows its own steps; those of a person are news to it.
            session
                .hint(match leader {
                    Some(_) => Hint::Rollout,
                    None => Hint::Decision,
                })
                .await?;
            session.commit().await?;
            Ok(stored.is_some_and(|stored| {
                (stored.state, &stored.who, &stored.content)
                    == (step.state, &plain(&step.who), &step.content)
            }))
        })
        .await
    }

    /// Lists rollouts, newest first.
    pub async fn rollouts(&self, at_most: u32) -> Result<Vec<Rollout>, StoreError> {
        self.within("list rollouts", || async {
            let mut session = self.read().await?;
            let sql = format!(
                "{ROLLOUTS} order by rollout.at desc, rollout.id desc {}",
                most(at_most)
            );
            let rows = session.rows(&sql, &[]).await?;
            rows.iter().map(rollout_of).collect()
        })
        .await
    }

    /// Lists the rollouts that are not over, oldest first.
    pub async fn open_rollouts(&self) -> Result<Vec<Rollout>, StoreError> {
        self.within("list open rollouts", || async {
            let mut session = self.read().await?;
            let sql = format!(
                "{ROLLOUTS} where step.state not in ('done', 'abandoned', 'superseded') order by rollout.at, rollout.id"
            );
            let rows = session.rows(&sql, &[]).await?;
            rows.iter().map(rollout_of).collect()
        })
        .await
    }

    /// Returns a rollout with all its steps, oldest first.
    pub async fn rollout(
        &self,
        id: RolloutId,
    ) -> Result<Option<(Rollout, Vec<RolloutStep>)>, StoreError> {
        self.within("read a rollout", || async {
            let mut session = self.read().await?;
            let sql = format!("{ROLLOUTS} where rollout.id = $1");
            let Some(row) = session.row(&sql, &[Bind::Id(id.0)]).await? else {
                return Ok(None);
            };
            let sql = "select number, state, who, @seconds(at) as step_at, content as step_content \
                from rollout_step where rollout = $1 order by number";
            let steps = session.rows(sql, &[Bind::Id(id.0)]).await?;
            let steps: Result<Vec<RolloutStep>, Fault> = steps.iter().map(step_of).collect();
            Ok(Some((rollout_of(&row)?, steps?)))
        })
        .await
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

async fn insert_step(
    session: &mut Session,
    rollout: RolloutId,
    step: &NewRolloutStep,
) -> Result<(), Fault> {
    let who = plain(&step.who);
    // A step that skips a number would hide the one that another writer is about to add.
    let sql = "insert into rollout_step (rollout, number, state, who, at, content) \
        select $1, $2, $3, $4, @now, $5 where $2 = 1 or exists ( \
        select 1 from rollout_step where rollout = $1 and number = $2 - 1) \
        on conflict (rollout, number) do nothing";
    let binds = [
        Bind::Id(rollout.0),
        Bind::Number(signed(step.number)),
        Bind::Text(step.state.word()),
        Bind::Text(&who),
        Bind::Document(ROLLOUT_STEP.stored(&step.content)?),
    ];
    session.execute(sql, &binds).await?;
    Ok(())
}

fn rollout_of(row: &Row) -> Result<Rollout, Fault> {
    Ok(Rollout {
        id: RolloutId(row.id("id")?),
        plan_id: row.text("plan")?,
        commit: row.text("inventory_commit")?,
        at: row.count("began")?,
        plan: ROLLOUT.restored(row.document("content")?)?,
        last: step_of(row)?,
    })
}

fn step_of(row: &Row) -> Result<RolloutStep, Fault> {
    Ok(RolloutStep {
        number: row.count("number")?,
        state: RolloutState::of(&row.text("state")?)?,
        who: row.text("who")?,
        at: row.count("step_at")?,
        content: ROLLOUT_STEP.restored(row.document("step_content")?)?,
    })
}
