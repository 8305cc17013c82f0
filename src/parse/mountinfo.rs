//! `/proc/PID/mountinfo`: `id parent maj:min root point options [optional …] - type source super-options`.
//!
//! Spaces, tabs, newlines and backslashes in paths are octal escapes (`\040`); all other bytes stand raw, UTF-8 or not.
//! The number of optional fields (`shared:N`, `master:N` …) varies; a lone `-` ends them.
use crate::model::bytes::Bytes;
use crate::model::hierarchy::Device;

use super::number::digits;
use super::{Error, lines, words};

const FORMAT: &str = "mountinfo";

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Mount id.
    pub id: u32,
    /// Mount id of the mount it is mounted on.
    pub parent: u32,
    /// Device of the file system.
    pub device: Device,
    /// The directory of the file system that is seen at the mount point; for cgroups relative to the reader's cgroup
    /// namespace (`/..` lies above it).
    pub root: Bytes,
    /// Where it is mounted, relative to the reader's root directory.
    pub point: Bytes,
    /// Options of this mount (`rw`, `nosuid` …).
    pub options: Vec<Bytes>,
    /// File system type (`cgroup`, `cgroup2`, `tmpfs` …).
    pub kind: Bytes,
    /// Options of the file system: for v1 the controllers among flags, `name=…` and `release_agent=…`.
    pub super_options: Vec<Bytes>,
}

impl Row {
    /// Whether the mount or its file system is read-only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        let ro = |options: &[Bytes]| options.iter().any(|option| &**option == b"ro");
        ro(&self.options) || ro(&self.super_options)
    }
}

/// The mounts in the order of the file. A row that cannot be read is an error of its own; the others stay good.
pub fn rows(text: &[u8]) -> impl Iterator<Item = Result<Row, Error>> {
    lines(text).filter(|(_, line)| !line.is_empty()).map(|(number, line)| row(number, line))
}

fn row(number: usize, line: &[u8]) -> Result<Row, Error> {
    let mut fields = words(line);
    let mut next = |part| fields.next().ok_or_else(|| Error::missing(FORMAT, number, part));
    let id = number_of(number, next("the mount id")?)?;
    let parent = number_of(number, next("the parent's id")?)?;
    let device = device(number, next("the device")?)?;
    let root = unescape(next("the root")?);
    let point = unescape(next("the mount point")?);
    let options = split(next("the mount options")?);
    while next("the separator ` - `")? != b"-" {}
    let kind = Bytes::from(next("the file system type")?);
    next("the source")?;
    let super_options = split(next("the super options")?);
    Ok(Row { id, parent, device, root, point, options, kind, super_options })
}

fn number_of(line: usize, text: &[u8]) -> Result<u32, Error> {
    digits(text)
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| Error::malformed(FORMAT, line, "a number", text))
}

fn device(line: usize, text: &[u8]) -> Result<Device, Error> {
    let mut parts = text.splitn(2, |&byte| byte == b':');
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) => Ok(Device { major: number_of(line, major)?, minor: number_of(line, minor)? }),
        _ => Err(Error::malformed(FORMAT, line, "a device MAJOR:MINOR", text)),
    }
}

fn split(text: &[u8]) -> Vec<Bytes> {
    text.split(|&byte| byte == b',').filter(|option| !option.is_empty()).map(Bytes::from).collect()
}

/// Undoes the octal escapes. A backslash that begins none stays: the kernel escapes every backslash of a name, so that
/// does not happen, and a byte that is kept is better than one that is lost.
fn unescape(text: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'\\'
            && let [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] = after
        {
            out.push((a & 3) << 6 | (b & 7) << 3 | (c & 7));
            rest = &after[3..];
        } else {
            out.push(byte);
            rest = after;
        }
    }
    out.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Device, Row, rows};

    fn one(text: &[u8]) -> Row {
        rows(text).next().unwrap().unwrap()
    }

    fn options(options: &[&str]) -> Vec<Bytes> {
        options.iter().map(|option| Bytes::from(option.as_bytes())).collect()
    }

    #[test]
    fn a_v1_row_with_controllers_among_its_super_options() {
        let row = one(
            b"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n",
        );
        assert_eq!((row.id, row.parent, row.device), (32, 31, Device { major: 0, minor: 29 }));
        assert_eq!(
            (&*row.root, &*row.point, &*row.kind),
            (&b"/"[..], &b"/sys/fs/cgroup/cpu,cpuacct"[..], &b"cgroup"[..])
        );
        assert_eq!(row.super_options, options(&["rw", "cpu", "cpuacct"]));
        assert!(!row.is_read_only());
    }

    #[test]
    fn any_number_of_optional_fields() {
        for optional in ["", "shared:1 ", "shared:1 master:2 propagate_from:3 unbindable "] {
            let row = one(format!("1 2 0:3 / /m rw {optional}- cgroup2 none rw,nsdelegate\n").as_bytes());
            assert_eq!(
                (&*row.kind, row.super_options),
                (&b"cgroup2"[..], options(&["rw", "nsdelegate"])),
                "{optional}"
            );
        }
    }

    #[test]
    fn octal_escapes_are_undone_and_other_bytes_stay() {
        let row = one(b"1 2 0:3 /a\\040b\\011c /m\\012n\\134o\xff\xfe\\9 rw - cgroup x rw,name=y");
        assert_eq!(&*row.root, b"/a b\tc");
        assert_eq!(&*row.point, b"/m\nn\\o\xff\xfe\\9");
    }

    #[test]
    fn read_only_by_the_mount_or_by_the_file_system() {
        assert!(one(b"1 2 0:3 / /m ro - cgroup x rw,cpu").is_read_only());
        assert!(one(b"1 2 0:3 / /m rw - cgroup x ro,cpu").is_read_only());
        assert!(!one(b"1 2 0:3 / /m rw,relatime - cgroup x rw,name=ro").is_read_only());
    }

    #[test]
    fn a_root_above_the_cgroup_namespace() {
        assert_eq!(&*one(b"1 2 0:3 /../.. /m rw - cgroup2 x rw").root, b"/../..");
    }

    #[test]
    fn bad_rows_say_what_is_wrong_and_the_others_stay() {
        let text = b"1 2 03 / /m rw - cgroup x rw\nx 2 0:3 / /m rw - cgroup x rw\n1 2 0:3 / /m rw shared:1\n1 2 0:3 / /m rw - proc proc rw\n";
        let rows: Vec<_> = rows(text).collect();
        let said: Vec<String> = rows[..3].iter().map(|row| row.as_ref().unwrap_err().to_string()).collect();
        assert_eq!(
            said,
            [
                "mountinfo, line 1: expected a device MAJOR:MINOR, found `03`",
                "mountinfo, line 2: expected a number, found `x`",
                "mountinfo, line 3: the separator ` - ` is missing",
            ]
        );
        assert_eq!(&*rows[3].as_ref().unwrap().kind, b"proc");
    }

    #[test]
    fn an_empty_file_has_no_mounts() {
        assert_eq!(rows(b"").count(), 0);
    }
}
