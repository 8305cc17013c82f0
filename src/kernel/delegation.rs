//! Whether systemd has handed a group over.
//!
//! The system's manager marks such a group (`user.delegate`, before systemd 251 `trusted.delegate`, which only root reads). A
//! user's manager marks none; what it was asked for with `systemd-run` stands in a unit file of its own.
use crate::model::manager::user_manager;
use crate::model::place::Place;
use crate::parse::unit_file::delegates;

use super::fs::Fs;

/// No unit file is longer, in bytes.
const UNIT_FILE_MOST: usize = 1 << 20;

/// Whether the group at `place`, whose directory is `path`, was handed over.
#[must_use]
pub fn is_delegated(fs: &dyn Fs, place: &Place, path: &[u8]) -> bool {
    let marked = ["user.delegate", "trusted.delegate"].iter().any(|name| fs.xattr(path, name).is_ok_and(|v| v == b"1"));
    marked
        || transient_unit(place).is_some_and(|unit| fs.read(&unit, UNIT_FILE_MOST).is_ok_and(|text| delegates(&text)))
}

/// The unit file that a user's manager wrote for the unit of this group, if it was made on demand.
fn transient_unit(place: &Place) -> Option<Vec<u8>> {
    let uid = place.parts().filter_map(user_manager).last()?;
    let mut path = format!("/run/user/{uid}/systemd/transient/").into_bytes();
    path.extend_from_slice(place.name());
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::is_delegated;
    use crate::kernel::fixture::Fixture;
    use crate::model::id::HierarchyId;
    use crate::model::place::Place;

    #[test]
    fn a_mark_or_the_users_own_unit_file_says_so() {
        let fs = Fixture::parse(
            "file /run/user/1000/systemd/transient/run-1.scope\n|[Scope]\n|Delegate=yes\n\
             file /run/user/1000/systemd/transient/run-2.scope\n|[Scope]\n|Delegate=no\n",
        )
        .unwrap();
        let is = |path: &str| is_delegated(&fs, &Place::new(HierarchyId::V2, path.as_bytes()), b"/x");
        assert!(is("/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope"));
        assert!(!is("/user.slice/user-1000.slice/user@1000.service/app.slice/run-2.scope"));
        assert!(!is("/user.slice/user-1001.slice/user@1001.service/app.slice/run-1.scope"), "another user's");
        assert!(!is("/system.slice/run-1.scope"), "the system's manager marks its own");
    }
}
