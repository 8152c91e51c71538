printf 'schema = 1 # a\000b\n' > network.toml
