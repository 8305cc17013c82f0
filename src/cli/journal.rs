//! `cgrove journal`: what was done in the visits of this boot, also in those that still run.
//!
//! A visit is one run of cgrove that changed something: the screen, a verb, an experiment. Its journal is read and never
//! changed, whoever holds it. One whose changes were all taken back has no journal any more.
//!
//! | exit | when |
//! |---|---|
//! | 0 | told, also that there is nothing to tell |
//! | 2 | there is no such visit |
//! | 3 | a journal may not be read; the others are told |
//! | 4 | a journal cannot be understood; the others are told |
use anyhow::Result;

use super::exit::{Code, Coded};
use super::output;
use crate::effect::failure::Failure;
use crate::effect::journal::{self, Visit};
use crate::model::errno::Errno;
use crate::plan::script;
use crate::runtime::wall;

mod json;
mod text;

/// Arguments of `cgrove journal`.
#[derive(Clone, Debug, clap::Args)]
pub struct Journal {
    /// Which visit, by its number in the list; without it the newest.
    #[arg(conflicts_with_all = ["all", "pid"])]
    pub visit: Option<usize>,
    /// The visit of this process.
    #[arg(long, value_name = "PID", conflicts_with = "all")]
    pub pid: Option<i32>,
    /// All visits of this boot.
    #[arg(long)]
    pub all: bool,
    /// Print a shell script that does the same again.
    #[arg(long, conflicts_with = "json")]
    pub shell: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for a visit that is not there; exit 3 if this boot's id cannot be read.
pub fn run(args: &Journal) -> Result<Code> {
    let boot_id = journal::boot_id().map_err(|failure| Coded::host(failure.to_string()))?;
    let (visits, unreadable) = journal::visits(&journal::locations(), &boot_id);
    let chosen = choose(args, &visits)?;
    if args.json {
        output::json(&json::object(&boot_id, &visits, &chosen, &unreadable))?;
    } else if args.shell {
        for &number in &chosen {
            output::data(&script::script(&visits[number].journal, &wall::date))?;
        }
        if chosen.is_empty() {
            output::message("cgrove: no visit of this boot has left a journal");
        }
    } else {
        output::data(&text::text(&visits, &chosen))?;
    }
    for failure in &unreadable {
        output::message(&format!("cgrove: {failure}"));
    }
    Ok(code(&unreadable))
}

/// The visits to tell of, by index.
fn choose(args: &Journal, visits: &[Visit]) -> Result<Vec<usize>> {
    if args.all {
        return Ok((0..visits.len()).collect());
    }
    if let Some(pid) = args.pid {
        // The newest: a number may come again.
        return match visits.iter().rposition(|visit| visit.journal.pid == Some(pid)) {
            Some(index) => Ok(vec![index]),
            None => Err(Coded::usage(format!("no visit of this boot was process {pid}; `cgrove journal` lists them"))),
        };
    }
    match args.visit {
        Some(number) if (1..=visits.len()).contains(&number) => Ok(vec![number - 1]),
        Some(number) => {
            let there = match visits.len() {
                0 => "no visit of this boot has left a journal".to_owned(),
                1 => "there is one, number 1".to_owned(),
                count => format!("there are {count}, from 1"),
            };
            Err(Coded::usage(format!("there is no visit {number}: {there}")))
        }
        None => Ok(visits.len().checked_sub(1).into_iter().collect()),
    }
}

fn code(unreadable: &[Failure]) -> Code {
    let denied = |failure: &Failure| matches!(failure.errno, Some(Errno::EACCES | Errno::EPERM));
    if unreadable.is_empty() {
        Code::Done
    } else if unreadable.iter().all(denied) {
        Code::Host
    } else {
        Code::Failed
    }
}
