printf 'schema = 1\n# two files were joined: \357\273\277\n' > network.toml
