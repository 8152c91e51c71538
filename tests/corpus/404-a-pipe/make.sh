rm devices/maple.toml
mkfifo devices/maple.toml
