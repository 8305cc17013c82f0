//! `/proc/PID/cgroup`: `id:controllers:path`, one hierarchy a line, newest first.
//!
//! Nothing is escaped, so a line is split at its first two colons only and the path is bytes: it may hold colons, blanks
//! and backslashes (a newline is the one byte besides NUL and `/` that a name cannot have). v2 is `0::path`. A v2 group
//! that was removed shows as `path (deleted)`, which may as well be a group's name: only a `stat` tells.
use crate::model::bytes::Bytes;
use crate::model::id::HierarchyId;

use super::number::digits;
use super::{Error, lines};

const FORMAT: &str = "/proc/PID/cgroup";

/// A task's group in one hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The hierarchy.
    pub hierarchy: HierarchyId,
    /// Its controllers; none for v2 and for a hierarchy that is only named.
    pub controllers: Vec<Box<str>>,
    /// Its name (`systemd` of `name=systemd`).
    pub name: Option<Bytes>,
    /// The group, relative to the reader's cgroup namespace root; it begins with `/..` where it lies outside.
    pub path: Bytes,
}

/// The lines in the order of the file.
///
/// # Errors
/// For a line without two colons, a bad number, or a path that is not absolute.
pub fn rows(text: &[u8]) -> Result<Vec<Line>, Error> {
    lines(text).map(|(number, line)| row(number, line)).collect()
}

fn row(number: usize, line: &[u8]) -> Result<Line, Error> {
    let mut parts = line.splitn(3, |&byte| byte == b':');
    let mut next = |part| parts.next().ok_or_else(|| Error::missing(FORMAT, number, part));
    let (id, list, path) = (next("the hierarchy")?, next("the list of controllers")?, next("the path")?);
    let id = digits(id)
        .and_then(|id| u32::try_from(id).ok())
        .ok_or_else(|| Error::malformed(FORMAT, number, "a hierarchy's number", id))?;
    if path.first() != Some(&b'/') {
        return Err(Error::malformed(FORMAT, number, "a path that begins with /", path));
    }
    let mut controllers = Vec::new();
    let mut name = None;
    for entry in list.split(|&byte| byte == b',').filter(|entry| !entry.is_empty()) {
        if let Some(rest) = entry.strip_prefix(b"name=") {
            name = Some(Bytes::from(rest));
        } else {
            let controller = std::str::from_utf8(entry)
                .map_err(|_utf8| Error::malformed(FORMAT, number, "a controller's name", entry))?;
            controllers.push(controller.into());
        }
    }
    Ok(Line { hierarchy: HierarchyId(id), controllers, name, path: path.into() })
}

#[cfg(test)]
mod tests {
    use super::{HierarchyId, rows};

    #[test]
    fn v2_named_and_joint_hierarchies() {
        let lines = rows(b"9:name=systemd:/a\n4:cpu,cpuacct,name=x:/p\n0::/user.slice\n").unwrap();
        assert_eq!(lines.iter().map(|line| line.hierarchy.0).collect::<Vec<_>>(), [9, 4, 0]);
        assert_eq!(lines[0].name.as_deref(), Some(&b"systemd"[..]));
        assert!(lines[0].controllers.is_empty() && lines[2].controllers.is_empty() && lines[2].name.is_none());
        assert_eq!(lines[1].controllers, ["cpu".into(), "cpuacct".into()]);
        assert_eq!(lines[1].name.as_deref(), Some(&b"x"[..]));
        assert_eq!(&*lines[2].path, b"/user.slice");
    }

    #[test]
    fn paths_are_raw_bytes_with_colons_and_all() {
        let lines = rows(b"1:cpu:/a:b c\\x\t\xff/..(deleted)\n0::/x (deleted)\n").unwrap();
        assert_eq!(&*lines[0].path, b"/a:b c\\x\t\xff/..(deleted)");
        assert_eq!((lines[1].hierarchy, &*lines[1].path), (HierarchyId::V2, &b"/x (deleted)"[..]));
    }

    #[test]
    fn groups_outside_the_namespace() {
        assert_eq!(&*rows(b"0::/../sib\n").unwrap()[0].path, b"/../sib");
    }

    #[test]
    fn bad_lines_are_named() {
        for (text, said) in [
            ("1:cpu", "/proc/PID/cgroup, line 1: the path is missing"),
            ("0::/\nx:cpu:/", "/proc/PID/cgroup, line 2: expected a hierarchy's number, found `x`"),
            ("1:cpu:a", "/proc/PID/cgroup, line 1: expected a path that begins with /, found `a`"),
            ("1:cpu:", "/proc/PID/cgroup, line 1: expected a path that begins with /, found ``"),
        ] {
            assert_eq!(rows(text.as_bytes()).unwrap_err().to_string(), said);
        }
    }
}
