printf 'schema = 1\r[vlans]\rmanagement = 4093\n' > network.toml
