git init -q -b main
git add -A
git -c user.name=a -c user.email=a@b commit -qm before
echo "# mended, but where is acct-2?" > subscribers/more.toml
