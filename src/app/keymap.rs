//! Which key does what. One table: the keys, the key line, the help and the palette all come from it.
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "every action is described in BINDINGS, which is what help shows")]
pub enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    First,
    Last,
    Left,
    Right,
    Fold,
    Unfold,
    FoldAll,
    Enter,
    Page,
    Back,
    Base,
    BaseOut,
    NextPanel,
    PreviousPanel,
    Big,
    PreviousHierarchy,
    NextHierarchy,
    Filter,
    List,
    Sort,
    Invert,
    Threads,
    Columns,
    Scale,
    MeasureAnew,
    Delay,
    Pause,
    Mouse,
    Redraw,
    Tag,
    Untag,
    New,
    Sibling,
    Weight,
    Less,
    More,
    Cap,
    Controllers,
    Move,
    Workload,
    Open,
    Hold,
    Signal,
    Schedule,
    Remove,
    Rename,
    /// Mount or unmount a hierarchy.
    Mount,
    Undo,
    UndoAll,
    KeepTrial,
    Redo,
    Arm,
    Copy,
    Script,
    ShowTree,
    ShowLog,
    Palette,
    Help,
    Leave,
    Suspend,
}

/// A key without the modifiers that do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The key.
    pub code: KeyCode,
    /// With Control.
    pub control: bool,
}

const fn plain(code: KeyCode) -> Chord {
    Chord { code, control: false }
}
const fn ch(c: char) -> Chord {
    plain(KeyCode::Char(c))
}
const fn ctrl(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), control: true }
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What it asks for.
    pub action: Action,
    /// The keys.
    pub chords: &'static [Chord],
    /// How the keys are written.
    pub keys: &'static str,
    /// The word on the key line and in the palette.
    pub word: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// The heading under which help shows it.
    pub about: About,
}

/// Headings of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// Moving about.
    Go,
    /// What is shown.
    Show,
    /// Changing the host.
    Change,
    /// The program itself.
    Program,
}

impl About {
    /// All headings in order.
    pub const ALL: [Self; 4] = [Self::Change, Self::Show, Self::Go, Self::Program];

    /// The heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Go => "Go",
            Self::Show => "Show",
            Self::Change => "Change",
            Self::Program => "Program",
        }
    }
}

const fn bind(
    action: Action,
    chords: &'static [Chord],
    keys: &'static str,
    word: &'static str,
    help: &'static str,
    about: About,
) -> Binding {
    Binding { action, chords, keys, word, help, about }
}

use About::{Change, Go, Program, Show};

/// Every key of the tree screen.
pub const BINDINGS: &[Binding] = &[
    bind(Action::New, &[ch('n')], "n", "new", "new group in this one: cg1=600, or a path a/b", Change),
    bind(Action::Sibling, &[ch('N')], "N", "sibling", "new group beside this one", Change),
    bind(
        Action::Weight,
        &[ch('e')],
        "e",
        "edit",
        "weight: 400; up and down step it; among the files: the file",
        Change,
    ),
    bind(Action::Less, &[ch('[')], "[", "less", "weight down by one unit of its leading digit", Change),
    bind(Action::More, &[ch(']')], "]", "more", "weight up by one unit of its leading digit", Change),
    bind(Action::Cap, &[ch('T')], "T", "cap", "cap in CPUs: 0.5 is 50 ms of every 100 ms; empty: none", Change),
    bind(
        Action::Controllers,
        &[ch('c')],
        "c",
        "controllers",
        "controllers of the groups below: enable, disable (v2)",
        Change,
    ),
    bind(
        Action::Move,
        &[ch('m')],
        "m",
        "move",
        "move its processes, the chosen task or all tagged: pick a group, Enter",
        Change,
    ),
    bind(Action::Workload, &[ch('w')], "w", "work", "start a workload here; with tags, one in each", Change),
    bind(Action::Open, &[ch('o')], "o", "open", "open an experiment: at once, or step by step", Change),
    bind(Action::Hold, &[ch('f')], "f", "hold", "hold the work of this group, or let it go on", Change),
    bind(
        Action::Signal,
        &[ch('x'), plain(KeyCode::F(9))],
        "x",
        "signal",
        "a signal to this task, the tagged, or the group's processes",
        Change,
    ),
    bind(
        Action::Schedule,
        &[ch('a')],
        "a",
        "sched",
        "CPUs, nice, policy of this task, the tagged, or the group's",
        Change,
    ),
    bind(Action::Remove, &[ch('D'), plain(KeyCode::Delete)], "D", "del", "remove this group", Change),
    bind(Action::Rename, &[ch('R')], "R", "rename", "give this group another name (v1)", Change),
    bind(Action::Mount, &[ch('M')], "M", "mount", "mount or unmount a hierarchy", Change),
    bind(Action::Undo, &[ch('u')], "u", "undo", "take back the last change: u shows it, u again does it", Change),
    bind(Action::UndoAll, &[], ":undo all", "undo all", "take back every change of this visit", Change),
    bind(
        Action::KeepTrial,
        &[ch('K')],
        "K",
        "keep",
        "keep the value that is on trial; u takes it back at once",
        Change,
    ),
    bind(Action::Redo, &[ctrl('r')], "^R", "redo", "do again what was taken back last", Change),
    bind(Action::Arm, &[ch('!')], "!", "arm", "allow changing groups that cgrove did not make", Change),
    bind(Action::Copy, &[ch('y')], "y", "copy", "copy the shell lines of the last change", Change),
    bind(Action::Script, &[ch('W')], "W", "script", "write the whole visit as a shell script, into a file", Change),
    bind(Action::Tag, &[ch(' ')], "Space", "tag", "tag this group, or this task in its panel, and go down", Change),
    bind(Action::Untag, &[ch('U')], "U", "untag", "untag all", Change),
    bind(
        Action::Filter,
        &[ch('/'), plain(KeyCode::F(3)), plain(KeyCode::F(4))],
        "/",
        "filter",
        "only rows that match: text, short, capped, held, busy, mine, pid:4242, user:1000",
        Show,
    ),
    bind(Action::List, &[ch('t'), plain(KeyCode::F(5))], "t", "list", "tree or flat list", Show),
    bind(Action::Sort, &[ch('s'), plain(KeyCode::F(6))], "s", "sort", "sort by the next column", Show),
    bind(Action::Invert, &[ch('I')], "I", "invert", "invert the order", Show),
    bind(Action::Threads, &[ch('H')], "H", "threads", "threads, or one row a process", Show),
    bind(Action::Columns, &[ch('C')], "C", "columns", "columns for a lesson, or for a host", Show),
    bind(Action::Scale, &[ch('%')], "%", "scale", "what 100 % is", Show),
    bind(Action::MeasureAnew, &[ch('0')], "0", "anew", "measure anew from now", Show),
    bind(Action::Delay, &[ch('d')], "d", "delay", "seconds between two samples", Show),
    bind(Action::Pause, &[ch('p')], "p", "pause", "stop the screen, not the host", Show),
    bind(Action::Big, &[ch('b')], "b", "big", "big view, for a room", Show),
    bind(Action::ShowTree, &[ch('1')], "1", "tree", "the tree with its panels", Show),
    bind(Action::ShowLog, &[ch('4')], "4", "log", "what was done in this visit, and what others changed", Show),
    bind(Action::Up, &[plain(KeyCode::Up), ch('k')], "↑ k", "up", "up", Go),
    bind(Action::Down, &[plain(KeyCode::Down), ch('j')], "↓ j", "down", "down", Go),
    bind(Action::Left, &[plain(KeyCode::Left), ch('h')], "← h", "fold", "fold; on a leaf go to the parent", Go),
    bind(Action::Right, &[plain(KeyCode::Right), ch('l')], "→ l", "unfold", "unfold", Go),
    bind(Action::Fold, &[ch('-')], "-", "fold", "fold this group", Go),
    bind(Action::Unfold, &[ch('+')], "+", "unfold", "unfold this group", Go),
    bind(Action::FoldAll, &[ch('*')], "*", "fold all", "fold or unfold everything below", Go),
    bind(Action::PageUp, &[plain(KeyCode::PageUp)], "PgUp", "page up", "one page up", Go),
    bind(Action::PageDown, &[plain(KeyCode::PageDown)], "PgDn", "page down", "one page down", Go),
    bind(Action::HalfUp, &[ctrl('u')], "^U", "half up", "half a page up", Go),
    bind(Action::HalfDown, &[ctrl('d')], "^D", "half down", "half a page down", Go),
    bind(Action::First, &[plain(KeyCode::Home), ch('g')], "g", "first", "first row", Go),
    bind(Action::Last, &[plain(KeyCode::End), ch('G')], "G", "last", "last row", Go),
    bind(Action::Enter, &[plain(KeyCode::Enter)], "Enter", "page", "the panel on the full page", Go),
    bind(Action::Page, &[ch('Z')], "Z", "full page", "the panel on the full page, from inside it", Go),
    bind(Action::Base, &[ch('z')], "z", "base", "this group is the top and 100 %", Go),
    bind(Action::BaseOut, &[plain(KeyCode::Backspace)], "Bksp", "base out", "one level out", Go),
    bind(Action::Back, &[plain(KeyCode::Esc)], "Esc", "back", "one back; never quits, never writes", Go),
    bind(Action::NextPanel, &[plain(KeyCode::Tab)], "Tab", "panel", "next panel: why, tasks, files", Go),
    bind(Action::PreviousPanel, &[plain(KeyCode::BackTab)], "S-Tab", "panel back", "panel before", Go),
    bind(Action::PreviousHierarchy, &[ch(',')], ",", "hierarchy before", "hierarchy before", Go),
    bind(Action::NextHierarchy, &[ch('.')], ".", "hierarchy", "next hierarchy", Go),
    bind(Action::Palette, &[ch(':')], ":", "all", "every command by name", Program),
    bind(Action::Help, &[ch('?'), plain(KeyCode::F(1))], "?", "help", "this help", Program),
    bind(Action::Mouse, &[ch('v')], "v", "mouse", "leave the mouse to the terminal, to select text", Program),
    bind(Action::Redraw, &[ctrl('l')], "^L", "redraw", "draw everything anew", Program),
    bind(Action::Suspend, &[ctrl('z')], "^Z", "suspend", "stop cgrove as a job; fg returns", Program),
    bind(Action::Leave, &[ch('q'), ctrl('c'), plain(KeyCode::F(10))], "q", "leave", "leave, with a receipt", Program),
];

/// What a key asks for on the tree screen.
#[must_use]
pub fn action(key: &KeyEvent) -> Option<Action> {
    let chord = Chord { code: key.code, control: key.modifiers.contains(KeyModifiers::CONTROL) };
    if key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    BINDINGS.iter().find(|binding| binding.chords.contains(&chord)).map(|binding| binding.action)
}

/// The binding of an action.
#[must_use]
pub fn binding(action: Action) -> Option<&'static Binding> {
    BINDINGS.iter().find(|binding| binding.action == action)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::BINDINGS;

    #[test]
    fn no_key_does_two_things_and_no_action_stands_twice() {
        let mut chords = HashSet::new();
        let mut actions = HashSet::new();
        for binding in BINDINGS {
            assert!(actions.insert(binding.action), "{:?} stands twice", binding.action);
            for chord in binding.chords {
                assert!(chords.insert(*chord), "{} does two things", binding.keys);
            }
        }
    }
}
