//! Lists of ids: v1 `tasks`, v2 `cgroup.threads`, both `cgroup.procs`: one number a line, in no order, repeats possible.
use crate::model::id::Tid;

use super::number::digits;
use super::{Error, lines};

/// The ids in the order of the file. 0, which stands for a task outside the reader's pid namespace, is left out.
///
/// # Errors
/// For a line that is not one number.
pub fn ids(text: &[u8]) -> Result<Vec<Tid>, Error> {
    let mut ids = Vec::with_capacity(text.len() / 4);
    for (number, line) in lines(text) {
        let id = digits(line)
            .and_then(|id| Tid::try_from(id).ok())
            .ok_or_else(|| Error::malformed("list of ids", number, "one decimal number", line))?;
        if id != 0 {
            ids.push(id);
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::ids;

    #[test]
    fn one_a_line_and_zero_left_out() {
        assert_eq!(ids(b"1\n4194304\n0\n7\n"), Ok(vec![1, 4_194_304, 7]));
        assert_eq!(ids(b""), Ok(vec![]));
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in ["x\n", "1 2\n", "-1\n", "1\n\n2\n", "2147483648\n"] {
            assert!(ids(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
