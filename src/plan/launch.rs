//! Launching workloads into groups.
use crate::model::bytes::escape;
use crate::model::place::Place;
use crate::model::workload::{Launch, Program};

use super::draft::Draft;
use super::intent::{Intent, Target};
use super::refusal::Refusal;
use super::rules::target;
use super::step::{Confirm, Plan, Step};
use super::survey::Survey;
use super::words;

/// From this many workloads on, the number must be typed.
pub const MANY: usize = 256;

/// `CAP_SYS_NICE`, which a nice value below 0 needs.
const CAP_SYS_NICE: u64 = 1 << 23;

/// The plan to launch `launches`, one process each.
///
/// # Errors
/// A refusal: nothing to launch, a group that takes no process, CPUs or a nice value that this host or user has not.
pub fn plan(survey: &Survey, launches: &[Launch]) -> Result<Plan, Refusal> {
    let mut draft = Draft::new(survey, format!("launch {}", words::count(launches.len(), "workload")))?;
    if launches.is_empty() {
        return Err(draft.refuse("There is nothing to launch."));
    }
    for (index, launch) in launches.iter().enumerate() {
        check(&draft, launch, |to| {
            let mut all = launches.to_vec();
            all[index].groups.retain(|group| group.hierarchy != to.hierarchy);
            all[index].groups.push(to.clone());
            Intent::Launch { launches: all }
        })?;
        launch.groups.iter().for_each(|group| draft.ask_if_foreign(group));
        draft.push(Step::Launch { launch: launch.clone(), again: None })?;
    }
    if launches.len() >= MANY {
        draft.ask(Confirm::Type(u32::try_from(launches.len()).unwrap_or(u32::MAX)));
    }
    let title = match launches {
        [launch] => format!("launch {} in {}", program(&launch.program), place(launch)),
        _ => format!("launch {}", words::count(launches.len(), "workload")),
    };
    Ok(draft.finish(title))
}

fn program(program: &Program) -> String {
    match program {
        Program::Spin(_) => "a busy loop".to_owned(),
        Program::Command(words) => words.first().map_or_else(String::new, |name| escape(name)),
    }
}

fn place(launch: &Launch) -> String {
    match launch.groups.as_slice() {
        [] => "cgrove's own group".to_owned(),
        groups => words::list(&groups.iter().map(words::group).collect::<Vec<_>>()),
    }
}

fn check(draft: &Draft<'_>, launch: &Launch, go_on: impl Fn(&Place) -> Intent) -> Result<(), Refusal> {
    let survey = draft.survey;
    for (index, group) in launch.groups.iter().enumerate() {
        if launch.groups[..index].iter().any(|other| other.hierarchy == group.hierarchy) {
            return Err(
                draft.refuse("A process is in exactly one group of a hierarchy; two of the same were asked for.")
            );
        }
        if survey.group(group).is_none() {
            return Err(draft.absent(group));
        }
        target::check(draft, group, &go_on)?;
        if let Some(held) = target::held_by(draft, group) {
            let name = words::group(&held);
            let resume = Intent::Resume { target: Target::Group(held) };
            return Err(draft
                .refuse(format!("{name} is held, and what is launched there would never start."))
                .first(format!("resume {name}, then go on"), vec![resume]));
        }
    }
    match &launch.program {
        Program::Command(words) if words.first().is_none_or(|name| name.is_empty()) => {
            return Err(draft.refuse("A command needs a name."));
        }
        Program::Command(words) if words.iter().any(|word| word.contains(&0)) => {
            return Err(draft.refuse("An argument cannot hold a NUL byte: it ends every argument."));
        }
        Program::Spin(spin) if spin.threads == 0 => return Err(draft.refuse("A busy loop needs at least one thread.")),
        Program::Spin(spin) if !(1..=1_000_000).contains(&spin.duty_millionths) => {
            return Err(draft.refuse("The duty of a busy loop is a part of one CPU: above 0, at most 1."));
        }
        _ => {}
    }
    if !(-20..=19).contains(&launch.nice) {
        return Err(draft.refuse(format!("A nice value is -20 to 19; {} is none.", launch.nice)));
    }
    if launch.nice < 0 && survey.host.capabilities & CAP_SYS_NICE == 0 {
        return Err(draft.refuse(format!(
            "A nice value below 0 ({}) needs the capability CAP_SYS_NICE, which {} has not. (EACCES)",
            launch.nice, survey.host.user
        )));
    }
    if let Some(cpus) = &launch.cpus
        && (cpus.is_empty() || !cpus.is_subset(&survey.host.online))
    {
        return Err(draft.refuse(format!(
            "This host's CPUs are {}; a workload cannot be pinned to {}. (EINVAL)",
            survey.host.online,
            if cpus.is_empty() { "none".to_owned() } else { cpus.to_string() }
        )));
    }
    Ok(())
}
