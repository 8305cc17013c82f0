//! The inverses of mounts, unmounts, and of the directories for them.
use crate::model::bytes::{Bytes, escape};
use crate::model::hierarchy::Hierarchy;
use crate::model::id::{GroupKey, HierarchyId};
use crate::model::mounting::{Mounting, Source};
use crate::model::place::Place;

use super::super::intent::{Setting, What};
use super::super::refusal::Refusal;
use super::super::step::{Life, Step};
use super::super::{mount, unmount};
use super::Undo;

/// Whether a path is this directory or lies below it.
fn is_below(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.first().is_none_or(|&byte| byte == b'/'))
}

impl Undo<'_> {
    /// The inverse of making a directory. What is in it by then, the kernel says when it is removed.
    pub(super) fn unmake_directory(&mut self, path: &Bytes) -> Result<(), Refusal> {
        let Some(facts) = self.draft.world.survey.points.get(path) else { return Ok(()) };
        if facts.missing > 0 || !facts.directory || facts.path != *path {
            return Ok(());
        }
        if facts.mounted.is_some() {
            self.draft.warn(format!("{} stays: something is mounted at it.", escape(path)));
            return Ok(());
        }
        self.draft.push(Step::RemoveDirectory { path: path.clone() })
    }

    /// The inverse of removing a directory.
    pub(super) fn make_directory_again(&mut self, path: &Bytes) -> Result<(), Refusal> {
        match self.draft.world.survey.points.get(path) {
            Some(facts) if facts.missing == 1 => self.draft.push(Step::MakeDirectory { path: path.clone() }),
            Some(facts) if facts.missing == 0 => Ok(()),
            _ => {
                self.draft.warn(format!("{} cannot be made again: the directory above it is gone.", escape(path)));
                Ok(())
            }
        }
    }

    /// The inverse of a mount. `top` is what it showed, if that is known.
    pub(super) fn unmount(&mut self, mounting: &Mounting, top: Option<HierarchyId>) -> Result<(), Refusal> {
        let survey = &self.draft.world.survey;
        let shown = escape(&mounting.point);
        let at = |h: &&Hierarchy| h.mounts.iter().any(|mount| mount.point == mounting.point && !mount.hidden);
        let Some(hierarchy) = survey.hierarchies.iter().find(at).cloned() else {
            if top.is_some() {
                self.draft.warn(format!("Nothing is mounted at {shown} any more."));
            }
            return Ok(());
        };
        let same = match top {
            Some(id) => hierarchy.id == id,
            None => self.is_of(&hierarchy, mounting),
        };
        if !same {
            self.draft.warn(format!("{} is mounted at {shown} now, by somebody else: it stays.", hierarchy.label()));
            return Ok(());
        }
        if let Some(facts) = survey.points.get(&mounting.point) {
            let below = facts.below.first().map(|point| format!("{} is mounted below it", escape(point)));
            if let Some(who) = below.or_else(|| unmount::busy(facts)) {
                self.draft.warn(format!("{} stays mounted at {shown}: {who}. (EBUSY)", hierarchy.label()));
                return Ok(());
            }
        }
        let fate = unmount::fate(&self.draft, &hierarchy, &mounting.point);
        if fate == Life::Hidden {
            let text = unmount::will_be(&self.draft, &hierarchy, &mounting.point, fate);
            self.draft.warn(text);
        }
        unmount::add(&mut self.draft, hierarchy.id, &mounting.point, false)
    }

    /// Whether a mounting that was announced means this hierarchy.
    fn is_of(&self, hierarchy: &Hierarchy, mounting: &Mounting) -> bool {
        let known = |word: &str| self.draft.survey.controllers.iter().any(|c| &*c.name == word);
        match &mounting.source {
            Source::V1 { .. } => {
                let (controllers, name) = mounting.source.v1_parts(known);
                hierarchy.controllers.iter().all(|c| controllers.contains(c)) && hierarchy.name == name
            }
            Source::V2 { .. } | Source::Bind { .. } => mounting.hierarchy == Some(hierarchy.id),
        }
    }

    /// The inverse of an unmount.
    pub(super) fn mount_again(
        &mut self,
        mounting: &Mounting,
        settings: &[Setting],
        perhaps: bool,
    ) -> Result<(), Refusal> {
        let Some(id) = mounting.hierarchy else { return Ok(()) };
        let shown = escape(&mounting.point);
        let survey = &self.draft.world.survey;
        let living = survey.hierarchy(id).cloned();
        if living.as_ref().is_some_and(|h| h.mounts.iter().any(|mount| mount.point == mounting.point)) {
            if !perhaps {
                self.draft.warn(format!("It is mounted at {shown} again already, by somebody else."));
            }
            return Ok(());
        }
        if survey.points.get(&mounting.point).is_some_and(|facts| facts.mounted.is_some()) {
            self.draft.warn(format!("It cannot be mounted at {shown} again: something else is mounted there."));
            return Ok(());
        }
        let mut mounting = mounting.clone();
        if let Some(hierarchy) = &living {
            match &mounting.source {
                // The kernel takes flags only from the mount that makes a hierarchy.
                Source::V1 { .. } => {}
                Source::V2 { .. } => {
                    if let Some(source) = mount::bound(hierarchy, b"/", None) {
                        mounting.source = source;
                    }
                }
                Source::Bind { from } => {
                    let there = hierarchy.mounts.iter().any(|mount| !mount.hidden && is_below(from, &mount.point));
                    if !there {
                        let from = escape(from);
                        self.draft
                            .warn(format!("{shown} cannot show it again: it was bound from {from}, which is gone."));
                        return Ok(());
                    }
                }
            }
        } else if let Err(why) = self.can_be_made(&mounting) {
            self.draft.warn(format!("It cannot be mounted at {shown} again: {why}"));
            return Ok(());
        }
        let point = mounting.point.clone();
        mount::add(&mut self.draft, mounting, &point)?;
        if living.is_some() {
            return Ok(());
        }
        let top = Place::top(id);
        if let Some(facts) = self.draft.world.survey.group(&top) {
            let inode = super::bindings::TOP;
            self.bindings.bind_group(GroupKey { hierarchy: id, inode }, facts.key);
        }
        for setting in settings {
            // What the options of the mount set stands already.
            if self.draft.world.has(&top, &setting.file)
                && self.draft.world.read(&top, &setting.file).as_deref() != Some(&*setting.data)
            {
                self.draft.write(&top, setting, Vec::new())?;
            }
        }
        Ok(())
    }

    /// Whether the mount would make its hierarchy anew, as it was.
    fn can_be_made(&self, mounting: &Mounting) -> Result<(), String> {
        let known = |word: &str| self.draft.survey.controllers.iter().any(|c| &*c.name == word);
        let (controllers, name) = mounting.source.v1_parts(known);
        let what = match (controllers.is_empty(), &name) {
            (true, Some(name)) => What::Named(name.clone()),
            _ => What::Controllers { controllers, name },
        };
        let found = mount::find(&self.draft, &what, &mounting.point).map_err(|refusal| refusal.rule)?;
        match found.hierarchy {
            None => Ok(()),
            Some(_) => Err(format!("somebody else made {} meanwhile.", found.label)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn a_name_that_only_begins_alike_is_another() {
        assert!(is_below(b"/mnt/a", b"/mnt/a") && is_below(b"/mnt/a/b", b"/mnt/a"));
        assert!(!is_below(b"/mnt/ab", b"/mnt/a") && !is_below(b"/mnt", b"/mnt/a"));
    }
}
