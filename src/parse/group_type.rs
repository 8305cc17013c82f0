//! v2 `cgroup.type` and v1 `freezer.state`: one word from a fixed list.
use crate::model::cgroup::GroupType;

use super::Error;

/// `cgroup.type`.
///
/// # Errors
/// For a word that is not one of the four.
pub fn group_type(text: &[u8]) -> Result<GroupType, Error> {
    match text.trim_ascii_end() {
        b"domain" => Ok(GroupType::Domain),
        b"domain threaded" => Ok(GroupType::DomainThreaded),
        b"domain invalid" => Ok(GroupType::DomainInvalid),
        b"threaded" => Ok(GroupType::Threaded),
        other => Err(Error::malformed("cgroup.type", 1, "domain, domain threaded, domain invalid or threaded", other)),
    }
}

/// v1 `freezer.state`: whether the group is frozen. `FREEZING` is not yet.
///
/// # Errors
/// For a word that is not one of the three.
pub fn freezer_state(text: &[u8]) -> Result<bool, Error> {
    match text.trim_ascii_end() {
        b"FROZEN" => Ok(true),
        b"THAWED" | b"FREEZING" => Ok(false),
        other => Err(Error::malformed("freezer.state", 1, "THAWED, FREEZING or FROZEN", other)),
    }
}

#[cfg(test)]
mod tests {
    use super::{GroupType, freezer_state, group_type};

    #[test]
    fn the_four_types() {
        for (text, kind) in [
            ("domain\n", GroupType::Domain),
            ("domain threaded\n", GroupType::DomainThreaded),
            ("domain invalid\n", GroupType::DomainInvalid),
            ("threaded\n", GroupType::Threaded),
        ] {
            assert_eq!(group_type(text.as_bytes()), Ok(kind));
        }
        assert!(group_type(b"").is_err() && group_type(b"domains\n").is_err());
    }

    #[test]
    fn frozen_only_when_done() {
        assert_eq!(freezer_state(b"FROZEN\n"), Ok(true));
        assert_eq!((freezer_state(b"FREEZING\n"), freezer_state(b"THAWED\n")), (Ok(false), Ok(false)));
        assert!(freezer_state(b"frozen\n").is_err() && freezer_state(b"").is_err());
    }
}
