//! Ending workloads of cgrove. Nothing else is ended here.
use crate::model::id::TaskKey;
use crate::model::workload::{Program, Workload};

use super::draft::Draft;
use super::refusal::Refusal;
use super::rules::tasks;
use super::step::{Plan, Signal, Step};
use super::survey::Survey;
use super::words;

/// The plan to end the workloads with these processes.
///
/// # Errors
/// A refusal: a process that is no workload of cgrove, nothing that still runs.
pub fn plan(survey: &Survey, keys: &[TaskKey]) -> Result<Plan, Refusal> {
    let what = match keys {
        [key] => format!("workload {}", words::task(survey, key.tid)),
        _ => words::count(keys.len(), "workload"),
    };
    let mut draft = Draft::new(survey, format!("stop {what}"))?;
    for &key in keys {
        let Some(workload) = survey.workloads.iter().find(|workload| workload.process == key) else {
            return Err(draft.refuse(format!(
                "Process {} is not a workload of cgrove, and this verb ends nothing else.",
                words::task(survey, key.tid)
            )));
        };
        if tasks::alive(survey, key).is_none() {
            continue;
        }
        end(&mut draft, workload)?;
    }
    if draft.steps.is_empty() {
        return Err(draft.refuse("The workloads have ended already. (ESRCH)"));
    }
    Ok(draft.finish(format!("stop {what}")))
}

/// Adds the steps that end a workload.
///
/// # Errors
/// A refusal where `--only` forbids it.
pub(super) fn end(draft: &mut Draft<'_>, workload: &Workload) -> Result<(), Refusal> {
    let process = workload.process;
    match &workload.launch.program {
        // The busy loop has nothing to lose: undo launches one just like it.
        Program::Spin(_) => draft.push(Step::Signal { process, signal: Signal::Kill }),
        Program::Command(_) => {
            draft.cannot_undo(format!(
                "Undo launches the command of {} anew; what it did so far does not come back.",
                words::task(draft.survey, process.tid)
            ));
            draft.push(Step::Signal { process, signal: Signal::Terminate })?;
            let held = draft.survey.tasks.get(&process.tid).is_some_and(|facts| facts.task.state == 'T');
            // A stopped process takes SIGTERM only when it goes on.
            if held { draft.push(Step::Signal { process, signal: Signal::Continue }) } else { Ok(()) }
        }
    }
}
