git init -q -b main
git add -A
git -c user.name=a -c user.email=a@b commit -qm before
rm subscribers/more.toml
