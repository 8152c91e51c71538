"""Waits until the file holds one whole JSON document, as long as the process that writes it lives."""

import json
import os
import sys
import time

path, process = sys.argv[1], int(sys.argv[2])
while True:
    try:
        with open(path, encoding="utf-8") as file:
            json.load(file)
        break
    except ValueError:
        pass
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        sys.exit("gamctl twin ended before it was ready")
    time.sleep(0.02)
