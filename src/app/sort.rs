//! The columns of the tree, and sorting by them.
use std::cmp::Ordering;

use crate::model::id::GroupId;

use crate::split::table::Enough;

use super::state::State;

/// A column of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// Its name.
    Group,
    /// `cpu.shares` or `cpu.weight`, raw.
    Weight,
    /// Configured: by the weights alone.
    Rule,
    /// Expected: what the kernel owes now.
    Owed,
    /// Measured.
    Gets,
    /// Whether GETS agrees with OWED.
    Verdict,
    /// GETS beside RULE, in points and as a bar.
    Bar,
    /// Part of the time that its tasks which want the CPU waited for it.
    Wait,
    /// Whether it has enough, and by whose cap not, in words.
    Enough,
    /// Tasks: own + below.
    Tasks,
    /// Number of groups right below.
    Children,
    /// Held or not, where the hierarchy carries freezer.
    State,
}

impl Column {
    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Group => "GROUP",
            Self::Weight => "WEIGHT",
            Self::Rule => "RULE",
            Self::Owed => "OWED",
            Self::Gets => "GETS",
            Self::Verdict => "",
            Self::Bar => "vs RULE",
            Self::Wait => "WAIT",
            Self::Enough => "ENOUGH?",
            Self::Tasks => "TASKS",
            Self::Children => "GROUPS",
            Self::State => "STATE",
        }
    }

    /// The columns of a hierarchy on a screen of this width. Never one about the CPU where the cpu controller is not.
    #[must_use]
    pub fn of(state: &State, width: u16) -> &'static [Self] {
        use Column as C;
        let wide = width >= WIDE;
        match (state.has_cpu(), state.columns) {
            (true, Set::Class) if wide => {
                &[C::Group, C::Weight, C::Rule, C::Owed, C::Gets, C::Verdict, C::Bar, C::Enough, C::Tasks]
            }
            (true, Set::Class) => &[C::Group, C::Weight, C::Rule, C::Owed, C::Gets, C::Verdict, C::Bar, C::Tasks],
            (true, Set::Host) if wide => {
                &[C::Group, C::Weight, C::Rule, C::Owed, C::Gets, C::Verdict, C::Wait, C::Enough, C::Tasks]
            }
            (true, Set::Host) => &[C::Group, C::Owed, C::Gets, C::Verdict, C::Wait, C::Enough, C::Tasks],
            (false, _) if state.shown_hierarchy().is_some_and(|h| h.has("freezer")) => {
                &[C::Group, C::State, C::Children, C::Tasks]
            }
            (false, _) => &[C::Group, C::Children, C::Tasks],
        }
    }
}

/// From so many cells on there is room for every column.
const WIDE: u16 = 100;

/// Which columns are wanted where the CPU is split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Set {
    /// For a lesson: RULE beside GETS, as a bar.
    #[default]
    Class,
    /// For a host: who waits, and why.
    Host,
}

/// An order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// By this column.
    pub by: Column,
    /// Smallest first.
    pub rising: bool,
}

impl Order {
    /// The order in which a column is wanted first: names rising, amounts falling.
    #[must_use]
    pub fn first(by: Column) -> Self {
        Self { by, rising: by == Column::Group }
    }
}

/// Compares two groups. What is not known comes last in both directions; equal ones stay by name.
#[must_use]
pub fn compare(state: &State, order: Order, a: GroupId, b: GroupId) -> Ordering {
    if order.by == Column::Group {
        let name = |id| state.snapshot().and_then(|s| s.structure.group(id)).map(|group| &group.name);
        let by_name = name(a).cmp(&name(b));
        return if order.rising { by_name } else { by_name.reverse() };
    }
    match (amount(state, order.by, a), amount(state, order.by, b)) {
        (Some(a), Some(b)) if order.rising => a.total_cmp(&b),
        (Some(a), Some(b)) => b.total_cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

fn amount(state: &State, column: Column, id: GroupId) -> Option<f64> {
    let split = || state.split(id);
    match column {
        Column::Group => None,
        Column::Weight => state.weight(id).map(|weight| weight as f64),
        Column::Rule => Some(split()?.configured?.as_f64()),
        Column::Owed => split()?.expected.cpus(),
        Column::Gets => split()?.measured.cpus(),
        Column::Verdict => {
            let row = split()?;
            Some((row.measured.cpus()? - row.expected.cpus()?).abs())
        }
        Column::Bar => Some(split()?.measured.cpus()? - split()?.configured?.as_f64()),
        Column::Wait => split()?.wait,
        Column::Enough => Some(match split()?.verdict.enough {
            Enough::Capped(_) => 4.0,
            Enough::Short => 3.0,
            Enough::Held => 2.0,
            Enough::Enough => 1.0,
            Enough::Idle => 0.0,
            Enough::Unknown => return None,
        }),
        Column::Tasks => super::tasks::counts(state, id).map(|(own, below)| f64::from(own) + f64::from(below)),
        Column::Children => Some(state.snapshot()?.structure.group(id)?.children.len() as f64),
        Column::State => state.values(id)?.frozen.get().map(|frozen| f64::from(u8::from(frozen))),
    }
}
