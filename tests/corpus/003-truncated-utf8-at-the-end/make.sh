printf 'schema = 1\n# \303' > network.toml
