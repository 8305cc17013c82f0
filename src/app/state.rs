//! All that the screen depends on.
use super::setup::Setup;

/// The state of the app. Made once, changed only by [`super::update`].
#[derive(Debug)]
pub struct State {
    /// What is fixed for the visit.
    pub setup: Setup,
    dirty: bool,
}

impl State {
    /// A state that has seen nothing yet.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self { setup, dirty: true }
    }

    /// Whether something changed since this was asked last: then the screen is to be drawn.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }
}
