{ printf 'schema = 1\n[vlans]\nmanagement = '; head -c 1000 /dev/zero | tr '\000' '9'; echo; } > network.toml
