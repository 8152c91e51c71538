printf '[device."maple\342\200\213-a"]\nmodel = "GAM-24-C"\naddress = "10.20.0.11"\n' > devices/maple.toml
