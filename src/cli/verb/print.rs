//! What a verb prints: text for people, shell lines, or one JSON object.
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{How, Wanted};
use crate::cli::exit::Code;
use crate::cli::output;
use crate::effect::transaction::Report;
use crate::model::bytes::escape;
use crate::model::hierarchy::Hierarchy;
use crate::plan::aftermath;
use crate::plan::intent::Intent;
use crate::plan::moved;
use crate::plan::quote;
use crate::plan::refusal::{Refusal, Way};
use crate::plan::step::{Confirm, Outcome, Plan, Step};
use crate::plan::tell;
use crate::runtime::hands::Hands;

/// What must be asked before a plan is done: the question, with its reason. `None` where the command itself was enough.
#[must_use]
pub fn question(plan: &Plan) -> Option<String> {
    let mut why: Vec<String> = Vec::new();
    match plan.confirm {
        Confirm::Foreign => why.push("This touches what cgrove did not make.".to_owned()),
        Confirm::Type(number) => why.push(format!("This acts on {number} at once.")),
        Confirm::None | Confirm::Enter => {}
    }
    why.extend(plan.irrevocable.as_ref().map(|cannot| format!("Undo cannot take back: {cannot}")));
    (!why.is_empty()).then(|| why.join(" "))
}

/// Shows the plan on stderr and asks.
pub fn ask(plan: &Plan, question: &str) {
    let mut text = plan_text(plan);
    text.push_str(question);
    let _ = match plan.confirm {
        Confirm::Type(number) => write!(text, "\nType {number} to do it, anything else to leave it: "),
        _ => write!(text, "\nDo it? [y/N] "),
    };
    output::prompt(&text);
}

/// The command line as it was given with `--yes`, for a shell.
#[must_use]
pub fn with_yes() -> String {
    let mut words: Vec<String> = std::env::args_os().skip(1).map(|word| quote::word(word.as_encoded_bytes())).collect();
    words.insert(words.len().min(1), "--yes".to_owned());
    format!("cgrove {}", words.join(" "))
}

/// Title, numbered shell lines and warnings.
fn plan_text(plan: &Plan) -> String {
    let mut text = format!("{}\n", plan.title);
    for (number, line) in (1..).zip(&plan.shell) {
        let _ = writeln!(text, "{number:>3}  {line}");
    }
    for warning in &plan.warnings {
        let _ = writeln!(text, "warning: {warning}");
    }
    for line in owners(plan) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Who owns what is touched, and the owners' own ways.
fn owners(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for owned in &plan.owned {
        lines.push(format!("warning: {}", owned.says));
        lines.extend(owned.instead.iter().map(|line| format!("  its own way: {line}")));
    }
    lines
}

/// A plan on its way to the user.
pub struct Printed<'a> {
    how: &'a How,
    plan: &'a Plan,
    hierarchies: Vec<Hierarchy>,
    notes: &'a [String],
    code: Code,
}

impl<'a> Printed<'a> {
    /// How `how` wants `plan` printed.
    #[must_use]
    pub fn of(how: &'a How, plan: &'a Plan, hands: &Hands) -> Self {
        Self { how, plan, hierarchies: hierarchies(hands), notes: &[], code: Code::Done }
    }

    /// With what to know beside the plan, and the exit code.
    #[must_use]
    pub fn noting(mut self, wanted: &'a Wanted) -> Self {
        self.notes = &wanted.notes;
        self.code = wanted.code;
        self
    }

    /// Shows what would be done; nothing is.
    ///
    /// # Errors
    /// Writing to stdout.
    pub fn shown(&self) -> anyhow::Result<()> {
        let plan = self.plan;
        self.say_notes();
        if self.how.json {
            output::json(&self.object(None).into())?;
        } else if self.how.shell {
            self.warn();
            let lines: Vec<&str> = plan.shell.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
            output::data(&lines.concat())?;
        } else if plan.steps.is_empty() {
            let why = plan.warnings.first().map_or("nothing to do", String::as_str);
            let title = if plan.title.is_empty() { "cgrove" } else { &plan.title };
            output::data(&format!("{title}: {why}\n"))?;
        } else {
            let mut text = plan_text(plan);
            let _ = match question(plan) {
                Some(why) => writeln!(text, "would ask: {why} (--yes consents)"),
                None => writeln!(text, "would ask nothing"),
            };
            output::data(&text)?;
        }
        Ok(())
    }

    /// It is not done, and why.
    ///
    /// # Errors
    /// Writing to stdout.
    pub fn not(&self, why: &str) -> anyhow::Result<()> {
        if self.how.json {
            let mut object = self.object(None);
            object.insert("failure".into(), json!({ "title": self.plan.title, "reason": why, "instead": [] }));
            object.insert("exit".into(), Code::Host.number().into());
            output::json(&object.into())?;
        } else if !self.plan.shell.is_empty() {
            output::message(plan_text(self.plan).trim_end());
        }
        output::message(&format!("cgrove: {why}"));
        Ok(())
    }

    /// What was done, or how it failed.
    ///
    /// # Errors
    /// Writing to stdout.
    pub fn done(&self, report: &Report, instead: &Instead, code: Code) -> anyhow::Result<()> {
        self.warn();
        let done = report.done.iter().filter_map(|(index, outcome)| Some((self.plan.steps.get(*index)?, outcome)));
        let short = moved::short(done.clone());
        if self.how.json {
            let mut object = self.object(Some(report));
            object.insert("exit".into(), code.number().into());
            if let Some((_, failure)) = &report.failed {
                let reason = json!({ "title": report.title, "reason": failure.to_string(), "instead": instead.json });
                object.insert("failure".into(), reason);
            }
            output::json(&object.into())?;
        } else if report.succeeded() {
            let head = match &short {
                Some(short) => format!("{}: {}", report.title, short.count),
                None => report.to_string(),
            };
            let mut text = format!("{head}\n{}", self.values(report));
            for line in aftermath::told(done.clone()) {
                let _ = writeln!(text, "  {line}");
            }
            output::data(&text)?;
        }
        self.say_notes();
        for (step, outcome) in done {
            if let (Outcome::Nothing(why), false) = (outcome, matches!(step, Step::Move { .. })) {
                output::message(&format!("cgrove: {why}"));
            }
        }
        short.iter().flat_map(|short| &short.why).for_each(|why| output::message(&format!("cgrove: {why}")));
        if !report.succeeded() {
            output::message(&format!("cgrove: {report}{}", instead.text));
        }
        Ok(())
    }

    /// Each value that was written, with what stood before and what the kernel made of it.
    fn values(&self, report: &Report) -> String {
        let mut text = String::new();
        for (index, outcome) in &report.done {
            if let (Some(step), Outcome::Mounted { .. } | Outcome::Unmounted(_)) =
                (self.plan.steps.get(*index), outcome)
            {
                let _ = writeln!(text, "  {}", tell::result(step, outcome));
            }
            let Some(Step::Write { at, file, data, prior, .. }) = self.plan.steps.get(*index) else { continue };
            let label =
                self.hierarchies.iter().find(|h| h.id == at.hierarchy).map_or_else(String::new, Hierarchy::label);
            let _ = write!(text, "  {label}:{at} {file}: ");
            if let Some(prior) = prior {
                let _ = write!(text, "{} → ", value(prior));
            }
            let _ = match outcome {
                Outcome::Stored(Some(stored)) if !is_sign(data) && stored.trim_ascii() != data.trim_ascii() => {
                    writeln!(text, "{} (asked {})", value(stored), value(data))
                }
                Outcome::Stored(Some(stored)) => writeln!(text, "{}", value(stored)),
                _ => writeln!(text, "{}", value(data)),
            };
        }
        text
    }

    fn say_notes(&self) {
        if !self.how.json {
            self.notes.iter().for_each(|note| output::message(&format!("cgrove: {note}")));
        }
    }

    fn warn(&self) {
        if !self.how.json {
            self.plan.warnings.iter().for_each(|warning| output::message(&format!("warning: {warning}")));
            for line in owners(self.plan) {
                output::message(&line);
            }
        }
    }

    /// The one JSON object.
    fn object(&self, report: Option<&Report>) -> Map<String, Value> {
        let plan = self.plan;
        let mut object = Map::new();
        object.insert("title".into(), plan.title.clone().into());
        object.insert("dry_run".into(), report.is_none().into());
        let steps = plan.steps.iter().enumerate().map(|(index, step)| self.step(index, step, report));
        object.insert("steps".into(), steps.collect());
        object.insert("shell".into(), plan.shell.clone().into());
        object.insert("warnings".into(), plan.warnings.clone().into());
        let owners = plan.owned.iter().map(|owned| json!({ "says": owned.says, "instead": owned.instead }));
        object.insert("owners".into(), owners.collect());
        object.insert("asks".into(), question(plan).into());
        object.insert("irrevocable".into(), plan.irrevocable.clone().into());
        object.insert("journal".into(), report.and_then(|report| report.number).into());
        object.insert("notes".into(), self.notes.to_vec().into());
        object.insert("failure".into(), Value::Null);
        object.insert("exit".into(), self.code.number().into());
        object
    }

    fn step(&self, index: usize, step: &Step, report: Option<&Report>) -> Value {
        let mut object = variant("step", self.plain(step));
        let (state, outcome) = match report {
            None => ("planned", None),
            Some(report) if report.rolled_back.contains(&index) => ("rolled_back", None),
            Some(report) if report.failed.as_ref().is_some_and(|(failed, _)| *failed == index) => ("failed", None),
            Some(report) => match report.done.iter().find(|(done, _)| *done == index) {
                Some((_, outcome)) => ("done", Some(outcome)),
                None => ("not_tried", None),
            },
        };
        object.insert("state".into(), state.into());
        let outcome = outcome.map(|outcome| Value::Object(variant("outcome", self.plain(outcome))));
        object.insert("outcome".into(), outcome.into());
        Value::Object(object)
    }

    /// As the journal has it, but places as the command line names them.
    fn plain(&self, it: &impl serde::Serialize) -> Value {
        serde_json::to_value(it).map_or(Value::Null, |value| self.places(value))
    }

    fn places(&self, value: Value) -> Value {
        match value {
            Value::Object(object) => {
                let id = object.get("hierarchy").and_then(Value::as_u64);
                if let (Some(id), Some(Value::String(path)), 2) = (id, object.get("path"), object.len()) {
                    let label = self.hierarchies.iter().find(|h| u64::from(h.id.0) == id).map(Hierarchy::label);
                    return format!("{}:{path}", label.unwrap_or_default()).into();
                }
                object.into_iter().map(|(key, value)| (key, self.places(value))).collect::<Map<_, _>>().into()
            }
            Value::Array(all) => all.into_iter().map(|value| self.places(value)).collect(),
            other => other,
        }
    }
}

/// A value as one line.
fn value(bytes: &[u8]) -> String {
    const MOST: usize = 60;
    let text = escape(bytes.trim_ascii());
    match (text.is_empty(), text.char_indices().nth(MOST)) {
        (true, _) => "(empty)".to_owned(),
        (_, Some((end, _))) => format!("{}…", &text[..end]),
        _ => text,
    }
}

/// `+cpu -io`: what is read afterwards looks otherwise.
fn is_sign(data: &[u8]) -> bool {
    data.split(u8::is_ascii_whitespace).all(|word| matches!(word.first(), Some(b'+' | b'-') | None))
}

/// `{"Write": {…}}` as `{"step": "write", …}`; what has no name of its own goes under `value`.
fn variant(tag: &str, value: Value) -> Map<String, Value> {
    let mut object = Map::new();
    match value {
        Value::Object(outer) if outer.len() == 1 => {
            for (name, inner) in outer {
                object.insert(tag.into(), snake(&name).into());
                match inner {
                    Value::Object(fields) if !fields.is_empty() => object.extend(fields),
                    other => drop(object.insert("value".into(), other)),
                }
            }
        }
        Value::String(name) => drop(object.insert(tag.into(), snake(&name).into())),
        other => drop(object.insert(tag.into(), other)),
    }
    object
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Tells why nothing can be done, and the ways that are open.
///
/// # Errors
/// Writing to stdout.
pub fn refusal(how: &How, hands: &mut Hands, refusal: &Refusal, code: Code) -> anyhow::Result<()> {
    let instead = Instead::of(hands, &refusal.instead)?;
    if how.json {
        output::json(&json!({
            "title": refusal.title, "dry_run": how.looks_only(), "steps": [], "shell": [], "warnings": [], "owners": [],
            "asks": null, "irrevocable": null, "journal": null, "notes": [],
            "failure": { "title": refusal.title, "reason": refusal.rule, "instead": instead.json },
            "exit": code.number(),
        }))?;
    }
    output::message(&format!("cgrove: {}: {}{}", refusal.title, refusal.rule, instead.text));
    Ok(())
}

/// The ways that are open, with the shell lines that do them.
#[derive(Default)]
pub struct Instead {
    text: String,
    json: Vec<Value>,
}

impl Instead {
    /// Looks what each way would take now. One that would be refused itself has no shell lines.
    ///
    /// # Errors
    /// If the machine cannot be read.
    pub fn of(hands: &mut Hands, ways: &[Way]) -> anyhow::Result<Self> {
        let mut this = Self::default();
        for way in ways {
            let planned = match way.intents.as_slice() {
                [] => None,
                [only] => hands.plan(only)?.ok(),
                several => {
                    let whole = Intent::Together { title: way.say.clone(), intents: several.to_vec() };
                    hands.plan(&whole)?.ok()
                }
            };
            let shell = planned.map_or_else(Vec::new, |plan| plan.shell);
            let _ = write!(this.text, "\n  instead: {}", way.say);
            for line in &shell {
                let _ = write!(this.text, "\n    {line}");
            }
            this.json.push(json!({ "say": way.say, "shell": shell }));
        }
        Ok(this)
    }
}

fn hierarchies(hands: &Hands) -> Vec<Hierarchy> {
    hands.discover().map_or_else(|_| Vec::new(), |found| found.hierarchies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_flat() {
        let flat = |value| Value::Object(variant("step", value));
        assert_eq!(flat(json!({ "MakeGroup": { "at": "cpu:/a" } })), json!({ "step": "make_group", "at": "cpu:/a" }));
        assert_eq!(flat(json!("Removed")), json!({ "step": "removed" }));
        assert_eq!(flat(json!({ "Stored": "600" })), json!({ "step": "stored", "value": "600" }));
        assert_eq!(flat(json!({ "Moved": [] })), json!({ "step": "moved", "value": [] }));
    }
}
