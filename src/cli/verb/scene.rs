//! What the words of a command line mean on this host: groups, tasks, values. Wrong ones are told with what is there.
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::Result;

use crate::cli::exit::Coded;
use crate::cli::target;
use crate::effect::directories::Directories;
use crate::kernel::discover::Discovery;
use crate::model::bytes::escape;
use crate::model::hierarchy::Hierarchy;
use crate::model::host::Host;
use crate::model::id::{TaskKey, Tid};
use crate::model::place::Place;
use crate::model::survey::{Needs, Survey};
use crate::plan::intent::Setting;
use crate::runtime::hands::Hands;

/// The host that a command line speaks of.
pub struct Scene<'a> {
    hands: &'a mut Hands,
    /// Hierarchies as they are mounted.
    pub hierarchies: Vec<Hierarchy>,
}

impl<'a> Scene<'a> {
    /// Looks at the host.
    ///
    /// # Errors
    /// Exit 3 if it cannot be read.
    pub fn new(hands: &'a mut Hands) -> Result<Self> {
        let mut scene = Self { hands, hierarchies: Vec::new() };
        scene.hierarchies = scene.found()?.hierarchies;
        Ok(scene)
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host {
        self.hands.host()
    }

    /// What is mounted, read afresh.
    ///
    /// # Errors
    /// Exit 3 if it cannot be read.
    pub fn found(&self) -> Result<Discovery> {
        self.hands.discover().map_err(|error| Coded::host(format!("{error:#}")))
    }

    /// Looks afresh at what is needed.
    ///
    /// # Errors
    /// Exit 3 if it cannot be read.
    pub fn survey(&mut self, needs: &Needs) -> Result<Survey> {
        self.hands.survey(needs).map_err(|error| Coded::host(format!("{error:#}")))
    }

    /// The place that `text` names; whether a group is there is not asked.
    ///
    /// # Errors
    /// Exit 2 for a hierarchy that is not known.
    pub fn place(&self, text: &OsStr) -> Result<Place> {
        target::group(&self.hierarchies, text).map_err(Coded::usage)
    }

    /// The group that `text` names, which must be there.
    ///
    /// # Errors
    /// Exit 2 for a hierarchy that is not known or a group that is not there, with the one that is named most alike.
    pub fn group(&self, text: &OsStr) -> Result<Place> {
        let place = self.place(text)?;
        let directory = self.hierarchies.directory(&place);
        match directory {
            Some(directory) if directory.is_dir() => Ok(place),
            Some(_) => Err(Coded::usage(self.no_group(&place))),
            None => {
                let label = self.label(&place);
                Err(Coded::host(format!(
                    "the hierarchy {label} is mounted nowhere that can be reached: mount it first"
                )))
            }
        }
    }

    /// A place as the command line names it: `cpu:/cg1`.
    #[must_use]
    pub fn named(&self, place: &Place) -> String {
        format!("{}:{place}", self.label(place))
    }

    fn label(&self, place: &Place) -> String {
        self.hierarchies.iter().find(|h| h.id == place.hierarchy).map_or_else(String::new, Hierarchy::label)
    }

    /// That there is no such group: where the path ends, and what is named most alike there.
    fn no_group(&self, place: &Place) -> String {
        let mut text = format!("there is no group {} (ENOENT)", self.named(place));
        let (mut above, mut missing) = (Place::top(place.hierarchy), Vec::new());
        for part in place.parts() {
            let next = above.child(part);
            if self.hierarchies.directory(&next).is_some_and(|path| path.is_dir()) {
                above = next;
            } else {
                missing = part.to_vec();
                break;
            }
        }
        let Some(directory) = self.hierarchies.directory(&above) else { return text };
        let names = groups_in(&directory);
        if let Some(name) = nearest(&missing, &names) {
            let _ = write!(text, "; did you mean {}?", self.named(&above.child(name)));
        } else if names.is_empty() {
            let _ = write!(text, "; {} has no groups", self.named(&above));
        }
        text
    }

    /// The tasks with these numbers.
    ///
    /// # Errors
    /// Exit 2 for what is no number, exit 3 for tasks that are not there (ESRCH).
    pub fn tasks(&mut self, texts: &[OsString]) -> Result<Vec<TaskKey>> {
        let tids: Vec<Tid> = texts.iter().map(|text| tid(text)).collect::<Result<_>>()?;
        let survey = self.survey(&Needs { tasks: tids.clone(), ..Needs::default() })?;
        let missing: Vec<String> =
            tids.iter().filter(|tid| !survey.tasks.contains_key(tid)).map(ToString::to_string).collect();
        if !missing.is_empty() {
            let (s, they) = if missing.len() == 1 { ("", "it has") } else { ("es", "they have") };
            return Err(Coded::host(format!(
                "there is no process{s} or thread {} (ESRCH): {they} ended, or the number is of another pid namespace",
                missing.join(", ")
            )));
        }
        Ok(tids.iter().filter_map(|tid| survey.tasks.get(tid)).map(|facts| facts.task.key).collect())
    }
}

fn tid(text: &OsStr) -> Result<Tid> {
    let number = text.to_str().and_then(|text| text.parse::<Tid>().ok()).filter(|&tid| tid > 0);
    number.ok_or_else(|| Coded::usage(format!("{} is no process id: a number above 0", escape(text.as_bytes()))))
}

/// `FILE=VALUE`. The value is bytes as they are.
///
/// # Errors
/// Exit 2 without a `=` or without a file.
pub fn setting(text: &OsStr) -> Result<Setting> {
    let bytes = text.as_bytes();
    let shown = escape(bytes);
    let Some(at) = bytes.iter().position(|&byte| byte == b'=').filter(|&at| at > 0) else {
        return Err(Coded::usage(format!("{shown} is no FILE=VALUE, such as cpu.shares=600")));
    };
    let file = std::str::from_utf8(&bytes[..at])
        .map_err(|error| Coded::usage(format!("{shown} does not begin with the name of a file: {error}")))?;
    Ok(Setting { file: file.into(), data: bytes[at + 1..].into() })
}

/// Names of the groups in a directory.
fn groups_in(directory: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name().as_bytes().to_vec())
        .collect()
}

/// The name that is most like `name`, if one is.
fn nearest<'a>(name: &[u8], names: &'a [Vec<u8>]) -> Option<&'a [u8]> {
    const ALIKE: f64 = 0.7;
    let text = String::from_utf8_lossy(name);
    let like = |other: &[u8]| strsim::jaro_winkler(&text, &String::from_utf8_lossy(other));
    let best = names.iter().map(|other| (like(other), other)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= ALIKE).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_split_at_its_first_equals_sign() {
        let both = |text: &str| setting(OsStr::new(text)).map(|s| (s.file.to_string(), s.data.to_vec()));
        assert_eq!(both("cpu.shares=600").unwrap(), ("cpu.shares".to_owned(), b"600".to_vec()));
        assert_eq!(both("io.max=8:0 rbps=1").unwrap(), ("io.max".to_owned(), b"8:0 rbps=1".to_vec()));
        assert_eq!(both("cpuset.cpus=").unwrap(), ("cpuset.cpus".to_owned(), Vec::new()));
        for wrong in ["cpu.shares", "=600", ""] {
            assert_eq!(Coded::of(&both(wrong).unwrap_err()).number(), 2, "{wrong}");
        }
    }

    #[test]
    fn numbers_of_processes_are_above_zero() {
        assert_eq!(tid(OsStr::new("12")).unwrap(), 12);
        for wrong in ["0", "-1", "x", "", "1.5", "99999999999"] {
            assert_eq!(Coded::of(&tid(OsStr::new(wrong)).unwrap_err()).number(), 2, "{wrong}");
        }
    }

    #[test]
    fn the_nearest_name_is_offered_if_one_is_near() {
        let names = [b"web".to_vec(), b"database".to_vec()];
        assert_eq!(nearest(b"databse", &names), Some(&b"database"[..]));
        assert_eq!(nearest(b"xyz", &names), None);
        assert_eq!(nearest(b"x", &[]), None);
    }
}
