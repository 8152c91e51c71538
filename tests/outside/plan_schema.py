"""Plans of every kind against the schema that gamctl publishes, and twice the same bytes."""

import json
import pathlib
import subprocess
import sys

from jsonschema import Draft202012Validator

program, scratch = sys.argv[1], pathlib.Path(sys.argv[2])
schema = json.loads((scratch / "plan.schema.json").read_text())
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
inventory = scratch / "planned"


def git(*words):
    subprocess.run(["git", "-C", inventory, "-c", "user.name=Ann", "-c", "user.email=ann@example.net", *words], check=True)


def plan(name, code, *words):
    texts = []
    for number in (1, 2):
        file = scratch / f"plan-{number}.json"
        done = subprocess.run([program, "plan", inventory, "--out", file, *words], stdout=subprocess.DEVNULL)
        assert done.returncode == code, f"{name}: exit {done.returncode}, expected {code}"
        texts.append(file.read_bytes())
    assert texts[0] == texts[1], f"{name}: the same inputs, and not the same bytes"
    faults = [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(json.loads(texts[0]))]
    assert not faults, f"{name}: {faults}"
    print(f"ok: {name}, {len(texts[0])} bytes")


plan("a first plan", 2)
plan("everything has drifted", 2, "--applied", "HEAD")
git("tag", "before")
subscribers = inventory / "subscribers" / "maple-court.toml"
tables = subscribers.read_text().split("\n\n")
kept = [table for table in tables if "[subscriber.acct-1002]" not in table]
assert len(kept) == len(tables) - 1
subscribers.write_text("\n\n".join(kept))
git("commit", "-qam", "acct-1002 leaves")
plan("somebody leaves", 2, "--against", "before")
plan("one device only", 2, "--device", "birch-12")
broken = json.loads((scratch / "plan-1.json").read_text())
broken["devices"][0]["steps"][0]["lines"] = "one line"
assert list(validator.iter_errors(broken)), "the schema takes anything"
print("ok: a plan with a wrong type is refused by the schema")
