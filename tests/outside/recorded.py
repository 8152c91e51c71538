"""A GAM-4-CX as it was seen, served by Debian's snmpd: gamctl tells its uplink from its management port.

The twin has no part in this: its author read the same pages, and could have misread them in the same way. Usage:
recorded.py GAMCTL FOLDER; the folder must be empty.
"""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from outside import Checks, run

GAM = "1.3.6.1.4.1.20095.2001"
PORT = f"{GAM}.11.1"
VLAN = f"{GAM}.13.1.2.2.1.1"
GHN = f"{GAM}.143.1"
SYSUTIL = f"{GAM}.24.1.3"
# Speed, media and RFC 5517 mode, as columns 3, 5 and 11 of GAM-PORT-MIB said on a GAM-4-CX.
GHN_PORT, UPLINK, MANAGEMENT = (6, 0, 0), (8, 1, 3), (5, 0, 1)
UNCLEAR = (5, 0, 0)
TRUE, FALSE = 1, 2


def quarter(number, vlans):
    """Returns 128 octets for 1024 VLANs; within an octet the lowest bit is the lowest VLAN."""
    octets = bytearray(128)
    for vlan in vlans:
        if vlan // 1024 == number:
            octets[vlan % 1024 // 8] |= 1 << vlan % 8
    return octets.hex(" ").upper()


def recording(others):
    """Returns every object as (name, type, value), in the order of a walk. `others` follow the four G.hn ports."""
    rows = {}

    def put(name, kind, value):
        rows[tuple(map(int, name.split(".")))] = (kind, str(value))

    put(f"{SYSUTIL}.1.3.0", "gauge", 7)
    put(f"{SYSUTIL}.5.1.0", "octet", "00 0E D8 1A B9 E2")
    put(f"{SYSUTIL}.5.3.0", "string", "01000001")
    for image, (kind, version) in enumerate([(0, "boot"), (1, "GAM-4/8-C_v1.8.2"), (2, "GAM-4/8-C_v1.5.4")]):
        put(f"{GAM}.28.1.3.1.1.2.{image}", "integer", kind)
        put(f"{GAM}.28.1.3.1.1.4.{image}", "string", version)
    for number, (speed, media, mode) in enumerate([GHN_PORT] * 4 + others):
        interface = 1_000_001 + number
        put(f"{PORT}.2.1.1.2.{interface}", "integer", FALSE)
        put(f"{PORT}.2.1.1.3.{interface}", "integer", speed)
        put(f"{PORT}.2.1.1.5.{interface}", "integer", media)
        put(f"{PORT}.2.1.1.11.{interface}", "integer", mode)
        is_up = number < 2 or (speed, media, mode) == UPLINK
        put(f"{PORT}.3.1.1.2.{interface}", "integer", TRUE if is_up else FALSE)
        put(f"{PORT}.3.1.1.5.{interface}", "integer", {True: 6, False: 0}[is_up and number >= 4])
        is_uplink = (speed, media, mode) == UPLINK or (number == 4 and UPLINK not in others)
        put(f"{VLAN}.2.{interface}", "integer", 1 if is_uplink else 0)
        put(f"{VLAN}.3.{interface}", "gauge", 1)
        put(f"{VLAN}.4.{interface}", "gauge", 100 if is_uplink else 1)
        put(f"{VLAN}.10.{interface}", "gauge", 1)
        for part in range(4):
            put(f"{VLAN}.{6 + part}.{interface}", "octet", quarter(part, range(3, 4095) if is_uplink else range(1, 4096)))
            put(f"{VLAN}.{15 + part}.{interface}", "octet", quarter(part, range(1, 4096)))
    put(f"{GHN}.2.5.10.0", "integer", 0)
    for port in range(1, 5):
        put(f"{GHN}.2.10.1.30.{1_000_000 + port}", "string", f"riser {port}")
        put(f"{GHN}.2.10.1.50.{1_000_000 + port}", "integer", 0)
    # The default profile, and one more.
    for profile, name, down, up in [(1, "Default BW Profile", 10, 10), (2, "home 100", 100, 20)]:
        put(f"{GHN}.2.30.1.30.{profile}", "string", name)
        put(f"{GHN}.2.30.1.40.{profile}", "string", "")
        put(f"{GHN}.2.30.1.50.{profile}", "gauge", down)
        put(f"{GHN}.2.30.1.60.{profile}", "gauge", up)
    # Two endpoints; the second one is not alive, so its detailed row returns no other columns.
    for number, mac, port in [(1, "00 0E D8 2A 01 01", 1_000_001), (2, "00 0E D8 2A 01 02", 1_000_002)]:
        put(f"{GHN}.2.20.1.10.{number}", "gauge", number)
        put(f"{GHN}.2.20.1.20.{number}", "octet", mac)
        put(f"{GHN}.2.20.1.30.{number}", "string", f"apartment {number}")
        put(f"{GHN}.2.20.1.50.{number}", "integer", port)
        put(f"{GHN}.2.20.1.55.{number}", "integer", FALSE)
        put(f"{GHN}.2.40.1.10.{number}", "gauge", number)
        put(f"{GHN}.2.40.1.{NAMES['name']}.{number}", "string", f"acct-{number}")
        put(f"{GHN}.2.40.1.{NAMES['description']}.{number}", "string", "")
        put(f"{GHN}.2.40.1.{NAMES['endpoint']}.{number}", "gauge", number)
        put(f"{GHN}.2.40.1.{NAMES['profile']}.{number}", "gauge", 2)
        put(f"{GHN}.2.40.1.{NAMES['vlan']}.{number}", "gauge", 100 + number)
        put(f"{GHN}.2.40.1.100.{number}", "integer", FALSE)
        put(f"{GHN}.2.40.1.110.{number}", "gauge", 0)
        put(f"{GHN}.2.40.1.120.{number}", "gauge", 0)
        for part in range(4):
            put(f"{GHN}.2.40.1.{130 + 10 * part}.{number}", "octet", quarter(part, []))
        put(f"{GHN}.2.40.1.170.{number}", "integer", FALSE)
        put(f"{GHN}.2.40.1.180.{number}", "integer", 0)
        put(f"{GHN}.2.40.1.190.{number}", "integer", FALSE)
        put(f"{GHN}.2.40.1.220.{number}", "integer", 0)
        arcs = ".".join(str(int(octet, 16)) for octet in mac.split())
        is_alive = number == 1
        put(f"{GHN}.3.30.10.1.20.{arcs}", "gauge", number)
        put(f"{GHN}.3.30.10.1.40.{arcs}", "integer", port if is_alive else 0)
        put(f"{GHN}.3.30.10.1.50.{arcs}", "gauge", number)
        put(f"{GHN}.3.30.10.1.90.{arcs}", "integer", 1 if is_alive else 0)
        put(f"{GHN}.3.30.10.1.110.{arcs}", "string", "GN-1" if is_alive else "")
        if is_alive:
            put(f"{GHN}.3.30.20.1.70.{arcs}", "string", "7_12_r579")
            for column, value in [(110, 900), (120, 850), (150, 800), (160, 750)]:
                put(f"{GHN}.3.30.20.1.{column}.{arcs}", "gauge", value)
    return [(name, *rows[name]) for name in sorted(rows)]


# The columns of a subscriber whose numbers the code below needs by name.
NAMES = {"name": 30, "description": 40, "endpoint": 50, "profile": 70, "vlan": 90}


def serve(path):
    """Answers snmpd's `pass_persist` from a recording, until snmpd closes stdin."""
    rows = [(tuple(name), kind, value) for name, kind, value in json.loads(Path(path).read_text(encoding="utf-8"))]
    names = [name for name, _, _ in rows]
    for line in sys.stdin:
        command = line.strip()
        if command == "PING":
            print("PONG", flush=True)
            continue
        asked = tuple(map(int, sys.stdin.readline().strip().lstrip(".").split(".")))
        if command == "get":
            found = names.index(asked) if asked in names else None
        else:
            found = next((at for at, name in enumerate(names) if name > asked), None)
        if found is None:
            print("NONE", flush=True)
        else:
            name, kind, value = rows[found]
            print("." + ".".join(map(str, name)), kind, value, sep="\n", flush=True)


class Agent:
    """Debian's snmpd with one recording, on a port of its own."""

    def __init__(self, folder, rows):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        folder.mkdir()
        (folder / "recording.json").write_text(json.dumps(rows), encoding="utf-8")
        (folder / "snmpd.conf").write_text(
            "rocommunity public\nsysName gam-4-cx\nsysLocation closet\nsysContact noc\n"
            "sysObjectID 1.3.6.1.4.1.20095.2000.1.18\n"
            f"pass_persist .{GAM} {sys.executable} {Path(__file__).resolve()} --serve {folder / 'recording.json'}\n",
            encoding="utf-8",
        )
        self.process = subprocess.Popen(
            ["snmpd", "-f", "-C", "-c", str(folder / "snmpd.conf"), "-Lf", str(folder / "log"), "-I", "-smux",
             f"udp:127.0.0.1:{self.port}"],
            env={**os.environ, "SNMP_PERSISTENT_DIR": str(folder)},
        )
        until = time.monotonic() + 30
        while run("snmpget", "-v2c", "-cpublic", "-t", "1", "-r", "0", f"127.0.0.1:{self.port}", f"{SYSUTIL}.5.3.0")[0]:
            if time.monotonic() > until or self.process.poll() is not None:
                raise SystemExit(f"snmpd did not start:\n{(folder / 'log').read_text(errors='replace')}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


def observed(program, folder, port):
    inventory = folder / "inventory"
    (inventory / "devices").mkdir(parents=True)
    (inventory / "network.toml").write_text("schema = 1\n", encoding="utf-8")
    (inventory / "credentials.toml").write_text(
        '[credentials.default]\nsnmp = { version = "2c", community = { secret = "recorded" } }\n'
        'ssh = { user = "admin", password = { secret = "recorded" } }\n',
        encoding="utf-8",
    )
    (inventory / "devices" / "oak.toml").write_text(
        f'[device.oak]\nmodel = "GAM-4-CX"\naddress = "127.0.0.1:2222/{port}"\ntest_bed = true\n', encoding="utf-8"
    )
    status, text = run("env", "GAMCTL_SECRET_RECORDED=public", program, "observe", "-i", str(inventory), "oak", "--format", "json")
    try:
        return json.loads(text[text.index("{"):])["observations"][0]
    except (ValueError, LookupError):
        raise SystemExit(f"gamctl observe ended with {status}:\n{text}") from None


def main(program, folder):
    checks = Checks()
    folder = Path(folder)
    seen = {}
    for title, others in [
        ("as seen", [UPLINK, MANAGEMENT]),
        ("turned round", [MANAGEMENT, UPLINK]),
        ("unclear", [UNCLEAR, UNCLEAR]),
    ]:
        agent = Agent(folder / title.replace(" ", "-"), recording(others))
        try:
            seen[title] = observed(program, folder / title.replace(" ", "-"), agent.port)
        finally:
            agent.stop()
    for title in ["as seen", "turned round"]:
        look = seen[title]
        uplinks = look["config"]["uplinks"]
        checks.that(f"{title}: there is one uplink", list(uplinks) == ["1"], uplinks)
        checks.that(f"{title}: it allows 3 to 4094", uplinks["1"] == {"allowed_vlans": "3-4094"}, uplinks)
        checks.that(f"{title}: nothing of it is unread", not look.get("unread", []), look.get("unread", []))
        checks.that(f"{title}: its link is up", look["health"]["uplinks"]["1"]["is_up"] is True, look["health"])
        checks.that(f"{title}: both subscribers are there", len(look["config"]["subscribers"]) == 2, look["config"])
        quiet = [line for line in look["health"].get("unread", []) if "Detailed" in line]
        checks.that(f"{title}: an endpoint that is not alive is no fault", not quiet, quiet)
    look = seen["unclear"]
    parts = {item["part"] for item in look.get("unread", [])}
    checks.that("unclear: the uplinks are unread, and nothing else is", parts == {"uplinks"}, look.get("unread", []))
    checks.that("unclear: no uplink is invented", not look["config"]["uplinks"], look["config"]["uplinks"])
    checks.finish("a recorded GAM-4-CX")


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        main(*sys.argv[1:])
