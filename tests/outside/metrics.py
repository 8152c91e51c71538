"""The metrics, alert rules and dashboard of the service, as Prometheus' promtool reads them.

Usage: metrics.py SCRATCH. The text of the metrics is tests/outside/metrics.txt, which a test compares with the program's.
"""

import json
import pathlib
import re
import sys

from outside import Checks, run

scratch = pathlib.Path(sys.argv[1])
scratch.mkdir(exist_ok=True)
text = pathlib.Path("tests/outside/metrics.txt").read_text()
rules = pathlib.Path("docs/deploy/prometheus/rules.yaml").resolve()
board = json.loads(pathlib.Path("docs/deploy/grafana/gamctl.json").read_text())
checks = Checks()

status, printed = run("promtool", "check", "metrics", stdin=text)
checks.that("promtool accepts the text of the metrics and has nothing to say", status == 0 and not printed.strip(), printed)
doubled = text + text
checks.that("promtool refuses a metric that is there twice", run("promtool", "check", "metrics", stdin=doubled)[0] != 0)
status, printed = run("promtool", "check", "rules", str(rules))
checks.that("promtool accepts the rules", status == 0, printed)

# The texts of each alert, out of the lines that gamctl writes.
alerts, name = {}, None
for line in rules.read_text().splitlines():
    word, _, value = line.strip().removeprefix("- ").partition(": ")
    if word == "alert":
        name = value
        alerts[name] = {}
    elif word in ("severity", "rule"):
        alerts[name][word] = value
    elif word in ("summary", "action"):
        alerts[name][word] = json.loads(value)

ONE = {"instance": "a:9080", "job": "gamctl"}
JOB = {"job": "gamctl"}


def series(name, values, **labels):
    # A histogram's `le` and the like come from the case; job and instance are those that a scrape adds.
    labels = {**ONE, **labels}
    shown = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return {"series": f"{name}{{{shown}}}", "values": values}


def devices(condition, count):
    return [series("gamctl_devices", f"{count}x2000", condition=condition), series("gamctl_devices", "9x2000", condition="converged")]


def flag(name):
    return [series(name, "1x2000"), series(name, "1x2000", instance="b:9080")]


BUILD = series("gamctl_build_info", "1x2000", version="0.1.0")
NEVER = None

# Alert: series, the last minute without and the first one with the alert, labels, the summary with its value.
CASES = {
    "Absent": ([series("up", "1x9", job="other")], 4, 6, JOB, "Prometheus scrapes no gamctl."),
    "InstanceDown": ([series("up", "1 0x20")], 2, 4, ONE, "Instance a:9080 does not answer on its metrics address."),
    "SchedulerStopped": ([series("gamctl_scheduler_tick_age_seconds", "1 61+60x20")], 1, 3, ONE, "The scheduler of a:9080 has not run for 3m 1s, so no device is looked at."),
    "Restarting": ([series("gamctl_start_time_seconds", "1000x5 2000x5 3000x5 4000x5")], 17, 18, ONE, "Instance a:9080 started 3 times in an hour."),
    "TaskFailing": ([series("gamctl_task_failures_in_a_row", "2 3x20", task="fetch")], 5, 7, {**ONE, "task": "fetch"}, "The task `fetch` of a:9080 failed 3 times in a row."),
    "NoLeader": ([series("gamctl_leader", "1 0x20", task="fetch"), series("gamctl_leader", "0x20", task="fetch", instance="b:9080")], 2, 4, {**JOB, "task": "fetch"}, "No instance runs the task `fetch`."),
    "ScheduleLag": ([series("gamctl_schedule_lag_seconds", "2700 2760x20", kind="look")], 10, 12, JOB, "The most overdue look is 46m 0s late."),
    "StoreDown": ([series("gamctl_store_up", "1 0x20")], 2, 4, ONE, "Instance a:9080 does not reach the store, so it starts no device and accepts no approval."),
    "StoreSlow": (
        [series("gamctl_store_duration_seconds_bucket", "0x30", operation="read", le="1"), series("gamctl_store_duration_seconds_bucket", "0+60x30", operation="read", le="5"), series("gamctl_store_duration_seconds_bucket", "0+60x30", operation="read", le="+Inf")],
        5, 8, ONE, "The store needs 4.8s for an operation of a:9080 (95th percentile).",
    ),
    "JournalEntries": ([series("gamctl_journal_entries", "0 7x20")], 10, 12, ONE, "Entries of a:9080 that are in the journal and not in the store: 7."),
    "Memory": ([BUILD, series("process_resident_memory_bytes", "400000000 536870912x60")], 30, 32, ONE, "Instance a:9080 uses 512MiB of memory, more than its budget of 400 MB."),
    "FileDescriptors": ([BUILD, series("process_open_fds", "800 922x60"), series("process_max_fds", "1024x60")], 15, 17, ONE, "Instance a:9080 uses 90.04% of its file descriptors."),
    "HttpErrors": ([series("gamctl_http_requests_total", "0+1x30", route="/devices", status="5xx")], 10, 13, {**ONE, "route": "/devices"}, "/devices of a:9080 answers with errors."),
    "Halted": (flag("gamctl_halted"), NEVER, 0, JOB, "The branch was rewritten: no new target is accepted."),
    "InventoryInvalid": (flag("gamctl_candidate_refused"), NEVER, 0, JOB, "The newest commit of the branch is not accepted as target; the last good one stays."),
    "FetchFailing": ([series("gamctl_fetch_age_seconds", "0+60x60")], 15, 16, JOB, "The last successful fetch was 16m 0s ago; new commits are not seen."),
    "FleetUnreachable": (devices("unreachable", 9), 1, 2, JOB, "9 devices, at least half of all, do not answer: gamctl itself may be cut off."),
    "DeviceDown": (devices("unreachable", 2), 1, 2, JOB, "Devices that do not answer: 2."),
    "WrongDevice": (devices("wrong-device", 1), NEVER, 0, JOB, "Devices that are not the hardware that the inventory pins: 1. Nothing is written to them."),
    "Stuck": (devices("stuck", 1), NEVER, 0, JOB, "Devices that match neither the intended nor the earlier configuration: 1."),
    "Unsaved": (devices("unsaved", 1), NEVER, 0, JOB, "Devices that run as intended but did not save: 1. A reboot undoes the change."),
    "Contested": (devices("contested", 1), NEVER, 0, JOB, "Devices that were changed back each time that gamctl restored them: 1. gamctl stopped restoring."),
    "DoesNotConverge": (devices("does-not-converge", 1), NEVER, 0, JOB, "Devices that still differ in the same way after two applies: 1."),
    "Refused": (devices("refused", 1), 4, 6, JOB, "Devices with changes that a rule refuses: 1."),
    "OldestUnconverged": ([series("gamctl_oldest_unconverged_seconds", "0+60x1600")], 1455, 1457, JOB, "A device has differed from the target for 1d 0h 17m 0s."),
    "RolloutPaused": (flag("gamctl_rollout_paused"), NEVER, 0, JOB, "The current rollout is paused."),
    "ApprovalWaiting": (devices("waiting-for-approval", 4), 29, 31, JOB, "Devices that wait for an approval: 4."),
    "LaneHeld": (devices("waiting-for-lane", 4), NEVER, 0, JOB, "Devices with changes outside the lane of their author: 4."),
    "BudgetUsed": (
        [series("gamctl_budget_used", "19 20x20", lane="fleet", limit="removals"), series("gamctl_budget_limit", "20x20", lane="fleet", limit="removals"), series("gamctl_budget_used", "0x20", lane="helpdesk", limit="removals"), series("gamctl_budget_limit", "0x20", lane="helpdesk", limit="removals")],
        5, 7, {**JOB, "lane": "fleet", "limit": "removals"}, "The limit `removals` of fleet is used up (20 in the last hour); its changes wait.",
    ),
    "BillingSilent": ([series("gamctl_billing_age_seconds", "0+60x60")], 30, 31, JOB, "A billing system was last synced 31m 0s ago; sales and suspensions wait."),
    "BillingHeldBack": ([series("gamctl_billing_held_changes", "0 4x20")], 10, 12, JOB, "Changes from billing that are held back until a person approves: 4."),
}
cases = {f"Gamctl{name}" for name in CASES}
checks.that("every alert has a case", cases == set(alerts), cases ^ set(alerts))


def at(minute, alert, expected):
    return {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": expected}


def case(name, given, before, after, labels, summary):
    alert = f"Gamctl{name}"
    has = alerts[alert]
    fires = {
        "exp_labels": {**labels, "severity": has["severity"], "rule": has["rule"]},
        "exp_annotations": {"summary": summary, "action": has["action"]},
    }
    quiet = [] if before is NEVER else [at(before, alert, [])]
    return {"name": alert, "interval": "1m", "input_series": given, "alert_rule_test": [*quiet, at(after, alert, [fires])]}


def scraped(growth):
    """The series of metrics.txt, as a scrape adds them; each grows by so much in a minute."""
    found = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
        labels = dict(re.findall(r'(\w+)="([^"]*)"', labels or ""))
        found.append(series(name, f"{value}+{growth}x180", **labels))
    return [*found, series("up", "1x180")]


# The text has a paused rollout and two unreachable devices; everything else in it is well.
loud = {"GamctlRolloutPaused", "GamctlDeviceDown"}
firing = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(loud)]
healthy = {
    "interval": "1m",
    "input_series": scraped(0),
    "promql_expr_test": [{"expr": 'count by (alertname) (ALERTS{alertstate="firing"})', "eval_time": "3h", "exp_samples": firing}],
}


def tested(tests, file="tests.json"):
    # JSON is YAML too.
    path = scratch / file
    path.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": tests}))
    return run("promtool", "test", "rules", str(path))


status, printed = tested([case(name, *parts) for name, parts in CASES.items()])
checks.that("each alert fires after its time and not before", status == 0, printed)
status, printed = tested([healthy])
checks.that("the metrics of a service that is well fire no other alert", status == 0, printed)
wrong = case("Stuck", devices("stuck", 0), *CASES["Stuck"][1:])
checks.that("promtool notices an alert that does not fire", tested([wrong])[0] != 0)

expressions = []
for panel in board["panels"]:
    for target in panel.get("targets", []):
        shown = target["expr"].replace("$job", "gamctl").replace("$__rate_interval", "5m")
        checks.that(f"no variable is left in {target['expr']}", "$" not in shown)
        expressions.append(shown)
recorded = [{"record": f"dashboard:panel:{number}", "expr": shown} for number, shown in enumerate(expressions)]
path = scratch / "dashboard.json"
path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": recorded}]}))
status, printed = run("promtool", "check", "rules", str(path))
checks.that("promtool parses every expression of the dashboard", status == 0 and f"{len(expressions)} rules found" in printed, printed)
# With growing values no panel is empty; the name of a panel that is comes with its expression.
shows = [{"expr": f"count({shown}) > bool 0", "eval_time": "1h", "exp_samples": [{"labels": "{}", "value": 1}]} for shown in expressions]
status, printed = tested([{"interval": "1m", "input_series": scraped(1), "promql_expr_test": shows}])
checks.that("every expression of the dashboard finds the metrics that gamctl exports", status == 0, printed)
checks.finish(f"promtool: {len(alerts)} alerts, {len(expressions)} expressions of the dashboard")
