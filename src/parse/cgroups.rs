//! `/proc/cgroups`: a header, then `name hierarchy num_cgroups enabled`, one controller a line.
//!
//! Hierarchy 0 is v2 or none. Kernels without v1 support for a controller leave its row out. `num_cgroups` counts dying
//! groups too.
use super::number::digits;
use super::{Error, lines, words};

const FORMAT: &str = "/proc/cgroups";

/// One controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The kernel's name (`cpu`, `blkio` …).
    pub name: Box<str>,
    /// Number of the v1 hierarchy it is attached to; 0: to v2 or to none.
    pub hierarchy: u32,
    /// Number of its groups, the top and those that are dying included: for no screen, but at 1 a hierarchy is empty.
    pub groups: u32,
    /// Not disabled by a boot option.
    pub enabled: bool,
}

/// The controllers in the order of the file.
///
/// # Errors
/// For a row with a column missing or one that does not read as documented.
pub fn rows(text: &[u8]) -> Result<Vec<Row>, Error> {
    lines(text)
        .filter(|(_, line)| !line.is_empty() && line[0] != b'#')
        .map(|(number, line)| row(number, line))
        .collect()
}

fn row(number: usize, line: &[u8]) -> Result<Row, Error> {
    let mut fields = words(line);
    let mut next = |part| fields.next().ok_or_else(|| Error::missing(FORMAT, number, part));
    let name = next("the name")?;
    let name =
        std::str::from_utf8(name).map_err(|_utf8| Error::malformed(FORMAT, number, "a controller's name", name))?;
    let hierarchy = next("the hierarchy")?;
    let hierarchy = digits(hierarchy)
        .and_then(|id| u32::try_from(id).ok())
        .ok_or_else(|| Error::malformed(FORMAT, number, "a hierarchy's number", hierarchy))?;
    let groups = next("the number of groups")?;
    let groups = digits(groups)
        .and_then(|groups| u32::try_from(groups).ok())
        .ok_or_else(|| Error::malformed(FORMAT, number, "the number of groups", groups))?;
    let enabled = match next("whether it is enabled")? {
        b"0" => false,
        b"1" => true,
        other => return Err(Error::malformed(FORMAT, number, "0 or 1", other)),
    };
    Ok(Row { name: name.into(), hierarchy, groups, enabled })
}

#[cfg(test)]
mod tests {
    use super::rows;

    const HEADER: &str = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n";

    #[test]
    fn columns_are_read_below_the_header() {
        let rows = rows(format!("{HEADER}cpuset\t3\t1\t1\nmemory\t0\t97\t0\n").as_bytes()).unwrap();
        let columns: Vec<_> = rows.iter().map(|row| (&*row.name, row.hierarchy, row.enabled)).collect();
        assert_eq!(columns, [("cpuset", 3, true), ("memory", 0, false)]);
    }

    #[test]
    fn a_header_alone_and_an_empty_file_have_no_rows() {
        assert_eq!(rows(HEADER.as_bytes()), Ok(vec![]));
        assert_eq!(rows(b""), Ok(vec![]));
    }

    #[test]
    fn bad_rows_are_named() {
        for (row, said) in [
            ("cpu\t1\t1", "/proc/cgroups, line 2: whether it is enabled is missing"),
            ("cpu\t-1\t1\t1", "/proc/cgroups, line 2: expected a hierarchy's number, found `-1`"),
            ("cpu\t1\t1\tyes", "/proc/cgroups, line 2: expected 0 or 1, found `yes`"),
        ] {
            assert_eq!(rows(format!("{HEADER}{row}\n").as_bytes()).unwrap_err().to_string(), said);
        }
    }
}
