//! The `cgrove` binary: everything is in the library.

fn main() -> std::process::ExitCode {
    cgrove::cli::main()
}
