//! What must be known to plan an intent.
use crate::catalog::controller_of;
use crate::model::bytes::Bytes;
use crate::model::id::HierarchyId;
use crate::model::place::Place;

use super::intent::{Intent, Needs, Recipients, Target, What};
use super::journal::Entry;
use super::undo;

impl Intent {
    /// What `kernel` must read, afresh, for this intent. For [`Intent::Undo`] use [`Intent::needs_with`].
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.needs_with(&[])
    }

    /// The same with the journal of the visit, which undo needs.
    #[must_use]
    pub fn needs_with(&self, journal: &[Entry]) -> Needs {
        let mut needs = Needs::default();
        match self {
            Self::Create { parent, path, .. } => needs.groups = on_the_way(parent, path),
            Self::Remove { group, .. } => {
                needs.subtrees.push(group.clone());
                // Where its tasks could go.
                needs.groups.extend(group.parent().filter(|parent| !parent.is_top()));
            }
            Self::Rename { group, name } => {
                needs.subtrees.push(group.clone());
                needs.groups.extend([group.sibling(name)]);
                needs.groups.extend(group.parent());
            }
            Self::Set { group, setting } => {
                match controller_of(&setting.file) {
                    // What is set here is limited by, or limits, the groups below.
                    Some("cpu" | "cpuset") => needs.subtrees.push(group.clone()),
                    _ if &*setting.file == "cgroup.subtree_control" => needs.subtrees.push(group.clone()),
                    _ => needs.groups.push(group.clone()),
                }
                // Siblings share a parent's real-time budget, and an exclusive cpuset shares nothing with them.
                if setting.file.starts_with("cpuset.") || setting.file.starts_with("cpu.rt_") {
                    needs.children_of.extend(group.parent());
                }
            }
            Self::Move { tasks, to, .. } => {
                needs.tasks = tasks.iter().map(|task| task.tid).collect();
                needs.groups.push(to.clone());
            }
            Self::Launch { launches } => {
                needs.groups = launches.iter().flat_map(|launch| launch.groups.iter().cloned()).collect();
                needs.groups.sort();
                needs.groups.dedup();
            }
            Self::Hold { target: Target::Group(group) } | Self::Resume { target: Target::Group(group) } => {
                needs.subtrees.push(group.clone());
            }
            Self::Hold { target: Target::Workloads(tasks) }
            | Self::Resume { target: Target::Workloads(tasks) }
            | Self::Stop { processes: tasks } => needs.tasks = tasks.iter().map(|task| task.tid).collect(),
            Self::Signal { to: Recipients::Processes(tasks), .. } | Self::Schedule { tasks, .. } => {
                needs.tasks = tasks.iter().map(|task| task.tid).collect();
            }
            Self::Signal { to: Recipients::Group { group, below }, .. } => {
                if *below { &mut needs.subtrees } else { &mut needs.groups }.push(group.clone());
                // Whether somebody is frozen.
                needs.whereabouts = true;
            }
            Self::KillAll { group } => needs.subtrees.push(group.clone()),
            Self::Mount { what, at } => {
                needs.points.push(at.clone());
                // A controller that v2's groups use cannot be taken from them, and what holds one may be empty.
                if let What::Controllers { .. } = what {
                    needs.groups.push(Place::top(HierarchyId::V2));
                }
            }
            Self::Unmount { hierarchy, point, .. } => {
                needs.points.push(point.clone());
                needs.subtrees.push(Place::top(*hierarchy));
            }
            Self::Together { intents, .. } => {
                for intent in intents {
                    let more = intent.needs_with(journal);
                    needs.groups.extend(more.groups);
                    needs.subtrees.extend(more.subtrees);
                    needs.children_of.extend(more.children_of);
                    needs.tasks.extend(more.tasks);
                    needs.whereabouts |= more.whereabouts;
                    needs.points.extend(more.points);
                }
                needs.points.sort();
                needs.points.dedup();
                needs.groups.sort();
                needs.groups.dedup();
                needs.subtrees.sort();
                needs.subtrees.dedup();
                needs.children_of.sort();
                needs.children_of.dedup();
            }
            Self::Undo { entries } => needs = undo::needs(journal, entries),
        }
        needs
    }
}

/// `parent` and every group from it to the end of `path`, but the top: its tasks matter to no rule.
fn on_the_way(parent: &Place, path: &Bytes) -> Vec<Place> {
    let mut places = vec![parent.clone()];
    for part in path.split(|&byte| byte == b'/').filter(|part| !part.is_empty()) {
        let next = places[places.len() - 1].child(part);
        places.push(next);
    }
    places.retain(|place| !place.is_top());
    if places.is_empty() {
        places.push(parent.clone());
    }
    places
}
