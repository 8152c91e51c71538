printf '\357\273\277schema = 1\n' > network.toml
