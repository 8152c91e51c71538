"""Types lines into devices through netmiko, a thread for each device, and saves: what an engineer would write without gamctl."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from netmiko import ConnectHandler


def one(task):
    device = ConnectHandler(
        device_type="cisco_ios",
        host=task["address"],
        port=task["port"],
        username=task["user"],
        password=task["password"],
        conn_timeout=30,
        fast_cli=True,
    )
    text = device.send_config_set(task["lines"], read_timeout=120)
    assert "% " not in text, text
    saved = device.send_command("copy running-config startup-config", read_timeout=60)
    assert "bytes to flash:startup-config" in saved, saved
    device.disconnect()
    return len(task["lines"])


tasks = json.load(open(sys.argv[1]))
start = time.monotonic()
with ThreadPoolExecutor(len(tasks)) as pool:
    lines = sum(pool.map(one, tasks))
print(lines, time.monotonic() - start)
