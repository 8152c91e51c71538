printf 'schema = 1\nx = "' > network.toml
head -c 67108864 /dev/zero | tr '\000' 'a' >> network.toml
