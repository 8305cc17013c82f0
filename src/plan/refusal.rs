//! Why something cannot be done, before anything was written, and what can be done instead.
use super::intent::Intent;

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
}
