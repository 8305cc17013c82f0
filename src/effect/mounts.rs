//! Where hierarchies are mounted, kept right while a plan mounts and unmounts them.
//!
//! A hierarchy that ends and is mounted again gets another number from the kernel. The plan that does both names it by the
//! first one all the way; [`Mounts`] knows which number stands for it.
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::directories::Directories;
use crate::kernel::discover::discover;
use crate::kernel::real::RealFs;
use crate::model::bytes::Bytes;
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::id::HierarchyId;
use crate::model::place::Place;

/// Others in this process that have files of hierarchies open.
pub trait Holders: Send {
    /// Does `act` while every file of the hierarchy is closed.
    fn while_closed(&self, hierarchy: HierarchyId, act: &mut dyn FnMut());
}

/// Hierarchies as they are mounted, looked at anew whenever a step changed that.
pub struct Mounts<'a> {
    found: RefCell<Vec<Hierarchy>>,
    numbers: RefCell<BTreeMap<HierarchyId, HierarchyId>>,
    holders: Option<&'a dyn Holders>,
}

impl<'a> Mounts<'a> {
    /// As they were discovered a moment ago.
    #[must_use]
    pub fn new(found: Vec<Hierarchy>) -> Self {
        Self { found: RefCell::new(found), numbers: RefCell::default(), holders: None }
    }

    /// With those who have files open.
    #[must_use]
    pub fn held_by(mut self, holders: Option<&'a dyn Holders>) -> Self {
        self.holders = holders;
        self
    }

    /// With numbers that hierarchies had before, and what stands for each.
    #[must_use]
    pub fn known_as(self, numbers: BTreeMap<HierarchyId, HierarchyId>) -> Self {
        self.numbers.borrow_mut().extend(numbers);
        self
    }

    fn today(&self, place: &Place) -> Place {
        Place { hierarchy: self.number(place.hierarchy), path: place.path.clone() }
    }
}

impl Directories for Mounts<'_> {
    fn version(&self, hierarchy: HierarchyId) -> Option<Version> {
        self.found.borrow().version(self.number(hierarchy))
    }

    fn directory(&self, place: &Place) -> Option<PathBuf> {
        self.found.borrow().directory(&self.today(place))
    }

    fn proc_path(&self, place: &Place) -> Option<Bytes> {
        self.found.borrow().proc_path(&self.today(place))
    }

    /// By the number that was asked for.
    fn place(&self, hierarchy: HierarchyId, path: &[u8]) -> Option<Place> {
        let place = self.found.borrow().place(self.number(hierarchy), path)?;
        Some(Place { hierarchy, ..place })
    }

    fn number(&self, mut hierarchy: HierarchyId) -> HierarchyId {
        let numbers = self.numbers.borrow();
        for _ in 0..=numbers.len() {
            match numbers.get(&hierarchy) {
                Some(next) => hierarchy = *next,
                None => break,
            }
        }
        hierarchy
    }

    fn look_again(&self, again: Option<(HierarchyId, HierarchyId)>) {
        if let Some((old, new)) = again.map(|(old, new)| (self.number(old), new)).filter(|(old, new)| old != new) {
            self.numbers.borrow_mut().insert(old, new);
        }
        // What cannot be read now stays as it was known: the next step says so by itself.
        if let Ok(found) = discover(&RealFs) {
            *self.found.borrow_mut() = found.hierarchies;
        }
    }

    fn while_closed(&self, hierarchy: HierarchyId, act: &mut dyn FnMut()) {
        match self.holders {
            Some(holders) => holders.while_closed(self.number(hierarchy), act),
            None => act(),
        }
    }
}
