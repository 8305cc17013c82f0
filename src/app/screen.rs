//! The screens that the header names: which there are, and going from one to another.
//!
//! To add one: a variant here, a file beside `log.rs` that places it and moves in it, and a file of `view` that paints it.
//! The compiler names the arms. Keys 1 to 4 are taken for the four of the design; only those that exist are shown.
use super::keymap::Action;
use super::state::State;

/// A screen of the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// The tree with its panels.
    #[default]
    Tree,
    /// What was done in this visit, and what others changed meanwhile.
    Log,
}

impl Tab {
    /// All, as the header names them.
    pub const ALL: [Self; 2] = [Self::Tree, Self::Log];

    /// Its key and its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tree => "1 Tree",
            Self::Log => "4 Log",
        }
    }

    /// What its key asks for.
    #[must_use]
    pub fn action(self) -> Action {
        match self {
            Self::Tree => Action::ShowTree,
            Self::Log => Action::ShowLog,
        }
    }
}

/// Goes to a screen. The big view gives way to it.
pub fn show(state: &mut State, tab: Tab) {
    state.tab = tab;
    state.big = false;
    state.dirty = true;
}

/// Why an action cannot be used on the screen that is open: what acts on the selected group is done where that is seen.
#[must_use]
pub fn off(state: &State, action: Action) -> Option<String> {
    use Action as A;
    let anywhere = matches!(
        action,
        A::Up
            | A::Down
            | A::PageUp
            | A::PageDown
            | A::HalfUp
            | A::HalfDown
            | A::First
            | A::Last
            | A::Left
            | A::Right
            | A::FoldAll
            | A::Enter
            | A::Back
            | A::Big
            | A::Delay
            | A::Pause
            | A::MeasureAnew
            | A::Mouse
            | A::Redraw
            | A::Undo
            | A::UndoAll
            | A::Redo
            | A::Arm
            | A::Copy
            | A::Script
            | A::ShowTree
            | A::ShowLog
            | A::Palette
            | A::Help
            | A::Leave
            | A::Suspend
    );
    match state.tab {
        Tab::Tree => None,
        Tab::Log => (!anywhere).then(|| "that is for the tree: 1".to_owned()),
    }
}
