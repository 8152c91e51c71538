"""OpenSSH's client, driven through a terminal by expect: logs in, pages, makes mistakes, configures and saves."""

import os
import sys
import tempfile

from outside import Checks, run, twins

SCRIPT = r"""
set timeout 20
log_user 1
proc wanted {what} {
    expect {
        -exact $what {}
        timeout { puts "\nTIMEOUT waiting for: $what"; exit 3 }
        eof { puts "\nCLOSED waiting for: $what"; exit 4 }
    }
}
spawn -noecho ssh -tt {*}$env(TWIN_OPTIONS) -p $env(TWIN_PORT) -o StrictHostKeyChecking=yes -o UserKnownHostsFile=$env(TWIN_KNOWN) \
    -o PreferredAuthentications=$env(TWIN_METHOD) -o NumberOfPasswordPrompts=1 $env(TWIN_USER)@$env(TWIN_ADDRESS)
stty rows 24 columns 80 < $spawn_out(slave,name)
expect -nocase "password:"
send -- "$env(TWIN_PASSWORD)\r"
wanted "# "
send "show running-config\r"
wanted "-- more --, next page: Space, continue: g, quit: ^C"
send " "
wanted "-- more --, next page: Space, continue: g, quit: ^C"
send "g"
wanted "\nend"
wanted "# "
send "terminal length 0\r"
wanted "# "
send "configure terminal\r"
wanted "(config)# "
send "ghn bw-profle 9 name outside\r"
wanted "% Invalid word detected at '^' marker."
wanted "(config)# "
send "ghn bw-profile 9 name \"out side\" rate-downstream 50 rate-upstream 20\r"
wanted "(config)# "
send "ghn subscriber 380 name outside vid 3841\r"
wanted "% Invalid data VLAN"
send "ghn subscriber 380\r"
wanted "% Invalid or non-unique subscriber name"
wanted "(config)# "
send "end\r"
wanted "# "
send "copy running-config startup-config\r"
wanted "Building configuration..."
wanted "bytes to flash:startup-config"
wanted "# "
send "show running-config | include bw-profile 9\r"
wanted "ghn bw-profile 9 name \"out side\" rate-downstream 50 rate-upstream 20"
wanted "# "
send "exit\r"
expect eof
"""


# What OpenSSH has to be told before it talks to old firmware.
OLD = "-o KexAlgorithms=+diffie-hellman-group14-sha1 -o HostKeyAlgorithms=+ssh-rsa"


def main():
    checks = Checks()
    for twin in twins(sys.argv[1]):
        check(twin, checks)
    checks.finish("OpenSSH")


def check(twin, checks):
    old = OLD if twin.get("legacy_ssh") else ""
    name = twin["name"]
    where = f"[{twin['address']}]:{twin['ssh_port']}"
    with tempfile.TemporaryDirectory() as scratch:
        known = os.path.join(scratch, "known_hosts")
        if old:
            # `ssh-keyscan` cannot be told to take old algorithms; a login that gets nowhere leaves the key.
            options = [*OLD.split(), "-o", "StrictHostKeyChecking=accept-new", "-o", "BatchMode=yes"]
            login = f"{twin['user']}@{twin['address']}"
            status, keys = run("ssh", *options, "-o", f"UserKnownHostsFile={known}", "-p", str(twin["ssh_port"]), login)
        else:
            status, keys = run("ssh-keyscan", "-p", str(twin["ssh_port"]), twin["address"])
            lines = [line for line in keys.splitlines() if line.startswith(where)]
            with open(known, "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
        status, text = run("ssh-keygen", "-lf", known)
        checks.that(f"{name}: the host key is the one the document tells", twin["host_key"] in text, f"{text}\n{keys}")
        script = os.path.join(scratch, "session.exp")
        with open(script, "w", encoding="utf-8") as file:
            file.write(SCRIPT)
        for method in ("password", "keyboard-interactive"):
            os.environ.update(
                TWIN_ADDRESS=twin["address"],
                TWIN_PORT=str(twin["ssh_port"]),
                TWIN_USER=twin["user"],
                TWIN_PASSWORD=twin["password"],
                TWIN_KNOWN=known,
                TWIN_METHOD=method,
                TWIN_OPTIONS=old,
            )
            status, text = run("expect", "-f", script)
            checks.that(f"{name}: a session by {method} pages, configures and saves", status == 0, text[-2000:])
        os.environ["TWIN_PASSWORD"] = "wrong"
        status, text = run("expect", "-f", script)
        checks.that(f"{name}: a wrong password does not get in", status != 0 and "Permission denied" in text, text[-800:])
        if old:
            os.environ["TWIN_OPTIONS"] = ""
            status, text = run("expect", "-f", script)
            checks.that(f"{name}: old algorithms have to be allowed", "no matching" in text, text[-800:])


main()
