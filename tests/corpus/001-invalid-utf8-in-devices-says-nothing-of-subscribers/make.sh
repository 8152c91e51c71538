printf '[device.maple-a]\nmodel = "GAM-24-C"\naddress = "10.20.0.11"\nlocation = "caf\351"\n' > devices/maple.toml
