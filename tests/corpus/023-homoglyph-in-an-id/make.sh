printf '[device."m\320\260ple-a"]\nmodel = "GAM-24-C"\naddress = "10.20.0.11"\n' > devices/maple.toml
