//! Waits until everything is at rest as the oracle expects it, and reports in sentences what is not.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::bed::LONG;
use super::judge::{Complaint, adopt, judge};
use super::rounds::{LOOKED, Lives};
use super::seen::Seen;
use crate::billing::product::Product;

/// Everything was read by then.
const READ: u64 = 21 * 60;

/// Looks and readings without a change after which nothing more is expected.
const MOST_WAITS: usize = 25;

impl Lives {
    /// Waits until everything is as the oracle expects it, and stays so although everything is looked at and read again.
    pub(super) fn rests(&mut self) -> Result<(), String> {
        let end = Instant::now() + LONG;
        let (mut last, mut still) = (None, Vec::new());
        let (mut since, waits) = (Instant::now(), self.figures.waits);
        loop {
            self.follow_services();
            let seen = self.bed.seen(last.take());
            let judged = judge(&self.lives, &seen);
            match judged {
                Ok(found) if self.stays(&seen, end) => {
                    let seen = self.bed.seen(Some(seen));
                    // What stays is what must be kept in mind.
                    match judge(&self.lives, &seen) {
                        Ok(again) if again == found => {
                            adopt(&mut self.lives, found, &seen);
                            self.figures.rests += 1;
                            return Ok(());
                        }
                        _ => last = Some(seen),
                    }
                }
                Ok(_) => last = Some(seen),
                Err(complaints) => {
                    let is_hopeless = self.figures.waits > waits + MOST_WAITS;
                    if is_hopeless || Instant::now() > end {
                        return Err(self.report(&complaints));
                    }
                    let state = self.activity(&seen);
                    let idle = match self.is_working() {
                        // Time that jumps in the middle of a run ends its leases.
                        true => Duration::from_secs(30),
                        false => Duration::from_millis(1_500),
                    };
                    if state != still {
                        (still, since) = (state, Instant::now());
                    } else if since.elapsed() > idle {
                        self.a_person_looks();
                        self.bed.clock.ahead(LOOKED);
                        self.figures.waits += 1;
                        since = Instant::now();
                    }
                    last = Some(seen);
                    std::thread::sleep(Duration::from_millis(400));
                }
            }
        }
    }

    /// Returns whether nothing changes until everything was looked at and read again.
    fn stays(&mut self, seen: &Seen, end: Instant) -> bool {
        const LAST: &str = "select cast(max(ended) as text) from sync_run where scope = 'everything' and outcome in ('nothing', 'pushed', 'held-back')";
        let before = (self.bed.texts(LAST), seen.head.clone(), self.lines());
        self.bed.clock.ahead(READ);
        while self.bed.texts(LAST) == before.0 {
            if Instant::now() > end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        let head = self
            .bed
            .world
            .git_in(&self.bed.forge(), &["rev-parse", "main"]);
        (head, self.lines()) == (before.1, before.2)
    }

    /// Returns the number of configuration lines that the devices received.
    fn lines(&self) -> usize {
        let twins = self.bed.twins.iter();
        let count = |logged: &&gamctl::simulator::server::LoggedLine| {
            ["ghn ", "no ghn ", "profile "]
                .iter()
                .any(|start| logged.line.starts_with(start))
        };
        twins
            .map(|twin| twin.lines().iter().filter(count).count())
            .sum()
    }

    /// Returns numbers that change while something is in progress.
    fn activity(&self, seen: &Seen) -> Vec<String> {
        let counters = self.bed.office.server.counters();
        let requests = match self.bed.product {
            // The judge reads services and notes.
            Product::Splynx => {
                let requests = counters["requests"].as_object().unwrap().iter();
                let of_program = requests.filter(|(kind, _)| {
                    let mut own = ["internet-services", "customer-notes"].iter();
                    !own.any(|part| kind.starts_with("GET") && kind.contains(part))
                });
                let of_program = of_program.map(|(kind, count)| format!("{kind} {count}"));
                of_program.collect::<Vec<_>>().join(", ")
            }
            Product::Sonar => counters["mutations"].to_string() + &counters["requests"].to_string(),
        };
        vec![seen.head.clone(), self.lines().to_string(), requests]
    }

    /// Returns whether a rollout or a sync is in progress.
    fn is_working(&self) -> bool {
        const ROLLOUTS: &str = "select state from rollout_step as step where state in ('ready', 'wave', 'gate') and number = \
            (select max(number) from rollout_step where rollout = step.rollout)";
        const SYNCS: &str =
            "select cast(until / 1000 as text) from leader where task like 'sync %'";
        let now = self.bed.clock.now();
        let mut ends = self.bed.texts(SYNCS).into_iter();
        !self.bed.texts(ROLLOUTS).is_empty()
            || ends.any(|end| end.parse::<u64>().is_ok_and(|end| end > now))
    }

    /// Sonar gives a service another id at midnight.
    fn follow_services(&mut self) {
        for life in &mut self.lives {
            for customer in life.customers.iter_mut().filter(|one| !one.has_left) {
                if let Some(service) = self.bed.office.service_of(customer.account) {
                    customer.service = service;
                }
            }
        }
    }

    /// A person resumes rollouts that are paused, and has writes sent again that were given up, after the fault has ended.
    fn a_person_looks(&mut self) {
        const PAUSED: &str = "select rollout from rollout_step as step where state = 'paused' and number = \
            (select max(number) from rollout_step where rollout = step.rollout)";
        const GIVEN_UP: &str =
            "select id from billing_write where state in ('refused', 'given-up')";
        for rollout in self.bed.texts(PAUSED) {
            let reason = ["--reason", "it was looked at"];
            self.bed
                .run(&["rollout", "resume", &rollout, reason[0], reason[1]]);
            *self.figures.persons.entry("rollout resumed").or_default() += 1;
        }
        if !self.bed.texts(GIVEN_UP).is_empty() {
            self.bed.pull();
            self.bed.run(&["sync", "write-back", "--retry"]);
            *self
                .figures
                .persons
                .entry("written back by hand")
                .or_default() += 1;
        }
    }

    fn report(&mut self, complaints: &[Complaint]) -> String {
        let mut text = format!(
            "seed {} of {:?}, round {}:\n",
            self.seed, self.bed.product, self.round
        );
        for complaint in complaints.iter().take(5) {
            if let Some(number) = complaint.life {
                let life = &self.lives[number];
                let _ = writeln!(text, "life {number}\n  {}", life.story.join("\n  "));
                const ROWS: &str = "select account || '/' || service || ' ' || class || ' ' || content from billing_service";
                for row in self.bed.texts(ROWS) {
                    let accounts = life.customers.iter().map(|one| format!("{}/", one.account));
                    if accounts
                        .into_iter()
                        .any(|account| row.starts_with(&account))
                    {
                        let _ = writeln!(text, "  stored: {row}");
                    }
                }
            }
            let _ = writeln!(text, "{}", complaint.text);
        }
        let _ = writeln!(text, "{} complaints", complaints.len());
        const HELD: &str = "select content from billing_held";
        const LEFT: &str = "select state || ' after ' || tries || ' tries: ' || coalesce(because, '') || ' ' || content from billing_write where state <> 'proved'";
        for (what, rows) in [("held back", HELD), ("not written", LEFT)] {
            for row in self.bed.texts(rows) {
                let _ = writeln!(text, "{what}: {row}");
            }
        }
        text.push_str(&self.bed.run(&["status"]));
        text.push_str(&self.bed.all_said());
        text
    }
}
