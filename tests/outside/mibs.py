"""Walks a twin with the vendor's MIBs loaded and reports every value that does not fit its declaration.

Types, ranges and enumerations come from net-snmp's own reading of the MIBs (`snmptranslate -Td`), not from ours.
"""

import re
import sys

from outside import GAM, Checks, run, twins

SYNTAX = re.compile(r"^\s*SYNTAX\s+(?P<type>[A-Za-z0-9 -]+?)\s*(?P<range>\([^)]*\))?\s*(?P<names>\{[^}]*\})?\s*$", re.MULTILINE)
ACCESS = re.compile(r"MAX-ACCESS\s+(\S+)")
TYPES = {
    "INTEGER": {"INTEGER"},
    "Integer32": {"INTEGER"},
    "Unsigned32": {"Gauge32", "Unsigned32"},
    "Gauge32": {"Gauge32", "Unsigned32"},
    "Counter64": {"Counter64"},
    "Counter32": {"Counter32"},
    "OCTET STRING": {"STRING", "Hex-STRING", ""},
    "TimeTicks": {"Timeticks"},
    "IpAddress": {"IpAddress"},
}


def declarations(mibs):
    """Returns what the MIBs say of each object below the vendor's: name by OID."""
    status, text = run("snmptranslate", "-M", mibs, "-m", "ALL", "-Tso", timeout=120)
    objects = {}
    for line in text.splitlines():
        numbers = re.search(r"\.1\.3\.6\.1\.4\.1\.20095\.2001[.0-9]*", line)
        if numbers:
            objects[numbers.group(0)] = None
    for oid in objects:
        status, text = run("snmptranslate", "-M", mibs, "-m", "ALL", "-Td", oid)
        syntax = SYNTAX.search(text)
        access = ACCESS.search(text)
        if syntax and access and access.group(1) in ("read-only", "read-write", "read-create"):
            objects[oid] = syntax
    return {oid: syntax for oid, syntax in objects.items() if syntax}


def rows(twin):
    """Returns each instance of the vendor's tree: its OID, type and value."""
    where = f"{twin['address']}:{twin['snmp_port']}"
    # -OQ would drop the types; -Ox prints every string as octets, so that its length is exact.
    status, text = run("snmpbulkwalk", "-v2c", "-c", twin["community"], "-m", "", "-On", "-Ox", "-t", "5", where, GAM, timeout=300)
    if status != 0:
        sys.exit(f"the walk failed: {text[-500:]}")
    entry = re.compile(r"^(\.[0-9.]+) = (?:([A-Za-z0-9-]+): )?(.*)$")
    last = None
    for line in text.splitlines():
        found = entry.match(line)
        if found:
            if last:
                yield last
            last = [found.group(1), found.group(2) or "", found.group(3)]
        elif last:
            last[2] += " " + line
    if last:
        yield last


def misfit(syntax, kind, value):
    """Says how a value does not fit its declaration; nothing if it does."""
    declared = syntax.group("type").strip()
    allowed = TYPES.get(declared, {declared})
    if kind not in allowed and not (declared == "OCTET STRING" and value == '""'):
        return f"declared {declared}, sent as {kind}"
    number = len(value.split()) if kind == "Hex-STRING" else 0 if value == '""' else None
    if number is None:
        digits = re.match(r"-?\d+", value)
        number = int(digits.group(0)) if digits else None
    if number is None:
        return None
    names = syntax.group("names")
    if names and declared == "INTEGER":
        if str(number) not in re.findall(r"\((-?\d+)\)", names):
            return f"{number} is none of {names}"
        return None
    limits = syntax.group("range")
    if limits:
        for part in limits.strip("()").split("|"):
            low, _, high = (piece.strip() for piece in part.partition(".."))
            if int(low) <= number <= int(high or low):
                return None
        return f"{number} is outside of {limits}"
    return None


def main():
    checks = Checks()
    declared = declarations(sys.argv[2])
    checks.that("the MIBs could be read", len(declared) > 400, f"{len(declared)} objects")
    twin = twins(sys.argv[1])[0]
    seen = set()
    count = 0
    for oid, kind, value in rows(twin):
        count += 1
        parts = oid.split(".")
        name = next((".".join(parts[:end]) for end in range(len(parts), 8, -1) if ".".join(parts[:end]) in declared), None)
        checks.that(f"{oid} is declared", name is not None)
        if name:
            seen.add(name)
            problem = misfit(declared[name], kind, value)
            checks.that(f"{oid} = {kind}: {value[:60]}: {problem}", problem is None)
    unserved = sorted(set(declared) - seen)
    print(f"{count} values of {len(seen)} objects; {len(unserved)} of {len(declared)} readable objects have no instance on {twin['name']}:")
    groups = {}
    for oid in unserved:
        group, _, last = oid.rpartition(".")
        groups.setdefault(group, []).append(int(last))
    for group, numbers in groups.items():
        print(f"  {group}.{{{','.join(str(number) for number in sorted(numbers))}}}")
    checks.finish("the vendor's MIBs")


main()
