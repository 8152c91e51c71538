git init -q -b main
printf '[lane.billing]\nauthors = ["sync@example.net"]\n' > policy.toml
git add -A
git -c user.name=a -c user.email=a@b commit -qm before
printf '[subscriber.acct-2]\ndevice = "maple-a"\nport = 2\nendpoint = "00:0e:d8:00:00:02"\nservice_plan = "home-100"\nvlan = 102\nstate = "pending"\n' > subscribers/more.toml
git add -A
git -c user.name=a -c user.email=a@b commit -qm 'sync sonar: 1 added' --author 'gamctl <sync@example.net>'
printf '[subscriber.acct-2]\ndevice = "maple-a"\nport = 3\nendpoint = "00:0e:d8:00:00:03"\nservice_plan = "home-100"\nvlan = 102\nexternal = { system = "sonar", account = "7" }\n' > subscribers/more.toml
git -c user.name=a -c user.email=a@b commit -qam 'sync sonar: 1 changed' --author 'gamctl <sync@example.net>'
