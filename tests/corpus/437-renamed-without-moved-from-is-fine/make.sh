git init -q -b main
git add -A
git -c user.name=a -c user.email=a@b commit -qm before
sed -i s/acct-1/acct-7/ subscribers/maple.toml
