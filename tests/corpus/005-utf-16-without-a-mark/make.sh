printf 's\000c\000h\000e\000m\000a\000 \000=\000 \0001\000\n\000' > network.toml
