printf 'schema = 1\nx = ' > network.toml
yes '{a=' | head -n 100000 | tr -d '\n' >> network.toml
