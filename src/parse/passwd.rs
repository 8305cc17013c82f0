//! `/etc/passwd`: the one thing cgrove needs is a user's name. Read by us, because a static binary has no NSS.
use super::lines;
use super::number::digits;

/// The name of the first entry with this user id; `None` if there is none. Lines that are no entries are passed over, as
/// `getpwent` does; a name that is not UTF-8 is none.
#[must_use]
pub fn user_name(text: &[u8], uid: u32) -> Option<String> {
    lines(text).find_map(|(_, line)| {
        let mut fields = line.split(|&byte| byte == b':');
        let name = fields.next().filter(|name| !name.is_empty() && name[0] != b'#')?;
        let id = digits(fields.nth(1)?)?;
        if id != u64::from(uid) {
            return None;
        }
        String::from_utf8(name.to_vec()).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::user_name;

    const TEXT: &[u8] = b"root:x:0:0:root:/root:/bin/sh\n# comment:x:5:5\n\nbroken\nana:x:1000:1000::/home/ana:/bin/sh\nbob:x:1000:1::/:\n";

    #[test]
    fn the_first_entry_counts() {
        assert_eq!(user_name(TEXT, 0).as_deref(), Some("root"));
        assert_eq!(user_name(TEXT, 1000).as_deref(), Some("ana"));
    }

    #[test]
    fn nobody_else() {
        assert_eq!(user_name(TEXT, 5), None);
        assert_eq!(user_name(b"", 0), None);
    }
}
