//! How the command line names hierarchies and groups: `H`, `PATH`, `H:PATH`.
//!
//! H is a controller (`cpu`), a name (`name=systemd`), `v2`, or a mount point. A PATH alone lies in the hierarchy that
//! carries cpu. Paths are bytes, as they are; nothing is unescaped.
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::model::bytes::escape;
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::place::Place;

/// What a target names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A hierarchy as a whole.
    Hierarchy(crate::model::id::HierarchyId),
    /// A group.
    Group(Place),
}

/// The hierarchy that `text` names.
#[must_use]
pub fn hierarchy<'a>(hierarchies: &'a [Hierarchy], text: &[u8]) -> Option<&'a Hierarchy> {
    let by_label = |h: &&Hierarchy| h.label().as_bytes() == text;
    let by_controller = |h: &&Hierarchy| h.controllers.iter().any(|c| c.as_bytes() == text);
    let by_name =
        |h: &&Hierarchy| text.strip_prefix(b"name=").is_some_and(|name| h.name.as_deref().is_some_and(|n| n == name));
    let trimmed = match text {
        [path @ .., b'/'] if !path.is_empty() => path,
        all => all,
    };
    let by_mount = |h: &&Hierarchy| h.mounts.iter().any(|m| !m.hidden && &*m.point == trimmed);
    hierarchies
        .iter()
        .find(by_label)
        .or_else(|| hierarchies.iter().find(by_controller))
        .or_else(|| hierarchies.iter().find(by_name))
        .or_else(|| hierarchies.iter().find(by_mount))
}

/// What `text` names.
///
/// # Errors
/// A sentence that says what is not there and what is.
pub fn target(hierarchies: &[Hierarchy], text: &OsStr) -> Result<Target, String> {
    let bytes = text.as_bytes();
    if let Some(found) = hierarchy(hierarchies, bytes) {
        return Ok(Target::Hierarchy(found.id));
    }
    group(hierarchies, text).map(Target::Group)
}

/// The group that `text` names, as `PATH` or `H:PATH`. That it exists is not checked.
///
/// # Errors
/// A sentence that says what is not there and what is.
pub fn group(hierarchies: &[Hierarchy], text: &OsStr) -> Result<Place, String> {
    let bytes = text.as_bytes();
    if let Some(colon) = bytes.iter().position(|&byte| byte == b':')
        && let Some(found) = hierarchy(hierarchies, &bytes[..colon])
    {
        return checked(Place::new(found.id, &bytes[colon + 1..]));
    }
    if bytes.contains(&b':') && !bytes.starts_with(b"/") {
        let known: Vec<String> = hierarchies.iter().map(Hierarchy::label).collect();
        return Err(format!(
            "no hierarchy is called like the part before the colon of {}; there are: {}",
            escape(bytes),
            known.join(" ")
        ));
    }
    let Some(carrier) = hierarchies.iter().find(|h| h.has("cpu")) else {
        let version =
            hierarchies.iter().find(|h| h.version == Version::V2).map_or("", |_| " (v2 is mounted without it)");
        return Err(format!("no hierarchy carries the cpu controller here{version}; name one: H:{}", escape(bytes)));
    };
    checked(Place::new(carrier.id, bytes))
}

fn checked(place: Place) -> Result<Place, String> {
    let dots = place.parts().any(|part| part == b"." || part == b"..");
    if dots { Err(format!("a group path has no `.` and no `..`: {place}")) } else { Ok(place) }
}
