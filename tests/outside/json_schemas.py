"""Every JSON document of every command, from the real program over twins, against its published schema.

Usage: json_schemas.py GAMCTL INVENTORY CONTROL SCRATCH. The inventory is the one that `gamctl twin --write-inventory` wrote.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import service
from jsonschema import Draft202012Validator, FormatChecker

program = pathlib.Path(sys.argv[1]).resolve()
inventory, control, scratch = map(pathlib.Path, sys.argv[2:5])
scratch.mkdir(exist_ok=True)
formats = FormatChecker()


@formats.checks("date-time", raises=ValueError)
def is_time(text):
    # Exactly the form that docs/json.md promises: RFC 3339 in UTC, to the second.
    import datetime

    if isinstance(text, str):
        datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    return True


validators = {}
seen = {}


def validator(name):
    if name not in validators:
        text = subprocess.run([program, "schema", name], check=True, capture_output=True).stdout
        schema = json.loads(text)
        file = pathlib.Path("schema/output") / (name.removeprefix("gamctl/") + ".json")
        assert json.loads(file.read_text()) == schema, f"{file} is not what `gamctl schema {name}` prints"
        Draft202012Validator.check_schema(schema)
        validators[name] = Draft202012Validator(schema, format_checker=formats)
    return validators[name]


def faults(document):
    name = document.get("schema")
    assert isinstance(name, str) and name.startswith("gamctl/"), f"a document without a schema: {str(document)[:200]}"
    return [f"{fault.json_path}: {fault.message[:300]}" for fault in validator(name).iter_errors(document)]


def gamctl(*words, code=0, folder=None, json_to=False):
    """Runs a command; returns its one document, which must fit its schema and stand alone on stdout."""
    command = [str(program), *map(str, words)]
    if json_to:
        file = scratch / "document.json"
        file.unlink(missing_ok=True)
        command += ["--json-to", str(file)]
    elif "--json" not in words:
        command += ["--format", "json"]
    done = subprocess.run(command, cwd=folder or inventory, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)
    shown = " ".join(map(str, words))
    codes = code if isinstance(code, tuple) else (code,)
    assert done.returncode in codes, f"`{shown}`: exit {done.returncode}, expected {code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    document = json.loads(file.read_text() if json_to else done.stdout)
    assert isinstance(document, dict), f"`{shown}`: a bare list"
    found = faults(document)
    assert not found, f"`{shown}`: {len(found)} faults\n" + "\n".join(found[:12])
    seen.setdefault(document["schema"], []).append(shown)
    return document


def is_of(document, name):
    assert document["schema"] == f"gamctl/{name}", f"{document['schema']} instead of gamctl/{name}"
    return document


def git(*words, folder=inventory):
    subprocess.run(["git", "-C", folder, "-c", "user.name=Ann", "-c", "user.email=ann@example.net", *words], check=True, capture_output=True)


def ctl(*words):
    return gamctl("twin", "ctl", "--json", "--control", control, *words)


# Before anything was applied.
is_of(gamctl("history"), "history")
is_of(gamctl("history", "--audit"), "history-audit")
is_of(gamctl("owned"), "owned")
is_of(gamctl("explain", "maple-court-a"), "explain")
is_of(gamctl("freeze", "--list"), "freezes")
is_of(gamctl("validate"), "findings")
is_of(gamctl("show"), "inventory")
is_of(gamctl("show", "device", "maple-court-a"), "device")
subscriber = "acct-1002"
is_of(gamctl("show", "subscriber", subscriber), "subscriber")
is_of(gamctl("find", subscriber), "find")
is_of(gamctl("find", "no-such-word-anywhere", code=1), "find")
is_of(gamctl("secret", "list"), "secrets")
is_of(gamctl("secret", "check"), "secrets")
is_of(gamctl("trust", json_to=True), "trust")
is_of(gamctl("fmt", "--check", json_to=True), "fmt")
doctor = is_of(gamctl("doctor"), "doctor")
assert doctor["checks"], "doctor checked nothing"
observed = is_of(gamctl("observe"), "observe")
assert observed["observations"], "observe saw nothing"
is_of(gamctl("observe", "maple-court-a"), "observe")
probed = is_of(gamctl("observe", "--probe"), "probe")
assert probed["probes"], "the probe saw nothing"
for part in ("minute", "hour"):
    polled = is_of(gamctl("observe", f"--poll={part}"), "poll")
    assert polled["polls"], "the poll saw nothing"

is_of(gamctl("backup"), "backup")
is_of(gamctl("backup"), "backup")

# Plans of each kind, an apply that is not confirmed, one that is carried out, and one with nothing to do.
planned = is_of(gamctl("plan", code=2), "plan")
file = scratch / "plan.json"
gamctl("plan", "--out", file, code=2)
is_of(gamctl("show", "plan", file), "plan")
refused = is_of(gamctl("apply", code=4), "run")
assert refused["result"] == "refused" and refused["refused"]["refusal"] == "not-confirmed"
applied = is_of(gamctl("apply", file, "--yes"), "run")
assert {outcome["ended"] for outcome in applied["outcomes"]} == {"applied"}, applied
twice = is_of(gamctl("apply", file, "--yes", code=4), "run")
assert twice["refused"]["refusal"] == "plan-already-applied" and twice["refused"]["at"].endswith("Z"), twice
nothing = is_of(gamctl("apply", "--yes"), "run")
assert nothing["result"] == "done" and "run" not in nothing, "nothing to do, and yet a run"
is_of(gamctl("plan"), "plan")
is_of(gamctl("adopt", json_to=True), "adopt")
is_of(gamctl("owned", "maple-court-a"), "owned")
git("tag", "first")

# Frozen: a device is skipped, with its times.
freeze = is_of(gamctl("freeze", "--for", "1h", "--reason", "a storm"), "freeze")
assert freeze["until"] > freeze["since"]
is_of(gamctl("freeze", "--list"), "freezes")
plans = inventory / "service-plans.toml"
before = plans.read_text()
assert before.count('"Home 100/100"') == 1
plans.write_text(before.replace('"Home 100/100"', '"Home 100"'))
git("commit", "-qam", "another description")
frozen = is_of(gamctl("apply", "--yes", code=4), "run")
assert [skipped["cause"]["why"] for skipped in frozen["not_begun"]], frozen
is_of(gamctl("thaw", "--all", json_to=True), "freezes")

# A device refuses a line: rolled back, or stuck, with its causes.
ctl("fault", "set", "maple-court-a", "ssh-error", "text=% No", "matching=ghn", "times=1")
failed = is_of(gamctl("apply", "--yes", code=5), "run")
assert any("cause" in outcome for outcome in failed["outcomes"]), failed
ctl("fault", "clear", "maple-court-a")
is_of(gamctl("apply", "--yes"), "run")

# One device changes behind the back of gamctl: what it has is written into the inventory, on a branch of its own.
ctl("edit", "maple-court-a", "ghn subscriber 1 vid 777")
drift = is_of(gamctl("adopt", "--drift", "--branch", "as-it-is"), "adopt-drift")
assert drift["values"], "nothing was adopted"
is_of(gamctl("apply", "--yes"), "run")

# A reviewed plan, and what differs from it now.
reviewed = scratch / "reviewed.json"
text = plans.read_text()
plans.write_text(text.replace('"Home 100"', '"Home of 100"'))
git("commit", "-qam", "reviewed")
gamctl("plan", "--out", reviewed, code=2)
is_of(gamctl("plan", "--compare", reviewed, code=2), "comparison")
plans.write_text(text.replace('"Home 100"', '"Home for 100"'))
git("commit", "-qam", "and changed after the review")
compared = is_of(gamctl("plan", "--compare", reviewed, code=7), "comparison")
assert compared["devices"], compared

# In waves: a canary, a gate, the rest.
policy = inventory / "policy.toml"
policy.write_text(policy.read_text().replace('settle = "2m"', 'settle = "1s"'))
git("commit", "-qam", "settle sooner")
waves = is_of(gamctl("apply", "--waves", "--yes", code=(0, 4, 5)), "waves")
assert waves["waves"], waves
is_of(gamctl("windows"), "windows")

# The service: a rollout that waits, is approved and ends, with what is shown meanwhile.
service.run(gamctl, is_of, git, inventory, scratch, program)

# One device changes behind the back of gamctl.
ctl("edit", "maple-court-a", "ghn subscriber 1 vid 777")
is_of(gamctl("show", "device", "maple-court-a", "--observed", code=2), "device-observed")
is_of(gamctl("show", "subscriber", subscriber, "--observed", code=(0, 2)), "subscriber-observed")
is_of(gamctl("show", "device", "maple-court-a", "--at", "2030-01-01", code=1), "error")
is_of(gamctl("show", "device", "maple-court-a", "--at", "1h"), "device-at")
is_of(gamctl("show", "subscriber", subscriber, "--at", "1h"), "subscriber-at")

# Back to the first commit, and what remains of all this.
is_of(gamctl("rollback", "--to", "first", "--yes"), "run")
again = is_of(gamctl("apply", "--yes", code=4), "run")
assert again["not_begun"][0]["cause"]["why"] == "rolled-back", again
runs = is_of(gamctl("history"), "history")["runs"]
assert len(runs) >= 4, runs
for run in runs:
    is_of(gamctl("history", "--run", run["id"]), "history-run")
is_of(gamctl("history", "--audit", "--refused"), "history-audit")
is_of(gamctl("explain", "maple-court-a"), "explain")
explained = is_of(gamctl("explain", subscriber), "explain")
assert explained["chapters"], "no run changed the subscriber"

# The network.
ready = ctl("list")
is_of(ready, "twin-answer")
ports = next(twin for twin in ready["twins"] if twin["name"] == "maple-court-a")
is_of(ctl("show", "maple-court-a"), "twin-answer")
ssh, snmp = (str(ports[key]).rsplit(":", 1)[-1] for key in ("ssh", "snmp"))
host = str(ports["snmp"]).rsplit(":", 1)[0]
target = f"{host}:{ssh}/{snmp}"
is_of(gamctl("discover", target), "discover")

# Changes of the inventory.
is_of(gamctl("set", subscriber, "description=a door", json_to=True), "set")
listed = scratch / "accounts.csv"
listed.write_text(f"id,new_id\n{subscriber},acct-9002\n")
is_of(gamctl("rename", "--from", listed), "rename")
listed.write_text("id,new_id\nnobody,acct-9003\n")
is_of(gamctl("rename", "--from", listed, code=1), "rename")
listed.unlink()
is_of(gamctl("export", "--virtuoso", "--out", listed, json_to=True), "written")
is_of(gamctl("import", "--virtuoso", listed), "import-virtuoso")
listed.write_text("Name,MAC,Profile,VLAN,System\na,x,,7,z\n")
is_of(gamctl("import", "--virtuoso", listed, code=1), "import-virtuoso")
text = (inventory / "subscribers" / "maple-court.toml").read_text()
kept = [table for table in text.split("\n\n") if f"[subscriber.{subscriber}]" not in table]
(inventory / "subscribers" / "maple-court.toml").write_text("\n\n".join(kept))
git("commit", "-qam", "it stays as it is")
is_of(gamctl("disown", "apt-102", "--reason", "sold", code=4), "disown")
is_of(gamctl("disown", "apt-102", "--reason", "sold", "--yes"), "disown")
looks = scratch / "looks"
gamctl("observe", "--save", f"{looks}/")
fresh = scratch / "imported"
shutil.rmtree(fresh, ignore_errors=True)
is_of(gamctl("import", "--offline", looks, "--into", fresh, folder=scratch), "import")
new = scratch / "new"
shutil.rmtree(new, ignore_errors=True)
is_of(gamctl("init", new, json_to=True, folder=scratch), "written")

# One device is silent, then all are.
ctl("fault", "set", "maple-court-a", "snmp-silence")
is_of(gamctl("observe", "--timeout", "1s", code=6), "observe")
is_of(gamctl("plan", "--timeout", "1s", code=2), "plan")
is_of(gamctl("doctor", "--timeout", "1s", code=6), "doctor")
ctl("fault", "clear", "maple-court-a")

# What is wrong: the inventory, an argument, a folder.
(inventory / "subscribers" / "wrong.toml").write_text("[subscriber.a]\nvlan = 9999\n")
for words in (["validate"], ["plan"], ["apply", "--yes"], ["show"], ["observe"]):
    assert is_of(gamctl(*words, code=3), "findings")["findings"]
is_of(gamctl("adopt", code=3, json_to=True), "findings")
(inventory / "subscribers" / "wrong.toml").unlink()
for words in (["plan", "-i", "missing"], ["show", "device", "no-such"], ["discover", "no-address"], ["history", "--run", "ffff0000"]):
    is_of(gamctl(*words, code=1), "error")

# The twins' own document, as it was printed when they started.
twins = json.loads((scratch.parent / "twins.json").read_text())
assert not faults(is_of(twins, "twins"))
seen.setdefault("gamctl/twins", []).append("twin --json")

# The same of a billing twin, which runs until it is stopped.
billing = scratch / "billing.json"
with billing.open("w") as file:
    words = [program, "twin", "billing", "--kind", "splynx", "--accounts", "3", "--control", str(scratch / "billing.sock"), "--format", "json"]
    twin = subprocess.Popen(words, stdout=file, stderr=subprocess.DEVNULL)
try:
    subprocess.run([sys.executable, "tests/outside/ready.py", billing, str(twin.pid)], check=True)
    ready = json.loads(billing.read_text())
    isp = scratch / "isp"
    (isp / "devices").mkdir(parents=True)
    (isp / "network.toml").write_text('schema = 1\n\n[vlans]\nsubscribers = "100-999"\n')
    (isp / "service-plans.toml").write_text("[service_plan.home-100]\ndown = 100\nup = 50\n")
    (isp / "credentials.toml").write_text(
        '[credentials.default]\nsnmp = { version = "2c", community = { secret = "gam-snmp" } }\nssh = { user = "admin", password = { secret = "gam-ssh" } }\n'
    )
    (isp / "devices" / "maple.toml").write_text('[device.maple-a]\nmodel = "GAM-24-C"\naddress = "10.20.0.11"\n')
    login = "{ key = { secret = \"isp-key\" }, secret = { secret = \"isp-secret\" } }"
    (isp / "billing.toml").write_text(f'[billing.splynx]\nkind = "splynx"\naddress = "{ready["address"]}"\nlogin = {login}\ntime_zone = "UTC"\n')
    os.environ |= {"GAMCTL_SECRET_ISP_KEY": ready["login"]["key"], "GAMCTL_SECRET_ISP_SECRET": ready["login"]["secret"]}
    synced = is_of(gamctl("sync", folder=isp), "sync")
    assert synced["systems"][0]["services"] == sum(one["services"] for one in synced["systems"][0]["classes"])
    is_of(gamctl("sync", "check", folder=isp), "sync-check")
    is_of(gamctl("sync", "map", folder=isp), "sync-map")
    is_of(gamctl("sync", "list", "quarantined", folder=isp), "sync-list")
    is_of(gamctl("sync", "explain", "1001", folder=isp), "sync-explain")
    is_of(gamctl("sync", "adopt", folder=isp), "sync-adopt")
    is_of(gamctl("sync", "write-back", "--dry-run", folder=isp), "sync-write-back")
    is_of(gamctl("sync", "pause", "splynx", "--for", "2h", "--reason", "migration", folder=isp), "sync-pause")
    is_of(gamctl("sync", "resume", "splynx", folder=isp), "sync-pause")
    # A subscriber from before the sync that differs from its service is contested.
    with (isp / "network.toml").open("a") as file:
        file.write('\n[suspension]\nhow = "captive"\nservice_plan = "home-100"\n')
    with (isp / "billing.toml").open("a") as file:
        file.write('\n[billing.splynx.tariff.32]\nservice_plan = "home-100"\nas_sold = false\n')
    (isp / "subscribers").mkdir()
    (isp / "subscribers" / "maple.toml").write_text(
        '[subscriber.acct-1001]\ndevice = "maple-a"\nport = 1\nendpoint = "00:0e:d8:00:00:99"\nservice_plan = "home-100"\nvlan = 100\nstate = "suspended"\n'
        'external = { system = "splynx", account = "1001", service = "7001" }\n'
    )
    hold = ["--take", "inventory", "--until", "2100-01-01", "--why", "trial"]
    assert "state" in is_of(gamctl("sync", "resolve", "acct-1001", *hold, folder=isp), "sync-resolve")["keys"]
finally:
    twin.terminate()
    assert twin.wait(timeout=20) == 0
assert not faults(is_of(json.loads(billing.read_text()), "billing-twin"))
seen.setdefault("gamctl/billing-twin", []).append("twin billing --format json")

# The validator can fail: a name more, a name less, a wrong type, a time that is none.
broken = dict(planned, more=1)
assert faults(broken), "the schema accepts any name"
broken = {name: value for name, value in planned.items() if name != "totals"}
assert faults(broken), "the schema needs nothing"
broken = json.loads(json.dumps(applied))
broken["outcomes"][0]["millis"] = "long"
assert faults(broken), "the schema accepts any type"
broken = json.loads(json.dumps(freeze))
broken["until"] = 1795278725
assert faults(broken), "the schema accepts a time in seconds"
broken["until"] = "tomorrow"
assert faults(broken), "the schema accepts any text as a time"
broken = json.loads(json.dumps(failed))
next(outcome for outcome in broken["outcomes"] if "cause" in outcome)["cause"]["kind"] = "unheard-of"
assert faults(broken), "the schema accepts any cause"
print("ok: six broken documents are refused")

documents = sum(len(commands) for commands in seen.values())
for name, commands in sorted(seen.items()):
    print(f"ok: {name}: {len(commands)} documents")
known = {f"gamctl/{file.stem}" for file in pathlib.Path("schema/output").glob("*.json")}
missing = known - set(seen) - {"gamctl/secret-key"}
assert not missing, f"no document of {sorted(missing)} was seen"
print(f"json_schemas: {documents} documents of {len(seen)} kinds fit their schemas")
