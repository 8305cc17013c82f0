//! What a group may be called (kernel-facts C1: what the kernel accepts is wider than what is wise).
use crate::catalog;
use crate::model::hierarchy::Version;

/// Longest name that cgrove gives a group, in bytes. The kernel takes up to a page; file tools do not.
pub const LONGEST: usize = 255;

/// Controllers whose files a v2 kernel may bring into any group, also in future.
const PREFIXES: &[&str] = &[
    "cgroup",
    "cpu",
    "cpuset",
    "cpuacct",
    "memory",
    "io",
    "irq",
    "pids",
    "hugetlb",
    "rdma",
    "misc",
    "dmem",
    "perf_event",
];

/// Checks one component of a path.
///
/// # Errors
/// The rule that stands against it, as a sentence.
pub fn check(name: &[u8], version: Version) -> Result<(), String> {
    if name.is_empty() {
        return Err("A group needs a name that is not empty.".to_owned());
    }
    if name == b"." || name == b".." {
        return Err(
            "\".\" and \"..\" are the directory itself and the one above; no group can have that name. (EEXIST)"
                .to_owned(),
        );
    }
    if name.contains(&b'/') {
        return Err("A name cannot hold a slash: slashes separate the groups of a path.".to_owned());
    }
    if name.contains(&b'\n') {
        return Err("A group's name may not contain a newline. (EINVAL)".to_owned());
    }
    if name.contains(&0) {
        return Err("A group's name may not contain a NUL byte: it ends every name.".to_owned());
    }
    if name.len() > LONGEST {
        return Err(format!(
            "The name has {} bytes; cgrove gives at most {LONGEST}, as other file systems do.",
            name.len()
        ));
    }
    let Ok(text) = std::str::from_utf8(name) else { return Ok(()) };
    if is_control_file(name, version) {
        return Err(format!("{text} is the name of a control file, so no group can have it. (EEXIST)"));
    }
    if version == Version::V2
        && let Some((prefix, _)) = text.split_once('.')
        && PREFIXES.contains(&prefix)
    {
        return Err(format!(
            "Names that begin with \"{prefix}.\" are kept for the kernel's control files; one of a later kernel could clash with \
             {text}."
        ));
    }
    Ok(())
}

/// Whether a control file of some group of this version has the name.
#[must_use]
pub fn is_control_file(name: &[u8], version: Version) -> bool {
    std::str::from_utf8(name).is_ok_and(|text| catalog::entry_for(version, text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wise_names_pass() {
        for name in [&b"cg1"[..], b".hidden", b"two words", b"\xff\xfe", b"nginx.service", &[b'a'; 255]] {
            assert_eq!(check(name, Version::V2), Ok(()));
        }
        assert_eq!(check(b"cpu.mine", Version::V1), Ok(()));
    }

    #[test]
    fn each_bad_name_has_its_rule() {
        for (name, says) in [
            (&b""[..], "not empty"),
            (b".", "the one above"),
            (b"..", "the one above"),
            (b"a/b", "slash"),
            (b"a\nb", "newline"),
            (b"a\0b", "NUL"),
            (&[b'a'; 256], "256 bytes"),
            (b"cgroup.procs", "control file"),
            (b"cpu.mine", "later kernel"),
        ] {
            let rule = check(name, Version::V2).unwrap_err();
            assert!(rule.contains(says), "{rule}");
        }
        assert!(check(b"tasks", Version::V1).unwrap_err().contains("control file"));
    }
}
