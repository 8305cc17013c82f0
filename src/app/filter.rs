//! The filter: words that all must fit. A row that fits is shown with the groups above it.
use crate::model::bytes::escape;
use crate::model::id::{GroupId, Tid};
use crate::split::table::Enough;

use super::state::State;

/// A filter that was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// As it was typed.
    pub text: String,
    words: Vec<Word>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Short,
    Capped,
    Held,
    Busy,
    Mine,
    Pid(Tid),
    User(u32),
    Text(String),
}

impl Filter {
    /// From what was typed. Everything is a filter: what is no word of ours is text to look for in the path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let words = text
            .split_whitespace()
            .map(|word| match word {
                "short" => Word::Short,
                "capped" => Word::Capped,
                "held" => Word::Held,
                "busy" => Word::Busy,
                "mine" => Word::Mine,
                _ => {
                    let pid = word.strip_prefix("pid:").and_then(|number| number.parse().ok()).map(Word::Pid);
                    let user = || word.strip_prefix("user:").and_then(|number| number.parse().ok()).map(Word::User);
                    pid.or_else(user).unwrap_or_else(|| Word::Text(word.to_lowercase()))
                }
            })
            .collect();
        Self { text: text.trim().to_owned(), words }
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether the answer can change from frame to frame.
    #[must_use]
    pub fn needs_values(&self) -> bool {
        self.words.iter().any(|word| !matches!(word, Word::Text(_) | Word::User(_)))
    }

    /// Whether a group fits. What is not known does not fit.
    #[must_use]
    pub fn fits(&self, state: &State, id: GroupId) -> bool {
        self.words.iter().all(|word| word.fits(state, id))
    }
}

impl Word {
    fn fits(&self, state: &State, id: GroupId) -> bool {
        let Some(snapshot) = state.snapshot() else { return false };
        let Some(group) = snapshot.structure.group(id) else { return false };
        let enough = || state.split(id).map(|row| row.verdict.enough);
        match self {
            Self::Short => enough() == Some(Enough::Short),
            Self::Capped => matches!(enough(), Some(Enough::Capped(_))),
            Self::Held => {
                enough() == Some(Enough::Held) || snapshot.groups.get(id).and_then(|v| v.frozen.get()) == Some(true)
            }
            Self::Busy => state
                .split(id)
                .is_some_and(|row| row.hungry > 0 || row.measured.cpus().is_some_and(|cpus| cpus >= 0.01)),
            Self::Mine => state.is_ours(group.key),
            Self::Pid(pid) => snapshot.groups.get(id).and_then(|v| v.tasks.value()).is_some_and(|tasks| {
                tasks.iter().any(|tid| tid == pid || snapshot.tasks.by_tid(*tid).is_some_and(|task| task.tgid == *pid))
            }),
            Self::User(uid) => group.owner == *uid,
            Self::Text(text) => {
                let name = escape(&group.name).to_lowercase();
                // Only a text with a slash can need the whole path.
                name.contains(text)
                    || (text.contains('/')
                        && snapshot.structure.place(id).is_some_and(|p| p.to_string().to_lowercase().contains(text)))
            }
        }
    }
}
