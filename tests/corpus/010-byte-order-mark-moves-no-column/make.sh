printf '\357\273\277shcema = 1\n' > network.toml
