git init -q -b main
printf '[lane.billing]\nauthors = ["sync@example.net"]\n' > policy.toml
git add -A
git -c user.name=a -c user.email=a@b commit -qm before
printf '[device.maple-a]\nmodel = "GAM-24-C"\naddress = "10.20.0.12"\n' > devices/maple.toml
printf '[subscriber.acct-2]\ndevice = "maple-a"\nport = 2\nendpoint = "00:0e:d8:00:00:02"\nservice_plan = "home-100"\nvlan = 102\nprotected = true\n' > subscribers/more.toml
git add -A
git -c user.name=a -c user.email=a@b commit -qm 'sync sonar: 1 added' --author 'gamctl <Sync@example.net>'
printf '# A person may.\n[device.maple-a]\nmodel = "GAM-24-C"\naddress = "10.20.0.13"\n' > devices/maple.toml
git -c user.name=a -c user.email=a@b commit -qam 'move maple-a' --author 'Kim <kim@example.net>'
