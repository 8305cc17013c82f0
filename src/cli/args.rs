//! What the command line says.
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// See every cgroup hierarchy live, and prove how the CPU is split.
#[derive(Debug, Parser)]
#[command(name = "cgrove", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Options of the terminal UI.
    #[command(flatten)]
    pub tui: Tui,
    /// What to do instead of opening the terminal UI.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of the terminal UI.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Tui {
    /// Change nothing, whatever key is pressed.
    #[arg(long)]
    pub read_only: bool,
    /// Change nothing outside this group: both ends of a move and every written file lie at or below it.
    #[arg(long, value_name = "GROUP")]
    pub only: Option<std::ffi::OsString>,
    /// Build experiments and new groups below this group.
    #[arg(long, value_name = "GROUP")]
    pub under: Option<std::ffi::OsString>,
    /// The hierarchy to show first: a controller (cpu), a name (name=systemd), v2, or a mount point.
    #[arg(long, value_name = "H")]
    pub hierarchy: Option<std::ffi::OsString>,
    /// Open this experiment file.
    #[arg(long, value_name = "FILE")]
    pub open: Option<PathBuf>,
    /// Leave the mouse to the terminal (text selection).
    #[arg(long)]
    pub no_mouse: bool,
    /// Words and ASCII signs instead of Unicode ones.
    #[arg(long)]
    pub ascii: bool,
    /// Colours.
    #[arg(long, value_name = "T", default_value = "auto")]
    pub theme: Theme,
    /// Start in the big view, for a projector.
    #[arg(long)]
    pub big: bool,
    /// Print changes as sentences instead of drawing screens.
    #[arg(long)]
    pub plain: bool,
    /// Seconds between two samplings, 0.2 to 60.
    #[arg(short, value_name = "SECONDS", default_value = "1", value_parser = delay)]
    pub delay: f64,
    /// Seconds for which values are tried on groups that cgrove did not make.
    #[arg(long, value_name = "SECONDS", default_value = "30", hide = true, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub trial: u64,
}

/// Colours of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// By the terminal: none with `NO_COLOR` or `TERM=dumb`, 16 colours otherwise.
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// The terminal's own 16 colours.
    Ansi,
    /// No colour.
    Mono,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// One look: hierarchies, groups, weights, configured, expected, measured.
    Tree(Tree),
    /// What an experiment's weights say and what the kernel would owe; needs no kernel and no rights.
    Predict(super::predict::Predict),
    /// Build an experiment, run it, measure it, compare, remove it.
    Verify(super::verify::Verify),
    /// Make the groups of an experiment, without its workloads; a second time there is nothing to do.
    Apply(super::apply::Groups),
    /// Remove the groups of an experiment that `apply` made, as far as they are empty.
    Destroy(super::apply::Groups),
    /// Make a group.
    Mkdir(super::mkdir::Mkdir),
    /// Remove groups.
    Rmdir(super::rmdir::Rmdir),
    /// Give a group another name (v1).
    Rename(super::rename::Rename),
    /// Write values into files of a group.
    Set(super::set::Set),
    /// Move processes or threads into a group.
    Move(super::move_tasks::Move),
    /// Send a signal to processes, or to those of a group.
    Signal(super::signal::Signal),
    /// Kill every process in a group and below, also those that fork meanwhile.
    Kill(super::signal::Kill),
    /// Set CPUs, nice value or policy of processes or threads.
    Schedule(super::schedule::Schedule),
    /// Hold all tasks of a group, so that they can go on later.
    Freeze(super::freeze::Freeze),
    /// Let the tasks of a group go on.
    Thaw(super::freeze::Freeze),
    /// What was done in the visits of this boot: as text, as a shell script, or as JSON.
    Journal(super::journal::Journal),
    /// Mount a hierarchy: a new one, or one that lives at a second place.
    Mount(super::mount::Mount),
    /// Unmount a hierarchy from a mount point, and say whether it lives on.
    Umount(super::mount::Unmount),
    /// Take back what a cgrove that was killed has left.
    Cleanup(super::cleanup::Cleanup),
    /// Print the completion script of a shell.
    Completions(super::help::Completions),
    /// Print the manual page.
    Man,
}

/// Arguments of `cgrove tree`.
#[derive(Debug, Args)]
pub struct Tree {
    /// H, or H:PATH, or PATH in the hierarchy that carries cpu. Without it: all hierarchies.
    pub target: Option<std::ffi::OsString>,
    /// List the tasks of each group.
    #[arg(long)]
    pub tasks: bool,
    /// Measure over this many seconds, 0.2 to 60.
    #[arg(long, value_name = "S", default_value = "1", value_parser = delay)]
    pub interval: f64,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

fn delay(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|error: std::num::ParseFloatError| error.to_string())?;
    if (0.2..=60.0).contains(&seconds) { Ok(seconds) } else { Err("0.2 to 60 seconds are possible".to_owned()) }
}
