"""pysnmp as a script would use it: a pool of threads, one device after the other in each, GETBULK with 25 rows.

Usage: walk.py ROOT[,ROOT…] ADDRESS…    Prints how many cells it read.
"""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    bulk_walk_cmd,
)


async def walk(address, roots):
    host, port = address.rsplit(":", 1)
    engine = SnmpEngine()
    target = await UdpTransportTarget.create((host, int(port)), timeout=5, retries=2)
    cells = 0
    for root in roots:
        rows = bulk_walk_cmd(
            engine,
            CommunityData("public"),
            target,
            ContextData(),
            0,
            25,
            ObjectType(ObjectIdentity(root)),
            lexicographicMode=False,
            lookupMib=False,
        )
        async for error, status, _, bindings in rows:
            if error or status:
                sys.exit(f"{address}: {error or status}")
            cells += len(bindings)
    engine.close_dispatcher()
    return cells


def main():
    roots, addresses = sys.argv[1].split(","), sys.argv[2:]
    with ThreadPoolExecutor(10) as pool:
        print(sum(pool.map(lambda address: asyncio.run(walk(address, roots)), addresses)))


main()
