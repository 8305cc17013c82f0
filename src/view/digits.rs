//! Big digits, three rows of half blocks, for a room.

/// Columns of one digit, without the blank after it.
pub(super) const WIDTH: u16 = 3;
/// Rows of a digit.
pub(super) const HEIGHT: u16 = 3;

/// The rows of a character: a digit, `?`, `…`, a minus, a dot; blank for anything else.
pub(super) fn rows(c: char) -> [&'static str; 3] {
    match c {
        '0' => ["█▀█", "█ █", "▀▀▀"],
        '1' => ["▀█ ", " █ ", "▀▀▀"],
        '2' => ["▀▀█", "█▀▀", "▀▀▀"],
        '3' => ["▀▀█", " ▀█", "▀▀▀"],
        '4' => ["█ █", "▀▀█", "  ▀"],
        '5' => ["█▀▀", "▀▀█", "▀▀▀"],
        '6' => ["█▀▀", "█▀█", "▀▀▀"],
        '7' => ["▀▀█", "  █", "  ▀"],
        '8' => ["█▀█", "█▀█", "▀▀▀"],
        '9' => ["█▀█", "▀▀█", "▀▀▀"],
        '?' => ["▀▀█", " ▀▀", " ▀ "],
        '…' => ["   ", "   ", "▄ ▄"],
        _ => ["   ", "   ", "   "],
    }
}

/// The same with `#`, for terminals without block characters.
pub(super) fn ascii_rows(c: char) -> [&'static str; 3] {
    match c {
        '0' => [" _ ", "| |", "|_|"],
        '1' => ["   ", "  |", "  |"],
        '2' => [" _ ", " _|", "|_ "],
        '3' => [" _ ", " _|", " _|"],
        '4' => ["   ", "|_|", "  |"],
        '5' => [" _ ", "|_ ", " _|"],
        '6' => [" _ ", "|_ ", "|_|"],
        '7' => [" _ ", "  |", "  |"],
        '8' => [" _ ", "|_|", "|_|"],
        '9' => [" _ ", "|_|", " _|"],
        '?' => [" _ ", "  _", " . "],
        '…' => ["   ", "   ", ". ."],
        _ => ["   ", "   ", "   "],
    }
}
