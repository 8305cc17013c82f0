//! The plan of what a dialog holds, asked for before Enter: what it refuses or warns of is said while there is still a choice.
//!
//! One question at a time; nothing is done with the answer but to show it. Enter asks for a plan of its own.
use crate::plan::intent::Intent;
use crate::plan::refusal::Refusal;
use crate::plan::step::Plan;

use super::super::change::shorten;
use super::super::command::Command;
use super::super::message::Token;
use super::super::state::State;
use super::{Dialog, Line, Tone};

/// What was asked last, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Ahead {
    asked: Option<(Token, Intent)>,
    answer: Option<(Intent, Answer)>,
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// What would be done.
    Planned(Box<Plan>),
    /// It is refused.
    Refused(Refusal),
    /// It could not be looked at, and why.
    Unknown(String),
}

impl Ahead {
    /// The answer about an intent, if it came.
    #[must_use]
    pub fn of(&self, intent: &Intent) -> Option<&Answer> {
        self.answer.as_ref().filter(|(of, _)| of == intent).map(|(_, answer)| answer)
    }

    /// Whether an intent is still to be asked about.
    fn is_new(&self, intent: &Intent) -> bool {
        self.asked.is_none() && self.of(intent).is_none()
    }
}

/// What an answer says, as lines of a dialog.
pub(super) fn say(answer: Option<&Answer>, state: &State) -> Vec<Line> {
    match answer {
        None => Vec::new(),
        Some(Answer::Unknown(why)) => vec![Line::toned(why.clone(), Tone::Warning)],
        Some(Answer::Refused(refusal)) if refusal.is_nothing_to_do() => {
            vec![Line::toned(refusal.rule.clone(), Tone::Quiet)]
        }
        Some(Answer::Refused(refusal)) => vec![Line::toned(refusal.rule.clone(), Tone::Warning)],
        Some(Answer::Planned(plan)) => {
            let warnings = plan.warnings.iter().map(|text| Line::toned(text.clone(), Tone::Warning));
            let asks = plan.foreign.then(|| Line::toned("cgrove did not make this group: it asks first.", Tone::Quiet));
            let cannot = plan
                .irrevocable
                .iter()
                .map(|text| Line::toned(format!("Undo cannot take back: {text}"), Tone::Warning));
            let shell = plan.shell.iter().map(|line| Line::toned(format!("$ {}", shorten(state, line)), Tone::Shell));
            warnings.chain(cannot).chain(asks).chain(shell).collect()
        }
    }
}

fn ahead(dialog: &mut Dialog) -> Option<&mut Ahead> {
    match dialog {
        Dialog::Editor(editor) => Some(&mut editor.ahead),
        Dialog::Controllers(controllers) => Some(&mut controllers.ahead),
        _ => None,
    }
}

/// Asks about what the open dialog holds, if that is due.
pub fn ask(state: &mut State) -> Option<Command> {
    if state.setup.limits.read_only || state.flight.is_some() {
        return None;
    }
    let intent = match state.dialog.as_ref()? {
        Dialog::Editor(editor) => editor.intent(state),
        Dialog::Controllers(controllers) => controllers.intent(state),
        _ => None,
    }?;
    if !ahead(state.dialog.as_mut()?)?.is_new(&intent) {
        return None;
    }
    let token = state.token();
    ahead(state.dialog.as_mut()?)?.asked = Some((token, intent.clone()));
    Some(Command::Plan(token, intent))
}

/// Takes in an answer; whether it was one to a question asked here.
pub fn answered(state: &mut State, token: Token, answer: impl FnOnce() -> Answer) -> bool {
    let Some(ahead) = state.dialog.as_mut().and_then(ahead) else { return false };
    let Some((_, intent)) = ahead.asked.take_if(|(asked, _)| *asked == token) else { return false };
    ahead.answer = Some((intent, answer()));
    state.dirty = true;
    true
}

/// A plan or a refusal as an answer.
#[must_use]
pub fn read(answer: &Result<Plan, Refusal>) -> Answer {
    match answer {
        Ok(plan) => Answer::Planned(Box::new(plan.clone())),
        Err(refusal) => Answer::Refused(refusal.clone()),
    }
}
