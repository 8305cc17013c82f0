//! Steps as shell lines: what a person would type to do the same, whole paths, quoted.
use std::fmt::Write;

use crate::model::bytes::Bytes;
use crate::model::hierarchy::Version;
use crate::model::id::Tid;
use crate::model::mounting::{Mounting, Source};
use crate::model::place::Place;
use crate::model::scheduling::Attribute;
use crate::model::task::Policy;
use crate::model::workload::{Launch, Program};

use super::intent::Scope;
use super::quote::word;
use super::step::Step;
use super::survey::Survey;

/// A step as shell lines, as things stand in `survey` right before it.
#[must_use]
pub fn lines(step: &Step, survey: &Survey) -> Vec<String> {
    match step {
        Step::MakeGroup { at } => vec![format!("mkdir {}", operand(&directory(survey, at)))],
        Step::RemoveGroup { at, .. } => vec![format!("rmdir {}", operand(&directory(survey, at)))],
        Step::Rename { at, name, .. } => {
            vec![format!("mv -T -- {} {}", word(&directory(survey, at)), word(&directory(survey, &at.sibling(name))))]
        }
        Step::Write { at, file, data, .. } => vec![echo(data, &path(survey, at, file))],
        Step::Move { task, scope, to, .. } => {
            vec![echo(task.tid.to_string().as_bytes(), &path(survey, to, member_file(survey, to, *scope)))]
        }
        Step::Drain { from, to } => {
            // v1 `tasks` too, so that the threads of a process that is in two groups move alone.
            let scope = if version(survey, to) == Version::V1 { Scope::Thread } else { Scope::Process };
            let file = member_file(survey, to, scope);
            let (from, to) = (word(&path(survey, from, file)), word(&path(survey, to, file)));
            vec![format!("while read -r t; do echo \"$t\" > {to}; done < {from}")]
        }
        Step::KillAll { at, .. } => vec![kill_all(at, survey)],
        Step::MakeDirectory { path } => vec![format!("mkdir {}", operand(path))],
        Step::RemoveDirectory { path } => vec![format!("rmdir {}", operand(path))],
        Step::Mount { mounting } => vec![mount(mounting)],
        Step::Unmount { mounting, ends, lazy, .. } => {
            let line = format!("umount {}{}", if *lazy { "-l " } else { "" }, operand(&mounting.point));
            // A group that was removed right before still holds the hierarchy for a moment.
            if *ends { vec!["sleep 0.05".to_owned(), line] } else { vec![line] }
        }
        Step::Launch { launch, .. } => vec![format!("{} &", launched(launch, survey))],
        Step::Signal { process, signal } => vec![format!("kill -{} {}", signal.name(), process.tid)],
        Step::Schedule { task, scope, to, .. } => vec![schedule(task.tid, *scope, to, survey)],
    }
}

/// `taskset`, `renice` and `chrt`; `-a` is all threads, and `renice` has no such option.
fn schedule(tid: Tid, scope: Scope, to: &Attribute, survey: &Survey) -> String {
    let facts = survey.tasks.get(&tid);
    let all = scope == Scope::Process && facts.is_none_or(|facts| facts.threads.len() > 1);
    let tid = if all { facts.map_or(tid, |facts| facts.task.tgid) } else { tid };
    let a = if all { "a" } else { "" };
    match to {
        Attribute::Cpus(cpus) => format!("taskset -{a}cp {cpus} {tid}"),
        Attribute::Nice(nice) if all => {
            format!("for t in /proc/{tid}/task/*; do renice -n {nice} -p \"${{t##*/}}\"; done")
        }
        Attribute::Nice(nice) => format!("renice -n {nice} -p {tid}"),
        Attribute::Policy { policy, priority } => {
            let letter = match policy {
                Policy::Fifo => "f",
                Policy::RoundRobin => "r",
                Policy::Batch => "b",
                Policy::Idle => "i",
                _ => "o",
            };
            format!("chrt -{a}{letter}p {priority} {tid}")
        }
    }
}

/// `mount -t cgroup -o nosuid,none,name=x cgroup POINT`.
fn mount(mounting: &Mounting) -> String {
    let point = operand(&mounting.point);
    let options: Vec<&[u8]> = mounting.options.iter().map(|option| option.as_bytes()).collect();
    let with = |kind: &str, data: &[u8]| {
        let all: Vec<&[u8]> = options.iter().copied().chain([data]).filter(|part| !part.is_empty()).collect();
        let all = all.join(&b',');
        let all = if all.is_empty() { String::new() } else { format!("-o {} ", word(&all)) };
        format!("mount -t {kind} {all}{kind} {point}")
    };
    match &mounting.source {
        Source::V1 { data } => with("cgroup", data),
        Source::V2 { data } => with("cgroup2", data),
        Source::Bind { from } if options.is_empty() => format!("mount --bind {} {point}", operand(from)),
        Source::Bind { from } => {
            let options = word(&options.join(&b','));
            format!("mount --bind {} {point} && mount -o remount,bind,{options} {point}", operand(from))
        }
    }
}

/// Kills until no process is left, as those that are being killed may fork.
fn kill_all(at: &Place, survey: &Survey) -> String {
    if survey.group(at).is_some_and(|facts| facts.files.contains_key("cgroup.kill")) {
        return format!("echo 1 > {}", word(&path(survey, at, "cgroup.kill")));
    }
    let directory = word(&directory(survey, at));
    format!(
        "while pids=$(find {directory} -name cgroup.procs -exec cat {{}} +) && [ -n \"$pids\" ]; do kill -KILL $pids; sleep 0.1; \
         done"
    )
}

/// The file that takes members of a group: `cgroup.procs` for processes, `tasks` (v1) or `cgroup.threads` (v2) for threads.
#[must_use]
pub fn member_file(survey: &Survey, to: &Place, scope: Scope) -> &'static str {
    match (scope, version(survey, to)) {
        (Scope::Process, _) => "cgroup.procs",
        (Scope::Thread, Version::V1) => "tasks",
        (Scope::Thread, Version::V2) => "cgroup.threads",
    }
}

/// The directory of a group: as surveyed, or where it will be.
#[must_use]
pub fn directory(survey: &Survey, place: &Place) -> Bytes {
    if let Some(facts) = survey.group(place) {
        return facts.directory.clone();
    }
    if let Some(parent) = place.parent() {
        let mut path = directory(survey, &parent).to_vec();
        path.push(b'/');
        path.extend_from_slice(place.name());
        return path.into();
    }
    survey
        .hierarchy(place.hierarchy)
        .and_then(|h| h.best_mount())
        .map_or_else(|| Box::from(&b""[..]), |m| m.point.clone())
}

/// The path of a file of a group.
#[must_use]
pub fn path(survey: &Survey, place: &Place, file: &str) -> Bytes {
    let mut path = directory(survey, place).to_vec();
    path.push(b'/');
    path.extend_from_slice(file.as_bytes());
    path.into()
}

fn version(survey: &Survey, place: &Place) -> Version {
    survey.hierarchy(place.hierarchy).map_or(Version::V2, |h| h.version)
}

/// A path as an operand: after `--` where it, or a part of it that a screen may show alone, starts with a dash.
fn operand(path: &[u8]) -> String {
    let dash = path.split(|&byte| byte == b'/').any(|part| part.first() == Some(&b'-'));
    format!("{}{}", if dash { "-- " } else { "" }, word(path))
}

/// `echo DATA > FILE`; `printf` where an echo might take the data for an option or an escape.
fn echo(data: &[u8], file: &[u8]) -> String {
    if data.trim_ascii().is_empty() {
        return format!("echo > {}", word(file));
    }
    let option = data.strip_prefix(b"-").is_some_and(|rest| rest.iter().all(|byte| b"neE".contains(byte)));
    let words: Vec<&[u8]> = data.split(|&byte| byte == b' ').collect();
    let data = if words.len() > 1 && words.iter().all(|w| !w.is_empty() && w.iter().all(u8::is_ascii_alphanumeric)) {
        // Numbers and words with single spaces need no quotes: echo puts the spaces back.
        words.iter().map(|w| word(w)).collect::<Vec<_>>().join(" ")
    } else if option || data.contains(&b'\\') {
        return format!("printf '%s\\n' {} > {}", word(data), word(file));
    } else {
        word(data)
    };
    format!("echo {data} > {}", word(file))
}

/// A launch as a command that enters its groups and becomes the program.
fn launched(launch: &Launch, survey: &Survey) -> String {
    let mut script: Vec<String> =
        launch.groups.iter().map(|group| format!("echo $$ > {}", word(&path(survey, group, "cgroup.procs")))).collect();
    let mut command = Vec::new();
    if launch.nice != 0 {
        command.push(format!("nice -n {}", launch.nice));
    }
    if let Some(cpus) = &launch.cpus {
        command.push(format!("taskset -c {cpus}"));
    }
    match &launch.program {
        Program::Spin(spin) => {
            let mut text = "cgrove spin".to_owned();
            if spin.threads != 1 {
                let _ = write!(text, " --threads {}", spin.threads);
            }
            if spin.duty_millionths != 1_000_000 {
                let _ = write!(text, " --duty {}", spin.duty());
            }
            command.push(text);
        }
        Program::Command(words) => command.extend(words.iter().map(|w| word(w))),
    }
    let command = command.join(" ");
    if script.is_empty() {
        return command;
    }
    script.push(format!("exec {command}"));
    format!("sh -c {}", word(script.join("; ").as_bytes()))
}
