"""Copies an inventory whose SNMPv3 credentials name the old algorithms instead: MD5 and DES."""

import shutil
import sys

source, target = sys.argv[1:3]
shutil.copytree(source, target)
path = f"{target}/credentials.toml"
with open(path, encoding="utf-8") as file:
    text = file.read()
changed = text.replace('protocol = "sha"', 'protocol = "md5"').replace('protocol = "aes"', 'protocol = "des"')
if changed == text:
    sys.exit(f"{path}: no SNMPv3 credentials with SHA and AES")
with open(path, "w", encoding="utf-8") as file:
    file.write(changed)
