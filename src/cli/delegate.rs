//! `--delegate`: the same command again inside a delegated scope of systemd, where groups may be made without root.
//!
//! This replaces the process (`exec`), so signals and the exit status are those of the command itself. In the scope the
//! option is not given again; there [`crate::effect::room`] makes room.
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::exit::Coded;

/// Runs this command again in a delegated scope: of the user's manager, or for root of the system's. Returns only if that
/// cannot be done.
#[must_use]
pub fn again(root: bool) -> anyhow::Error {
    if !Path::new("/run/systemd/system").exists() {
        return Coded::host(
            "--delegate asks systemd for a group of your own, and systemd does not run here; name a group with --under",
        );
    }
    let own = match std::env::current_exe() {
        Ok(own) => own,
        Err(error) => return Coded::host(format!("--delegate: cgrove cannot find its own program: {error}")),
    };
    let arguments: Vec<OsString> = std::env::args_os().skip(1).filter(|word| word != "--delegate").collect();
    let manager = if root { "--system" } else { "--user" };
    let error = Command::new("systemd-run")
        .args([manager, "--scope", "--quiet", "--collect", "-p", "Delegate=yes", "--"])
        .arg(own)
        .args(arguments)
        .exec();
    Coded::host(format!("--delegate: systemd-run cannot be started: {error}; name a group with --under"))
}
