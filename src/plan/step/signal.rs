//! The signals that cgrove sends, and what becomes of who gets one.
use serde::{Deserialize, Serialize};

use crate::model::id::Pid;

/// The signals that cgrove sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Signal {
    /// `SIGSTOP`: hold.
    Stop,
    /// `SIGCONT`: resume.
    Continue,
    /// `SIGTERM`.
    Terminate,
    /// `SIGKILL`.
    Kill,
    /// `SIGHUP`.
    Hangup,
    /// `SIGINT`.
    Interrupt,
    /// `SIGQUIT`.
    Quit,
    /// `SIGABRT`.
    Abort,
    /// `SIGUSR1`.
    User1,
    /// `SIGUSR2`.
    User2,
}

impl Signal {
    /// All, as a menu shows them.
    pub const ALL: [Self; 10] = [
        Self::Terminate,
        Self::Kill,
        Self::Stop,
        Self::Continue,
        Self::Hangup,
        Self::Interrupt,
        Self::Quit,
        Self::User1,
        Self::User2,
        Self::Abort,
    ];

    /// The name as `kill` takes it: `STOP`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().0
    }

    /// The number, as on x86, ARM, RISC-V, POWER and s390; MIPS, SPARC, Alpha and PA-RISC have others for some.
    #[must_use]
    pub fn number(self) -> u8 {
        self.facts().1
    }

    /// What it is for, in a few words.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.facts().2
    }

    fn facts(self) -> (&'static str, u8, &'static str) {
        match self {
            Self::Terminate => ("TERM", 15, "asks to end; it may tidy up, or ignore it"),
            Self::Kill => ("KILL", 9, "ends at once; it cannot be ignored"),
            Self::Stop => ("STOP", 19, "holds; it cannot be ignored; CONT takes it back"),
            Self::Continue => ("CONT", 18, "lets what was stopped go on"),
            Self::Hangup => ("HUP", 1, "the terminal went; servers often read their files anew"),
            Self::Interrupt => ("INT", 2, "what Ctrl-C sends"),
            Self::Quit => ("QUIT", 3, "what Ctrl-\\ sends; ends with a core dump"),
            Self::User1 => ("USR1", 10, "whatever the program makes of it; else it ends"),
            Self::User2 => ("USR2", 12, "whatever the program makes of it; else it ends"),
            Self::Abort => ("ABRT", 6, "ends with a core dump"),
        }
    }

    /// The signal with this name (`TERM`, `SIGTERM`, `term`) or number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        Self::ALL.into_iter().find(|signal| signal.name() == name || signal.number().to_string() == name)
    }

    /// Whether undo can take it back: whoever was stopped goes on, whoever went on is stopped.
    #[must_use]
    pub fn can_be_taken_back(self) -> bool {
        matches!(self, Self::Stop | Self::Continue)
    }
}

/// What a process was, a moment after it got a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Became {
    /// It is gone.
    Ended,
    /// It has ended, and this parent has not read how.
    Zombie {
        /// The parent.
        parent: Pid,
    },
    /// It is stopped.
    Stopped,
    /// It goes on, as it should, or the signal did nothing.
    Runs,
    /// It still runs, and ignores the signal.
    Ignores,
    /// It still runs, and has a handler for the signal: perhaps it will end yet.
    Handles,
    /// It still runs, and has blocked the signal, which waits.
    Blocks,
    /// It has not taken the signal yet: it is frozen, stopped, or gets no CPU time.
    Waits,
    /// It is in a call that cannot be interrupted, or frozen on v1: the signal waits.
    Uninterruptible,
}

#[cfg(test)]
mod tests {
    use super::Signal;

    #[test]
    fn names_and_numbers_are_read() {
        for signal in Signal::ALL {
            for text in [signal.name().to_owned(), format!("sig{}", signal.name()), signal.number().to_string()] {
                assert_eq!(Signal::parse(&text), Some(signal), "{text}");
            }
        }
        for text in ["", "SIG", "0", "64", "KILLL"] {
            assert_eq!(Signal::parse(text), None, "{text}");
        }
    }
}
