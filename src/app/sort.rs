//! The columns of the tree, and sorting by them.
use std::cmp::Ordering;

use crate::model::id::GroupId;

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
            Self::Tasks => "TASKS",
            Self::Children => "GROUPS",
            Self::State => "STATE",
        }
    }

    /// The columns of a hierarchy. Never one about the CPU where the cpu controller is not.
    #[must_use]
    pub fn of(state: &State) -> &'static [Self] {
        if state.has_cpu() {
            &[Self::Group, Self::Weight, Self::Rule, Self::Owed, Self::Gets, Self::Verdict, Self::Bar, Self::Tasks]
        } else if state.shown_hierarchy().is_some_and(|h| h.has("freezer")) {
            &[Self::Group, Self::State, Self::Children, Self::Tasks]
        } else {
            &[Self::Group, Self::Children, Self::Tasks]
        }
    }
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
        Column::Tasks => super::tasks::counts(state, id).map(|(own, below)| f64::from(own) + f64::from(below)),
        Column::Children => Some(state.snapshot()?.structure.group(id)?.children.len() as f64),
        Column::State => state.values(id)?.frozen.get().map(|frozen| f64::from(u8::from(frozen))),
    }
}
