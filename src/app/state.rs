//! All that the screen depends on.
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;

use crate::model::hierarchy::Hierarchy;
use crate::model::id::{GroupId, GroupKey, HierarchyId, TaskKey};
use crate::model::interest::Interest;
use crate::model::place::Place;
use crate::model::snapshot::{GroupValues, Notice, Snapshot};
use crate::model::time::{Mono, Wall};
use crate::model::workload::Workload;
use crate::plan::journal::Entry;
use crate::split::table::{Row as SplitRow, Table};

use super::change::{Flight, LastChange};
use super::dialog::Dialog;
use super::drag::Moving;
use super::experiment::Progress;
use super::files::FilesView;
use super::kept::Kept;
use super::layout::Layout;
use super::log::LogView;
use super::message::Token;
use super::others::Others;
use super::prompt::Prompt;
use super::scale::Scale;
use super::screen::Tab;
use super::setup::Setup;
use super::sort::Set;
use super::tree::{Flat, Ghost, TreeView};
use super::trial::Trial;

/// Sampled this rarely, the age of what is on screen is shown.
const RARE: Duration = Duration::from_secs(3);

/// The state of the app. Made once by [`State::new`], changed only by [`super::update`].
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "switches that the user sets, each by itself")]
pub struct State {
    /// What is fixed for the visit.
    pub setup: Setup,
    /// The latest moment that a message told.
    pub now: Mono,
    /// What the wall clock shows.
    pub wall: Wall,
    /// Which screen of the header is open.
    pub tab: Tab,
    /// How the log is looked at.
    pub log: LogView,
    /// What others did.
    pub others: Others,
    /// Values that this visit wrote on foreign groups.
    pub kept: Kept,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The frame on screen.
    pub shown: Option<Shown>,
    /// The newest frame, while the screen is paused.
    pub held_back: Option<Shown>,
    /// Since when the screen is paused, if it is.
    pub paused: Option<Mono>,
    /// The hierarchy on screen; `None` before the first frame.
    pub hierarchy: Option<HierarchyId>,
    /// The tree of the hierarchy on screen.
    pub tree: TreeView,
    /// The trees of the others, as they were left.
    pub other_trees: HashMap<HierarchyId, TreeView>,
    /// The rows of the tree.
    pub flat: Flat,
    /// A selected group that vanished.
    pub ghost: Option<Ghost>,
    /// Which panel is open.
    pub panel: Panel,
    /// Whether the arrows move in the panel, not in the tree.
    pub in_panel: bool,
    /// Whether the panel has the full page.
    pub full_page: bool,
    /// First line of the panel on screen.
    pub panel_top: usize,
    /// Selected line of the panel.
    pub panel_cursor: usize,
    /// How the files are looked at.
    pub files: FilesView,
    /// One row a thread in the tasks panel, not one a process.
    pub threads: bool,
    /// What 100 % is.
    pub scale: Scale,
    /// Which columns are wanted where the CPU is split.
    pub columns: Set,
    /// Whether the big view is wanted.
    pub big: bool,
    /// Whether foreign groups may be changed.
    pub armed: bool,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// Time between samples.
    pub delay: Duration,
    /// The dialog on top, if one is open.
    pub dialog: Option<Dialog>,
    /// The prompt on the bottom line, if one is open.
    pub prompt: Option<Prompt>,
    /// Tagged tasks, wherever they are.
    pub task_tags: BTreeSet<TaskKey>,
    /// What is being moved, by `m` or by the mouse.
    pub moving: Option<Moving>,
    /// A button went down here and has not moved yet.
    pub pressed: Option<(u16, u16)>,
    /// The change that is being planned or done.
    pub flight: Option<Flight>,
    /// What is on trial.
    pub trial: Option<Trial>,
    /// Keys that wait for it.
    pub typed_ahead: VecDeque<(KeyEvent, Mono)>,
    /// The group that becomes the selected one as soon as it is seen.
    pub select_when_seen: Option<(GroupKey, Mono)>,
    /// Groups that cgrove removed itself: nobody wonders where they are.
    pub removed: Vec<GroupKey>,
    /// When it removed one last.
    pub removed_at: Mono,
    /// The last change.
    pub last_change: Option<LastChange>,
    /// Weights that the kernel stored and that no frame has shown yet.
    pub stored: HashMap<GroupKey, (u64, Mono)>,
    /// The journal of this visit.
    pub journal: Arc<[Entry]>,
    /// Groups that cgrove made.
    pub made: Arc<[GroupKey]>,
    /// Workloads of cgrove.
    pub workloads: Arc<[Workload]>,
    /// The least busy CPU, if it was said.
    pub quiet: Option<u32>,
    /// The experiment that runs, if one does.
    pub progress: Option<Progress>,
    /// Notices of samplings that were said already.
    pub said: HashSet<Notice>,
    /// Something said on the bottom, and since when.
    pub notice: Option<(String, Mono)>,
    /// The action asked for last, shown for two seconds.
    pub pressed_key: Option<(&'static str, Mono)>,
    /// Why nothing can be changed, if the journal cannot be written.
    pub no_journal: Option<String>,
    /// Rectangles, rows and targets of the screen as it is drawn.
    pub layout: Layout,
    /// The plan that is on its way is the undo of the last change: its dialog offers to undo all.
    pub(super) undo_asked: bool,
    pub(super) dirty: bool,
    pub(super) next_token: u64,
    pub(super) interest: Option<Interest>,
}

/// A frame on screen.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What was sampled.
    pub snapshot: Arc<Snapshot>,
    /// What the split says of it.
    pub table: Arc<Table>,
    /// When it came.
    pub received: Mono,
}

/// The panels under the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Panel {
    /// Why the group is owed and gets what it does.
    #[default]
    Why,
    /// Its tasks.
    Tasks,
    /// Its files.
    Files,
}

impl Panel {
    /// All, in the order of Tab.
    pub const ALL: [Self; 3] = [Self::Why, Self::Tasks, Self::Files];
}

impl State {
    /// A state that has seen nothing yet; 80 columns and 24 rows until a size is told.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let no_journal = setup.limits.no_journal.clone();
        let mut state = Self {
            now: Mono::default(),
            wall: Wall::default(),
            tab: Tab::default(),
            log: LogView::default(),
            others: Others::default(),
            kept: Kept::new(),
            size: (80, 24),
            shown: None,
            held_back: None,
            paused: None,
            hierarchy: None,
            tree: TreeView::default(),
            other_trees: HashMap::new(),
            flat: Flat::default(),
            ghost: None,
            panel: Panel::default(),
            in_panel: false,
            full_page: false,
            panel_top: 0,
            panel_cursor: 0,
            files: FilesView::default(),
            threads: true,
            scale: Scale::default(),
            columns: if setup.stage.is_some() { Set::Class } else { Set::Host },
            big: setup.big,
            armed: false,
            mouse: setup.mouse,
            delay: setup.delay,
            dialog: None,
            prompt: None,
            task_tags: BTreeSet::new(),
            moving: None,
            pressed: None,
            flight: None,
            trial: None,
            typed_ahead: VecDeque::new(),
            select_when_seen: None,
            removed: Vec::new(),
            removed_at: Mono::default(),
            last_change: None,
            stored: HashMap::new(),
            journal: Arc::from([]),
            made: Arc::from([]),
            workloads: Arc::from([]),
            quiet: None,
            progress: None,
            said: HashSet::new(),
            notice: None,
            pressed_key: None,
            no_journal,
            layout: Layout::default(),
            undo_asked: false,
            dirty: true,
            next_token: 1,
            interest: None,
            setup,
        };
        state.layout = Layout::of(&state);
        state
    }

    /// Whether something changed since this was asked last: then the screen is to be drawn.
    pub fn take_dirty(&mut self) -> bool {
        if let Some(moving) = self.moving.as_mut().filter(|_| self.dirty) {
            moving.drawn = moving.target;
        }
        std::mem::take(&mut self.dirty)
    }

    /// The snapshot on screen.
    #[must_use]
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.shown.as_ref().map(|shown| &*shown.snapshot)
    }

    /// The split on screen.
    #[must_use]
    pub fn table(&self) -> Option<&Table> {
        self.shown.as_ref().map(|shown| &*shown.table)
    }

    /// The hierarchy on screen.
    #[must_use]
    pub fn shown_hierarchy(&self) -> Option<&Hierarchy> {
        self.snapshot()?.structure.hierarchy(self.hierarchy?)
    }

    /// Whether the hierarchy on screen carries the cpu controller: only then there are weights and a split.
    #[must_use]
    pub fn has_cpu(&self) -> bool {
        self.shown_hierarchy().is_some_and(|h| h.has("cpu"))
    }

    /// The slot of the selected group, if it is still there.
    #[must_use]
    pub fn selected(&self) -> Option<GroupId> {
        self.snapshot()?.structure.find(self.tree.cursor?)
    }

    /// Where the selected group is.
    #[must_use]
    pub fn selected_place(&self) -> Option<Place> {
        self.snapshot()?.structure.place(self.selected()?)
    }

    /// The group that is the top of the tree on screen.
    #[must_use]
    pub fn base(&self) -> Option<GroupId> {
        let structure = &self.snapshot()?.structure;
        self.tree.base.and_then(|key| structure.find(key)).or_else(|| self.shown_hierarchy()?.root)
    }

    /// The slot of the stage, if it exists.
    #[must_use]
    pub fn stage(&self) -> Option<GroupId> {
        self.snapshot()?.structure.at(self.setup.stage.as_ref()?)
    }

    /// What the split says of a group.
    #[must_use]
    pub fn split(&self, id: GroupId) -> Option<&SplitRow> {
        self.table()?.groups.get(&id)
    }

    /// The values of a group.
    #[must_use]
    pub fn values(&self, id: GroupId) -> Option<GroupValues<'_>> {
        self.snapshot()?.groups.get(id)
    }

    /// The weight of a group: what the kernel stored last, else what the frame says.
    #[must_use]
    pub fn weight(&self, id: GroupId) -> Option<u64> {
        let key = self.snapshot()?.structure.group(id)?.key;
        match self.stored.get(&key) {
            Some(&(weight, _)) => Some(weight),
            None => self.values(id)?.weight.get(),
        }
    }

    /// How long ago the frame on screen was sampled, in nanoseconds: since the sampling began, however long it took to come.
    fn age(&self) -> Option<u64> {
        let shown = self.shown.as_ref()?;
        Some(self.now.nanos_since(shown.received.min(shown.snapshot.at)))
    }

    /// How old the frame on screen is, once it is older than it should be: more than two intervals (and at least two
    /// seconds). In whole seconds.
    #[must_use]
    pub fn stale(&self) -> Option<u64> {
        let limit = 2 * u64::try_from(self.delay.as_nanos()).unwrap_or(u64::MAX).max(1_000_000_000);
        self.age().filter(|&age| age > limit).map(|age| age / 1_000_000_000)
    }

    /// How old it is where it is sampled so rarely that nobody takes it for what is now. In whole seconds.
    #[must_use]
    pub fn aged(&self) -> Option<u64> {
        let seconds = self.age()? / 1_000_000_000;
        (self.delay >= RARE && seconds >= RARE.as_secs()).then_some(seconds)
    }

    /// Whether cgrove made this group.
    #[must_use]
    pub fn is_ours(&self, key: GroupKey) -> bool {
        self.made.contains(&key)
    }

    /// The task selected in the tasks panel, if the arrows are there.
    #[must_use]
    pub fn selected_task(&self) -> Option<TaskKey> {
        if !self.in_panel || self.panel != Panel::Tasks {
            return None;
        }
        super::tasks::rows(self).get(self.panel_cursor).map(|row| row.key)
    }

    /// Tagged groups that still exist, in the order of the tree.
    #[must_use]
    pub fn tagged(&self) -> Vec<GroupId> {
        let Some(snapshot) = self.snapshot() else { return Vec::new() };
        let Some(root) = self.shown_hierarchy().and_then(|h| h.root) else { return Vec::new() };
        if self.tree.tags.is_empty() {
            return Vec::new();
        }
        let ids: BTreeSet<GroupId> = self.tree.tags.iter().filter_map(|&key| snapshot.structure.find(key)).collect();
        snapshot.structure.subtree(root).filter(|id| ids.contains(id)).collect()
    }

    /// A number for a request.
    pub(super) fn token(&mut self) -> Token {
        self.next_token += 1;
        Token(self.next_token - 1)
    }

    /// Says something on the bottom.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.notice = Some((text.into(), self.now));
        self.dirty = true;
    }

    /// Changes of this visit that undo can take back, newest first.
    pub fn undoable(&self) -> impl Iterator<Item = &Entry> {
        self.journal.iter().rev().filter(|entry| entry.undoes.is_empty() && entry.stands())
    }
}
