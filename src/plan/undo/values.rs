//! The inverse of a write.
use crate::catalog::{self, Format};
use crate::model::bytes::escape;
use crate::model::id::GroupKey;
use crate::model::place::Place;

use super::super::intent::Setting;
use super::super::refusal::Refusal;
use super::super::set::relations;
use super::super::step::Prior;
use super::super::words;
use super::Undo;

/// A write that was done, or perhaps.
pub(super) struct Write<'a> {
    pub(super) at: &'a Place,
    pub(super) file: &'a str,
    pub(super) data: &'a [u8],
    pub(super) prior: Option<&'a [u8]>,
    pub(super) disturbs: &'a [Prior],
    /// What the file read right after; `None` if that is not known.
    pub(super) stored: Option<&'a [u8]>,
    pub(super) perhaps: bool,
}

impl Undo<'_> {
    pub(super) fn value(&mut self, key: GroupKey, write: &Write<'_>) -> Result<(), Refusal> {
        let &Write { at, file, prior, stored, .. } = write;
        if !self.is_same(at, key) {
            return Ok(());
        }
        let name = words::group(at);
        if !self.draft.world.has(at, file) {
            self.draft.warn(format!("{file} of {name} cannot return: the file is not there any more."));
            return Ok(());
        }
        let Some(prior) = prior.map(<[u8]>::trim_ascii) else {
            self.draft.warn(format!("What {file} of {name} was before is not known; it stays as it is."));
            return Ok(());
        };
        if self.format(at, file) == Some(Format::Controllers) {
            return self.controllers(write, prior);
        }
        let now = self.draft.world.read(at, file);
        if let Some(now) = now.as_deref() {
            let asked = write.data.trim_ascii();
            // It reads FREEZING for a while, and FROZEN for a group above: what was set is what was asked.
            let stored = if file == "freezer.state" { stored.map(|_| asked) } else { stored.map(<[u8]>::trim_ascii) };
            // The kernel prints lines of keys in an order of its own.
            let keyed = self.format(at, file) == Some(Format::Keyed);
            let same = |a: &[u8], b: &[u8]| a == b || (keyed && lines(a) == lines(b));
            if same(now, prior) && (stored.is_none_or(|stored| !same(stored, prior)) || write.disturbs.is_empty()) {
                return Ok(());
            }
            let ours = stored.map_or(write.perhaps && now == asked, |stored| same(stored, now));
            // Where it was not read back, the value cannot be compared with anything.
            if !ours && (stored.is_some() || write.perhaps) {
                let set = escape(stored.unwrap_or(asked));
                self.draft.warn(format!(
                    "{file} of {name} is {} now, no longer the {set} that was set: it is left as it is.",
                    escape(now)
                ));
                return Ok(());
            }
        }
        self.write_back(write, prior)?;
        self.restore(write.disturbs)
    }

    fn write_back(&mut self, write: &Write<'_>, prior: &[u8]) -> Result<(), Refusal> {
        let &Write { at, file, .. } = write;
        let name = words::group(at);
        let entry = catalog::entry_for(self.draft.world.version(at), file);
        let text = String::from_utf8_lossy(prior).into_owned();
        let writes: Vec<Vec<u8>> = match entry {
            // The same value is in another file, exactly, and among what the write disturbed.
            Some(entry) if entry.alias.is_some() => return Ok(()),
            Some(entry) if entry.once => {
                self.draft.warn(format!(
                    "{file} of {name} stays {}: only removing the group takes it back.",
                    escape(write.data)
                ));
                return Ok(());
            }
            Some(entry) => {
                let stored = String::from_utf8_lossy(write.stored.unwrap_or_default());
                let Some(writes) = entry.writes_back(&text, &stored) else {
                    self.draft.warn(format!("What {file} of {name} was cannot be written back."));
                    return Ok(());
                };
                writes.into_iter().map(String::into_bytes).collect()
            }
            None => vec![prior.to_vec()],
        };
        for data in writes {
            let checked = std::str::from_utf8(&data)
                .map_or(Ok(()), |data| self.draft.quietly(|draft| relations::check(draft, at, file, data.trim())));
            if let Err(refusal) = checked {
                self.draft.warn(format!("{file} of {name} cannot go back to {}: {}", escape(prior), refusal.rule));
                return Ok(());
            }
            self.draft.write(at, &Setting { file: file.into(), data: data.into() }, Vec::new())?;
        }
        Ok(())
    }

    /// `cgroup.subtree_control`: what this write switched on goes off, and the other way round; what others switched stays.
    fn controllers(&mut self, write: &Write<'_>, prior: &[u8]) -> Result<(), Refusal> {
        let prior = String::from_utf8_lossy(prior).into_owned();
        let before: Vec<&str> = prior.split_ascii_whitespace().collect();
        let now = self.draft.world.read(write.at, write.file).unwrap_or_default();
        let now = String::from_utf8_lossy(&now).into_owned();
        let now: Vec<&str> = now.split_ascii_whitespace().collect();
        let data = String::from_utf8_lossy(write.data).into_owned();
        let (mut on, mut off) = (Vec::new(), Vec::new());
        for token in data.split_ascii_whitespace() {
            match token.split_at_checked(1) {
                Some(("+", name)) if !before.contains(&name) && now.contains(&name) => off.push(name),
                Some(("-", name)) if before.contains(&name) && !now.contains(&name) => on.push(name),
                _ => {}
            }
        }
        if off.is_empty() && on.is_empty() {
            return Ok(());
        }
        if let Err(refusal) = relations::check_disable(&self.draft, write.at, &off) {
            self.draft.warn(format!(
                "{} stays enabled in {}: {}",
                off.join(" and "),
                words::group(write.at),
                refusal.rule
            ));
            off.clear();
        }
        let lost = relations::lost_by_disabling(&mut self.draft, write.at, &off);
        let tokens: Vec<String> =
            on.iter().map(|name| format!("+{name}")).chain(off.iter().map(|name| format!("-{name}"))).collect();
        if !tokens.is_empty() {
            let data = tokens.join(" ").into_bytes().into();
            self.draft.write(write.at, &Setting { file: write.file.into(), data }, lost)?;
        }
        self.restore(write.disturbs)
    }
}

/// The lines of a text, sorted.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).collect();
    lines.sort_unstable();
    lines
}
