{ printf '[service_plan.home-100]\ndown = 100\nup = 100\nprofile_name = "'; head -c 9000 /dev/zero | tr '\000' 'x'; printf '"\n'; } > service-plans.toml
