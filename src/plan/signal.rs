//! Sending a signal to processes, cgrove's own or not.
//!
//! What a signal does is the program's affair: only STOP and CONT are taken back by undo, all others are said as irrevocable
//! before. cgrove itself, what it runs under, process 1 and threads of the kernel get none ([`signals::never`]).
use crate::model::bytes::escape;
use crate::model::id::{Pid, TaskKey, Tid};
use crate::model::place::Place;
use crate::model::workload::Program;

use super::draft::Draft;
use super::intent::{Intent, Recipients, Target};
use super::refusal::Refusal;
use super::rules::{scheduling, signals, tasks};
use super::step::{Confirm, Plan, Signal, Step};
use super::survey::{Survey, TaskFacts};
use super::words;

/// The plan to send `signal`; with `pending` also to those that take it only when they go on.
///
/// # Errors
/// A refusal: nobody to send it to, a process that is never signalled or not permitted, one that would not take it now.
pub fn plan(survey: &Survey, to: &Recipients, signal: Signal, pending: bool) -> Result<Plan, Refusal> {
    let processes = Processes::of(survey, to);
    let name = format!("SIG{}", signal.name());
    let mut draft = Draft::new(survey, format!("send {name} to {}", processes.what(survey, to)))?;
    check_there(&draft, to, &processes)?;
    let keys = chosen(&mut draft, &processes, signal)?;
    if !pending && signal != Signal::Kill {
        check_stopped(&draft, to, &keys, signal)?;
    }
    if !pending {
        check_frozen(&draft, to, &keys, signal)?;
    }
    for &key in &keys {
        draft.push(Step::Signal { process: key, signal })?;
    }
    consequences(&mut draft, &keys, signal);
    if pending {
        draft.warn(format!("Who is frozen or stopped takes {name} only when it goes on."));
    }
    if let Recipients::Group { .. } = to
        && !signal.can_be_taken_back()
    {
        draft.warn("Processes that are started meanwhile do not get it; \"kill all\" reaches them, too.");
    }
    ask(&mut draft, &keys, signal);
    let pids: Vec<Pid> = keys.iter().map(|key| key.tid).collect();
    let mut what = signals::subject(survey, &pids);
    if let Recipients::Group { group, below } = to {
        let and = if *below { " and below" } else { "" };
        what = format!("{what} in {}{and}", words::group(group));
    }
    Ok(draft.finish(format!("send {name} to {what}")))
}

/// The processes that are meant, each once.
struct Processes {
    keys: Vec<TaskKey>,
    ended: Vec<Tid>,
}

impl Processes {
    fn of(survey: &Survey, to: &Recipients) -> Self {
        let mut this = Self { keys: Vec::new(), ended: Vec::new() };
        match to {
            Recipients::Processes(keys) => {
                for &key in keys {
                    match tasks::alive(survey, key) {
                        Some(facts) => this.keys.extend(tasks::process_key(survey, facts.task.tgid)),
                        None => this.ended.push(key.tid),
                    }
                }
            }
            Recipients::Group { group, below } => {
                let groups = tasks::subtree(survey, group).filter(|place| *below || *place == group);
                let tids: Vec<Tid> = groups.flat_map(|place| tasks::in_group(survey, place)).collect();
                let pids = tasks::processes(survey, &tids);
                this.keys.extend(pids.into_iter().filter_map(|pid| tasks::process_key(survey, pid)));
            }
        }
        this.keys.sort_unstable();
        this.keys.dedup();
        this
    }

    fn what(&self, survey: &Survey, to: &Recipients) -> String {
        match to {
            Recipients::Group { group, below: false } => format!("the processes of {}", words::group(group)),
            Recipients::Group { group, below: true } => format!("the processes of {} and below", words::group(group)),
            Recipients::Processes(keys) if self.keys.is_empty() => {
                let pids: Vec<Pid> = keys.iter().map(|key| key.tid).collect();
                signals::subject(survey, &pids)
            }
            Recipients::Processes(_) => {
                let pids: Vec<Pid> = self.keys.iter().map(|key| key.tid).collect();
                signals::subject(survey, &pids)
            }
        }
    }
}

fn check_there(draft: &Draft<'_>, to: &Recipients, processes: &Processes) -> Result<(), Refusal> {
    if let Recipients::Group { group, .. } = to {
        match draft.survey.group(group) {
            None => return Err(draft.gone(group)),
            Some(facts) if facts.tasks.value().is_none() => {
                return Err(draft.refuse(format!("Which tasks are in {group} cannot be read.")));
            }
            Some(_) => {}
        }
    }
    if !processes.keys.is_empty() {
        return Ok(());
    }
    Err(match (to, processes.ended.as_slice()) {
        (Recipients::Group { group, below }, _) => {
            let or = if *below { " or below" } else { " itself" };
            draft.refuse(format!("There is no process in {}{or}.", words::group(group)))
        }
        (_, [tid]) => draft.refuse(format!("Process {tid} ended, or its number belongs to another one now. (ESRCH)")),
        (_, ended) => draft.refuse(format!("All {} processes have ended meanwhile. (ESRCH)", ended.len())),
    })
}

/// Those that get it; the others are refused, or said where they need none.
fn chosen(draft: &mut Draft<'_>, processes: &Processes, signal: Signal) -> Result<Vec<TaskKey>, Refusal> {
    let survey = draft.survey;
    let mut keys = Vec::new();
    let mut already = Vec::new();
    for &key in &processes.keys {
        if let Err(rule) = check(survey, key, signal) {
            let refusal = draft.refuse(rule);
            let others: Vec<TaskKey> =
                processes.keys.iter().copied().filter(|&other| check(survey, other, signal).is_ok()).collect();
            return Err(if others.is_empty() {
                refusal
            } else {
                let pids: Vec<Pid> = others.iter().map(|key| key.tid).collect();
                let say = format!("send it to the others: {}", signals::subject(survey, &pids));
                refusal.way(say, vec![Intent::Signal { to: Recipients::Processes(others), signal, pending: false }])
            });
        }
        let stopped = state(survey, key) == Some('T');
        if matches!((signal, stopped), (Signal::Stop, true) | (Signal::Continue, false)) {
            already.push(key.tid);
        } else {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        let (is, pids) = (if already.len() == 1 { "is" } else { "are" }, words::tasks(survey, &already));
        let how = if signal == Signal::Stop { "stopped already" } else { "not stopped" };
        return Err(Refusal::new("nothing to do", format!("{pids} {is} {how}.")));
    }
    if !already.is_empty() {
        let how = if signal == Signal::Stop { "stopped already" } else { "not stopped, and left alone" };
        let are = if already.len() == 1 { "is" } else { "are" };
        draft.warn(format!("{} {are} {how}.", words::tasks(survey, &already)));
    }
    if !processes.ended.is_empty() {
        let numbers: Vec<String> = processes.ended.iter().map(ToString::to_string).collect();
        let has = if numbers.len() == 1 { "has" } else { "have" };
        draft.warn(format!("{} {has} ended meanwhile.", words::list(&numbers)));
    }
    Ok(keys)
}

fn state(survey: &Survey, key: TaskKey) -> Option<char> {
    tasks::alive(survey, key).map(|facts| facts.task.state)
}

/// Whether one process may get a signal at all; else the rule.
fn check(survey: &Survey, key: TaskKey, signal: Signal) -> Result<(), String> {
    let name = words::task(survey, key.tid);
    if let Some(why) = signals::never(survey, key.tid) {
        return Err(format!("{name} never gets a signal from cgrove: {why}."));
    }
    let Some(facts) = tasks::alive(survey, key) else { return Ok(()) };
    let (task, host) = (&facts.task, &survey.host);
    if matches!(task.state, 'Z' | 'X') && facts.threads.len() <= 1 {
        return Err(format!(
            "{name} is a zombie: it has ended and only waits for its parent ({}) to read how. No signal does anything to it.",
            words::task(survey, task.parent)
        ));
    }
    if task.state == 't' && signal == Signal::Continue {
        return Err(format!("{name} is held by a debugger (ptrace): only that lets it go on."));
    }
    if !scheduling::may_signal_all(survey) && ![task.uid, task.saved_uid].contains(&host.uid) {
        return Err(format!(
            "{name} belongs to user {}, and this is user {}: only its owner, or CAP_KILL, sends it signals. (EPERM)",
            task.uid, host.uid
        ));
    }
    Ok(())
}

/// A stopped process takes a signal only when it goes on: except KILL and CONT.
fn check_stopped(draft: &Draft<'_>, to: &Recipients, keys: &[TaskKey], signal: Signal) -> Result<(), Refusal> {
    let survey = draft.survey;
    let stopped: Vec<TaskKey> = keys.iter().copied().filter(|&key| state(survey, key) == Some('T')).collect();
    if signal.can_be_taken_back() || stopped.is_empty() {
        return Ok(());
    }
    let pids: Vec<Pid> = stopped.iter().map(|key| key.tid).collect();
    let are = if pids.len() == 1 { "is" } else { "are" };
    let send = Intent::Signal { to: to.clone(), signal, pending: true };
    let go_on = Intent::Signal { to: Recipients::Processes(stopped), signal: Signal::Continue, pending: false };
    let it = if pids.len() == 1 { "it" } else { "them" };
    Err(draft
        .refuse(format!(
            "{} {are} stopped, and a stopped process takes SIG{} only when it goes on (SIGCONT).",
            words::tasks(survey, &pids),
            signal.name()
        ))
        .way(format!("send it and let {it} go on"), vec![send.clone(), go_on])
        .way("send it all the same: it waits", vec![send]))
}

/// A frozen process takes a signal only when it is thawed: on v1 even KILL.
fn check_frozen(draft: &Draft<'_>, to: &Recipients, keys: &[TaskKey], signal: Signal) -> Result<(), Refusal> {
    let survey = draft.survey;
    let frozen = |key: &TaskKey| {
        let facts = tasks::alive(survey, *key)?;
        let (place, even_kill) = signals::frozen(survey, facts)?;
        (even_kill || signal != Signal::Kill).then_some((*key, place))
    };
    let all: Vec<(TaskKey, Place)> = keys.iter().filter_map(frozen).collect();
    let Some((_, place)) = all.first() else { return Ok(()) };
    let mut places: Vec<Place> = all.iter().map(|(_, place)| place.clone()).collect();
    places.sort();
    places.dedup();
    let pids: Vec<Pid> = all.iter().map(|(key, _)| key.tid).collect();
    let send = Intent::Signal { to: to.clone(), signal, pending: true };
    let thaws = places.iter().map(|place| Intent::Resume { target: Target::Group(place.clone()) });
    let names: Vec<String> = places.iter().map(words::group).collect();
    Err(draft
        .refuse(format!(
            "{} {} frozen by {}, and a frozen process takes SIG{} only when it is thawed.",
            words::tasks(survey, &pids),
            if pids.len() == 1 { "is" } else { "are" },
            words::group(place),
            signal.name()
        ))
        .way(
            format!("send it, then thaw {}", words::list(&names)),
            std::iter::once(send.clone()).chain(thaws).collect(),
        )
        .way("send it all the same: it waits for the thaw", vec![send]))
}

/// What to know before.
fn consequences(draft: &mut Draft<'_>, keys: &[TaskKey], signal: Signal) {
    let survey = draft.survey;
    let foreign: Vec<Pid> = foreign(survey, keys);
    if signal == Signal::Stop && !foreign.is_empty() {
        draft.warn("Its parent is told of the stop: a shell takes it for a stopped job.".to_owned());
    }
    if signal.can_be_taken_back() {
        return;
    }
    if survey.host.systemd {
        let unit = |facts: &TaskFacts| {
            let service = |place: &Place| place.name().ends_with(b".service");
            let mut above = facts.groups.values().flat_map(|at| std::iter::successors(Some(at.clone()), Place::parent));
            above.find(service).map(|place| escape(place.name()))
        };
        let mut units: Vec<String> =
            keys.iter().filter_map(|&key| tasks::alive(survey, key)).filter_map(unit).collect();
        units.sort();
        units.dedup();
        if !units.is_empty() {
            draft.warn(format!(
                "systemd may start what ends in {} again (Restart=); systemctl stop ends it for good.",
                words::list(&units)
            ));
        }
    }
}

/// Those that are neither workloads of cgrove nor descend from one.
fn foreign(survey: &Survey, keys: &[TaskKey]) -> Vec<Pid> {
    keys.iter().map(|key| key.tid).filter(|&pid| !tasks::is_own(survey, pid)).collect()
}

/// What must be asked, and what undo cannot take back.
fn ask(draft: &mut Draft<'_>, keys: &[TaskKey], signal: Signal) {
    let survey = draft.survey;
    let foreign = foreign(survey, keys);
    let count = u32::try_from(foreign.len()).unwrap_or(u32::MAX);
    if count > 0 {
        draft.ask(Confirm::Foreign);
    }
    if count > 1 || count > 0 && !signal.can_be_taken_back() {
        draft.ask(Confirm::Type(count));
    }
    if signal.can_be_taken_back() {
        return;
    }
    // The busy loop has nothing to lose: undo launches one just like it.
    let is_loop = |key: &&TaskKey| {
        let workload = survey.workloads.iter().find(|workload| workload.process == **key);
        workload.is_some_and(|workload| matches!(workload.launch.program, Program::Spin(_)))
    };
    let lost: Vec<Pid> = keys.iter().filter(|key| !is_loop(key)).map(|key| key.tid).collect();
    if !lost.is_empty() {
        draft.cannot_undo(format!("what SIG{} makes of {}.", signal.name(), words::tasks(survey, &lost)));
    }
}
