//! A Gam as values: configuration, rules, the physical world, alarms and reboots; time comes in as an argument.
