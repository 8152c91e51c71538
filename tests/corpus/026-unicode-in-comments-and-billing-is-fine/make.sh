printf '# \320\226\320\270\320\262\320\265\321\202 \346\227\245\346\234\254 \360\237\217\240\nexternal = { system = "sonar", account = "\305\275lu\305\245" }\n' >> subscribers/maple.toml
