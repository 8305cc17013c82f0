//! `/proc/TID/stat`: `tid (comm) state ppid …`, 52 fields on one line (`proc_pid_stat(5)`).
//!
//! `comm` may hold blanks, parentheses and newlines, so it ends at the *last* `)`.
use crate::model::bytes::Bytes;
use crate::model::id::{Pid, Tid};
use crate::model::task::Policy;

use super::number::{digits, signed};
use super::{Error, words};

const FORMAT: &str = "/proc/PID/stat";

/// `PF_KTHREAD` of `flags`: a kernel thread.
pub const PF_KTHREAD: u32 = 0x0020_0000;
/// `PF_NO_SETAFFINITY` of `flags`: bound to its CPU; it cannot be moved to another group either.
pub const PF_NO_SETAFFINITY: u32 = 0x0400_0000;

/// What cgrove needs of it; field numbers as in `proc_pid_stat(5)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// 1: the id it is listed by.
    pub tid: Tid,
    /// 2: its name.
    pub comm: Bytes,
    /// 3: its state letter.
    pub state: char,
    /// 4: the parent process.
    pub ppid: Pid,
    /// 6: its session, by the process that leads it; 0 where that is outside of this pid namespace.
    pub session: Pid,
    /// 7: its terminal's device number, 0 for none.
    pub tty: i32,
    /// 9: `PF_…` flags.
    pub flags: u32,
    /// 19: nice value.
    pub nice: i8,
    /// 22: start time in clock ticks since boot.
    pub start: u64,
    /// 39: the CPU it last ran on.
    pub processor: u32,
    /// 40: real-time priority, 0 for fair tasks.
    pub rt_priority: u8,
    /// 41: policy.
    pub policy: Policy,
}

impl Stat {
    /// Whether it is a kernel thread.
    #[must_use]
    pub fn is_kernel(&self) -> bool {
        self.flags & PF_KTHREAD != 0
    }

    /// Whether it is bound to its CPU for good.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.flags & PF_NO_SETAFFINITY != 0
    }
}

/// Reads the line.
///
/// # Errors
/// If a field up to 41 is missing or does not read as documented.
pub fn stat(text: &[u8]) -> Result<Stat, Error> {
    let open = position(text, b'(').ok_or_else(|| Error::missing(FORMAT, 1, "the name in parentheses"))?;
    let close = text.iter().rposition(|&byte| byte == b')').filter(|&close| close > open);
    let close = close.ok_or_else(|| Error::missing(FORMAT, 1, "the name in parentheses"))?;
    let tid = number(text[..open].trim_ascii(), "the id")?;
    let mut fields = words(text[close + 1..].trim_ascii_end());
    // `fields` begins at field 3; `skip` counts the fields passed over before the one that is wanted.
    let mut next = |skip: usize, part| fields.nth(skip).ok_or_else(|| Error::missing(FORMAT, 1, part));
    let state = next(0, "the state")?;
    let &[letter] = state else { return Err(Error::malformed(FORMAT, 1, "a state letter", state)) };
    let ppid = number(next(0, "the parent")?, "the parent's id")?;
    let session = number(next(1, "the session")?, "the session's number")?;
    let tty = number(next(0, "the terminal")?, "the terminal's number")?;
    let flags = number(next(1, "the flags")?, "the flags")?;
    let nice = number(next(9, "the nice value")?, "a nice value")?;
    let start = next(2, "the start time")?;
    let start = digits(start).ok_or_else(|| Error::malformed(FORMAT, 1, "the start time", start))?;
    let processor = number(next(16, "the processor")?, "a processor's number")?;
    let rt_priority = number(next(0, "the real-time priority")?, "a real-time priority")?;
    let policy = Policy::from_number(number(next(0, "the policy")?, "a policy's number")?);
    let comm = Bytes::from(&text[open + 1..close]);
    let state = char::from(letter);
    Ok(Stat { tid, comm, state, ppid, session, tty, flags, nice, start, processor, rt_priority, policy })
}

fn number<N: TryFrom<i64>>(text: &[u8], expected: &'static str) -> Result<N, Error> {
    signed(text).and_then(|number| N::try_from(number).ok()).ok_or_else(|| Error::malformed(FORMAT, 1, expected, text))
}

fn position(text: &[u8], wanted: u8) -> Option<usize> {
    text.iter().position(|&byte| byte == wanted)
}

#[cfg(test)]
mod tests {
    use super::{Policy, stat};

    fn line(comm: &str) -> String {
        format!(
            "42 ({comm}) R 7 42 42 34816 42 4194304 100 0 0 0 11 22 0 0 20 -5 3 0 \
             98765 1000000 250 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 50 2 0 0 0 0 0 0 0 0 0 0 0\n"
        )
    }

    #[test]
    fn fields_are_found_by_their_numbers() {
        let stat = stat(line("loop").as_bytes()).unwrap();
        assert_eq!((stat.tid, &*stat.comm, stat.state, stat.ppid), (42, &b"loop"[..], 'R', 7));
        assert_eq!(stat.session, 42);
        assert_eq!((stat.tty, stat.flags, stat.nice, stat.start), (34816, 0x40_0000, -5, 98765));
        assert_eq!((stat.processor, stat.rt_priority, stat.policy), (1, 50, Policy::RoundRobin));
        assert!(!stat.is_kernel() && !stat.is_bound());
    }

    #[test]
    fn names_with_blanks_parentheses_and_newlines() {
        for comm in ["a b", ") R 1 (", "x) y", "", "a\nb", "((", "))"] {
            let stat = stat(line(comm).as_bytes()).unwrap();
            assert_eq!((&*stat.comm, stat.state, stat.start), (comm.as_bytes(), 'R', 98765), "{comm}");
        }
    }

    #[test]
    fn kernel_threads_and_bound_ones_by_their_flags() {
        let bound = line("kworker/0:0").replace("4194304", &(0x0420_0040).to_string());
        let stat = stat(bound.as_bytes()).unwrap();
        assert!(stat.is_kernel() && stat.is_bound());
    }

    #[test]
    fn missing_and_malformed_parts_are_named() {
        for (text, said) in [
            ("", "/proc/PID/stat, line 1: the name in parentheses is missing"),
            ("1 )(", "/proc/PID/stat, line 1: the name in parentheses is missing"),
            ("1 (a)", "/proc/PID/stat, line 1: the state is missing"),
            ("1 (a) RR 1", "/proc/PID/stat, line 1: expected a state letter, found `RR`"),
            ("1 (a) R 1 2", "/proc/PID/stat, line 1: the session is missing"),
            ("1 (a) R 1 2 3", "/proc/PID/stat, line 1: the terminal is missing"),
            ("x (a) R 1", "/proc/PID/stat, line 1: expected the id, found `x`"),
        ] {
            assert_eq!(stat(text.as_bytes()).unwrap_err().to_string(), said, "{text}");
        }
        assert!(stat(line("a").replace(" -5 ", " 200 ").as_bytes()).is_err());
    }
}
