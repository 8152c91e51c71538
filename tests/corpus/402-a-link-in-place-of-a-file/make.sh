mv devices/maple.toml elsewhere
ln -s ../elsewhere devices/maple.toml
