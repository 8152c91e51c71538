printf 'schema = 1\nx = ' > network.toml
head -c 100000 /dev/zero | tr '\000' '[' >> network.toml
