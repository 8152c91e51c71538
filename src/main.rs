//! The `gamctl` program.

fn main() {}
