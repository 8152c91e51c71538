rm network.toml
