"""netmiko, a client of the field from PyPI, reads, configures and saves a twin as it would any switch of this family."""

import sys

from netmiko import ConnectHandler

from outside import Checks, twins

# An ICLI's command line is near enough to one that netmiko knows: its prompts, `configure terminal`, `terminal length 0`.
KIND = "cisco_ios"

checks = Checks()
twin = twins(sys.argv[1])[0]
device = ConnectHandler(
    device_type=KIND,
    host=twin["address"],
    port=twin["ssh_port"],
    username=twin["user"],
    password=twin["password"],
    conn_timeout=20,
)
checks.that("the prompt is a privileged one", device.find_prompt().endswith("#"), device.find_prompt())
for line in ("terminal width 0", "terminal length 0"):
    checks.that(f"{line} is taken", "%" not in device.send_command(line))
text = device.send_command("show running-config")
checks.that("the running-config comes whole", text.rstrip().endswith("end") and "-- more --" not in text, text[-500:])
lines = ["ghn bw-profile 10 name netmiko", 'ghn bw-profile 10 description "made from afar" rate-downstream 70']
text = device.send_config_set(lines)
checks.that("lines are taken in configuration mode", "(config)# " in text and "%" not in text, text)
text = device.send_config_set(["ghn bw-profile 10 rate-downstream 5"])
checks.that("a wrong line is refused", "% Invalid word detected at '^' marker." in text, text)
text = device.send_command("show running-config | include bw-profile 10")
checks.that("what was configured is there", 'name "netmiko" description "made from afar" rate-downstream 70' in text, text)
text = device.send_command("copy running-config startup-config", read_timeout=60)
checks.that("it can be saved", "bytes to flash:startup-config" in text, text)
device.disconnect()
checks.finish("netmiko")
