printf 'schema = 1' > network.toml
