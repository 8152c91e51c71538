"""Runs `gamctl serve` on the inventory of json_schemas.py, and shows what it does, so that its documents can be judged."""

import json
import subprocess
import time


def until(what, seen):
    """Waits for a condition; fails after two minutes with what was seen last."""
    end = time.monotonic() + 120
    while True:
        found, last = seen()
        if found:
            return found
        assert time.monotonic() < end, f"no {what}: {json.dumps(last)[:3000]}"
        time.sleep(0.2)


def run(gamctl, is_of, git, inventory, scratch, program):
    settings = inventory / "gamctl.toml"
    before = settings.read_text()
    serve = '\n[serve]\nlisten = "127.0.0.1:0"\nmetrics = false\nprobe = "10s"\npoll = "10s"\nlook = "10s"\n'
    settings.write_text(before + serve)
    log = scratch / "serve.log"
    with log.open("w") as said:
        process = subprocess.Popen([program, "serve"], cwd=inventory, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
    try:
        show(gamctl, is_of, git, inventory, program)
    except BaseException:
        print(log.read_text()[-4000:])
        raise
    finally:
        process.terminate()
        ended = process.wait(timeout=120)
        settings.write_text(before)
    assert ended == 0, f"the service ended with {ended}: {log.read_text()[-2000:]}"


def show(gamctl, is_of, git, inventory, program):
    head = subprocess.run(["git", "-C", inventory, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()

    def status():
        document = is_of(gamctl("status", code=(0, 2, 6)), "status")
        return document

    def has_target():
        document = status()
        return (document.get("target") or {}).get("commit") == head, document

    until("target", has_target)
    plans = inventory / "service-plans.toml"
    plans.write_text(plans.read_text().replace('"Home for 100"', '"Home 100 again"'))
    git("commit", "-qam", "for the service")

    def waiting():
        document = is_of(gamctl("rollouts"), "rollouts")
        found = [one for one in document["rollouts"] if one["state"] == "waiting-for-approval"]
        return found, document

    rollout = until("rollout that waits", waiting)[0]
    is_of(gamctl("rollout", "show", rollout["id"]), "rollout")
    is_of(gamctl("status", "maple-court-a", code=(0, 2, 6)), "status-device")
    status()
    for words in (
        ["rollout", "pause", rollout["id"], "--reason", "first a look"],
        ["rollout", "resume", rollout["id"], "--reason", "it is right"],
        ["approve", "latest", "--yes", "--reason", "seen in the review"],
    ):
        done = subprocess.run([program, *words], cwd=inventory, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"{words}: exit {done.returncode}: {done.stdout}{done.stderr}"

    def ended():
        document = is_of(gamctl("rollouts"), "rollouts")
        found = [one for one in document["rollouts"] if one["id"] == rollout["id"]]
        # To its end: what follows in json_schemas.py needs devices that no wave is left for.
        return found and found[0]["state"] == "done", document

    until("end of the rollout", ended)
    is_of(gamctl("rollout", "show", "latest"), "rollout")
    status()
