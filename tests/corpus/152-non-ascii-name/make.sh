printf 'name = "caf\303\251"\ndescription = "\360\237\217\240"\n' >> subscribers/maple.toml
