printf '[service_plan.home-100]\ndown = 100\nup = 100\ndescription = "a\000b"\n' > service-plans.toml
