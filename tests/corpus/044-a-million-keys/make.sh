seq -f 'k%.0f=1' 1000000 > subscribers/many.toml
