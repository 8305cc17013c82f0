//! Holding work so that it can go on later, and letting it go on.
//!
//! v2: `cgroup.freeze`. v1: `freezer.state`, only where the freezer controller is on the same hierarchy. Elsewhere SIGSTOP,
//! and that only for workloads of cgrove: a foreign process would see it, and its parent too.
use crate::model::hierarchy::Version;
use crate::model::id::{TaskKey, Tid};
use crate::model::place::Place;

use super::draft::Draft;
use super::intent::{Setting, Target};
use super::refusal::Refusal;
use super::rules::tasks;
use super::step::{Plan, Signal, Step};
use super::survey::Survey;
use super::words;

/// The plan to hold `target`.
///
/// # Errors
/// A refusal: nothing to hold, a process that is never held, foreign tasks where there is no freezer.
pub fn hold(survey: &Survey, target: &Target) -> Result<Plan, Refusal> {
    act(survey, target, true)
}

/// The plan to let `target` go on.
///
/// # Errors
/// A refusal: nothing that is held, or held by a group above.
pub fn resume(survey: &Survey, target: &Target) -> Result<Plan, Refusal> {
    act(survey, target, false)
}

fn act(survey: &Survey, target: &Target, hold: bool) -> Result<Plan, Refusal> {
    let verb = if hold { "hold" } else { "resume" };
    match target {
        Target::Workloads(keys) => {
            let what = words::count(keys.len(), "workload");
            let mut draft = Draft::new(survey, format!("{verb} {what}"))?;
            signal_all(&mut draft, keys, hold, &what)?;
            Ok(draft.finish(format!("{verb} {what}")))
        }
        Target::Group(place) => {
            let name = words::group(place);
            let mut draft = Draft::new(survey, format!("{verb} {name}"))?;
            if survey.group(place).is_none() {
                return Err(draft.gone(place));
            }
            if hold {
                check_guarded(&draft, place)?;
            }
            match freezer(survey, place) {
                Some((file, on, off)) => freeze(&mut draft, place, file, if hold { on } else { off }, hold)?,
                None => signal_group(&mut draft, place, hold)?,
            }
            Ok(finish(draft, verb, &name))
        }
    }
}

fn finish(draft: Draft<'_>, verb: &str, what: &str) -> Plan {
    let signals = draft.steps.iter().filter(|step| matches!(step, Step::Signal { .. })).count();
    let detail = if signals == 0 { String::new() } else { format!(": {}", words::count(signals, "process")) };
    draft.finish(format!("{verb} {what}{detail}"))
}

/// The file that freezes the group at `place`, with the words for on and off; `None` where there is none.
fn freezer(survey: &Survey, place: &Place) -> Option<(&'static str, &'static str, &'static str)> {
    let has = |file| survey.group(place).is_some_and(|facts| facts.files.contains_key(file));
    match survey.hierarchy(place.hierarchy)?.version {
        Version::V2 if has("cgroup.freeze") => Some(("cgroup.freeze", "1", "0")),
        Version::V1 if has("freezer.state") => Some(("freezer.state", "FROZEN", "THAWED")),
        _ => None,
    }
}

fn freeze(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str, hold: bool) -> Result<(), Refusal> {
    let name = words::group(place);
    if draft.world.read(place, file).as_deref() == Some(data.as_bytes()) {
        let above = std::iter::successors(place.parent(), Place::parent)
            .find(|above| draft.world.read(above, file).is_some_and(|now| &*now == b"1" || &*now == b"FROZEN"));
        return Err(match above {
            Some(above) if !hold => {
                draft.refuse(format!("{name} is held by the group {} above: resume that one.", words::group(&above)))
            }
            _ => nothing(&name, hold),
        });
    }
    let setting = Setting { file: file.into(), data: data.as_bytes().into() };
    draft.write(place, &setting, Vec::new())?;
    draft.ask_if_foreign(place);
    Ok(())
}

fn nothing(name: &str, hold: bool) -> Refusal {
    Refusal::new(
        "nothing to do",
        if hold { format!("{name} is held already.") } else { format!("Nothing in {name} is held.") },
    )
}

/// Refuses to stop the group at `place` where cgrove, an ancestor of it or its terminal is in it or below.
///
/// # Errors
/// The refusal that names the process.
pub(super) fn check_guarded(draft: &Draft<'_>, place: &Place) -> Result<(), Refusal> {
    let survey = draft.survey;
    for group in tasks::subtree(survey, place) {
        let pids = tasks::processes(survey, &tasks::in_group(survey, group));
        if let Some(&pid) = pids.iter().find(|&&pid| tasks::is_guarded(survey, pid)) {
            let who = if pid == survey.host.pid { "cgrove itself" } else { "which cgrove runs under" };
            return Err(draft.refuse(format!(
                "{} holds process {}, {who}: nobody could let it go on.",
                words::group(group),
                words::task(survey, pid)
            )));
        }
    }
    Ok(())
}

/// SIGSTOP or SIGCONT to every process in the group and below.
fn signal_group(draft: &mut Draft<'_>, place: &Place, hold: bool) -> Result<(), Refusal> {
    let survey = draft.survey;
    let name = words::group(place);
    let tids: Vec<Tid> = tasks::subtree(survey, place).flat_map(|group| tasks::in_group(survey, group)).collect();
    let pids = tasks::processes(survey, &tids);
    if pids.is_empty() {
        return Err(draft.refuse(format!("There is no process in {name} or below.")));
    }
    let foreign: Vec<Tid> = pids.iter().copied().filter(|&pid| !tasks::is_own(survey, pid)).collect();
    if !foreign.is_empty() {
        let version = survey.hierarchy(place.hierarchy).map(|h| h.version);
        let why = if version == Some(Version::V1) {
            "the freezer controller is not on this hierarchy"
        } else {
            "the top group has no cgroup.freeze"
        };
        return Err(draft.refuse(format!(
            "{name} holds {} that cgrove did not launch ({}), and {why}. cgrove sends SIGSTOP only to its own workloads.",
            words::count(foreign.len(), "process"),
            words::tasks(survey, &foreign)
        )));
    }
    let keys: Vec<TaskKey> = pids.iter().filter_map(|&pid| tasks::process_key(survey, pid)).collect();
    signal_all(draft, &keys, hold, &name)
}

fn signal_all(draft: &mut Draft<'_>, keys: &[TaskKey], hold: bool, what: &str) -> Result<(), Refusal> {
    let survey = draft.survey;
    let mut alive = 0;
    for &key in keys {
        let Some(facts) = tasks::alive(survey, key) else { continue };
        if !tasks::is_own(survey, key.tid) {
            return Err(draft.refuse(format!(
                "{} is not a workload of cgrove, and cgrove stops no other process with a signal.",
                words::task(survey, key.tid)
            )));
        }
        alive += 1;
        if matches!(facts.task.state, 'Z' | 'X') || (facts.task.state == 'T') == hold {
            continue;
        }
        let signal = if hold { Signal::Stop } else { Signal::Continue };
        draft.push(Step::Signal { process: key, signal })?;
    }
    match (draft.steps.is_empty(), alive) {
        (true, 0) => Err(draft.refuse("The workloads have ended. (ESRCH)")),
        (true, _) => Err(nothing(what, hold)),
        _ => Ok(()),
    }
}
