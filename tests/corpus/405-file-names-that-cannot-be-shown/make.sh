true > "devices/a$(printf '\033')[2J.toml"
true > "devices/b$(printf '\nx').toml"
true > "devices/c$(printf '\342\200\256').toml"
true > "devices/d$(printf '\377').toml"
