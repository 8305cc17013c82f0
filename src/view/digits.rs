//! Big digits for a room: a font of three by five pixels, each pixel half a cell or a block of cells.

/// Pixels of a character across.
const ACROSS: u16 = 3;
/// Pixels of a character down.
const DOWN: u16 = 5;

/// How large a pixel is: 1 is one cell by half a cell; 2, 3 and 4 are so many cells by half as many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale(u16);

impl Scale {
    /// All scales, the largest first.
    pub(super) const ALL: [Self; 4] = [Self(4), Self(3), Self(2), Self(1)];

    /// Columns from one character to the next.
    pub(super) fn advance(self) -> u16 {
        (ACROSS + 1) * self.0
    }

    /// Rows of a character.
    pub(super) fn height(self) -> u16 {
        (DOWN * self.0).div_ceil(2)
    }
}

/// The rows of a character as text, each `advance` columns wide. Other characters than digits, `?` and `…` are blank.
pub(super) fn rows(c: char, scale: Scale, ascii: bool) -> Vec<String> {
    let font = pixels(c);
    let lit = |x: u16, y: u16| y < DOWN && x < ACROSS && font[usize::from(y)] >> (ACROSS - 1 - x) & 1 == 1;
    if scale.0 == 1 && ascii {
        return segments(c).iter().map(|row| format!("{row} ")).collect();
    }
    (0..scale.height())
        .map(|row| {
            (0..scale.advance())
                .map(|column| {
                    let x = column / scale.0;
                    // The two halves of the cell.
                    let (upper, lower) = (lit(x, 2 * row / scale.0), lit(x, (2 * row + 1) / scale.0));
                    match (upper, lower, ascii) {
                        (false, false, _) => ' ',
                        (_, _, true) => '#',
                        (true, true, _) => '█',
                        (true, false, _) => '▀',
                        (false, true, _) => '▄',
                    }
                })
                .collect()
        })
        .collect()
}

fn pixels(c: char) -> [u8; 5] {
    match c {
        '0' => [0b111, 0b101, 0b101, 0b101, 0b111],
        '1' => [0b110, 0b010, 0b010, 0b010, 0b111],
        '2' => [0b111, 0b001, 0b111, 0b100, 0b111],
        '3' => [0b111, 0b001, 0b011, 0b001, 0b111],
        '4' => [0b101, 0b101, 0b111, 0b001, 0b001],
        '5' => [0b111, 0b100, 0b111, 0b001, 0b111],
        '6' => [0b111, 0b100, 0b111, 0b101, 0b111],
        '7' => [0b111, 0b001, 0b001, 0b001, 0b001],
        '8' => [0b111, 0b101, 0b111, 0b101, 0b111],
        '9' => [0b111, 0b101, 0b111, 0b001, 0b111],
        '?' => [0b111, 0b001, 0b011, 0b000, 0b010],
        '…' => [0, 0, 0, 0, 0b101],
        _ => [0; 5],
    }
}

/// Seven segments for small digits without block characters.
fn segments(c: char) -> [&'static str; 3] {
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
        '?' => [" _ ", " _|", " . "],
        '…' => ["   ", "   ", ". ."],
        _ => ["   ", "   ", "   "],
    }
}

#[cfg(test)]
mod tests {
    use super::{Scale, rows};

    #[test]
    fn a_seven_at_both_ends_of_the_scale() {
        assert_eq!(rows('7', Scale(1), false), ["▀▀█ ", "  █ ", "  ▀ "]);
        assert_eq!(rows('7', Scale(2), false), ["██████  ", "    ██  ", "    ██  ", "    ██  ", "    ██  "]);
        assert_eq!(rows('5', Scale(1), true), [" _  ", "|_  ", " _| "]);
        assert_eq!(Scale(4).height(), 10);
    }
}
