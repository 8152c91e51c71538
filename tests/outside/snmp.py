"""net-snmp's programs read and write a twin: get, getnext, bulkget, bulkwalk, walk and set, in v1, v2c or v3."""

import sys

from outside import GAM, SYSTEM, Checks, run, twins


def sessions(twin):
    """Returns the ways to address one twin that it was set up for: a title, and net-snmp's options."""
    where = f"{twin['address']}:{twin['snmp_port']}"
    common = ["-t", "2", "-r", "1", "-On"]
    if "snmp_v3" in twin:
        user = twin["snmp_v3"]
        keys = []
        for option, key in (("a", "auth"), ("x", "priv")):
            if key in user:
                keys += [f"-{option}", user[key]["protocol"].upper(), f"-{option.upper()}", user[key]["password"]]
        level = "authPriv" if "priv" in user else "authNoPriv" if "auth" in user else "noAuthNoPriv"
        return [(f"v3 {level}", ["-v3", "-u", user["user"], "-l", level, *keys, *common], where)]
    return [
        (f"v{version}", [f"-v{version}", "-c", twin["community"], *common], where)
        for version in ("1", "2c")
    ]


def check(twin, checks):
    for title, options, where in sessions(twin):
        name = f"{twin['name']} {title}"
        status, text = run("snmpget", *options, where, f"{SYSTEM}.2.0", f"{SYSTEM}.5.0")
        checks.that(f"{name}: snmpget reads sysObjectID", "20095.2000.1." in text and status == 0, text)
        status, text = run("snmpgetnext", *options, where, f"{SYSTEM}.1")
        checks.that(f"{name}: snmpgetnext goes to the first instance", f".{SYSTEM}.1.0 =" in text, text)
        status, text = run("snmpwalk", *options, where, SYSTEM)
        checks.that(f"{name}: snmpwalk of the system group ends by itself", status == 0 and f".{SYSTEM}.7.0" in text, text)
        if title != "v1":
            bulk(name, options, where, checks)
        else:
            status, text = run("snmpget", *options, where, f"{SYSTEM}.99.0")
            checks.that(f"{name}: what is not there is noSuchName", "noSuchName" in text, text)
        write(name, options, where, checks)


def bulk(name, options, where, checks):
    status, text = run("snmpbulkget", *options, "-Cn1", "-Cr3", where, f"{SYSTEM}.1", f"{SYSTEM}.4")
    checks.that(f"{name}: snmpbulkget gives one and three", status == 0 and len(text.splitlines()) == 4, text)
    status, text = run("snmpget", *options, where, f"{SYSTEM}.99.0", f"{SYSTEM}.1.9", f"{SYSTEM}.1.0")
    checks.that(f"{name}: a name that is no object is told", "No Such Object" in text, text)
    checks.that(f"{name}: an instance that is not there is told", "No Such Instance" in text, text)
    status, text = run("snmpbulkwalk", *options, "-Cr25", where, "1.3.6.1.2.1.2.2.1.1")
    checks.that(f"{name}: ifTable has the VLAN interfaces of a real box", len(text.splitlines()) >= 4100, text[-300:])
    status, next_text = run("snmpwalk", *options, where, f"{GAM}.143.1.3.20.10")
    status, bulk_text = run("snmpbulkwalk", *options, where, f"{GAM}.143.1.3.20.10")
    checks.that(f"{name}: walking by one or by many is the same", status == 0 and next_text == bulk_text, bulk_text[:500])
    status, text = run("snmpbulkwalk", *options, where, f"{GAM}")
    checks.that(f"{name}: a walk of everything of the vendor's ends", status == 0 and "Error" not in text, text[-500:])
    print(f"{name}: {len(text.splitlines())} rows of the vendor's")


def write(name, options, where, checks):
    status, text = run("snmpset", *options, where, f"{SYSTEM}.6.0", "s", "third floor")
    checks.that(f"{name}: snmpset is taken", status == 0, text)
    status, text = run("snmpget", *options, "-Oqv", where, f"{SYSTEM}.6.0")
    checks.that(f"{name}: what was set is read", "third floor" in text, text)
    status, text = run("snmpset", *options, where, f"{SYSTEM}.6.0", "i", "5")
    checks.that(f"{name}: the wrong type is refused", status != 0, text)
    status, text = run("snmpset", *options, where, f"{SYSTEM}.1.0", "s", "x")
    checks.that(f"{name}: what is read-only is refused", status != 0, text)


def main():
    checks = Checks()
    for twin in twins(sys.argv[1]):
        check(twin, checks)
    checks.finish("net-snmp")


main()
