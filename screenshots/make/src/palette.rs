//! The colours of the terminal on the pictures.

use vt100::Color;

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

pub(crate) const BACKGROUND: Rgb = Rgb(0x15, 0x18, 0x1e);
const FOREGROUND: Rgb = Rgb(0xd4, 0xd8, 0xdf);

/// The sixteen colours that have names.
const NAMED: [Rgb; 16] = [
    Rgb(0x28, 0x2c, 0x34),
    Rgb(0xe0, 0x5f, 0x65),
    Rgb(0x78, 0xc2, 0x7c),
    Rgb(0xe2, 0xb8, 0x5c),
    Rgb(0x5f, 0x9f, 0xe8),
    Rgb(0xc4, 0x7f, 0xd5),
    Rgb(0x56, 0xb6, 0xc2),
    Rgb(0xc8, 0xcc, 0xd4),
    Rgb(0x6b, 0x73, 0x80),
    Rgb(0xf2, 0x87, 0x8b),
    Rgb(0x9a, 0xdb, 0x9d),
    Rgb(0xf4, 0xd3, 0x84),
    Rgb(0x8b, 0xbd, 0xf7),
    Rgb(0xdb, 0xa5, 0xe8),
    Rgb(0x83, 0xd3, 0xdd),
    Rgb(0xf5, 0xf7, 0xfa),
];

impl Rgb {
    /// As SVG writes it.
    pub(crate) fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    fn half(self, other: Self) -> Self {
        Self(self.0.midpoint(other.0), self.1.midpoint(other.1), self.2.midpoint(other.2))
    }
}

/// Foreground and background of a cell, with reverse and dim applied.
pub(crate) fn colours(cell: &vt100::Cell) -> (Rgb, Rgb) {
    let mut foreground = rgb(cell.fgcolor(), FOREGROUND);
    let mut background = rgb(cell.bgcolor(), BACKGROUND);
    if cell.inverse() {
        std::mem::swap(&mut foreground, &mut background);
    }
    if cell.dim() {
        foreground = foreground.half(background);
    }
    (foreground, background)
}

fn rgb(colour: Color, default: Rgb) -> Rgb {
    match colour {
        Color::Default => default,
        Color::Rgb(red, green, blue) => Rgb(red, green, blue),
        Color::Idx(index @ 0..16) => NAMED[usize::from(index)],
        // xterm's 6x6x6 cube, then its greys.
        Color::Idx(index @ 16..232) => {
            let level = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
            let cube = index - 16;
            Rgb(level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Rgb(grey, grey, grey)
        }
    }
}
