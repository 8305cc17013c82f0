//! What it means to change a group that a manager owns, and the manager's own way to do the same.
//!
//! [`watch`] looks at every step that a draft takes in. A group of systemd, a container engine or the kubelet is named with its
//! owner; what the owner does about a foreign change is said; the command of the owner that does the same is shown, where
//! there is one ([`commands`]). Such a plan is asked for as a foreign one. Said once for an owner and a kind of change.
//!
//! Below the top of a group that was handed over, and in groups that cgrove made, nobody is named.
use crate::catalog;
use crate::model::bytes::escape;
use crate::model::manager::{self, Engine, Layer, Owner};
use crate::model::place::Place;

use super::draft::Draft;
use super::rules::tasks;
use super::step::{Confirm, Signal, Step};
use super::survey::Survey;
use super::words;

pub mod commands;

/// An owner of something that a plan touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Who, and what that means: one or two sentences.
    pub says: String,
    /// The shell line by which the owner does the same.
    pub instead: Option<String>,
}

/// Files of a group that belong to whom it was handed over to (`/sys/kernel/cgroup/delegate`).
const HANDED_OVER: [&str; 5] =
    ["cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "memory.oom.group", "memory.reclaim"];

/// Looks at a step before the draft takes it in.
pub(super) fn watch(draft: &mut Draft<'_>, step: &Step) {
    match step {
        Step::Write { at, file, data, .. } => written(draft, at, file, data),
        Step::MakeGroup { at } => {
            if let Some((group, layer)) = at.parent().and_then(|parent| owner(draft, &parent, true)) {
                let what = match &layer.owner {
                    Owner::Unit { .. } => "it removes what it did not make there when the unit ends",
                    _ => "it knows nothing of groups that others make there",
                };
                say(draft, &group, &layer, what, None);
            }
        }
        Step::RemoveGroup { at, .. } => {
            if let Some((group, layer)) = owner(draft, at, false) {
                say(
                    draft,
                    &group,
                    &layer,
                    "it counts on the group until what runs there is stopped",
                    commands::stop(&layer.owner),
                );
            }
        }
        Step::Rename { at, .. } => {
            if let Some((group, layer)) = owner(draft, at, false) {
                say(draft, &group, &layer, "it finds the group by this name only", None);
            }
        }
        Step::KillAll { at, .. } => {
            if let Some((group, layer)) = owner(draft, at, false) {
                let what = match &layer.owner {
                    Owner::Unit { .. } => "it may start the processes again (Restart=)",
                    Owner::Kubelet | Owner::Container { pod: true, .. } => "it starts the containers again",
                    _ => "it may start it again",
                };
                say(draft, &group, &layer, what, commands::kill(&layer.owner, Signal::Kill));
            }
        }
        Step::Signal { process, signal }
            if *signal != Signal::Continue && !tasks::is_own(draft.survey, process.tid) =>
        {
            signalled(draft, process.tid, *signal);
        }
        Step::Move { task, from, to, .. } => {
            let who = words::task(draft.survey, tasks::process_of(draft.survey, task.tid));
            moved(draft, &who, from, to);
        }
        Step::Drain { from, to } => moved(draft, "What is in it", from, to),
        Step::Launch { launch, .. } => launch.groups.iter().for_each(|group| entered(draft, "The workload", group)),
        _ => {}
    }
}

fn written(draft: &mut Draft<'_>, at: &Place, file: &str, data: &[u8]) {
    if at.is_top() && draft.survey.host.systemd && file == "cgroup.subtree_control" {
        draft.warn("The top group belongs to systemd: it switches controllers there as its units ask for them.");
        return;
    }
    let Some((group, layer)) = owner(draft, at, HANDED_OVER.contains(&file)) else { return };
    let text = String::from_utf8_lossy(data).trim().to_owned();
    let what = match (&layer.owner, file) {
        (_, "cgroup.freeze" | "freezer.state") => {
            "it does not know that they are held, and waits for what it asks of the processes there".to_owned()
        }
        (Owner::Unit { .. }, "cgroup.subtree_control") => {
            "it switches controllers there as its units ask for them".to_owned()
        }
        (Owner::Unit { .. }, _) => {
            format!(
                "it alone is to write there, and sets {file} as the unit says at daemon-reload or when a property changes"
            )
        }
        (Owner::Kubelet | Owner::Container { pod: true, .. }, _) => {
            format!("it sets {file} back to what the pod's resources say as soon as it looks again")
        }
        (Owner::Container { engine: Engine::Libvirt, .. }, _) => {
            format!("it writes {file} anew when the domain's settings change or it starts again")
        }
        _ => format!("it writes {file} anew at the next update or start"),
    };
    let version = draft.world.version(at);
    let own = layer.depth == at.parts().count();
    let command = commands::set(&layer.owner, version, file, &text, &|other| {
        draft.world.read(at, other).map(|value| String::from_utf8_lossy(&value).into_owned())
    });
    say(draft, &group, &layer, &what, command.filter(|_| own));
    let knob = catalog::entry_for(version, file).is_some_and(|entry| entry.kind == catalog::Kind::Knob);
    if knob && matches!(layer.owner, Owner::Kubelet | Owner::Container { pod: true, .. }) {
        draft.own(Owned {
            says: "What a pod may take stands in its resources: change them with kubectl.".to_owned(),
            instead: None,
        });
    }
}

fn signalled(draft: &mut Draft<'_>, tid: i32, signal: Signal) {
    let groups: Vec<Place> =
        draft.survey.tasks.get(&tid).map(|facts| facts.groups.values().cloned().collect()).unwrap_or_default();
    let name = words::task(draft.survey, tid);
    for group in groups {
        let inner = enclosing(draft.survey, &group);
        let Some(layer) = inner.filter(|layer| service(&layer.owner)) else { continue };
        let says = format!("{name} is of {}, which may start it again.", describe(&layer.owner));
        draft.own(Owned { says, instead: commands::kill(&layer.owner, signal) });
        return;
    }
}

fn service(owner: &Owner) -> bool {
    match owner {
        // Of units `rules::signals` speaks.
        Owner::Container { .. } => true,
        _ => false,
    }
}

fn moved(draft: &mut Draft<'_>, who: &str, from: &Place, to: &Place) {
    if let Some(layer) = enclosing(draft.survey, from).filter(|layer| !to.is_within(&above(from, layer.depth))) {
        let says = match &layer.owner {
            Owner::Unit { name, .. } => {
                format!("{who} leaves {}: systemd then no longer stops or restarts it with that unit.", escape(name))
            }
            owner => format!("{who} leaves {}: its limits no longer hold for it.", describe(owner)),
        };
        draft.own(Owned { says, instead: None });
        draft.ask(Confirm::Foreign);
    }
    entered(draft, who, to);
}

fn entered(draft: &mut Draft<'_>, who: &str, to: &Place) {
    let Some((_, layer)) = owner(draft, to, true) else { return };
    let what = match &layer.owner {
        Owner::Unit { name, .. } if name.ends_with(b".slice") => "systemd itself puts none there",
        Owner::Unit { .. } => "it is then ended with that unit",
        _ => "it then counts against its limits",
    };
    draft.own(Owned { says: format!("{who} goes into {}: {what}.", describe(&layer.owner)), instead: None });
    draft.ask(Confirm::Foreign);
}

/// The service, scope or container that a group is of, on any depth.
fn enclosing(survey: &Survey, place: &Place) -> Option<Layer> {
    layers(survey, place).into_iter().rev().find(|layer| match &layer.owner {
        Owner::Unit { name, .. } => name.ends_with(b".service") || name.ends_with(b".scope"),
        Owner::Container { .. } => true,
        Owner::Kubelet | Owner::Parent(_) => false,
    })
}

fn layers(survey: &Survey, place: &Place) -> Vec<Layer> {
    let parts: Vec<&[u8]> = place.parts().collect();
    manager::layers(&parts, survey.host.systemd, &|depth| {
        survey.group(&above(place, depth)).is_some_and(|facts| facts.delegated)
    })
}

/// The group on the way to `place` that has so many components.
fn above(place: &Place, depth: usize) -> Place {
    let path: Vec<&[u8]> = place.parts().take(depth).collect();
    Place::new(place.hierarchy, &path.join(&b'/'))
}

/// Who owns the group at `place`, unless cgrove made it or one above it; the name of the owner's group. `inside`: what lies
/// in it is meant, which a group that was handed over leaves to others.
fn owner(draft: &Draft<'_>, place: &Place, inside: bool) -> Option<(String, Layer)> {
    let layer = layers(draft.survey, place).pop()?;
    let depth = place.parts().count();
    if layer.delegated && (layer.depth < depth || inside) {
        return None;
    }
    let top = above(place, layer.depth);
    let ours = std::iter::successors(Some(place.clone()), Place::parent)
        .take_while(|at| at.is_within(&top))
        .any(|at| draft.is_ours(&at));
    (!ours).then(|| (words::group(place), layer))
}

fn say(draft: &mut Draft<'_>, group: &str, layer: &Layer, what: &str, instead: Option<String>) {
    let manager = manager_of(&layer.owner);
    let says = match &layer.owner {
        Owner::Unit { name, .. } if escape(name) != group => {
            format!("{group} is in {}, which belongs to {manager}: {what}.", escape(name))
        }
        Owner::Container { .. } => {
            format!(
                "{group} is {}: {manager} owns it, and {}.",
                describe(&layer.owner),
                what.strip_prefix("it ").unwrap_or(what)
            )
        }
        _ => format!("{group} belongs to {manager}: {what}."),
    };
    draft.own(Owned { says, instead });
    draft.ask(Confirm::Foreign);
}

/// "systemd", "the systemd of user 1000", "docker".
fn manager_of(owner: &Owner) -> String {
    match owner {
        Owner::Unit { user: Some(uid), .. } => format!("the systemd of user {uid}"),
        owner => owner.manager().to_owned(),
    }
}

/// "nginx.service of systemd", "the docker container 0123456789ab".
#[must_use]
pub fn describe(owner: &Owner) -> String {
    match owner {
        Owner::Unit { name, user: None } => format!("{} of systemd", escape(name)),
        Owner::Unit { name, user: Some(uid) } => format!("{} of the systemd of user {uid}", escape(name)),
        Owner::Kubelet => "the kubelet's pods".to_owned(),
        Owner::Container { engine, id, pod } => {
            let what = match engine {
                Engine::Docker | Engine::Podman | Engine::Lxc => format!("the {} container", engine.name()),
                Engine::Containerd | Engine::Crio => format!("the container of {}", engine.name()),
                Engine::Libvirt => "the domain of libvirt".to_owned(),
                Engine::Unknown => "the container".to_owned(),
            };
            format!("{what} {}{}", commands::short(id), if *pod { " of a pod" } else { "" })
        }
        Owner::Parent(engine) => format!("the containers of {}", engine.name()),
    }
}

/// Whose program keeps the values of the group at `place`, by names alone: "systemd", "docker". `None` below what was handed
/// over, and where nobody is known.
#[must_use]
pub fn keeper(place: &Place, systemd: bool) -> Option<&'static str> {
    let parts: Vec<&[u8]> = place.parts().collect();
    let layer = manager::of(&parts, systemd, &|_| false).filter(|layer| layer.depth == parts.len())?;
    match layer.owner {
        Owner::Unit { .. } => Some("systemd"),
        Owner::Kubelet | Owner::Container { pod: true, .. } => Some("the kubelet"),
        Owner::Container { engine: Engine::Unknown, .. } => None,
        Owner::Container { engine, .. } | Owner::Parent(engine) => Some(engine.name()),
    }
}

/// Who owns the group at `place`, by names alone: for a screen that has no survey.
#[must_use]
pub fn by_name(place: &Place, systemd: bool) -> Option<String> {
    let parts: Vec<&[u8]> = place.parts().collect();
    manager::of(&parts, systemd, &|_| false).map(|layer| describe(&layer.owner))
}

#[cfg(test)]
mod tests {
    use super::keeper;
    use crate::model::id::HierarchyId;
    use crate::model::place::Place;

    #[test]
    fn who_keeps_the_values_of_a_group() {
        for (path, keeps) in [
            ("/system.slice/nginx.service", Some("systemd")),
            ("/kubepods.slice", Some("the kubelet")),
            ("/system.slice/nginx.service/worker", None),
            ("/mine", None),
        ] {
            assert_eq!(keeper(&Place::new(HierarchyId(0), path.as_bytes()), true), keeps, "{path}");
        }
    }
}
