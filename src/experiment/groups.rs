//! The groups of an experiment without its workloads: what `cgrove apply` makes and sets, what `cgrove destroy` removes.
//!
//! [`apply`] compares the file with what stands: groups that are missing are made, values that the file names and that
//! differ are set, everything else is left; so a second time there is nothing to do. [`destroy`] removes, the lowest first,
//! the groups that the file names, that `apply` made ([`Known`], from the journals) and that are empty; what was there
//! before stays. On v2 it then disables the controllers that `apply` enabled on the way and that nobody uses any more.
//!
//! Both answer with an intent; what is done, and how, is `plan`'s and `effect`'s.
use std::collections::{BTreeMap, BTreeSet};

use super::setup::Setup;
use super::weights;
use crate::catalog::{self, Format, Kind, controller_of};
use crate::model::bytes::Bytes;
use crate::model::cpu_set::CpuSet;
use crate::model::hierarchy::Version;
use crate::model::id::GroupKey;
use crate::model::place::Place;
use crate::model::survey::{GroupFacts, Needs, Survey};
use crate::plan::intent::{Inside, Intent, Setting};
use crate::plan::journal::{Entry, State};
use crate::plan::step::{Outcome, Step};

/// File that says which controllers a v2 group hands down.
const HANDED_DOWN: &str = "cgroup.subtree_control";

/// What earlier visits did, from their journals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Groups that `apply` made.
    made: BTreeSet<GroupKey>,
    /// Controllers that `apply` enabled in groups that were there.
    enabled: BTreeSet<(Place, GroupKey, Box<str>)>,
    /// What the kernel made of a value that was written: 4096 of 5000.
    stored: BTreeMap<(GroupKey, Box<str>, Bytes), Bytes>,
}

impl Known {
    /// Takes in the entries of a visit; `apply`: it was one of `cgrove apply`.
    pub fn take_in(&mut self, entries: &[Entry], apply: bool) {
        let mut new: BTreeMap<&Place, GroupKey> = BTreeMap::new();
        for record in entries.iter().flat_map(|entry| &entry.steps) {
            let State::Done(outcome) = &record.state else { continue };
            match (&record.step, outcome) {
                (Step::MakeGroup { at }, Outcome::Made(key)) => {
                    new.insert(at, *key);
                    if apply {
                        self.made.insert(*key);
                    }
                }
                (Step::Write { at, key, file, data, prior, .. }, Outcome::Stored(stored)) => {
                    let Some(key) = key.as_ref().or(new.get(at)) else { continue };
                    if let Some(stored) = stored {
                        self.stored.insert((*key, file.clone(), data.clone()), stored.clone());
                    }
                    if apply && &**file == HANDED_DOWN {
                        let before = prior.as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
                        let new = added(data).filter(|name| !before.split_ascii_whitespace().any(|was| was == &**name));
                        self.enabled.extend(new.map(|name| (at.clone(), *key, name)));
                    }
                }
                _ => {}
            }
        }
    }
}

impl Known {
    /// The groups in which `apply` enabled controllers.
    pub fn levels(&self) -> impl Iterator<Item = &Place> {
        self.enabled.iter().map(|(level, _, _)| level)
    }
}

/// The names of `+cpu +io`.
fn added(data: &[u8]) -> impl Iterator<Item = Box<str>> {
    let text = String::from_utf8_lossy(data).into_owned();
    let names: Vec<Box<str>> =
        text.split_ascii_whitespace().filter_map(|word| word.strip_prefix('+')).map(Into::into).collect();
    names.into_iter()
}

/// Where a group of the experiment is (to be).
#[must_use]
pub fn place(setup: &Setup, stage: &Place, group: usize) -> Place {
    stage.child(setup.experiment.groups[group].path.as_bytes())
}

/// The controllers that every group of an experiment needs.
#[must_use]
pub fn controllers() -> Vec<Box<str>> {
    vec!["cpu".into()]
}

/// The intent that makes a group with its settings.
#[must_use]
pub fn create(setup: &Setup, stage: &Place, group: usize) -> Intent {
    let spec = &setup.experiment.groups[group];
    let parent = spec.parent.map_or_else(|| stage.clone(), |parent| place(setup, stage, parent));
    let path: Bytes = spec.name().as_bytes().into();
    Intent::Create { parent, path, settings: settings(setup, group), controllers: controllers() }
}

/// The intent that makes the stage.
#[must_use]
pub fn create_stage(stage: &Place) -> Intent {
    let path = stage.path.strip_prefix(b"/").unwrap_or_default().into();
    Intent::Create { parent: Place::top(stage.hierarchy), path, settings: Vec::new(), controllers: controllers() }
}

/// What is written into the files of a group, in an order that the kernel accepts: the weight before cpu.idle (an idle
/// group takes none), the period before the quota.
#[must_use]
pub fn settings(setup: &Setup, group: usize) -> Vec<Setting> {
    let spec = &setup.experiment.groups[group];
    let mut settings = Vec::new();
    let mut write =
        |file: &str, data: String| settings.push(Setting { file: file.into(), data: data.into_bytes().into() });
    if let Some(weight) = spec.weight {
        write(weights::file(setup.version), weight.to_string());
    }
    if let Some(quota) = spec.quota
        && let Some(quota_us) = quota.quota_us
    {
        match setup.version {
            Version::V1 => {
                write("cpu.cfs_period_us", quota.period_us.to_string());
                write("cpu.cfs_quota_us", quota_us.to_string());
            }
            Version::V2 => write("cpu.max", format!("{quota_us} {}", quota.period_us)),
        }
    }
    if spec.idle {
        write("cpu.idle", "1".to_owned());
    }
    settings.extend(spec.set.iter().cloned());
    settings
}

/// What must be looked at: the stage and every group of the experiment.
#[must_use]
pub fn needs(setup: &Setup, stage: &Place) -> Needs {
    let groups = (0..setup.experiment.groups.len()).map(|group| place(setup, stage, group));
    Needs { groups: std::iter::once(stage.clone()).chain(groups).collect(), ..Needs::default() }
}

/// The same for [`destroy`]: also the groups below, which may use a controller that is to be disabled.
#[must_use]
pub fn needs_to_destroy(setup: &Setup, stage: &Place, known: &Known, seen: &Survey) -> Needs {
    let mut needs = needs(setup, stage);
    for (level, _, _) in &known.enabled {
        let children = seen.group(level).map(|facts| facts.children.as_slice()).unwrap_or_default();
        needs.groups.push(level.clone());
        needs.groups.extend(children.iter().map(|name| level.child(name)));
    }
    needs
}

/// What `apply` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// In this order; none if everything stands already.
    pub intents: Vec<Intent>,
    /// How many groups are made.
    pub made: usize,
    /// How many values of groups that are there are set.
    pub set: usize,
}

/// The intents that make the groups of the experiment as its file says. A stage that is missing is made.
#[must_use]
pub fn apply(setup: &Setup, stage: &Place, survey: &Survey, known: &Known) -> Applied {
    let mut applied = Applied { intents: Vec::new(), made: 0, set: 0 };
    if survey.group(stage).is_none() {
        applied.intents.push(create_stage(stage));
    }
    let mut handed_down = false;
    for group in 0..setup.experiment.groups.len() {
        let at = place(setup, stage, group);
        let Some(facts) = survey.group(&at) else {
            applied.intents.push(create(setup, stage, group));
            applied.made += 1;
            continue;
        };
        let differing = differing(setup, group, &at, survey, facts, known);
        if !differing.is_empty() && setup.version == Version::V2 && !handed_down {
            applied.intents.extend(hand_down(&at, survey));
            handed_down = true;
        }
        applied.set += differing.len();
        applied.intents.extend(differing.into_iter().map(|setting| Intent::Set { group: at.clone(), setting }));
    }
    applied
}

/// The values that the file names and that do not stand.
fn differing(
    setup: &Setup,
    group: usize,
    at: &Place,
    survey: &Survey,
    facts: &GroupFacts,
    known: &Known,
) -> Vec<Setting> {
    let version = survey.hierarchy(at.hierarchy).map_or(setup.version, |hierarchy| hierarchy.version);
    let idle = setup.experiment.groups[group].idle && facts.text("cpu.idle") == Some("1");
    let stands = |setting: &Setting| {
        // An idle group keeps no weight of its own.
        (idle && &*setting.file == weights::file(setup.version))
            || facts.text(&setting.file).is_some_and(|now| {
                same(version, &setting.file, now, &String::from_utf8_lossy(&setting.data))
                    || known
                        .stored
                        .get(&(facts.key, setting.file.clone(), setting.data.clone()))
                        .is_some_and(|stored| stored.trim_ascii() == now.as_bytes())
            })
    };
    settings(setup, group).into_iter().filter(|setting| !stands(setting)).collect()
}

/// Whether a file that reads `now` holds what `asked` says.
fn same(version: Version, file: &str, now: &str, asked: &str) -> bool {
    let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
    if words(now) == words(asked) {
        return true;
    }
    let Some(entry) = catalog::entry_for(version, file) else { return false };
    match entry.format {
        Format::List => {
            matches!((CpuSet::parse(now), CpuSet::parse(asked.trim())), (Some(now), Some(asked)) if now == asked)
        }
        Format::Keyed => words(asked).iter().all(|word| words(now).contains(word)),
        _ => match (now.parse::<i64>(), asked.trim().parse::<i64>()) {
            (Ok(now), Ok(asked)) => now == asked,
            _ => false,
        },
    }
}

/// v2: the cpu controller through every group above `at`, where one does not hand it down yet.
fn hand_down(at: &Place, survey: &Survey) -> Vec<Intent> {
    let mut levels: Vec<Place> = std::iter::successors(at.parent(), Place::parent).collect();
    levels.reverse();
    let lacks = |level: &Place| survey.group(level).is_some_and(|facts| facts.words(HANDED_DOWN).all(|c| c != "cpu"));
    let enable = |group: Place| Intent::Set {
        group,
        setting: Setting { file: HANDED_DOWN.into(), data: b"+cpu".as_slice().into() },
    };
    levels.into_iter().filter(lacks).map(enable).collect()
}

/// What `destroy` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// In this order.
    pub intents: Vec<Intent>,
    /// How many groups are removed.
    pub removed: usize,
    /// Groups that the file names and that stay, with the reason.
    pub left: Vec<Left>,
}

/// A group that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Which.
    pub group: Place,
    /// Why: completes "… stays: ".
    pub why: String,
    /// `apply` made it, and it should have gone.
    pub stuck: bool,
}

/// The intents that remove what `apply` made of the experiment, as far as it is empty.
#[must_use]
pub fn destroy(setup: &Setup, stage: &Place, survey: &Survey, known: &Known) -> Destroyed {
    let mut destroyed = Destroyed { intents: Vec::new(), removed: 0, left: Vec::new() };
    let mut going: BTreeSet<Place> = BTreeSet::new();
    let mut places: Vec<(Place, bool)> =
        (0..setup.experiment.groups.len()).rev().map(|group| (place(setup, stage, group), true)).collect();
    // The file does not name the stage; but where apply made it, it goes, too.
    places.sort_by_key(|(place, _)| std::cmp::Reverse(place.parts().count()));
    if !stage.is_top() {
        places.push((stage.clone(), false));
    }
    for (at, named) in places {
        let Some(facts) = survey.group(&at) else { continue };
        let stays = if known.made.contains(&facts.key) {
            in_the_way(&at, facts, &going).map(|why| (why, true))
        } else {
            Some(("cgrove apply did not make it".to_owned(), false))
        };
        match stays {
            None => {
                destroyed.intents.push(Intent::Remove { group: at.clone(), inside: Inside::Nothing });
                destroyed.removed += 1;
                going.insert(at);
            }
            Some((why, stuck)) if named => destroyed.left.push(Left { group: at, why, stuck }),
            Some(_) => {}
        }
    }
    destroyed.intents.extend(disable(survey, known, &going));
    destroyed
}

/// What keeps a group from being removed once `going` are gone.
fn in_the_way(at: &Place, facts: &GroupFacts, going: &BTreeSet<Place>) -> Option<String> {
    let tasks = facts.tasks.value().map_or(0, Vec::len).max(facts.processes.value().map_or(0, Vec::len));
    let children = facts.children.iter().filter(|name| !going.contains(&at.child(name))).count();
    match (tasks, children) {
        (0, 0) => None,
        (0, children) => Some(format!("it holds {}", crate::plan::words::count(children, "other group"))),
        (tasks, _) => Some(format!("it holds {}", crate::plan::words::count(tasks, "task"))),
    }
}

/// Disables, the lowest level first, the controllers that `apply` enabled and that no group uses that stays.
fn disable(survey: &Survey, known: &Known, going: &BTreeSet<Place>) -> Vec<Intent> {
    let mut levels: Vec<(&Place, &str)> = known
        .enabled
        .iter()
        .filter(|(level, key, controller)| {
            let facts = survey.group(level).filter(|facts| facts.key == *key && !going.contains(level));
            facts.is_some_and(|facts| {
                let on = facts.words(HANDED_DOWN).any(|c| c == &**controller);
                let stays = facts.children.iter().map(|name| level.child(name)).filter(|child| !going.contains(child));
                on && stays.into_iter().all(|child| !uses(survey, &child, controller, known, going))
            })
        })
        .map(|(level, _, controller)| (level, &**controller))
        .collect();
    levels.sort_by_key(|(level, _)| std::cmp::Reverse(level.parts().count()));
    levels
        .into_iter()
        .map(|(level, controller)| Intent::Set {
            group: level.clone(),
            setting: Setting { file: HANDED_DOWN.into(), data: format!("-{controller}").into_bytes().into() },
        })
        .collect()
}

/// Whether a group that stays uses a controller: it hands it down (and that stays), or a value of it is not the default.
fn uses(survey: &Survey, at: &Place, controller: &str, known: &Known, going: &BTreeSet<Place>) -> bool {
    // One that cannot be seen might.
    let Some(facts) = survey.group(at) else { return true };
    if facts.words(HANDED_DOWN).any(|c| c == controller) {
        let ours = known.enabled.contains(&(at.clone(), facts.key, controller.into()));
        return !ours || facts.children.iter().any(|name| !going.contains(&at.child(name)));
    }
    facts.files.keys().any(|file| {
        let entry = catalog::entry_for(Version::V2, file);
        controller_of(file) == Some(controller)
            && entry.is_some_and(|entry| {
                let default = entry.default.as_deref().filter(|_| entry.kind == Kind::Knob);
                default.is_some_and(|default| facts.text(file).is_some_and(|now| now != default))
            })
    })
}
