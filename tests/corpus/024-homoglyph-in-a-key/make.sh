printf '[service_plan.home-100]\nd\320\276wn = 100\nup = 100\n' > service-plans.toml
