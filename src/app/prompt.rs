//! The one line at the bottom where something is typed.
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use std::time::Duration;
use tui_input::backend::crossterm::EventHandler;
use tui_input::{Input, InputRequest};

use crate::catalog::human_quota;
use crate::model::bytes::{self, Bytes};
use crate::model::hierarchy::Version;
use crate::model::place::Place;
use crate::plan::intent::{Intent, Setting};

use super::change::{self, Ask};
use super::command::Command;
use super::experiment::Source;
use super::files;
use super::filter::Filter;
use super::state::State;
use super::weight;

/// A prompt.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What is asked.
    pub kind: Kind,
    /// What was typed.
    pub input: Input,
    /// What is wrong with it.
    pub error: Option<String>,
    /// The text is an old value: the first character that is typed takes its place.
    pub replace: bool,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A new group below this one.
    New {
        /// The parent.
        parent: Place,
    },
    /// Another name for a group.
    Rename {
        /// The group.
        group: Place,
    },
    /// A weight.
    Weight {
        /// The group.
        group: Place,
    },
    /// A cap in CPUs.
    Cap {
        /// The group.
        group: Place,
        /// Its period in microseconds.
        period_us: u64,
    },
    /// A filter; what it was before.
    Filter {
        /// Esc goes back to it.
        before: Filter,
    },
    /// Words that a file must have; what they were before.
    Files {
        /// Esc goes back to it.
        before: String,
    },
    /// Seconds between samples.
    Delay,
    /// Path of an experiment.
    Experiment,
}

impl Prompt {
    /// A prompt with a text to begin with, the cursor behind it.
    #[must_use]
    pub fn new(kind: Kind, text: &str) -> Self {
        Self { kind, input: Input::new(text.to_owned()), error: None, replace: false }
    }

    /// A prompt with an old value: the first character that is typed takes its place, editing keys edit it.
    #[must_use]
    pub fn replacing(kind: Kind, text: &str) -> Self {
        Self { replace: true, ..Self::new(kind, text) }
    }

    /// What is asked, in words.
    #[must_use]
    pub fn question(&self) -> String {
        match &self.kind {
            Kind::New { parent } => format!("new group in {parent}: "),
            Kind::Rename { group } => format!("new name of {group}: "),
            Kind::Weight { group } => format!("weight of {group}: "),
            Kind::Cap { group, .. } => format!("cap of {group} in CPUs: "),
            Kind::Filter { .. } => "filter: ".to_owned(),
            Kind::Files { .. } => "find a file: ".to_owned(),
            Kind::Delay => "seconds between samples: ".to_owned(),
            Kind::Experiment => "experiment file: ".to_owned(),
        }
    }

    /// What can be typed.
    #[must_use]
    pub fn hint(&self) -> String {
        let hint = match &self.kind {
            Kind::New { .. } => "name, name=600, a/b=40%",
            Kind::Rename { .. } => "a name, no path",
            Kind::Weight { .. } => "400, 40%, 2/5, ↑↓",
            Kind::Cap { period_us, .. } => match cap_us(*period_us, self.input.value()) {
                Ok(Some(quota)) => return human_quota(Some(quota), *period_us),
                Ok(None) => "no limit: 0.5, 50%",
                Err(_) => "CPUs: 0.5, 50%; empty: none",
            },
            Kind::Filter { .. } => "text short capped held busy mine pid:",
            Kind::Files { .. } => "words of its name or its meaning",
            Kind::Delay => "0.1 to 60",
            Kind::Experiment => "path of a .toml file",
        };
        hint.to_owned()
    }
}

/// A key for the prompt that is open.
pub fn key(state: &mut State, key: &KeyEvent) -> Vec<Command> {
    let Some(mut prompt) = state.prompt.take() else { return Vec::new() };
    state.dirty = true;
    prompt.error = None;
    match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
        (KeyCode::Esc, _) | (KeyCode::Char('c'), true) => {
            match prompt.kind {
                Kind::Filter { before } => state.tree.filter = before,
                Kind::Files { before } => files::keep(state, |state| state.files.filter = before),
                _ => {}
            }
            return Vec::new();
        }
        (KeyCode::Enter, _) => return enter(state, prompt),
        (KeyCode::Up | KeyCode::Down, _) if matches!(prompt.kind, Kind::Weight { .. }) => {
            let version = state.shown_hierarchy().map_or(Version::V1, |h| h.version);
            if let Ok(old) = prompt.input.value().trim().parse() {
                let next = weight::step(old, key.code == KeyCode::Up, version);
                prompt.input = Input::new(next.to_string());
            }
        }
        (code, control) => {
            if std::mem::take(&mut prompt.replace) && matches!(code, KeyCode::Char(_)) && !control {
                prompt.input.reset();
            }
            prompt.input.handle_event(&Event::Key(*key));
        }
    }
    follow(state, &prompt);
    state.prompt = Some(prompt);
    Vec::new()
}

/// Text was pasted into the prompt that is open. Only its first line counts.
pub fn paste(state: &mut State, text: &str) {
    let Some(mut prompt) = state.prompt.take() else { return };
    for c in text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(4096) {
        prompt.input.handle(InputRequest::InsertChar(c));
    }
    follow(state, &prompt);
    state.prompt = Some(prompt);
    state.dirty = true;
}

/// A filter acts while it is typed.
fn follow(state: &mut State, prompt: &Prompt) {
    if matches!(prompt.kind, Kind::Filter { .. }) {
        state.tree.filter = Filter::parse(prompt.input.value());
    }
    if matches!(prompt.kind, Kind::Files { .. }) {
        files::keep(state, |state| prompt.input.value().trim().clone_into(&mut state.files.filter));
    }
}

fn enter(state: &mut State, mut prompt: Prompt) -> Vec<Command> {
    let text = prompt.input.value().to_owned();
    let answer = match &prompt.kind {
        Kind::New { parent } => create(state, parent, &text).map(Some),
        Kind::Rename { group } => rename(group, &text).map(Some),
        Kind::Weight { group } => set_weight(state, group, &text).map(Some),
        Kind::Cap { group, period_us } => cap(state, group, *period_us, &text).map(Some),
        Kind::Filter { .. } => {
            state.tree.filter = Filter::parse(&text);
            Ok(None)
        }
        Kind::Files { .. } => Ok(None),
        Kind::Delay => match text.trim().parse::<f64>() {
            Ok(seconds) if (0.1..=60.0).contains(&seconds) => {
                state.delay = Duration::from_secs_f64(seconds);
                return vec![Command::Delay(state.delay)];
            }
            _ => Err("seconds from 0.1 to 60".to_owned()),
        },
        Kind::Experiment => match unescape(text.trim()) {
            Ok(path) if !path.is_empty() => return vec![Command::LoadExperiment(Source::Path(path))],
            Ok(_) => return Vec::new(),
            Err(error) => Err(error),
        },
    };
    match answer {
        Ok(Some(intent)) => change::begin(state, intent, Ask::AsPlanned),
        Ok(None) => Vec::new(),
        Err(error) => {
            prompt.error = Some(error);
            state.prompt = Some(prompt);
            Vec::new()
        }
    }
}

fn rename(group: &Place, text: &str) -> Result<Intent, String> {
    let name = unescape(text.trim())?;
    if name.is_empty() {
        return Err("a name is needed".to_owned());
    }
    Ok(Intent::Rename { group: group.clone(), name })
}

/// `cg1`, `cg1=600`, `a/b=40%`, `b=2/5`: a path below the parent, and the weight of the last group on it. A name that ends like
/// that is typed with `\x3d` for its `=`.
fn create(state: &State, parent: &Place, text: &str) -> Result<Intent, String> {
    let (path, weight) = match text.trim().rsplit_once('=') {
        Some((path, weight)) if weight::looks_like_one(weight) => (path, Some(weight)),
        _ => (text.trim(), None),
    };
    let path = unescape(path)?;
    let mut names = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).peekable();
    if names.peek().is_none() {
        return Err("a name is needed".to_owned());
    }
    if names.any(|name| name == b"." || name == b".." || name.contains(&b'\n') || name.contains(&0)) {
        return Err("a name may be anything but . and .., without newline and NUL".to_owned());
    }
    let hierarchy = state.snapshot().and_then(|s| s.structure.hierarchy(parent.hierarchy));
    let version = hierarchy.map_or(Version::V1, |h| h.version);
    let has_cpu = hierarchy.is_some_and(|h| h.has("cpu"));
    if weight.is_some() && !has_cpu {
        return Err("this hierarchy has no cpu controller, so no weights".to_owned());
    }
    let weight = weight.map(|text| weight::parse(text, weight::beside_new(state, parent, &path))).transpose()?;
    let settings = weight
        .map(|weight| Setting { file: weight::file(version).into(), data: weight.to_string().into_bytes().into() })
        .into_iter()
        .collect();
    // On v2 a group competes by weight only where the controller is enabled above it.
    let controllers = if version == Version::V2 && has_cpu { vec!["cpu".into()] } else { Vec::new() };
    // A stage that is still to be made is made along the way.
    let (parent, path) = if stage_to_make(state) == Some(parent) {
        let stage = parent.path.strip_prefix(b"/").unwrap_or_default();
        (Place::top(parent.hierarchy), [stage, b"/", &path].concat().into())
    } else {
        (parent.clone(), path)
    };
    Ok(Intent::Create { parent, path, settings, controllers })
}

/// The stage, if it is not there yet.
#[must_use]
pub fn stage_to_make(state: &State) -> Option<&Place> {
    state.setup.stage.as_ref().filter(|stage| !stage.is_top() && state.stage().is_none())
}

fn set_weight(state: &State, group: &Place, text: &str) -> Result<Intent, String> {
    let structure = state.snapshot().map(|snapshot| &snapshot.structure);
    let id = structure.and_then(|structure| structure.at(group));
    let weight = weight::parse(text, id.and_then(|id| weight::of_siblings(state, id)))?;
    Ok(weight_intent(state, group, weight))
}

/// The intent that sets a weight.
#[must_use]
pub fn weight_intent(state: &State, group: &Place, weight: u64) -> Intent {
    let version =
        state.snapshot().and_then(|s| s.structure.hierarchy(group.hierarchy)).map_or(Version::V1, |h| h.version);
    let setting = Setting { file: weight::file(version).into(), data: weight.to_string().into_bytes().into() };
    Intent::Set { group: group.clone(), setting }
}

/// A cap as it was typed, in microseconds of each period: CPUs (0.5), a percentage (50%), or none.
///
/// # Errors
/// What can be typed.
pub(super) fn cap_us(period_us: u64, text: &str) -> Result<Option<u64>, String> {
    let text = text.trim();
    if matches!(text, "" | "max" | "none") {
        return Ok(None);
    }
    let cpus = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.strip_suffix("CPUs").or(text.strip_suffix("CPU")).unwrap_or(text).trim().parse(),
    };
    let cpus: f64 = cpus.map_err(|_error| "CPUs, such as 0.5; empty: none".to_owned())?;
    if !(0.001..=8192.0).contains(&cpus) {
        return Err("from 0.001 to 8192 CPUs".to_owned());
    }
    // cpus ≤ 8192 and the period ≤ 1 s: far below 2^63, and positive.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded, see above")]
    Ok(Some((cpus * period_us as f64).round().max(1000.0) as u64))
}

fn cap(state: &State, group: &Place, period_us: u64, text: &str) -> Result<Intent, String> {
    let quota = cap_us(period_us, text)?;
    let version =
        state.snapshot().and_then(|s| s.structure.hierarchy(group.hierarchy)).map_or(Version::V1, |h| h.version);
    let (file, data) = match (version, quota) {
        (Version::V1, None) => ("cpu.cfs_quota_us", "-1".to_owned()),
        (Version::V1, Some(quota)) => ("cpu.cfs_quota_us", quota.to_string()),
        (Version::V2, None) => ("cpu.max", format!("max {period_us}")),
        (Version::V2, Some(quota)) => ("cpu.max", format!("{quota} {period_us}")),
    };
    Ok(Intent::Set { group: group.clone(), setting: Setting { file: file.into(), data: data.into_bytes().into() } })
}

/// What was typed as bytes: `\xNN` is that byte and `\\` a backslash, as names are shown.
fn unescape(text: &str) -> Result<Bytes, String> {
    bytes::unescape(text).ok_or_else(|| r"after a backslash: \ or xNN".to_owned())
}
