//! Starts the `gamctl` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    gamctl::cli::main(std::env::args_os())
}
