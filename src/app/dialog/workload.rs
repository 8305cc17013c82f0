//! What to start, where and how. Enter at once starts one busy loop on the quiet CPU in each of the groups.
use crossterm::event::{KeyCode, KeyEvent};

use crate::model::bytes::{Bytes, escape};
use crate::model::cpu_set::CpuSet;
use crate::model::place::Place;
use crate::model::workload::{Launch, Program, Spin};
use crate::plan::intent::Intent;

use super::super::change::{self, Ask};
use super::super::state::State;
use super::{Choice, Dialog, Face, Focus, Line, Reply, Tone};

/// The fields, in order.
const PROGRAM: usize = 0;
const COMMAND: usize = 1;
const COUNT: usize = 2;
const CPUS: usize = 3;
const NICE: usize = 4;
const DUTY: usize = 5;
const FIELDS: usize = 6;

/// At most so many processes at once: a typing error must not fill the host.
const MOST: usize = 256;

/// A workload that is being described.
#[derive(Clone, Debug)]
pub struct Launching {
    /// Where: one workload in each.
    pub groups: Vec<Place>,
    /// Whether it is a command, not the built-in loop.
    pub command: bool,
    /// The texts of the fields (the program's is not used).
    pub texts: [String; FIELDS],
    /// Which field or, from `FIELDS` on, which answer has the focus.
    pub focus: usize,
    /// What is wrong with the fields.
    pub error: Option<String>,
}

impl Launching {
    /// One spin in each group, on the quiet CPU.
    #[must_use]
    pub fn new(groups: Vec<Place>, state: &State) -> Self {
        let cpu = quiet_cpu(state).map(|cpu| cpu.to_string()).unwrap_or_default();
        let texts = [String::new(), String::new(), "1".to_owned(), cpu, "0".to_owned(), "100".to_owned()];
        Self { groups, command: false, texts, focus: FIELDS, error: None }
    }

    /// How it looks.
    #[must_use]
    pub fn face(&self, state: &State) -> Face {
        let quiet = quiet_cpu(state).is_some_and(|cpu| self.texts[CPUS] == cpu.to_string());
        let field = |n: usize, label: &str, value: &str, after: &str| {
            let text = format!("{label:<9}{value}{after}");
            let cursor = (self.focus == n && n != PROGRAM).then(|| label.len().max(9) + value.chars().count());
            Line::toned(text, Tone::Field(cursor))
        };
        let program = match (self.command, state.setup.ascii) {
            (true, false) => " spin  ‹command›   ← →",
            (false, false) => "‹spin›  command    ← →",
            (true, true) => " spin  <command>   left, right",
            (false, true) => "<spin>  command    left, right",
        };
        let command = if self.command { self.texts[COMMAND].as_str() } else { "-" };
        let mut lines = vec![
            field(PROGRAM, "program", program, ""),
            field(COMMAND, "command", command, ""),
            field(COUNT, "how many", &self.texts[COUNT], if self.groups.len() > 1 { " in each" } else { "" }),
            field(CPUS, "CPUs", &self.texts[CPUS], if quiet { " (quiet)" } else { "" }),
            field(NICE, "nice", &self.texts[NICE], ""),
            field(DUTY, "duty", &self.texts[DUTY], " %"),
        ];
        if let Some(error) = &self.error {
            lines.push(Line::toned(error.clone(), Tone::Warning));
        }
        let title = match self.groups.as_slice() {
            [one] => format!("workload into {one}"),
            several => {
                let names: Vec<String> = several.iter().map(|place| escape(place.name())).collect();
                format!("a workload into each of {} groups: {}", several.len(), names.join(", "))
            }
        };
        Face {
            title,
            lines,
            options: vec![Choice::new("start"), Choice::new("leave")],
            focus: if self.focus < FIELDS { Focus::Line(self.focus) } else { Focus::Option(self.focus - FIELDS) },
            foot: "↑↓ fields · Enter starts · Esc",
            ..Face::default()
        }
    }

    /// A key.
    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Reply {
        self.error = None;
        let text = self.focus < FIELDS && self.focus != PROGRAM;
        match key.code {
            KeyCode::Esc => return (None, Vec::new()),
            KeyCode::Enter if self.focus == FIELDS + 1 => return (None, Vec::new()),
            KeyCode::Enter => return self.start(state),
            KeyCode::Up | KeyCode::BackTab => self.step(false),
            KeyCode::Down | KeyCode::Tab => self.step(true),
            KeyCode::Left | KeyCode::Right if self.focus == PROGRAM => self.command = !self.command,
            KeyCode::Left if self.focus >= FIELDS => self.focus = FIELDS,
            KeyCode::Right if self.focus >= FIELDS => self.focus = FIELDS + 1,
            KeyCode::Backspace if text => {
                self.texts[self.focus].pop();
            }
            KeyCode::Char(c) if text && self.texts[self.focus].len() < 4096 => self.texts[self.focus].push(c),
            _ => {}
        }
        (Some(Dialog::Workload(self)), Vec::new())
    }

    /// Up from the answers goes to the field above; a command is only a field where a command is wanted.
    fn step(&mut self, down: bool) {
        loop {
            self.focus = if down { (self.focus + 1).min(FIELDS + 1) } else { self.focus.saturating_sub(1) };
            let skipped = match self.focus {
                COMMAND => !self.command,
                DUTY => self.command,
                _ => false,
            };
            if !skipped {
                return;
            }
        }
    }

    /// An answer.
    pub(super) fn choose(self, state: &mut State, option: usize) -> Reply {
        if option == 0 { self.start(state) } else { (None, Vec::new()) }
    }

    fn start(mut self, state: &mut State) -> Reply {
        match self.launches() {
            Ok(launches) => (None, change::begin(state, Intent::Launch { launches }, Ask::AsPlanned)),
            Err(error) => {
                self.error = Some(error);
                (Some(Dialog::Workload(self)), Vec::new())
            }
        }
    }

    /// The launches that the fields describe.
    ///
    /// # Errors
    /// Which field is wrong, and what it takes.
    pub fn launches(&self) -> Result<Vec<Launch>, String> {
        let number = |n: usize| self.texts[n].trim();
        let count: usize = number(COUNT).parse().map_err(|_error| "how many: a number from 1".to_owned())?;
        if count == 0 || count * self.groups.len() > MOST {
            return Err(format!("how many: 1 to {} here", MOST / self.groups.len().max(1)));
        }
        let nice: i8 = number(NICE).parse().map_err(|_error| "nice: -20 to 19".to_owned())?;
        if !(-20..=19).contains(&nice) {
            return Err("nice: -20 to 19".to_owned());
        }
        let cpus = match number(CPUS) {
            "" => None,
            text => {
                let set = CpuSet::parse(text).filter(|set| !set.is_empty());
                Some(set.ok_or_else(|| "CPUs: a list such as 0-3,5; empty is any".to_owned())?)
            }
        };
        let program = if self.command {
            let words = words(&self.texts[COMMAND])?;
            if words.is_empty() {
                return Err("command: what to run, with its arguments".to_owned());
            }
            Program::Command(words)
        } else {
            let duty: u32 = number(DUTY).parse().map_err(|_error| "duty: 1 to 100".to_owned())?;
            if !(1..=100).contains(&duty) {
                return Err("duty: 1 to 100".to_owned());
            }
            Program::Spin(Spin { threads: 1, duty_millionths: duty * 10_000 })
        };
        let one =
            |place: &Place| Launch { groups: vec![place.clone()], program: program.clone(), cpus: cpus.clone(), nice };
        Ok(self.groups.iter().flat_map(|place| std::iter::repeat_n(one(place), count)).collect())
    }
}

/// The CPU on which a loop says most: where cgrove's loops compete already, else the least busy one.
#[must_use]
pub fn quiet_cpu(state: &State) -> Option<u32> {
    use crate::model::workload::WorkloadState;
    let running = state.workloads.iter().filter(|workload| workload.state == WorkloadState::Running);
    let pinned = running.filter_map(|workload| workload.launch.cpus.as_ref()).find(|cpus| cpus.len() == 1);
    if let Some(cpus) = pinned {
        return cpus.first();
    }
    state.quiet.or_else(|| {
        let allowed = &state.snapshot()?.host.allowed;
        // Nobody said which is least busy: the last one, where interrupts and early processes are least likely.
        allowed.iter().last()
    })
}

/// A command line as words: blanks separate, quotes (single, double) hold together, a backslash takes the next
/// character as it is.
fn words(text: &str) -> Result<Vec<Bytes>, String> {
    let mut words: Vec<Bytes> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (_, '\\') => match chars.next() {
                Some(next) => word.get_or_insert_default().push(next),
                None => return Err("command: nothing after the backslash".to_owned()),
            },
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take().map(|w| w.into_bytes().into())),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("command: a quote is not closed".to_owned());
    }
    words.extend(word.map(|w| w.into_bytes().into()));
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn commands_are_split_as_a_shell_would() {
        let split =
            |text| words(text).unwrap().iter().map(|w| String::from_utf8(w.to_vec()).unwrap()).collect::<Vec<_>>();
        assert_eq!(split("sleep  9"), ["sleep", "9"]);
        assert_eq!(split(r#"sh -c 'echo "$$" \n' "a b" c\ d """#), ["sh", "-c", r#"echo "$$" \n"#, "a b", "c d", ""]);
        assert!(words("sh -c 'x").is_err() && words("x\\").is_err());
    }
}
