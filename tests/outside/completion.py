"""Types lines into real bash, zsh and fish, presses Tab, and compares the arguments that the program gets then.

Usage: completion.py GAMCTL SCRATCH
"""

import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import time

from outside import Checks

PATIENCE = 60  # seconds until a shell that does nothing counts as failed
# A reason that would run programs, if a shell evaluated it.
HOSTILE = "$(touch pwned);`touch pwned`|x 'y' \"z\" &"

checks = Checks()
program, scratch = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2]).resolve()
scratch.mkdir(parents=True, exist_ok=True)
inventory = scratch / "inventory"
shutil.copytree("inventory.example", inventory)
record = scratch / "record"

(inventory / "plan.json").write_text("{}")
(inventory / "devices" / "deep").mkdir()
(scratch / "broken").mkdir()
(scratch / "broken" / "network.toml").write_text("schema = [\n")
(scratch / "broken" / "gamctl.toml").write_text("nonsense = true\n")

# The shells run this program: it writes down its arguments, unless it is asked for completions.
bin_folder = scratch / "bin"
bin_folder.mkdir()
wrapper = bin_folder / "gamctl"
wrapper.write_text(
    "#!/bin/sh\n"
    f'if [ "$1" = complete ] || [ "$1" = completions ]; then exec "{program}" "$@"; fi\n'
    f'{{ printf "%s\\0" "$@"; printf "\\n"; }} > "{record}.new" && mv "{record}.new" "{record}"\n'
)
wrapper.chmod(0o755)

home = scratch / "home"
(home / ".config" / "fish").mkdir(parents=True)
(home / ".bashrc").write_text("PS1='ready> '\nbind 'set enable-bracketed-paste off'\nsource <(gamctl completions bash)\n")
(home / ".zshrc").write_text(
    "PS1='ready> '\nunsetopt zle_bracketed_paste 2>/dev/null\nautoload -Uz compinit\ncompinit -u -D\n"
    "source <(gamctl completions zsh)\n"
)
(home / ".config" / "fish" / "config.fish").write_text(
    "function fish_prompt; echo -n 'ready> '; end\nset -g fish_greeting\n"
    "set -g fish_autosuggestion_enabled 0\ngamctl completions fish | source\n"
)
environment = {
    "HOME": str(home),
    "PATH": f"{bin_folder}:{os.environ['PATH']}",
    "TERM": "dumb",
    "LC_ALL": "C.UTF-8",
    "XDG_STATE_HOME": str(scratch / "state"),
    "GAMCTL_WHO": "ada@noc",
}

# A store with a freeze to thaw; the shells show its reason.
freeze = subprocess.run(
    [program, "freeze", "-q", "--for", "3d", "--reason", HOSTILE, "-i", str(inventory)],
    env=environment, check=True, stdout=subprocess.PIPE, text=True,
).stdout.strip()


class Shell:
    """A shell on a terminal of its own."""

    def __init__(self, command, folder):
        self.text = b""
        process, self.terminal = pty.fork()
        if process == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)
        self.process = process
        self.wait(lambda: b"ready> " in self.text)

    def wait(self, is_done):
        end = time.monotonic() + PATIENCE
        while not is_done():
            if time.monotonic() > end:
                return False
            readable, _, _ = select.select([self.terminal], [], [], 0.05)
            if readable:
                try:
                    self.text += os.read(self.terminal, 65536)
                except OSError:
                    return is_done()
                # fish asks what the terminal is; any answer lets it go on.
                if self.text.endswith((b"\x1b[c", b"\x1b[0c")):
                    os.write(self.terminal, b"\x1b[?62c")
        return True

    def completed(self, line):
        """Types a line with Tab in place of `~`, enters it, and returns the arguments that the program gets."""
        record.unlink(missing_ok=True)
        start = len(self.text)
        os.write(self.terminal, line.replace("~", "\t").encode())
        os.write(self.terminal, b"\r")
        if not self.wait(record.exists):
            return None
        arguments = record.read_bytes().split(b"\0")[:-1]
        self.wait(lambda: b"ready> " in self.text[start:])
        return [argument.decode() for argument in arguments]

    def end(self):
        os.write(self.terminal, b"\x03exit\r")
        os.close(self.terminal)
        os.waitpid(self.process, 0)


LINES = [
    ("gamctl pl~", ["plan"]),
    ("gamctl plan --devi~", ["plan", "--device"]),
    ("gamctl plan --device birch-y~", ["plan", "--device", "birch-yard"]),
    ("gamctl plan --device=birch-y~", ["plan", "--device=birch-yard"]),
    ("gamctl plan --device 'birch-y~", ["plan", "--device", "birch-yard"]),
    ("gamctl plan --site maple-c~ --format mark~", ["plan", "--site", "maple-court", "--format", "markdown"]),
    ("gamctl show subscriber acct-1110~", ["show", "subscriber", "acct-1110"]),
    ("gamctl validate --explain shared-v~", ["validate", "--explain", "shared-vlan"]),
    ("gamctl twin ctl fault set birch-12 snmp-los~", ["twin", "ctl", "fault", "set", "birch-12", "snmp-loss"]),
    ("gamctl apply pla~", ["apply", "plan.json"]),
    ("gamctl plan --label region=s~", ["plan", "--label", "region=south"]),
    ("gamctl thaw ~", ["thaw", freeze]),
]

for name, command in [
    ("bash", ["bash", "--noprofile", "-i"]),
    ("zsh", ["zsh", "-i"]),
    ("fish", ["fish", "-i"]),
]:
    shell = Shell(command, inventory)
    for line, expected in LINES:
        found = shell.completed(line)
        checks.that(f"{name}: {line}", found == expected, f"{found}\n{shell.text[-600:]!r}")
    shell.end()
    # From a folder inside of the inventory, and with an inventory that the line names.
    for folder, line, expected in [
        ("inventory/devices/deep", "gamctl observe maple-court-a~", ["observe", "maple-court-a"]),
        (".", "gamctl -i inventory plan --device birch-y~", ["-i", "inventory", "plan", "--device", "birch-yard"]),
        (".", "gamctl plan -i inventory --device birch-y~", ["plan", "-i", "inventory", "--device", "birch-yard"]),
        ("broken", "gamctl plan --device birch~", ["plan", "--device", "birch"]),
    ]:
        shell = Shell(command, scratch / folder)
        found = shell.completed(line)
        checks.that(f"{name} in {folder}: {line}", found == expected, f"{found}\n{shell.text[-600:]!r}")
        shell.end()

shown = subprocess.run(
    ["fish", "-c", "complete -C 'gamctl plan --device birch-y'"],
    env=environment, cwd=inventory, stdout=subprocess.PIPE, text=True, check=False,
).stdout
checks.that("fish describes devices", shown.startswith("birch-yard\tGAM-"), shown)
pwned = [str(path) for path in scratch.rglob("pwned")]
checks.that("no name of the inventory was run as a command", not pwned, pwned)
checks.finish("completions")
