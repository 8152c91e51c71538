mkdir -p devices/1/2/3/4/5/6/7/8
echo > devices/1/2/3/4/5/6/7/8/a.toml
