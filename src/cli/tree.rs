//! `cgrove tree`: one look at the hierarchies, as text or as one JSON object.
//!
//! Two samplings, an interval apart, of everything below the target; the split of the second is printed. Text goes to a
//! person: 100 % is written out, names are escaped. JSON has CPUs (CPU-seconds per second) and `null` for what is not
//! known.
use std::ffi::OsStr;
use std::time::Duration;

use anyhow::Result;

use super::args;
use super::exit::{Code, Coded};
use super::output;
use super::target::{self, Target};
use crate::model::id::GroupId;
use crate::model::structure::Structure;
use crate::runtime::look::Looker;

mod json;
mod text;

/// What is printed of one hierarchy: its slot in `Structure::hierarchies`, and the group to start from; `None` where
/// nothing of it can be reached.
#[derive(Clone, Copy)]
struct Part {
    slot: usize,
    from: Option<GroupId>,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 if the target names nothing; exit 3 if no hierarchy can be read.
pub fn run(args: &args::Tree) -> Result<Code> {
    let mut looker = Looker::open()?;
    let structure = looker.structure();
    let wanted: Vec<_> =
        parts(&structure, args.target.as_deref())?.iter().map(|part| structure.hierarchies[part.slot].id).collect();
    let mut text = String::new();
    let mut hierarchies = Vec::new();
    for hierarchy in wanted {
        let look = looker.look(hierarchy, Duration::from_secs_f64(args.interval));
        // The look may see another generation than the first: the target is found in it again.
        let part = parts(&look.snapshot.structure, args.target.as_deref())?
            .into_iter()
            .find(|part| look.snapshot.structure.hierarchies[part.slot].id == hierarchy);
        let Some(part) = part else { continue };
        if args.json {
            hierarchies.push(json::hierarchy(&look, part, args.tasks));
        } else {
            if !text.is_empty() {
                text.push('\n');
            }
            text::hierarchy(&mut text, &look, part, args.tasks);
        }
    }
    if args.json {
        text = json::whole(looker.host(), args.interval, hierarchies)?;
    }
    output::data(&text)?;
    Ok(Code::Done)
}

fn parts(structure: &Structure, target: Option<&OsStr>) -> Result<Vec<Part>> {
    let all = &structure.hierarchies;
    if all.is_empty() {
        return Err(Coded::host(
            "no cgroup hierarchy is visible from here: neither /proc/self/mountinfo nor /proc/self/cgroup names one",
        ));
    }
    let Some(target) = target else {
        return Ok(all.iter().enumerate().map(|(slot, h)| Part { slot, from: h.root }).collect());
    };
    let slot = |id| all.iter().position(|h| h.id == id).unwrap_or_default();
    match target::target(all, target).map_err(Coded::usage)? {
        Target::Hierarchy(id) => Ok(vec![Part { slot: slot(id), from: all[slot(id)].root }]),
        Target::Group(place) => match structure.at(&place) {
            Some(group) => Ok(vec![Part { slot: slot(place.hierarchy), from: Some(group) }]),
            None => Err(Coded::usage(format!("there is no group {place} in {}", all[slot(place.hierarchy)].label()))),
        },
    }
}
