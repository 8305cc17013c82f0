//! Writing a value into a file of a group.
//!
//! [`add`] checks a value for the world as it is at that point of a plan and adds the write; `create` and `undo` use it
//! too. What is one value's own (range, octal, words) is in [`value`], what depends on other values in [`relations`].
use crate::catalog::{self, Entry, Kind, Top};
use crate::model::bytes::escape;
use crate::model::errno::Errno;
use crate::model::hierarchy::Version;
use crate::model::place::Place;

use super::draft::Draft;
use super::intent::{Intent, Setting};
use super::refusal::Refusal;
use super::rules::{controllers, lifeline};
use super::step::{Plan, Prior};
use super::survey::Survey;
use super::words;

pub mod relations;
pub mod value;

/// The plan to write `setting` into the group at `place`.
///
/// # Errors
/// A refusal: no such file here, a file that is not for setting, a value that the kernel refuses or reads otherwise than
/// it looks.
pub fn plan(survey: &Survey, place: &Place, setting: &Setting) -> Result<Plan, Refusal> {
    let name = words::group(place);
    let mut draft = Draft::new(survey, format!("set {} of {name}", setting.file))?;
    if survey.group(place).is_none() {
        return Err(draft.absent(place));
    }
    lifeline::check(&mut draft, place, &setting.file, &setting.data)?;
    add(&mut draft, place, setting)?;
    draft.ask_if_foreign(place);
    let title = format!("{name}: {} {}", setting.file, shown(&draft, setting));
    Ok(draft.finish(title))
}

fn shown(draft: &Draft<'_>, setting: &Setting) -> String {
    match draft.steps.last() {
        Some(super::step::Step::Write { data, prior, .. }) => match prior {
            Some(prior) if prior.len() <= 40 => format!("{} → {}", or_empty(prior), or_empty(data)),
            _ => format!("→ {}", or_empty(data)),
        },
        _ => or_empty(&setting.data),
    }
}

fn or_empty(data: &[u8]) -> String {
    if data.trim_ascii().is_empty() { "(empty)".to_owned() } else { escape(data) }
}

/// Adds the write of one value, checked against the world at this point of the plan.
///
/// # Errors
/// See [`plan`].
pub(super) fn add(draft: &mut Draft<'_>, place: &Place, setting: &Setting) -> Result<(), Refusal> {
    let version = draft.world.version(place);
    let entry = catalog::entry_for(version, &setting.file);
    check_file(draft, place, setting, entry)?;
    let Some(entry) = entry else {
        // A file that the catalog does not know: the kernel is the judge.
        draft.warn(format!("cgrove does not know {}; the text is written as it is.", setting.file));
        return draft.write(place, setting, Vec::new());
    };
    if &*setting.file == "cgroup.subtree_control" {
        return controllers(draft, place, setting);
    }
    let again = |data: &str| Intent::Set {
        group: place.clone(),
        setting: Setting { file: setting.file.clone(), data: data.as_bytes().into() },
    };
    let (data, notes) = value::check(entry, &setting.file, &setting.data).map_err(|wrong| {
        let mut refusal = draft.refuse(wrong.rule);
        for (say, data) in wrong.instead {
            refusal = refusal.way(say, vec![again(&data)]);
        }
        refusal
    })?;
    relations::check(draft, place, &setting.file, &data)?;
    for note in notes {
        draft.warn(note);
    }
    if entry.acts {
        draft.cannot_undo(match &*setting.file {
            "memory.reclaim" | "memory.force_empty" => {
                "The memory that is taken comes back only when it is used again.".to_owned()
            }
            file => format!("A write to {file} acts at once."),
        });
    }
    if entry.once {
        draft.cannot_undo(format!("A write to {} is taken back only by removing the group.", setting.file));
    }
    if entry.resets {
        draft.cannot_undo(format!("The count in {} starts anew; what it was cannot return.", setting.file));
    }
    if !entry.raw_restore {
        draft.cannot_undo(format!("What {} reads cannot be written back.", setting.file));
    }
    let disturbs = disturbed(draft, place, &setting.file, &data, entry);
    let setting = Setting { file: setting.file.clone(), data: data.into_bytes().into() };
    draft.write(place, &setting, disturbs)
}

/// The values that the write makes the kernel forget.
fn disturbed(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str, entry: &Entry) -> Vec<Prior> {
    // Only the way into idle forgets the weight: an idle group has none.
    if file == "cpu.idle" && (data != "1" || draft.world.read(place, file).as_deref() == Some(b"1")) {
        return Vec::new();
    }
    let mut priors = Vec::new();
    for other in &entry.disturbs {
        if let Some(data) = draft.world.read(place, other) {
            priors.push(Prior { at: place.clone(), setting: Setting { file: other.clone(), data } });
        }
    }
    priors
}

/// Values at the root of a cgroup namespace that its inside may write: those of `/sys/kernel/cgroup/delegate` that are no
/// commands.
const DELEGATED: [&str; 2] = ["cgroup.subtree_control", "memory.oom.group"];

/// Whether the file can be set here at all.
fn check_file(draft: &Draft<'_>, place: &Place, setting: &Setting, entry: Option<&Entry>) -> Result<(), Refusal> {
    let file = &setting.file;
    let name = words::group(place);
    let Some(facts) = draft.world.survey.group(place) else { return Err(draft.gone(place)) };
    if file.is_empty() || file.contains('/') || file.contains('\n') || file.contains('\0') {
        return Err(draft.refuse(format!("{file:?} is not the name of a file of a group.")));
    }
    if let Some(entry) = entry {
        if entry.kind == Kind::Command && !entry.acts {
            return Err(draft.refuse(match entry.verb.as_deref() {
                Some(verb) => format!("{file} is a command, not a value: writing it acts at once. Use {verb}."),
                None => format!("{file} is a command, not a value: {}, so cgrove does not write it.", why_not(file)),
            }));
        }
        if place.is_top() && (entry.top == Top::Fixed || (entry.top == Top::Absent && !facts.files.contains_key(file)))
        {
            let here = if entry.top == Top::Fixed { "cannot be written" } else { "does not exist" };
            return Err(draft.refuse(format!(
                "{file} {here} in the top group: it has no siblings and no limit but the host itself. ({})",
                if file.starts_with("cpuset.") { "EACCES" } else { "EINVAL" }
            )));
        }
    }
    let Some(known) = facts.files.get(file) else { return Err(no_file(draft, place, file)) };
    if file.ends_with(".peak") && known.mode & 0o222 != 0 {
        return Err(draft.refuse(format!(
            "A write to {file} starts the count anew only for the program that holds the file open: after it nothing would be \
             changed for anybody."
        )));
    }
    let counter = entry.is_some_and(|entry| entry.kind == Kind::Counter && !entry.resets);
    if counter || known.mode & 0o222 == 0 {
        return Err(draft.refuse(format!("{file} is only for reading: the kernel counts there. (EINVAL)")));
    }
    if draft.survey.border.as_ref() == Some(place) && !DELEGATED.contains(&&**file) {
        return Err(draft.refuse(format!(
            "{name} is the root of this cgroup namespace, and its {file} is its owner's outside (nsdelegate). (EPERM) Groups below \
             it can be set from here."
        )));
    }
    if facts.refused == Some(Errno::EROFS) {
        return Err(
            draft.refuse(format!("{file} of {name} cannot be written: {}.", words::no_permission(Errno::EROFS)))
        );
    }
    Ok(())
}

/// Why a command that has no verb is not written.
fn why_not(file: &str) -> &'static str {
    match file {
        "release_agent" => "the kernel would run that program as root for every group that becomes empty",
        "cgroup.event_control" | "memory.pressure_level" => "it needs an eventfd that a program holds",
        _ => "what it does cannot be undone",
    }
}

fn no_file(draft: &Draft<'_>, place: &Place, file: &str) -> Refusal {
    let name = words::group(place);
    let controller = catalog::controller_of(file);
    if draft.world.version(place) == Version::V2
        && let (Some(controller), Some(parent)) = (controller, place.parent())
        && !draft.world.survey.group(place).is_some_and(|f| f.words("cgroup.controllers").any(|c| c == controller))
    {
        let refusal = draft.refuse(format!(
            "{name} has no {file}: the controller {controller} is not enabled for the children of {}. (ENOENT)",
            words::group(&parent)
        ));
        let levels = controllers::on_the_way(draft, place, controller);
        if levels.is_empty() {
            return refusal;
        }
        let names: Vec<String> = levels.iter().map(words::group).collect();
        let first = levels.iter().map(|level| controllers::switch(level, "+", controller)).collect();
        return refusal.first(format!("enable {controller} in {}, then go on", words::list(&names)), first);
    }
    draft.refuse(format!("{name} has no file {file}. (ENOENT)"))
}

/// `cgroup.subtree_control`: each name checked, then enabled as `create` does, then disabled.
fn controllers(draft: &mut Draft<'_>, place: &Place, setting: &Setting) -> Result<(), Refusal> {
    let text = String::from_utf8_lossy(&setting.data).into_owned();
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for token in text.split_ascii_whitespace() {
        match token.split_at_checked(1) {
            Some(("+", name)) if !name.is_empty() => on.push(name),
            Some(("-", name)) if !name.is_empty() => off.push(name),
            _ => {
                return Err(draft.refuse(format!(
                    "\"{token}\" has no sign: +name enables a controller for the children, -name disables it. (EINVAL)"
                )));
            }
        }
    }
    if on.is_empty() && off.is_empty() {
        return Err(draft.refuse("Nothing to enable or disable: write +name or -name."));
    }
    controllers::enable(draft, place, &on)?;
    let facts = draft.world.survey.group(place);
    let enabled = |c: &&str| facts.is_some_and(|f| f.words("cgroup.subtree_control").any(|have| have == *c));
    let off: Vec<&str> = off.into_iter().filter(enabled).collect();
    if off.is_empty() {
        return Ok(());
    }
    relations::check_disable(draft, place, &off)?;
    let disturbs = relations::lost_by_disabling(draft, place, &off);
    let data = off.iter().map(|c| format!("-{c}")).collect::<Vec<_>>().join(" ");
    draft.write(place, &Setting { file: setting.file.clone(), data: data.into_bytes().into() }, disturbs)
}
