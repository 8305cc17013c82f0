//! A unit file of systemd (systemd.syntax), as far as cgrove needs it: whether its group is delegated.

use super::lines;

/// Whether `Delegate=` hands the group over: a yes, or a list of controllers. As in systemd the last one counts, except that
/// a list is added to what stood before and an empty value takes all back.
#[must_use]
pub fn delegates(text: &[u8]) -> bool {
    let mut delegated = false;
    for (_, line) in lines(text) {
        let Some(value) = line.trim_ascii().strip_prefix(b"Delegate") else { continue };
        let Some(value) = value.trim_ascii_start().strip_prefix(b"=") else { continue };
        let value = value.trim_ascii().to_ascii_lowercase();
        delegated = !matches!(&value[..], b"" | b"no" | b"n" | b"false" | b"f" | b"off" | b"0");
    }
    delegated
}

#[cfg(test)]
mod tests {
    use super::delegates;

    #[test]
    fn a_yes_or_a_list_delegates() {
        let transient =
            b"# transient\n[Unit]\nDescription=x\n\n[Scope]\nDelegate=yes\nDelegateControllers=cpu memory\n";
        assert!(delegates(transient));
        assert!(delegates(b"[Service]\n Delegate = cpu pids\n"));
        assert!(delegates(b"[Service]\nDelegate=True"));
    }

    #[test]
    fn without_it_or_taken_back_nothing_is_delegated() {
        assert!(!delegates(b""));
        assert!(!delegates(b"[Scope]\nDescription=Delegate=yes\n#Delegate=yes\nDelegateControllers=cpu\n"));
        assert!(!delegates(b"[Scope]\nDelegate=yes\nDelegate=no\n"));
        assert!(!delegates(b"[Scope]\nDelegate=cpu\nDelegate=\n"));
    }
}
