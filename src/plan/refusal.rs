//! Why something cannot be done, before anything was written, and what can be done instead.
use super::intent::Intent;

/// Title of a refusal where all stands already as it was asked for.
pub const NOTHING_TO_DO: &str = "nothing to do";

/// A refusal: the rule of the kernel (or of cgrove) that stands against an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One line: "cannot remove cg1".
    pub title: String,
    /// The rule, with its errno where the kernel would answer with one: "rmdir needs a group without tasks and without
    /// child groups. cg1 has 2 child groups (cg2, cg3). (EBUSY)".
    pub rule: String,
    /// What to do instead, best first. The dialog always offers to leave it.
    pub instead: Vec<Way>,
}

/// A way out of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What it does, in words.
    pub say: String,
    /// The intents that do it, in order; none where the user must act outside cgrove.
    pub intents: Vec<Intent>,
    /// What was asked for is to follow them. Whoever planned it appends it ([`Refusal::going_on`]), so that nobody above
    /// meets such a way.
    pub go_on: bool,
}

impl Way {
    /// A way that stands for what was asked.
    #[must_use]
    pub fn new(say: impl Into<String>, intents: Vec<Intent>) -> Self {
        Self { say: say.into(), intents, go_on: false }
    }
}

impl Refusal {
    /// A refusal with no way out but to leave it.
    #[must_use]
    pub fn new(title: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { title: title.into(), rule: rule.into(), instead: Vec::new() }
    }

    /// Whether all stands already as it was asked for.
    #[must_use]
    pub fn is_nothing_to_do(&self) -> bool {
        self.title == NOTHING_TO_DO
    }

    /// The same with one more way out.
    #[must_use]
    pub fn way(mut self, say: impl Into<String>, intents: Vec<Intent>) -> Self {
        self.instead.push(Way::new(say, intents));
        self
    }

    /// The same with one more way out: `intents` first, then what was asked.
    #[must_use]
    pub fn first(mut self, say: impl Into<String>, intents: Vec<Intent>) -> Self {
        self.instead.push(Way { go_on: true, ..Way::new(say, intents) });
        self
    }

    /// The same with `asked` at the end of every way that makes room for it.
    #[must_use]
    pub fn going_on(mut self, asked: &Intent) -> Self {
        for way in self.instead.iter_mut().filter(|way| way.go_on) {
            way.intents.push(asked.clone());
            way.go_on = false;
        }
        self
    }
}
