//! Where everything is: computed once per change from the state, painted by the view, looked up by the mouse.
//!
//! ```text
//!  cgrove  host · v1 · user, may change the stage only            header
//!  stage …, window                                                second
//!  ‹cpu› memory pids v2                                           bar (more than one hierarchy)
//! ┌ 100 % = CPU 3 ──────────────────────────── 5 groups, 4 tasks  tree_border
//! │ GROUP   WEIGHT RULE OWED GETS    vs RULE            TASKS     heading
//! │ rows                                                          tree
//! ├ [Why] Tasks 1  Files 14 ──────────────────────────────────    panel_border
//! │ lines                                                         panel
//! ├ last change ──────────────────────────── 7 of 7  y copy       change_border
//! │ $ kill -STOP 4242                                             change
//!  n new  e edit …                                                keys
//! ```
//! Below 80x24 the big view takes over, below 58x16 a message.
mod columns;
mod face;

pub use columns::{Cells, SIGN, indent};
pub use face::FaceLayout;

use crate::model::hierarchy::Hierarchy;
use crate::model::id::HierarchyId;

use super::area::Area;
use super::keymap::{Action, binding};
use super::screen::Tab;
use super::sort::Column;
use super::state::{Panel, State};
use super::text::width;
use super::{files, log, tasks, text, why};

/// Which screen is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// The tree with its panels.
    #[default]
    Tree,
    /// The log.
    Log,
    /// The big view.
    Big,
    /// A message that the terminal is too small.
    TooSmall,
}

/// What a click hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A row of the tree, by number.
    Row(usize),
    /// The fold mark of a row.
    Fold(usize),
    /// A row of the panel, by number.
    PanelRow(usize),
    /// A heading.
    Heading(Column),
    /// A word on the key line.
    Key(Action),
    /// A panel's name.
    Tab(Panel),
    /// A hierarchy's name.
    Hierarchy(HierarchyId),
    /// A row of the log, by number.
    LogRow(usize),
    /// A screen's name in the header.
    Screen(Tab),
    /// An answer of the dialog.
    Answer(usize),
}

/// A word with its key, on the key line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub area: Area,
    /// The key as written.
    pub key: &'static str,
    /// The word.
    pub word: &'static str,
    /// What a click does.
    pub action: Action,
}

/// A name that can be clicked, on the hierarchy bar or among the panels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Where.
    pub area: Area,
    /// The text.
    pub text: String,
    /// It is the one that is shown.
    pub on: bool,
}

/// Everything that has a place.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Which screen.
    pub screen: Screen,
    /// The whole terminal.
    pub whole: Area,
    /// First line.
    pub header: Area,
    /// Second line.
    pub second: Area,
    /// Names of the screens, in the first line.
    pub screens: Vec<Name>,
    /// Names of the hierarchies; empty where there is one.
    pub bar: Vec<Name>,
    /// Hierarchies are hidden to the left, to the right of the bar.
    pub bar_more: (bool, bool),
    /// Upper border of the tree.
    pub tree_border: Area,
    /// Headings of the columns.
    pub heading: Area,
    /// What there is to know of the selected file: below the panel, beside it on wide screens.
    pub detail: Area,
    /// Rows of the tree.
    pub tree: Area,
    /// The columns.
    pub cells: Vec<Cells>,
    /// Number of the first row on screen.
    pub first_row: usize,
    /// Upper border of the panel.
    pub panel_border: Area,
    /// Names of the panels.
    pub tabs: Vec<Name>,
    /// The panel.
    pub panel: Area,
    /// Lines that the panel has.
    pub panel_lines: usize,
    /// First line of the panel on screen.
    pub panel_top: usize,
    /// Upper border of the last change.
    pub change_border: Area,
    /// The last change.
    pub change: Area,
    /// The key line, or the prompt.
    pub keys: Area,
    /// Words on it.
    pub labels: Vec<Label>,
    /// The dialog.
    pub face: Option<FaceLayout>,
    targets: Vec<(Area, Target)>,
}

impl Layout {
    /// The layout of a state.
    #[must_use]
    pub fn of(state: &State) -> Self {
        let whole = Area::new(0, 0, state.size.0, state.size.1);
        let screen = match state.size {
            (columns, rows) if columns < 58 || rows < 16 => Screen::TooSmall,
            (columns, rows) if state.big || columns < 80 || rows < 24 => Screen::Big,
            _ => match state.tab {
                Tab::Tree => Screen::Tree,
                Tab::Log => Screen::Log,
            },
        };
        let mut layout = Self { screen, whole, ..Self::default() };
        match screen {
            Screen::Tree => layout.place_tree(state),
            Screen::Log => log::place(&mut layout, state),
            Screen::Big => {
                let mut rest = whole;
                layout.header = rest.take_top(1);
                layout.keys = rest.take_bottom(1);
                layout.change = rest.take_bottom(1);
                layout.panel = rest.take_bottom(2 + whole.height.saturating_sub(24).min(4) / 2);
                layout.tree = rest;
                layout.place_labels(state);
            }
            Screen::TooSmall => {}
        }
        if let Some(dialog) = &state.dialog {
            let face = FaceLayout::of(dialog.face(state), whole, state.setup.ascii);
            layout.targets.clear();
            layout.targets.extend(face.options.iter().map(|(area, option)| (*area, Target::Answer(*option))));
            layout.face = Some(face);
        }
        layout
    }

    /// What is at a cell.
    #[must_use]
    pub fn hit(&self, x: u16, y: u16) -> Option<Target> {
        self.targets.iter().rev().find(|(area, _)| area.contains(x, y)).map(|&(_, target)| target)
    }

    /// Something to click.
    pub(super) fn target(&mut self, area: Area, target: Target) {
        self.targets.push((area, target));
    }

    /// The names of the screens, at the right of the first line, and the words on the key line.
    pub(super) fn place_screens(&mut self, state: &State) {
        let columns = |tab: Tab| u16::try_from(width(tab.name()) + 2).unwrap_or(u16::MAX);
        let all: u16 = Tab::ALL.iter().map(|&tab| columns(tab)).sum();
        let mut x = self.header.right().saturating_sub(all);
        for tab in Tab::ALL {
            let area = Area::new(x, self.header.y, columns(tab), 1);
            self.screens.push(Name { area, text: tab.name().to_owned(), on: tab == state.tab });
            self.target(area, Target::Screen(tab));
            x += columns(tab);
        }
        self.place_labels(state);
    }

    fn place_tree(&mut self, state: &State) {
        let mut rest = self.whole;
        self.header = rest.take_top(1);
        self.second = rest.take_top(1);
        let several = state.snapshot().is_some_and(|snapshot| snapshot.structure.hierarchies.len() > 1);
        if several {
            let area = rest.take_top(1);
            self.place_bar(state, area);
        }
        self.keys = rest.take_bottom(1);
        self.change = rest.take_bottom(if self.whole.height >= 32 { 3 } else { 1 });
        self.change_border = rest.take_bottom(1);
        self.tree_border = rest.take_top(1);

        let inside = rest.width.saturating_sub(2);
        self.panel_lines = panel_lines(state, usize::from(inside));
        // Heading, border of the panel; the rest is shared.
        let free = rest.height.saturating_sub(2);
        let wanted = u16::try_from(self.panel_lines).unwrap_or(u16::MAX);
        let panel = if state.full_page {
            free.saturating_sub(1)
        } else {
            let most = if state.panel == Panel::Why { (free / 2).min(8) } else { free / 2 };
            // Files and tasks that change in number must not move the tree about.
            if state.panel == Panel::Why { wanted.clamp(3, most.max(3)) } else { most.max(3) }
        };
        // Rows must not slip away under a hand that drags.
        let old = state.layout.panel.height;
        let keeps = state.moving.is_some() && state.layout.whole == self.whole && (3..=free / 2).contains(&old);
        self.panel = rest.take_bottom(if keeps { old } else { panel });
        self.panel_border = rest.take_bottom(1);
        self.place_detail(state);
        self.heading = rest.take_top(1);
        self.tree = rest;
        self.first_row = state.tree.top;
        self.cells = columns::place(state, self.tree, self.first_row);
        let height = usize::from(self.panel.height);
        self.panel_top = match state.panel {
            Panel::Why => state.panel_top.min(self.panel_lines.saturating_sub(height)),
            // With the first file its heading.
            Panel::Files if state.full_page && state.panel_cursor <= 1 => 0,
            _ => keep_visible(state.panel_top, state.panel_cursor + panel_heading(state.panel), height),
        };
        self.place_targets(state);
        self.place_tabs(state);
        self.place_screens(state);
    }

    /// A part of the panel of files for what there is to know of the selected one.
    fn place_detail(&mut self, state: &State) {
        if state.panel != Panel::Files || self.panel.height < 4 {
            return;
        }
        let whole = self.panel;
        if whole.width >= 110 {
            let wide = whole.width / 3;
            self.panel.width -= wide;
            self.detail = Area::new(self.panel.right(), whole.y, wide, whole.height);
        } else {
            self.detail = self.panel.take_bottom(if whole.height >= 12 { 4 } else { 2 });
        }
    }

    fn place_targets(&mut self, state: &State) {
        for cells in &self.cells {
            let area = Area::new(cells.x, self.heading.y, cells.width, 1);
            if cells.column != Column::Verdict {
                self.targets.push((area, Target::Heading(cells.column)));
            }
        }
        for line in 0..self.tree.height {
            let index = self.first_row + usize::from(line);
            let Some(row) = state.flat.rows.get(index) else { break };
            let area = self.tree.line(line);
            self.targets.push((area, Target::Row(index)));
            if row.inner {
                self.targets.push((Area::new(area.x + SIGN + indent(row.depth), area.y, 2, 1), Target::Fold(index)));
            }
        }
        if state.panel != Panel::Why {
            let heading = u16::try_from(panel_heading(state.panel)).unwrap_or(0);
            for line in heading..self.panel.height {
                let index = self.panel_top + usize::from(line - heading);
                if index < self.panel_lines {
                    self.targets.push((self.panel.line(line), Target::PanelRow(index)));
                }
            }
        }
    }

    /// The names of the hierarchies; where they are more than fit, a part around the one that is shown.
    fn place_bar(&mut self, state: &State, area: Area) {
        let Some(snapshot) = state.snapshot() else { return };
        let all: Vec<(&Hierarchy, String)> =
            snapshot.structure.hierarchies.iter().map(|h| (h, text::cut(&h.label(), 24, state.setup.ascii))).collect();
        let at = all.iter().position(|(h, _)| Some(h.id) == state.hierarchy).unwrap_or(0);
        let room = usize::from(area.width).saturating_sub(4);
        let mut first = 0;
        while first < at && all[first..=at].iter().map(|(_, name)| width(name) + 2).sum::<usize>() > room {
            first += 1;
        }
        let mut x = area.x + 2;
        for (h, name) in &all[first..] {
            let w = u16::try_from(width(name)).unwrap_or(u16::MAX).saturating_add(2);
            if x + w > area.right().saturating_sub(2) {
                self.bar_more.1 = true;
                break;
            }
            let place = Area::new(x, area.y, w, 1);
            self.bar.push(Name { area: place, text: name.clone(), on: Some(h.id) == state.hierarchy });
            self.targets.push((place, Target::Hierarchy(h.id)));
            x += w;
        }
        self.bar_more.0 = first > 0;
    }

    fn place_tabs(&mut self, state: &State) {
        let mut x = self.panel_border.x + 2;
        for panel in Panel::ALL {
            let text = match panel {
                Panel::Why => "Why".to_owned(),
                Panel::Tasks => match state.selected().and_then(|id| tasks::counts(state, id)) {
                    Some((own, _)) => format!("Tasks {own}"),
                    None => "Tasks".to_owned(),
                },
                Panel::Files => match files::count(state) {
                    Some(count) => format!("Files {count}"),
                    None => "Files".to_owned(),
                },
            };
            let w = u16::try_from(width(&text)).unwrap_or(u16::MAX).saturating_add(2);
            let area = Area::new(x, self.panel_border.y, w, 1);
            self.tabs.push(Name { area, text, on: panel == state.panel });
            self.targets.push((area, Target::Tab(panel)));
            x += w;
        }
    }

    fn place_labels(&mut self, state: &State) {
        use Action as A;
        if state.prompt.is_some() || state.moving.is_some() {
            return;
        }
        let actions: &[Action] = if self.screen == Screen::Big {
            &[A::Hold, A::Less, A::More, A::Undo, A::Workload, A::Open, A::Big, A::Help, A::Leave]
        } else if self.screen == Screen::Log {
            &[A::ShowTree, A::Enter, A::Copy, A::Undo, A::Redo, A::Script, A::Palette, A::Help, A::Leave]
        } else if !state.has_cpu() {
            &[
                A::New,
                A::Move,
                A::Workload,
                A::Hold,
                A::Remove,
                A::Undo,
                A::Filter,
                A::NextHierarchy,
                A::Palette,
                A::Help,
                A::Leave,
            ]
        } else {
            &[
                A::New,
                A::Weight,
                A::Move,
                A::Workload,
                A::Hold,
                A::Remove,
                A::Undo,
                A::Open,
                A::Filter,
                A::Palette,
                A::Help,
                A::Leave,
                A::Big,
                A::Scale,
                A::Sort,
                A::Pause,
            ]
        };
        let mut x = self.keys.x + 1;
        if self.screen == Screen::Big {
            let key = if state.setup.ascii { "<>" } else { "←→" };
            let label = Label { area: Area::new(x, self.keys.y, 8, 1), key, word: "group", action: A::Right };
            self.targets.push((label.area, Target::Key(A::Right)));
            self.labels.push(label);
            x += 9;
        }
        for binding in actions.iter().filter_map(|&action| binding(action)) {
            let w = width(binding.keys) + 1 + width(binding.word);
            let w = u16::try_from(w).unwrap_or(u16::MAX);
            if x + w > self.keys.right() {
                break;
            }
            let area = Area::new(x, self.keys.y, w, 1);
            self.labels.push(Label { area, key: binding.keys, word: binding.word, action: binding.action });
            self.targets.push((area, Target::Key(binding.action)));
            x += w + 1;
        }
    }
}

/// Lines of headings in a panel.
#[must_use]
pub fn panel_heading(panel: Panel) -> usize {
    usize::from(panel == Panel::Tasks)
}

/// Lines that the open panel has: paragraphs wrapped, tasks, files.
fn panel_lines(state: &State, columns: usize) -> usize {
    match state.panel {
        Panel::Why => why::paragraphs(state).iter().map(|text| text::wrap(text, columns).len()).sum(),
        Panel::Tasks => tasks::rows(state).len(),
        Panel::Files => files::rows(state).map_or(1, |rows| rows.len()),
    }
}

/// The first line to show so that `cursor` is among `height` lines, moving `top` as little as possible.
#[must_use]
pub fn keep_visible(top: usize, cursor: usize, height: usize) -> usize {
    let height = height.max(1);
    if cursor < top {
        cursor
    } else if cursor >= top + height {
        cursor + 1 - height
    } else {
        top
    }
}

#[cfg(test)]
mod tests {
    use super::keep_visible;

    #[test]
    fn scrolling_moves_as_little_as_possible() {
        assert_eq!(keep_visible(0, 3, 4), 0);
        assert_eq!(keep_visible(0, 4, 4), 1);
        assert_eq!(keep_visible(5, 3, 4), 3);
        assert_eq!(keep_visible(5, 8, 4), 5);
    }
}
