//! What earlier visits left that did not come to their end: looked for at the start, and taken back if that is wanted.
//!
//! The same code as `cgrove cleanup` does it ([`cleanup_of`]). What was kept on purpose is not asked about: only the command
//! takes that back.
use super::hands::Hands;
use crate::app::left::{Fate as Told, Left, Note, Visit};
use crate::app::message::Message;
use crate::effect::cleanup::{Account, Cleanup, Fate};
use crate::model::bytes::escape;
use crate::plan::journal::{Journal, all_undo};
use crate::plan::script;

/// Whether the screen asks about a journal.
#[must_use]
pub fn is_left(journal: &Journal) -> bool {
    journal.kept_ms.is_none() && !all_undo(&journal.entries).is_empty()
}

/// What is to be said at the start: the offer, a hint where nothing may be changed, or nothing.
#[must_use]
pub fn offer(hands: &mut Hands) -> Option<Message> {
    let found = match hands.clean_up(true) {
        Ok(found) => found,
        Err(error) => return Some(Message::Notice(format!("what earlier visits left cannot be looked at: {error:#}"))),
    };
    let left = left(&found);
    if left.visits.is_empty() {
        return None;
    }
    let limits = hands.limits();
    if limits.read_only || limits.only.is_some() || limits.no_journal.is_some() {
        return Some(Message::Notice(format!("{}: `cgrove cleanup` takes it back", left.title())));
    }
    Some(Message::Left(left))
}

/// Takes it back; what became of it.
#[must_use]
pub fn take_back(hands: &mut Hands) -> Message {
    match hands.clean_up(false) {
        Ok(done) => Message::Left(Left { done: true, ..left(&done) }),
        Err(error) => Message::Notice(format!("nothing was taken back: {error:#}")),
    }
}

fn left(cleanup: &Cleanup) -> Left {
    let with_notes = cleanup.accounts.iter().filter(|account| !account.notes.is_empty());
    Left {
        visits: with_notes.map(visit).collect(),
        failures: cleanup.failures.iter().map(ToString::to_string).collect(),
        done: false,
    }
}

fn visit(account: &Account) -> Visit {
    let (pid, command, time_ms) = (account.pid, account.command.clone(), account.time_ms);
    let name = match pid {
        Some(_) => script::visit(&Journal { pid, command, ..Journal::default() }),
        None => escape(account.journal.as_os_str().as_encoded_bytes()),
    };
    let note = |note: &crate::effect::cleanup::Note| Note {
        text: note.text.clone(),
        fate: match note.fate {
            Fate::TakenBack => Told::TakenBack,
            Fate::Foreign => Told::Foreign,
            Fate::Left => Told::Left,
        },
    };
    Visit { name, time_ms, notes: account.notes.iter().map(note).collect() }
}
