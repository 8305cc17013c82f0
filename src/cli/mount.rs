//! `cgrove mount WHAT [AT]` and `cgrove umount POINT [--lazy]`: where hierarchies are mounted.
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use anyhow::{Context, Result};

use super::exit::{Code, Coded};
use super::target;
use super::verb::scene::Scene;
use super::verb::{self, How};
use crate::model::bytes::{Bytes, escape};
use crate::model::hierarchy::Hierarchy;
use crate::model::id::HierarchyId;
use crate::plan::intent::{Intent, What};
use crate::plan::mount::point::default_point;

/// Arguments of `cgrove mount`.
#[derive(Clone, Debug, clap::Args)]
pub struct Mount {
    /// What: name=NAME (made without controllers if there is none), controllers (cpu or cpu,cpuacct, with ,name=NAME if
    /// wanted), v2, or a mount point of the hierarchy.
    #[arg(value_name = "WHAT")]
    pub what: OsString,
    /// Where: a path, made if it is not there. Without it: beside the other hierarchies.
    #[arg(value_name = "AT")]
    pub at: Option<OsString>,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Arguments of `cgrove umount`.
#[derive(Clone, Debug, clap::Args)]
pub struct Unmount {
    /// The mount point; or the hierarchy, where it is mounted at one place only.
    #[arg(value_name = "POINT")]
    pub point: OsString,
    /// Detach it also while somebody is inside; it goes when the last of them has left.
    #[arg(long)]
    pub lazy: bool,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Runs `cgrove mount`.
///
/// # Errors
/// See [`verb::run`].
pub fn mount(args: &Mount) -> Result<Code> {
    verb::run(&args.how, |scene| {
        let what = what(&scene.hierarchies, args.what.as_bytes())?;
        let at = match &args.at {
            Some(at) => absolute(at)?,
            None => default_point(&scene.hierarchies, &what),
        };
        Ok(Intent::Mount { what, at })
    })
}

/// Runs `cgrove umount`.
///
/// # Errors
/// Exit 2 for what is no mount point of a hierarchy; see [`verb::run`].
pub fn unmount(args: &Unmount) -> Result<Code> {
    verb::run(&args.how, |scene| {
        let (hierarchy, point) = mounted(scene, &args.point)?;
        Ok(Intent::Unmount { hierarchy, point, lazy: args.lazy })
    })
}

/// `name=x`, `cpu`, `cpu,cpuacct,name=x`, `v2`, a mount point.
fn what(hierarchies: &[Hierarchy], text: &[u8]) -> Result<What> {
    if text.first() == Some(&b'/') {
        return match target::hierarchy(hierarchies, text) {
            Some(found) => Ok(What::Existing(found.id)),
            None => Err(Coded::usage(format!("{} is no mount point of a hierarchy", escape(text)))),
        };
    }
    if text == b"v2" {
        return Ok(What::Existing(HierarchyId::V2));
    }
    let words: Vec<&[u8]> = text.split(|&byte| byte == b',').collect();
    let names: Vec<Bytes> = words.iter().filter_map(|word| word.strip_prefix(b"name=")).map(Bytes::from).collect();
    if names.len() > 1 {
        return Err(Coded::usage(format!("{} has two names: a hierarchy has one (EINVAL)", escape(text))));
    }
    let controllers = words.iter().filter(|word| !word.starts_with(b"name=") && **word != b"none");
    let controllers: Vec<Box<str>> = controllers.map(|word| escape(word).into()).collect();
    match (controllers.is_empty(), names.into_iter().next()) {
        (true, Some(name)) => Ok(What::Named(name)),
        (true, None) => Err(Coded::usage("a hierarchy without controllers needs a name: name=NAME (EINVAL)")),
        (false, _) if words.contains(&&b"none"[..]) => {
            Err(Coded::usage(format!("{}: none means no controllers, beside a name (EINVAL)", escape(text))))
        }
        (false, _) if controllers.iter().any(|word| &**word == "v2") => Err(Coded::usage(
            "v2 takes no controllers when it is mounted (EINVAL); groups get them by cgroup.subtree_control",
        )),
        (false, name) => Ok(What::Controllers { controllers, name }),
    }
}

/// A mount point by its path, or the only one of a hierarchy.
fn mounted(scene: &Scene<'_>, text: &OsStr) -> Result<(HierarchyId, Bytes)> {
    let bytes = text.as_bytes();
    let found = &scene.hierarchies;
    if !bytes.contains(&b'/')
        && let Some(hierarchy) = target::hierarchy(found, bytes)
    {
        let points: Vec<String> = hierarchy.mounts.iter().map(|mount| escape(&mount.point)).collect();
        return match &hierarchy.mounts[..] {
            [only] => Ok((hierarchy.id, only.point.clone())),
            [] => Err(Coded::host(format!("{} is mounted nowhere that is seen", hierarchy.label()))),
            _ => Err(Coded::usage(format!(
                "{} is mounted at {}: name one of them",
                hierarchy.label(),
                points.join(" and ")
            ))),
        };
    }
    let given = absolute(text)?;
    // Where a link leads, mountinfo says without it.
    let real = std::fs::canonicalize(OsStr::from_bytes(&given)).map(|path| Bytes::from(path.as_os_str().as_bytes()));
    let points = [Some(given), real.ok()];
    for point in points.into_iter().flatten() {
        let at = |hierarchy: &&Hierarchy| hierarchy.mounts.iter().any(|mount| mount.point == point);
        if let Some(hierarchy) = found.iter().rev().find(at) {
            return Ok((hierarchy.id, point));
        }
    }
    Err(Coded::usage(format!("{} is no mount point of a hierarchy (EINVAL)", escape(bytes))))
}

/// A path from the working directory, made absolute; a slash at the end goes.
fn absolute(text: &OsStr) -> Result<Bytes> {
    let path = std::path::absolute(text).context("reading the working directory")?;
    Ok(path.components().as_path().as_os_str().as_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mounted_is_named_as_mount_names_it() {
        let read = |text: &str| what(&[], text.as_bytes());
        assert_eq!(read("name=lab").unwrap(), What::Named(b"lab".as_slice().into()));
        assert_eq!(read("none,name=lab").unwrap(), What::Named(b"lab".as_slice().into()));
        assert_eq!(read("v2").unwrap(), What::Existing(HierarchyId::V2));
        let both =
            What::Controllers { controllers: vec!["cpu".into(), "pids".into()], name: Some(b"x".as_slice().into()) };
        assert_eq!(read("cpu,pids,name=x").unwrap(), both);
        for wrong in ["none", "none,cpu", "name=a,name=b", "v2,cpu", "/nowhere"] {
            assert_eq!(Coded::of(&read(wrong).unwrap_err()).number(), 2, "{wrong}");
        }
    }
}
