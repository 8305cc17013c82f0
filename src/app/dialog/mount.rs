//! What to mount and where, and from where to unmount the hierarchy that is shown.
//!
//! The plan decides what is possible: what is said here, of held controllers and of what an unmount leaves, is from the last
//! frame.
use std::collections::BTreeSet;

use crossterm::event::{KeyCode, KeyEvent};

use crate::model::bytes::{self, Bytes, escape};
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::id::HierarchyId;
use crate::model::structure::Structure;
use crate::plan::intent::{Intent, What};
use crate::plan::mount::point::default_point;
use crate::plan::words;

use super::super::change::{self, Ask};
use super::super::state::State;
use super::{Choice, Dialog, Face, Focus, Line, Reply, Tone};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Mount a hierarchy by name, a new one if there is none.
    Name,
    /// Mount a new hierarchy with controllers.
    Controllers,
    /// Mount one that lives, at one more place.
    Existing,
    /// Unmount the one that is shown.
    Unmount,
}

const KINDS: [Kind; 4] = [Kind::Name, Kind::Controllers, Kind::Existing, Kind::Unmount];

/// A line that has the focus.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Field {
    Kind,
    Name,
    Controller(Box<str>),
    Hierarchy,
    Point,
    At,
}

/// A mount that is being described.
#[derive(Clone, Debug)]
pub struct Mounting {
    kind: Kind,
    name: String,
    chosen: BTreeSet<Box<str>>,
    /// The hierarchy to mount once more, or to unmount.
    hierarchy: Option<HierarchyId>,
    /// Which of its mount points.
    point: usize,
    /// Where, if it was typed; else what goes without saying.
    at: Option<String>,
    /// Which field or, after the last, which answer has the focus.
    focus: usize,
    error: Option<String>,
}

impl Mounting {
    /// A named hierarchy; the name is to be typed.
    #[must_use]
    pub fn new(state: &State) -> Self {
        let shown = state.shown_hierarchy();
        // One that nobody reaches is what is wanted, most likely.
        let hidden = shown.is_some_and(|h| h.mounts.is_empty() && h.version == Version::V1);
        Self {
            kind: if hidden { Kind::Existing } else { Kind::Name },
            name: String::new(),
            chosen: BTreeSet::new(),
            hierarchy: shown.map(|h| h.id),
            point: 0,
            at: None,
            focus: 1,
            error: None,
        }
    }

    fn hierarchies(state: &State) -> &[Hierarchy] {
        structure(state).map_or(&[], |structure| &structure.hierarchies)
    }

    fn chosen_hierarchy<'a>(&self, state: &'a State) -> Option<&'a Hierarchy> {
        Self::hierarchies(state).iter().find(|h| Some(h.id) == self.hierarchy)
    }

    fn fields(&self, state: &State) -> Vec<Field> {
        let mut fields = vec![Field::Kind];
        match self.kind {
            Kind::Name => fields.extend([Field::Name, Field::At]),
            Kind::Controllers => {
                fields.extend(free(state).into_iter().map(Field::Controller));
                fields.extend([Field::Name, Field::At]);
            }
            Kind::Existing => fields.extend([Field::Hierarchy, Field::At]),
            Kind::Unmount => fields.push(Field::Point),
        }
        fields
    }

    /// What the fields mean; `None` while there is nothing to name it by.
    fn what(&self) -> Option<What> {
        let name = self.name.trim();
        let name = (!name.is_empty()).then(|| Bytes::from(name.as_bytes()));
        match self.kind {
            Kind::Name => name.map(What::Named),
            Kind::Controllers if self.chosen.is_empty() => None,
            Kind::Controllers => Some(What::Controllers { controllers: self.chosen.iter().cloned().collect(), name }),
            Kind::Existing => self.hierarchy.map(What::Existing),
            Kind::Unmount => None,
        }
    }

    fn at(&self, state: &State) -> String {
        match (&self.at, self.what()) {
            (Some(typed), _) => typed.clone(),
            (None, Some(what)) => escape(&default_point(Self::hierarchies(state), &what)),
            (None, None) => String::new(),
        }
    }

    /// How it looks.
    #[must_use]
    pub fn face(&self, state: &State) -> Face {
        let fields = self.fields(state);
        let mut lines: Vec<Line> =
            fields.iter().enumerate().map(|(n, field)| self.line(state, field, self.focus == n)).collect();
        match self.kind {
            Kind::Name => lines.push(quiet("It has no controllers: groups of it only group processes.")),
            Kind::Controllers => lines.extend(held(state)),
            Kind::Existing => lines.push(quiet("All its places show the same groups.")),
            Kind::Unmount => lines.push(quiet(&self.after(state))),
        }
        if self.at.is_none() && self.kind != Kind::Unmount && self.what().is_some() {
            lines.push(quiet("The directory is made if it is not there; undo removes it."));
        }
        if let Some(error) = &self.error {
            lines.push(Line::toned(error.clone(), Tone::Warning));
        }
        let verb = if self.kind == Kind::Unmount { "unmount" } else { "mount" };
        let count = fields.len();
        Face {
            title: "mount a hierarchy".to_owned(),
            lines,
            options: vec![Choice::new(verb), Choice::new("leave")],
            focus: if self.focus < count { Focus::Line(self.focus) } else { Focus::Option(self.focus - count) },
            foot: "↑↓ fields · ← → choose · Enter · Esc",
            ..Face::default()
        }
    }

    fn line(&self, state: &State, field: &Field, focused: bool) -> Line {
        let choice = |text: &str| match (state.setup.ascii, focused) {
            (false, true) => format!("‹{text}›   ← →"),
            (false, false) => format!("‹{text}›"),
            (true, true) => format!("<{text}>   left, right"),
            (true, false) => format!("<{text}>"),
        };
        let labelled = |label: &str, value: &str| format!("{label:<11}{value}");
        let typed = |label: &str, value: &str, hint: &str| {
            let text = labelled(label, value);
            let cursor = focused.then(|| text.chars().count());
            let hint = if value.is_empty() { format!("   {hint}") } else { String::new() };
            Line::toned(text + &hint, Tone::Field(cursor))
        };
        let plain = |text: String| Line::toned(text, Tone::Field(None));
        match field {
            Field::Kind => plain(labelled(
                "what",
                &choice(match self.kind {
                    Kind::Name => "a hierarchy by name",
                    Kind::Controllers => "a hierarchy with controllers",
                    Kind::Existing => "a hierarchy at one more place",
                    Kind::Unmount => "unmount",
                }),
            )),
            Field::Name if self.kind == Kind::Name => typed("name", &self.name, "letters, digits, _ . -"),
            Field::Name => typed("name", &self.name, "none is needed"),
            Field::Controller(name) => {
                let mark = if self.chosen.contains(name) { "[x]" } else { "[ ]" };
                let hint = if focused { "   space" } else { "" };
                plain(format!("{:<11}{mark} {name}{hint}", ""))
            }
            Field::Hierarchy => plain(labelled("hierarchy", &choice(&named(self.chosen_hierarchy(state))))),
            Field::Point => plain(labelled("from", &choice(&self.point_named(state)))),
            Field::At => typed("at", &self.at(state), "a path"),
        }
    }

    /// Every mount point of every hierarchy, the shown one's first.
    fn points(state: &State) -> Vec<(&Hierarchy, &Bytes)> {
        let mut all: Vec<(&Hierarchy, &Bytes)> =
            Self::hierarchies(state).iter().flat_map(|h| h.mounts.iter().map(move |mount| (h, &mount.point))).collect();
        all.sort_by_key(|(hierarchy, _)| Some(hierarchy.id) != state.hierarchy);
        all
    }

    fn point_named(&self, state: &State) -> String {
        match Self::points(state).get(self.point) {
            Some((hierarchy, point)) => format!("{}   ({})", words::clip(&escape(point)), hierarchy.label()),
            None => "nothing is mounted".to_owned(),
        }
    }

    /// What will become of the hierarchy, as far as the frame tells.
    fn after(&self, state: &State) -> String {
        let Some((hierarchy, point)) = Self::points(state).get(self.point).copied() else { return String::new() };
        let others: Vec<String> =
            hierarchy.mounts.iter().filter(|mount| mount.point != *point).map(|mount| escape(&mount.point)).collect();
        let label = hierarchy.label();
        if !others.is_empty() {
            return format!("{label} stays mounted at {}.", words::list(&others));
        }
        let below = hierarchy.root.zip(structure(state)).map_or(0, |(root, tree)| tree.subtree(root).count() - 1);
        if hierarchy.version == Version::V2 || below > 0 {
            format!("{label} will live on, hidden, with {}: mounting it again shows it.", words::count(below, "group"))
        } else {
            format!("{label} has no groups: it will be gone.")
        }
    }

    /// A key.
    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Reply {
        self.error = None;
        let fields = self.fields(state);
        let count = fields.len();
        let field = fields.get(self.focus).cloned();
        match key.code {
            KeyCode::Esc => return (None, Vec::new()),
            KeyCode::Enter if self.focus == count + 1 => return (None, Vec::new()),
            KeyCode::Enter => return self.go(state),
            KeyCode::Up | KeyCode::BackTab => self.focus = self.focus.saturating_sub(1),
            KeyCode::Down | KeyCode::Tab => self.focus = (self.focus + 1).min(count + 1),
            KeyCode::Left | KeyCode::Right if self.focus >= count => {
                self.focus = count + usize::from(key.code == KeyCode::Right);
            }
            KeyCode::Left | KeyCode::Right => self.choose_in(state, field.as_ref(), key.code == KeyCode::Right),
            KeyCode::Char(' ') if matches!(field, Some(Field::Controller(_))) => {
                if let Some(Field::Controller(name)) = field
                    && !self.chosen.remove(&name)
                {
                    self.chosen.insert(name);
                }
            }
            KeyCode::Backspace => self.edit(state, field.as_ref(), |text| {
                text.pop();
            }),
            KeyCode::Char(c) => self.edit(state, field.as_ref(), |text| text.push(c)),
            _ => {}
        }
        (Some(Dialog::Mount(self)), Vec::new())
    }

    fn edit(&mut self, state: &State, field: Option<&Field>, change: impl FnOnce(&mut String)) {
        const LONGEST: usize = 4096;
        let mut text = match field {
            Some(Field::Name) => std::mem::take(&mut self.name),
            Some(Field::At) => self.at(state),
            _ => return,
        };
        let before = text.len();
        change(&mut text);
        if text.len() > before.max(LONGEST) {
            text.pop();
        }
        if field == Some(&Field::Name) { self.name = text } else { self.at = Some(text) }
    }

    fn choose_in(&mut self, state: &State, field: Option<&Field>, next: bool) {
        let turn = |at: usize, count: usize| if next { (at + 1) % count } else { (at + count - 1) % count };
        match field {
            Some(Field::Kind) => {
                let at = KINDS.iter().position(|&kind| kind == self.kind).unwrap_or(0);
                self.kind = KINDS[turn(at, KINDS.len())];
                self.at = None;
            }
            Some(Field::Hierarchy) => {
                let all = Self::hierarchies(state);
                let at = all.iter().position(|h| Some(h.id) == self.hierarchy).unwrap_or(0);
                self.hierarchy = (!all.is_empty()).then(|| all[turn(at, all.len())].id);
                self.at = None;
            }
            Some(Field::Point) => {
                let count = Self::points(state).len();
                self.point = if count == 0 { 0 } else { turn(self.point, count) };
            }
            _ => {}
        }
    }

    /// An answer.
    pub(super) fn choose(self, state: &mut State, option: usize) -> Reply {
        if option == 0 { self.go(state) } else { (None, Vec::new()) }
    }

    fn go(mut self, state: &mut State) -> Reply {
        match self.intent(state) {
            // An unmount is shown with what it leaves, before it is done.
            Ok(intent) => {
                let ask = if self.kind == Kind::Unmount { Ask::Always } else { Ask::AsPlanned };
                (None, change::begin(state, intent, ask))
            }
            Err(error) => {
                self.error = Some(error);
                (Some(Dialog::Mount(self)), Vec::new())
            }
        }
    }

    fn intent(&self, state: &State) -> Result<Intent, String> {
        if self.kind == Kind::Unmount {
            let points = Self::points(state);
            let (hierarchy, point) = points.get(self.point).ok_or("nothing is mounted that could be unmounted")?;
            return Ok(Intent::Unmount { hierarchy: hierarchy.id, point: (*point).clone(), lazy: false });
        }
        let what = self.what().ok_or(match self.kind {
            Kind::Name => "name: how the hierarchy is to be called",
            Kind::Controllers => "choose at least one controller, with the space bar",
            Kind::Existing | Kind::Unmount => "there is no hierarchy",
        })?;
        let at = self.at(state);
        let at = bytes::unescape(at.trim()).ok_or("at: after a backslash: \\ or xNN")?;
        if at.first() != Some(&b'/') {
            return Err("at: a path that begins with a slash".to_owned());
        }
        Ok(Intent::Mount { what, at })
    }
}

fn structure(state: &State) -> Option<&Structure> {
    state.snapshot().map(|snapshot| &*snapshot.structure)
}

fn quiet(text: &str) -> Line {
    Line::toned(text, Tone::Quiet)
}

fn named(hierarchy: Option<&Hierarchy>) -> String {
    let Some(hierarchy) = hierarchy else { return "none".to_owned() };
    let points: Vec<String> = hierarchy.mounts.iter().map(|mount| escape(&mount.point)).collect();
    let at = if points.is_empty() { "mounted nowhere".to_owned() } else { format!("at {}", words::list(&points)) };
    words::clip(&format!("{}, {at}", hierarchy.label()))
}

/// Controllers that a new hierarchy can have: attached to none, or to v2.
fn free(state: &State) -> Vec<Box<str>> {
    let controllers = structure(state).map_or(&[][..], |structure| &structure.controllers);
    let free = |hierarchy: Option<HierarchyId>| hierarchy.is_none_or(|id| id == HierarchyId::V2);
    let v1 = |name: &str| name != "io";
    controllers.iter().filter(|c| !c.disabled && free(c.hierarchy) && v1(&c.name)).map(|c| c.name.clone()).collect()
}

/// The controllers that are held, with the hierarchy that holds them.
fn held(state: &State) -> Vec<Line> {
    let Some(structure) = structure(state) else { return Vec::new() };
    let mut lines = Vec::new();
    for hierarchy in structure.hierarchies.iter().filter(|h| h.version == Version::V1 && !h.controllers.is_empty()) {
        let place = hierarchy.mounts.first().map_or("unmounted, alive".to_owned(), |mount| escape(&mount.point));
        lines.push(quiet(&format!("held: {:<12} {place}", hierarchy.controllers.join(","))));
    }
    let off: Vec<&str> = structure.controllers.iter().filter(|c| c.disabled).map(|c| &*c.name).collect();
    if !off.is_empty() {
        lines.push(quiet(&format!("off since boot: {}", off.join(" "))));
    }
    let on_v2: Vec<&str> =
        structure.controllers.iter().filter(|c| c.hierarchy == Some(HierarchyId::V2)).map(|c| &*c.name).collect();
    if !on_v2.is_empty() {
        lines.push(quiet(&format!("v2 has now: {}", on_v2.join(" "))));
    }
    lines
}
