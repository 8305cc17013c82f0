//! One mount of a hierarchy, as plans and journals name it: enough to make it, to find it again, and to make it again.
use serde::{Deserialize, Serialize};

use super::bytes::{Bytes, escape};
use super::hierarchy::{Hierarchy, Mount, Version};
use super::id::HierarchyId;

/// A mount that is to be, is or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mounting {
    /// The hierarchy, by its number of the moment; `None` for one that the mount itself makes.
    pub hierarchy: Option<HierarchyId>,
    /// What is mounted.
    pub source: Source,
    /// Where: absolute, without links.
    #[serde(with = "super::bytes::text")]
    pub point: Bytes,
    /// Options of this mount alone, without `rw` (`ro`, `nosuid`, `nodev`, `noexec`, `relatime`, `noatime`).
    pub options: Vec<Box<str>>,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A hierarchy of v1 by its controllers and its name: the data of `mount -t cgroup -o DATA`.
    V1 {
        /// `none,name=x`, `cpu,cpuacct`.
        #[serde(with = "super::bytes::text")]
        data: Bytes,
    },
    /// The hierarchy of v2. A new mount of it sets the flags of every other: they must be those that stand.
    V2 {
        /// `nsdelegate,memory_recursiveprot`; empty for none.
        #[serde(with = "super::bytes::text")]
        data: Bytes,
    },
    /// What another mount shows (`mount --bind`): the file system and its flags are not touched.
    Bind {
        /// A directory of that mount.
        #[serde(with = "super::bytes::text")]
        from: Bytes,
    },
}

/// The options that a mount of cgrove has: as every other file system of the kernel.
pub const USUAL: [&str; 4] = ["nosuid", "nodev", "noexec", "relatime"];

/// The options of one mount that can be given to a new one.
const OPTIONS: [&str; 7] = ["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime"];

impl Mounting {
    /// How `mount` of `hierarchy` would be made again by itself.
    #[must_use]
    pub fn of(hierarchy: &Hierarchy, mount: &Mount) -> Self {
        let source = match hierarchy.version {
            Version::V1 => Source::V1 { data: v1_data(&hierarchy.controllers, hierarchy.name.as_ref(), &mount.flags) },
            Version::V2 => Source::V2 { data: mount.flags.join(&b',').into() },
        };
        let kept = |option: &&str| mount.options.iter().any(|have| **have == *option.as_bytes());
        let options = OPTIONS.iter().filter(|option| kept(option)).map(|&option| option.into()).collect();
        Self { hierarchy: Some(hierarchy.id), source, point: mount.point.clone(), options }
    }

    /// Whether the mount is read-only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.options.iter().any(|option| &**option == "ro")
    }
}

/// The data of a v1 mount: controllers, else `none`; flags; the name last, as the kernel prints it.
#[must_use]
pub fn v1_data(controllers: &[Box<str>], name: Option<&Bytes>, flags: &[Bytes]) -> Bytes {
    let mut words: Vec<Vec<u8>> = controllers.iter().map(|c| c.as_bytes().to_vec()).collect();
    if words.is_empty() {
        words.push(b"none".to_vec());
    }
    words.extend(flags.iter().map(|flag| flag.to_vec()));
    words.extend(name.map(|name| [b"name=", &**name].concat()));
    words.join(&b',').into()
}

impl Source {
    /// The version of the hierarchy; `None` for a bind mount, which may be of either.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::V1 { .. } => Some(Version::V1),
            Self::V2 { .. } => Some(Version::V2),
            Self::Bind { .. } => None,
        }
    }

    /// The controllers and the name of a v1 source; what is neither is a flag and left out.
    #[must_use]
    pub fn v1_parts(&self, is_controller: impl Fn(&str) -> bool) -> (Vec<Box<str>>, Option<Bytes>) {
        let Self::V1 { data } = self else { return (Vec::new(), None) };
        let words = || data.split(|&byte| byte == b',');
        let controllers = words().filter_map(|word| std::str::from_utf8(word).ok()).filter(|word| is_controller(word));
        let name = words().find_map(|word| word.strip_prefix(b"name=")).map(Bytes::from);
        (controllers.map(Into::into).collect(), name)
    }

    /// In words: `none,name=x`, `cpu`, `v2`, the directory that is bound.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::V1 { data } => escape(data),
            Self::V2 { .. } => "v2".to_owned(),
            Self::Bind { from } => escape(from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Source, v1_data};

    #[test]
    fn the_data_of_a_v1_mount_says_all_that_makes_the_hierarchy() {
        let flags = [Bytes::from(*b"xattr"), Bytes::from(*b"release_agent=/bin/x")];
        let name = Bytes::from(*b"lab");
        assert_eq!(&*v1_data(&[], Some(&name), &flags), b"none,xattr,release_agent=/bin/x,name=lab");
        assert_eq!(&*v1_data(&["cpu".into(), "cpuacct".into()], None, &[]), b"cpu,cpuacct");
        let source = Source::V1 { data: v1_data(&["cpu".into()], Some(&name), &flags) };
        assert_eq!(source.v1_parts(|word| word == "cpu"), (vec!["cpu".into()], Some(name)));
    }
}
