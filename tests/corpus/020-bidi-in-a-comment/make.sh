printf '[service_plan.home-100]\ndown = 100 # \342\200\256not 001\342\200\254\nup = 100\n' > service-plans.toml
