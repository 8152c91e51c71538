sed -i s/24-C/4-CX/ devices/maple.toml
for n in $(seq 2 65)
do printf '[subscriber.s%s]\ndevice = "maple-a"\nport = "auto"\nendpoint = "00:0e:d8:00:01:%02x"\nservice_plan = "home-100"\nvlan = 300\n' $n $n
done > subscribers/more.toml
