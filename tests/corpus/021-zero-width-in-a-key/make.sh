printf '[service_plan.home-100]\ndown = 100\nup = 100\n"unthrot\342\200\213tled" = true\n' > service-plans.toml
