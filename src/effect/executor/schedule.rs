//! An attribute of scheduling: of a thread, or of every thread of a process.
use std::path::Path;

use crate::effect::failure::Failure;
use crate::effect::process::{self, Held};
use crate::effect::scheduler;
use crate::model::errno::Errno;
use crate::model::id::TaskKey;
use crate::model::scheduling::Attribute;
use crate::plan::intent::Scope;
use crate::plan::step::{Outcome, Scheduled};

/// How often it is looked for threads that were started meanwhile.
const ROUNDS: usize = 50;

/// Sets it, thread by thread, until no thread is new. If one cannot be set, those that were are set back.
pub(super) fn schedule(task: TaskKey, scope: Scope, to: &Attribute) -> Result<Outcome, Failure> {
    let held = match Held::open(task) {
        Ok(held) => held,
        Err(Errno::ESRCH) => return Ok(ended(task)),
        Err(errno) => return Err(failed(task, to, errno)),
    };
    let mut done: Vec<Scheduled> = Vec::new();
    for _ in 0..ROUNDS {
        let before = done.len();
        for thread in threads(task, scope, &done) {
            match one(thread, to) {
                Ok(Some(set)) => done.push(set),
                Ok(None) => {}
                Err(errno) => return Err(taken_back(&done, failed(thread, to, errno))),
            }
        }
        if done.len() == before || scope == Scope::Thread {
            return Ok(if done.is_empty() && (held.has_ended() || scope == Scope::Thread) {
                ended(task)
            } else {
                Outcome::Scheduled(done)
            });
        }
    }
    let text = format!("its threads are started faster than they can be set ({ROUNDS} rounds)");
    Err(taken_back(&done, Failure::said("schedule", Path::new(&format!("/proc/{}", task.tid)), text)))
}

fn ended(task: TaskKey) -> Outcome {
    Outcome::Nothing(format!("task {} has ended", task.tid))
}

/// Those that are still to be set. One that has exited is left out.
fn threads(task: TaskKey, scope: Scope, done: &[Scheduled]) -> Vec<TaskKey> {
    let all = match scope {
        Scope::Thread => vec![task],
        Scope::Process => process::process_of(task.tid).and_then(process::threads).unwrap_or_default(),
    };
    let lives = |key: &TaskKey| process::stat(key.tid).is_ok_and(|stat| stat.key == *key && !stat.has_ended());
    all.into_iter().filter(|key| !done.iter().any(|set| set.task == *key) && lives(key)).collect()
}

/// The kernel takes a number and no identity, so the pidfd is asked afterwards whether it was the task's all the time.
fn one(thread: TaskKey, to: &Attribute) -> Result<Option<Scheduled>, Errno> {
    let set = || -> Result<Option<Scheduled>, Errno> {
        let held = Held::open(thread)?;
        let was = scheduler::get(thread.tid, to)?;
        if was != *to {
            scheduler::set(thread.tid, to)?;
        }
        let now = scheduler::get(thread.tid, to)?;
        Ok((!held.has_ended()).then_some(Scheduled { task: thread, was, now }))
    };
    match set() {
        Err(errno) if errno.is_gone() => Ok(None),
        other => other,
    }
}

fn failed(task: TaskKey, to: &Attribute, errno: Errno) -> Failure {
    let path = format!("/proc/{}", task.tid);
    Failure::new("schedule", Path::new(&path), errno).with_data(to.to_string().as_bytes())
}

fn taken_back(done: &[Scheduled], failure: Failure) -> Failure {
    let lost = done.iter().filter(|set| set.was != set.now && one(set.task, &set.was).is_err()).count();
    match (done.len(), lost) {
        (0, _) => failure,
        (count, 0) => {
            let text = format!("{}; the {count} threads that had been set were set back", failure.text);
            failure.because(text)
        }
        (count, lost) => {
            let text = format!("{}; of {count} threads that had been set {lost} could not be set back", failure.text);
            failure.because(text)
        }
    }
}
