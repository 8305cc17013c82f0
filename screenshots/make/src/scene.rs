//! What a scene is, and how its screen comes about.

use crate::pty::Terminal;
use anyhow::{Result, ensure};
use serde::Deserialize;

/// The scenes file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenes {
    /// In the order of the file.
    pub(crate) scene: Vec<Scene>,
}

/// One picture.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scene {
    /// Name of the files that are written.
    pub(crate) name: String,
    #[serde(default = "cgrove")]
    program: String,
    #[serde(default)]
    arguments: Vec<String>,
    /// Columns and rows.
    size: [u16; 2],
    steps: Vec<Step>,
    /// Keys that end the program; it is killed if they do not.
    #[serde(default)]
    leave: String,
}

fn cgrove() -> String {
    "cgrove".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Step {
    /// Until a text is on the screen.
    Wait(String),
    /// Until it is no longer.
    Gone(String),
    /// Types.
    Keys(String),
    /// Until nothing changes for a moment.
    Stable,
}

impl Scene {
    /// Runs the program and returns its screen after the steps.
    pub(crate) fn run(&self) -> Result<vt100::Screen> {
        let [columns, rows] = self.size;
        let environment = [("COLORTERM", "truecolor")];
        let mut terminal = Terminal::start(&self.program, &self.arguments, &environment, rows, columns)?;
        for step in &self.steps {
            match step {
                Step::Wait(text) => terminal.wait_for(text).map(drop),
                Step::Gone(text) => terminal.wait_gone(text),
                Step::Keys(keys) => terminal.keys(keys),
                Step::Stable => terminal.wait_stable(),
            }?;
        }
        terminal.wait_stable()?;
        let screen = terminal.screen();
        if !self.leave.is_empty() {
            terminal.keys(&self.leave)?;
            let status = terminal.wait_exit()?;
            ensure!(status.success(), "the program ended with {status}: {}", terminal.stderr());
        }
        Ok(screen)
    }
}
