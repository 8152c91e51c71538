git init -q -b main
git add -A
git -c user.name=a -c user.email=a@b commit -qm before
mv subscribers/maple.toml subscribers/north.toml
