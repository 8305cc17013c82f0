//! `/proc/TID/status`: `Key:\tvalue` lines, of which cgrove needs six.
use crate::model::cpu_set::CpuSet;
use crate::model::id::Pid;

use super::number::digits;
use super::{Error, lines, words};

const FORMAT: &str = "/proc/PID/status";

/// What cgrove needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// `Tgid`: its process.
    pub tgid: Pid,
    /// First number of `Uid`: the real user id.
    pub uid: u32,
    /// Second number of `Uid`: the effective user id.
    pub effective_uid: u32,
    /// Third number of `Uid`: the saved user id.
    pub saved_uid: u32,
    /// `NSpid`: its id in every pid namespace from the reader's inwards; empty where the kernel does not say.
    pub namespace_pids: Vec<Pid>,
    /// `CapEff`: effective capabilities; `None` where the line is missing.
    pub capabilities: Option<u64>,
    /// `Cpus_allowed_list`; `None` where the line is missing.
    pub allowed: Option<CpuSet>,
}

/// Reads the lines that are needed. `Name` cannot disturb them: the kernel escapes a newline in it.
///
/// # Errors
/// If `Tgid` or `Uid` is missing, or a line that is needed does not read as documented.
pub fn status(text: &[u8]) -> Result<Status, Error> {
    let (mut tgid, mut uids, mut capabilities, mut allowed) = (None, None, None, None);
    let mut namespace_pids = Vec::new();
    for (number, line) in lines(text) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let value = line[colon + 1..].trim_ascii();
        let bad = |expected| Error::malformed(FORMAT, number, expected, value);
        match &line[..colon] {
            b"Tgid" => tgid = Some(pid(value).ok_or_else(|| bad("a process id"))?),
            b"Uid" => {
                let mut ids = words(value).map(|id| digits(id).and_then(|id| u32::try_from(id).ok()));
                let (Some(Some(real)), Some(Some(effective)), Some(Some(saved))) = (ids.next(), ids.next(), ids.next())
                else {
                    return Err(bad("four user ids"));
                };
                uids = Some((real, effective, saved));
            }
            b"NSpid" => {
                let pids: Option<Vec<Pid>> = words(value).map(pid).collect();
                namespace_pids = pids.ok_or_else(|| bad("process ids"))?;
            }
            b"CapEff" => capabilities = Some(hex(value).ok_or_else(|| bad("a hexadecimal number"))?),
            b"Cpus_allowed_list" => {
                let list = std::str::from_utf8(value).ok().and_then(CpuSet::parse);
                allowed = Some(list.ok_or_else(|| bad("a list of CPUs"))?);
            }
            _ => {}
        }
    }
    let tgid = tgid.ok_or_else(|| Error::missing(FORMAT, 1, "Tgid"))?;
    let (uid, effective_uid, saved_uid) = uids.ok_or_else(|| Error::missing(FORMAT, 1, "Uid"))?;
    Ok(Status { tgid, uid, effective_uid, saved_uid, namespace_pids, capabilities, allowed })
}

fn pid(text: &[u8]) -> Option<Pid> {
    digits(text).and_then(|number| Pid::try_from(number).ok())
}

fn hex(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::status;

    const TEXT: &str = "Name:\tUid: 7\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t42\nPid:\t43\n\
                        Uid:\t1000\t0\t7\t0\nNSpid:\t43\t2\nCapEff:\t000001ffffffffff\nCpus_allowed_list:\t0-1,4\n";

    #[test]
    fn the_lines_that_are_needed() {
        let status = status(TEXT.as_bytes()).unwrap();
        assert_eq!((status.tgid, status.uid, status.effective_uid, status.saved_uid), (42, 1000, 0, 7));
        assert_eq!((status.namespace_pids, status.capabilities), (vec![43, 2], Some(0x1ff_ffff_ffff)));
        assert_eq!(status.allowed.unwrap().to_string(), "0-1,4");
    }

    #[test]
    fn lines_that_a_kernel_may_leave_out() {
        let status = status(b"Tgid:\t1\nUid:\t0\t0\t0\t0\n").unwrap();
        assert_eq!((status.namespace_pids, status.capabilities, status.allowed), (vec![], None, None));
    }

    #[test]
    fn missing_and_malformed_lines_are_named() {
        for (text, said) in [
            ("", "/proc/PID/status, line 1: Tgid is missing"),
            ("Tgid:\t1\n", "/proc/PID/status, line 1: Uid is missing"),
            ("Tgid:\tx\n", "/proc/PID/status, line 1: expected a process id, found `x`"),
            ("Tgid:\t1\nUid:\t0\n", "/proc/PID/status, line 2: expected four user ids, found `0`"),
            ("CapEff:\t+1\n", "/proc/PID/status, line 1: expected a hexadecimal number, found `+1`"),
        ] {
            assert_eq!(status(text.as_bytes()).unwrap_err().to_string(), said);
        }
    }
}
