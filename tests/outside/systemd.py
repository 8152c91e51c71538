"""The systemd unit of the service, as systemd-analyze reads it, and its command, as gamctl reads it.

Usage: systemd.py GAMCTL. The unit is docs/deploy/systemd/gamctl.service.
"""

import pathlib
import re
import shlex
import sys

from outside import Checks, run

MOST_EXPOSED = 1.5

program = sys.argv[1]
unit = pathlib.Path("docs/deploy/systemd/gamctl.service").resolve()
checks = Checks()

status, printed = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(unit))
level = re.search(r"Overall exposure level for gamctl\.service: (\d+\.\d+)", printed)
exposed = float(level.group(1)) if level else 10.0
checks.that(f"the unit is exposed by at most {MOST_EXPOSED}, not {exposed}", status == 0 and exposed <= MOST_EXPOSED, printed)
threshold = str(int(MOST_EXPOSED * 10))
status, printed = run("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={threshold}", str(unit))
checks.that("systemd-analyze agrees by its exit status", status == 0, printed)

# A unit without its protection must fail, or the check proves nothing.
lines = unit.read_text().splitlines()
bare = pathlib.Path(sys.argv[2]) / "gamctl.service"
bare.parent.mkdir(parents=True, exist_ok=True)
bare.write_text("\n".join(line for line in lines if not line.startswith(("Protect", "Private", "Restrict", "SystemCall"))))
status, _ = run("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={threshold}", str(bare))
checks.that("without its protection the unit fails", status != 0)

# Unknown keys and wrong values are warnings of `verify`. The program and its manual page are not installed here.
_, printed = run("systemd-analyze", "verify", "--man=no", str(unit))
known = ("is not executable", "No such file or directory")
complaints = [line for line in printed.splitlines() if "gamctl.service" in line and not any(one in line for one in known)]
checks.that("systemd knows every key of the unit", not complaints, printed)

started = [line.partition("=")[2] for line in lines if line.startswith("ExecStart")]
checks.that("the unit starts one program", len(started) == 1, started)
words = shlex.split(started[0])
checks.that("the unit starts gamctl", pathlib.Path(words[0]).name == "gamctl", words)
command = "serve"
checks.that("the unit runs the service", command in words, words)
_, help_of_all = run(program, "--help")
status, help_of_command = run(program, command, "--help")
checks.that("gamctl has the command", status == 0, help_of_command)
for option in (word for word in words[1:] if word.startswith("-")):
    name = option.partition("=")[0]
    there = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", help_of_all + help_of_command)
    checks.that(f"gamctl has the option {name}", there is not None, help_of_command)
# The whole command, up to reading the settings: with others than the unit's, or an installed service would start.
missing = str(bare.with_name("missing.toml"))
checks.that("the unit names its settings", "/etc/gamctl/gamctl.toml" in words, words)
status, printed = run(program, *[missing if word.endswith("gamctl.toml") else word for word in words[1:]])
checks.that("gamctl accepts the command of the unit", status == 1 and missing in printed, printed)
checks.finish("systemd")
