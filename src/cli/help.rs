//! `cgrove completions SHELL` and `cgrove man`: made from the command line's own definition.
use anyhow::{Context, Result};
use clap::CommandFactory;

use super::args::Cli;
use super::exit::Code;
use super::output;

/// Arguments of `cgrove completions`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Completions {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// Prints the completion script of a shell.
///
/// # Errors
/// Writing to stdout.
pub fn completions(args: Completions) -> Result<Code> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cgrove", &mut script);
    print(&script)
}

/// Prints the manual page, with a section for each subcommand.
///
/// # Errors
/// Writing to stdout.
pub fn man() -> Result<Code> {
    let mut page = Vec::new();
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page).context("making the manual page")?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        let man = clap_mangen::Man::new(sub.clone());
        page.extend_from_slice(format!(".SH \"CGROVE {}\"\n", sub.get_name().to_uppercase()).as_bytes());
        man.render_description_section(&mut page).context("making the manual page")?;
        man.render_options_section(&mut page).context("making the manual page")?;
    }
    print(&page)
}

fn print(text: &[u8]) -> Result<Code> {
    output::data(&String::from_utf8_lossy(text))?;
    Ok(Code::Done)
}
