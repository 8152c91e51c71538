printf 'schema = 1 # \303\251\303\251 \377\n' > network.toml
