for file in network.toml service-plans.toml credentials.toml devices/maple.toml subscribers/maple.toml
do sed 's/$/\r/' $file > text && mv text $file
done
