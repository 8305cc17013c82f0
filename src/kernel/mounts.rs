//! Which mounts can be seen: mount points that another mount covers are found by walking the mount tree as the kernel does.
//!
//! The order of mountinfo does not say it (a root that was switched to later stands below mounts made earlier), so the
//! walk goes by parent ids: from the mount of the root directory, at each mount to the child whose mount point comes first
//! on the way, until none is left. A mount is visible if that walk to its own mount point ends at itself.
use crate::parse::mountinfo::Row;

/// For each row, whether the directory at its mount point shows it.
#[must_use]
pub fn visible(rows: &[Row]) -> Vec<bool> {
    rows.iter().enumerate().map(|(index, row)| lookup(rows, &row.point) == Some(index)).collect()
}

/// The row that the directory `path` lies on; `None` if no row's mount point is above it.
#[must_use]
pub fn lookup(rows: &[Row], path: &[u8]) -> Option<usize> {
    let mut at: Option<usize> = None;
    // Each step goes to another row; a table with a circle (never seen) ends after as many steps as it has rows.
    for _ in 0..=rows.len() {
        let next = rows
            .iter()
            .enumerate()
            .filter(|&(index, row)| at != Some(index) && hangs_on(rows, row, at) && is_on_the_way(&row.point, path))
            // The first on the way; of two on one directory the later covers the earlier.
            .min_by_key(|&(index, row)| (row.point.len(), std::cmp::Reverse(index)));
        match next {
            Some((index, _)) => at = Some(index),
            None => break,
        }
    }
    at
}

/// Whether `row` is mounted on the mount `at`; at the start, whether the mount it is on is out of sight.
fn hangs_on(rows: &[Row], row: &Row, at: Option<usize>) -> bool {
    match at {
        Some(at) => row.parent == rows[at].id && row.id != row.parent,
        None => row.id == row.parent || !rows.iter().any(|other| other.id == row.parent),
    }
}

/// Whether the directory `point` is `path` or above it, component by component.
fn is_on_the_way(point: &[u8], path: &[u8]) -> bool {
    point == b"/" || path.strip_prefix(point).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

#[cfg(test)]
mod tests {
    use super::{Row, lookup, visible};

    fn rows(text: &str) -> Vec<Row> {
        crate::parse::mountinfo::rows(text.as_bytes()).map(Result::unwrap).collect()
    }

    fn mount(id: u32, parent: u32, point: &str) -> String {
        format!("{id} {parent} 0:{id} / {point} rw - tmpfs x rw\n")
    }

    #[test]
    fn a_root_that_stands_below_its_children_hides_nothing() {
        let rows =
            rows(&(mount(22, 27, "/proc") + &mount(23, 27, "/sys") + &mount(31, 23, "/sys/fs") + &mount(27, 1, "/")));
        assert_eq!(visible(&rows), [true; 4]);
        assert_eq!(lookup(&rows, b"/sys/fs/x"), Some(2));
        assert_eq!(lookup(&rows, b"/sysfs"), Some(3));
    }

    #[test]
    fn a_mount_on_the_same_point_covers() {
        let rows = rows(&(mount(1, 0, "/") + &mount(2, 1, "/a") + &mount(3, 2, "/a")));
        assert_eq!(visible(&rows), [true, false, true]);
    }

    #[test]
    fn a_mount_over_a_directory_above_covers() {
        let rows = rows(&(mount(1, 0, "/") + &mount(2, 1, "/a/b/c") + &mount(3, 1, "/a/b") + &mount(4, 1, "/a/bc")));
        assert_eq!(visible(&rows), [true, false, true, true]);
    }

    #[test]
    fn a_mount_below_one_that_is_covered_is_covered_too() {
        let rows = rows(&(mount(1, 0, "/") + &mount(2, 1, "/a") + &mount(3, 2, "/a/b") + &mount(4, 2, "/a")));
        assert_eq!(visible(&rows), [true, false, false, true]);
    }

    #[test]
    fn a_root_directory_that_is_no_mount_point() {
        let rows = rows(&(mount(5, 99, "/a") + &mount(6, 5, "/a/b")));
        assert_eq!(visible(&rows), [true, true]);
        assert_eq!(lookup(&rows, b"/c"), None);
    }

    #[test]
    fn a_mount_that_is_its_own_parent_is_a_root() {
        let rows = rows(&(mount(1, 1, "/") + &mount(2, 1, "/a")));
        assert_eq!(visible(&rows), [true, true]);
    }
}
