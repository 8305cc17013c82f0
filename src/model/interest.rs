//! What the next sampling should read.
use super::id::{GroupKey, HierarchyId};

/// The rows on screen, and what is wanted of them. The newest replaces the older and is sampled at once.
///
/// The sampler adds the **contest** of the rows: in the hierarchy that carries cpu, the groups on the way to the root,
/// their siblings, and all tasks of those that want the CPU, because nothing can be owed without knowing the rivals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interest {
    /// The hierarchy on screen; `None`: the first.
    pub hierarchy: Option<HierarchyId>,
    /// The groups on screen.
    pub groups: Rows,
    /// The group whose tasks are on screen.
    pub tasks_of: Option<GroupKey>,
    /// The group whose files are on screen.
    pub files_of: Option<GroupKey>,
    /// Whether the files of its parent are wanted, too: what it may choose from.
    pub files_above: bool,
    /// Whether expected is wanted: reads the contest.
    pub contest: bool,
    /// Single files to read, wherever they are: values that were changed here, to see whether they stay.
    pub written: Vec<(GroupKey, Box<str>)>,
}

/// Which groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All of the hierarchy: a sort, a filter, a total or a listing needs them.
    All,
    /// These.
    These(Vec<GroupKey>),
}

impl Default for Interest {
    /// Everything of the first hierarchy, with its contest.
    fn default() -> Self {
        Self {
            hierarchy: None,
            groups: Rows::All,
            tasks_of: None,
            files_of: None,
            files_above: false,
            contest: true,
            written: Vec::new(),
        }
    }
}
