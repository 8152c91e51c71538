printf '[device.maple-a]\nmodel = "GAM-24-C"\naddress = "10.20.0.11"\nsite = "zl\303\255n"\n' > devices/maple.toml
