printf '[device.maple-a]\r\nmodel = "GAM-24-X"\r\naddress = "10.20.0.11"\r\ncolour = "blue"\r\n' > devices/maple.toml
