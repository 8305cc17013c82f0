//! What visits left that did not come to their end, as it is offered at the start and told after.

/// What was left, or what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// The visits, newest first; each has something to tell.
    pub visits: Vec<Visit>,
    /// Journals that could not be read or written, and why.
    pub failures: Vec<String>,
    /// It was taken back; else it would be.
    pub done: bool,
}

/// One visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Which: `cgrove (process 4242)`.
    pub name: String,
    /// When it began: milliseconds since 1970.
    pub time_ms: u64,
    /// What it left, newest first.
    pub notes: Vec<Note>,
}

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// In words, with the path.
    pub text: String,
    /// What is or was done about it.
    pub fate: Fate,
}

/// What is done about something that was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is taken back.
    TakenBack,
    /// Others changed it since: it stays as it is.
    Foreign,
    /// It cannot be taken back now.
    Left,
}

impl Left {
    /// In a few words.
    #[must_use]
    pub fn title(&self) -> String {
        match self.visits.as_slice() {
            _ if self.done => "what earlier visits left".to_owned(),
            [_] => "a cgrove that did not come to its end has left something".to_owned(),
            all => format!("{} cgroves that did not come to their end have left something", all.len()),
        }
    }
}
