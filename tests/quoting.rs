//! What the quoter writes, a real shell reads back as the very same bytes.
#![expect(clippy::unwrap_used, reason = "a test: a shell that does not start fails it")]

use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use cgrove::plan::quote::word;
use proptest::prelude::*;

/// The words as a shell sees them, each ended by NUL.
fn through(shell: &str, words: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let script = words.iter().map(|bytes| word(bytes)).collect::<Vec<_>>().join(" ");
    let script = format!("printf '%s\\0' {script}");
    let output = Command::new(shell).arg("-c").arg(std::ffi::OsStr::from_bytes(script.as_bytes())).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout.split(|&byte| byte == 0).map(<[u8]>::to_vec).collect()
}

fn check(shell: &str, words: &[Vec<u8>]) {
    let mut expected = words.to_vec();
    expected.push(Vec::new());
    assert_eq!(through(shell, words), expected);
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let trap = prop::sample::select(&b"'\"\\$`!~*?[]{}()<>|&;#=-\n\t\r\x1b\x7f\x80\xc3\xff 0a"[..]);
    prop::collection::vec(prop_oneof![trap, 1..=255_u8], 0..24)
}

fn printable() -> impl Strategy<Value = Vec<u8>> {
    "[ -~]{0,24}".prop_map(String::into_bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_survive_bash(words in prop::collection::vec(bytes(), 1..20)) {
        check("bash", &words);
    }

    #[test]
    fn printable_text_survives_sh(words in prop::collection::vec(printable(), 1..20)) {
        check("sh", &words);
    }

    #[test]
    fn a_quoted_word_is_safe_on_a_screen(bytes in bytes()) {
        prop_assert!(!word(&bytes).chars().any(cgrove::model::bytes::is_unsafe_for_a_screen));
    }

    #[test]
    fn a_script_inside_a_script_survives(words in prop::collection::vec(bytes(), 1..6)) {
        let inner = words.iter().map(|bytes| word(bytes)).collect::<Vec<_>>().join(" ");
        let outer = format!("bash -c {}", word(format!("printf '%s\\0' {inner}").as_bytes()));
        let output = Command::new("bash").arg("-c").arg(&outer).output().unwrap();
        let mut expected = words.join(&0);
        expected.push(0);
        prop_assert_eq!(output.stdout, expected);
    }
}
