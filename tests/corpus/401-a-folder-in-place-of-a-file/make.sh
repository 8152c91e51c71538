rm network.toml
mkdir network.toml
echo a > network.toml/note
