//! The knobs of a group as they stand, in the order in which a group made anew takes them.
use crate::catalog::{self, Entry, Format, Kind};
use crate::model::place::Place;

use super::super::intent::Setting;
use super::super::world::World;

/// What undo must write to make a new group like this one, and what it cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knobs {
    /// One write each, in order. Values that a new group has anyway are left out.
    pub settings: Vec<Setting>,
    /// Files whose values cannot be written back.
    pub lost: Vec<String>,
}

/// The knobs of the group at `place`.
#[must_use]
pub fn of(world: &World, place: &Place) -> Knobs {
    let version = world.version(place);
    let mut knobs = Knobs::default();
    let Some(facts) = world.survey.group(place) else { return knobs };
    let idle = facts.text("cpu.idle").is_some_and(|text| text != "0");
    let mut files: Vec<(usize, &str, &Entry)> = facts
        .files
        .keys()
        .filter_map(|name| {
            let entry = catalog::entry_for(version, name)?;
            let rank = catalog::all().iter().position(|other| std::ptr::eq(other, entry))?;
            Some((rank, &**name, entry))
        })
        .collect();
    files.sort_by_key(|&(rank, name, _)| (rank, name));
    for (_, name, entry) in files {
        if entry.kind != Kind::Knob || entry.alias.is_some() || (idle && matches!(name, "cpu.shares" | "cpu.weight")) {
            continue;
        }
        let Some(bytes) = world.read(place, name) else { continue };
        let Ok(text) = std::str::from_utf8(&bytes) else { continue };
        let parent = place.parent().and_then(|parent| world.read(&parent, name));
        if is_default(entry, text, parent.as_deref()) {
            continue;
        }
        match entry.writes(text) {
            None => knobs.lost.push(name.to_owned()),
            Some(writes) => knobs.settings.extend(
                writes
                    .into_iter()
                    .map(|data| Setting { file: name.into(), data: data.into_bytes().into_boxed_slice() }),
            ),
        }
    }
    knobs.settings.extend(devices(world, place));
    knobs
}

/// v1: the devices that a group allows, where it does not allow all: a new group has those of its parent, so first none, then
/// each. What is denied one by one in a group that allows all is in no file, and so it is lost with the group.
fn devices(world: &World, place: &Place) -> Vec<Setting> {
    const ALL: &[u8] = b"a *:* rwm";
    let list = |at: &Place| world.read(at, "devices.list");
    let Some(own) = list(place)
        .filter(|own| &**own != ALL && place.parent().and_then(|parent| list(&parent)).as_ref() != Some(own))
    else {
        return Vec::new();
    };
    let setting = |file: &str, data: &[u8]| Setting { file: file.into(), data: data.into() };
    let each = own.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    std::iter::once(setting("devices.deny", b"a")).chain(each.map(|line| setting("devices.allow", line))).collect()
}

/// Whether a new group reads `text` anyway: it is the default, and also the parent's value where a new group starts with that.
fn is_default(entry: &Entry, text: &str, parent: Option<&[u8]>) -> bool {
    /// v1 prints "no limit" as the largest multiple of a page size, also of huge pages.
    const NO_LIMIT: i64 = 1 << 62;
    match entry.format {
        Format::Bytes => text.parse::<i64>().is_ok_and(|bytes| bytes >= NO_LIMIT),
        // What these read in a new group is not one line that could be compared.
        _ if !entry.raw_restore => true,
        // A new group starts with what its parent has.
        Format::Keyed if &*entry.name == "memory.oom_control" => {
            let disabled = |text: &[u8]| text.starts_with(b"oom_kill_disable 1");
            !disabled(text.as_bytes()) && !parent.is_some_and(disabled)
        }
        _ if entry.inherits && parent != Some(text.as_bytes()) => false,
        _ => entry.default.as_deref() == Some(text),
    }
}
