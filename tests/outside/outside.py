"""What the checks share: reading the twins' document, running a program, and saying what was expected."""

import json
import subprocess
import sys

SYSTEM = "1.3.6.1.2.1.1"
GAM = "1.3.6.1.4.1.20095.2001"


def twins(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)["twins"]


def run(*command, timeout=60, stdin=None):
    """Runs a program; returns its exit status and what it printed on both streams."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL if stdin is None else None,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        check=False,
        text=True,
        errors="replace",
    )
    return done.returncode, done.stdout


class Checks:
    """Counts what held, and ends the program if something did not."""

    def __init__(self):
        self.held = 0
        self.failed = 0

    def that(self, claim, truth, shown=""):
        if truth:
            self.held += 1
        else:
            self.failed += 1
            print(f"FAILED: {claim}\n{shown}", file=sys.stderr)

    def finish(self, title):
        print(f"{title}: {self.held} held, {self.failed} failed")
        if self.failed:
            sys.exit(1)
