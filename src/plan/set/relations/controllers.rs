//! What disabling a controller takes from the groups below.
use crate::catalog::controller_of;
use crate::model::bytes::escape;
use crate::model::place::Place;

use super::super::super::draft::Draft;
use super::super::super::refusal::Refusal;
use super::super::super::rules::{controllers, knobs, tasks};
use super::super::super::step::{Confirm, Prior};
use super::super::super::words;
use super::children;

/// Checks that no child hands down what is about to be disabled here (EBUSY).
///
/// # Errors
/// The refusal that names the child.
pub fn check_disable(draft: &Draft<'_>, place: &Place, off: &[&str]) -> Result<(), Refusal> {
    let survey = &draft.world.survey;
    let on = |place: &Place, controller: &str| {
        survey.group(place).is_some_and(|facts| facts.words("cgroup.subtree_control").any(|c| c == controller))
    };
    for controller in off {
        let mut below: Vec<&Place> =
            tasks::subtree(survey, place).filter(|below| *below != place && on(below, controller)).collect();
        if below.is_empty() {
            continue;
        }
        // Parents come first in a subtree: backwards, children do.
        below.reverse();
        let names: Vec<String> = below.iter().map(|place| words::group(place)).collect();
        let (names, verb) = (words::list(&names), if below.len() == 1 { "enables" } else { "enable" });
        let first = below.iter().map(|place| controllers::switch(place, "-", controller)).collect();
        return Err(draft
            .refuse(format!(
                "{names} still {verb} {controller} for groups below; it is disabled from the lowest up. (EBUSY)"
            ))
            .first(format!("disable {controller} in {names}, then go on"), first));
    }
    Ok(())
}

/// The children's values that disabling makes the kernel forget, and a warning that says whose.
pub fn lost_by_disabling(draft: &mut Draft<'_>, place: &Place, off: &[&str]) -> Vec<Prior> {
    let mut lost = Vec::new();
    let mut names = Vec::new();
    for child in children(draft, place) {
        names.push(escape(child.name()));
        if !draft.is_ours(&child) {
            draft.ask(Confirm::Foreign);
        }
        let settings = knobs::of(&draft.world, &child).settings.into_iter();
        let of_these = settings.filter(|s| controller_of(&s.file).is_some_and(|c| off.contains(&c)));
        lost.extend(of_these.map(|setting| Prior { at: child.clone(), setting }));
    }
    if !names.is_empty() {
        let then = if off.contains(&"cpu") { " Their threads compete one by one again, by nice alone." } else { "" };
        draft.warn(format!(
            "Disabling {} takes it from {}: their values of it are forgotten (undo sets them again).{then}",
            off.join(" and "),
            words::list(&names)
        ));
    }
    lost
}
