printf 'schema = 1\na' > network.toml
yes '.a' | head -n 100000 | tr -d '\n' >> network.toml
echo ' = 1' >> network.toml
