"""net-snmp's snmptrapd receives what a twin sends when an alarm comes and goes."""

import subprocess
import sys
import time

from outside import GAM, Checks, run, twins

document, program, port, scratch = sys.argv[1:5]
checks = Checks()
twin = twins(document)[0]["name"]
with open(f"{scratch}/snmptrapd.conf", "w", encoding="utf-8") as file:
    file.write("disableAuthorization yes\n")
with open(f"{scratch}/traps.log", "w", encoding="utf-8") as log:
    daemon = subprocess.Popen(
        ["snmptrapd", "-f", "-Lo", "-On", "-C", "-c", f"{scratch}/snmptrapd.conf", f"udp:127.0.0.1:{port}"],
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def seen(text, seconds=20):
    """Waits until the daemon has written a text."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with open(f"{scratch}/traps.log", encoding="utf-8", errors="replace") as file:
            if text in file.read():
                return True
        time.sleep(0.05)
    return False


def control(*words):
    return run(program, "twin", "ctl", "--control", f"{scratch}/control", *words)


try:
    checks.that("snmptrapd listens", seen("NET-SNMP version"))
    status, text = control("alarm", "raise", twin, "hightemp")
    checks.that("an alarm can be raised", status == 0, text)
    checks.that("the trap of a new alarm arrives", seen(f".{GAM}.145.1.6.1"))
    status, text = control("alarm", "clear", twin, "hightemp")
    checks.that("an alarm can be cleared", status == 0, text)
    checks.that("the trap of a gone alarm arrives", seen(f".{GAM}.145.1.6.3"))
    status, text = control("edit", twin, "interface 10GigabitEthernet 1/1", "shutdown")
    checks.that("an uplink can be shut down", status == 0, text)
    checks.that("linkDown arrives", seen(".1.3.6.1.6.3.1.1.5.3"))
    status, text = control("reboot", twin)
    checks.that("a twin can be rebooted", status == 0, text)
    checks.that("coldStart arrives after a reboot", seen(".1.3.6.1.6.3.1.1.5.1"))
finally:
    daemon.terminate()
    daemon.wait()
with open(f"{scratch}/traps.log", encoding="utf-8", errors="replace") as file:
    received = file.read()
if checks.failed:
    print(received, file=sys.stderr)
checks.finish("snmptrapd")
