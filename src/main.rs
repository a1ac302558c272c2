//! `bta`: the crawler. Arguments to the application, and its exit code.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(bta::app::main(std::env::args_os()))
}
