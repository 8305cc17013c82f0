//! Colours by what they mean. Without any, bold, dim, reverse and the signs carry the same.
use ratatui::style::{Color, Modifier, Style};

use crate::app::setup::ThemeChoice;

/// A style for each meaning.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// Text.
    pub text: Style,
    /// Beside the point.
    pub quiet: Style,
    /// Borders and rulers.
    pub border: Style,
    /// Names of columns and panels.
    pub heading: Style,
    /// What is open or chosen among names.
    pub on: Style,
    /// The selected row.
    pub selected: Style,
    /// The selected row of what the arrows do not move in.
    pub selected_elsewhere: Style,
    /// GETS agrees with OWED.
    pub good: Style,
    /// It does not; an error.
    pub bad: Style,
    /// To be noticed.
    pub warning: Style,
    /// Held.
    pub held: Style,
    /// A key on the key line.
    pub key: Style,
    /// What is measured, as a bar.
    pub bar: Style,
    /// What the weights say, as a mark in a bar.
    pub mark: Style,
    /// A group that a drop goes to.
    pub target: Style,
    /// A row that is gone.
    pub gone: Style,
    /// Shell lines.
    pub shell: Style,
    /// The strips of the big view, one after the other.
    pub strips: [Style; 6],
}

impl Theme {
    /// The theme of a choice.
    #[must_use]
    pub fn of(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::None => Self::none(),
            ThemeChoice::Sixteen => Self::coloured(&SIXTEEN),
            ThemeChoice::Dark => Self::coloured(&DARK),
            ThemeChoice::Light => Self::coloured(&LIGHT),
        }
    }

    fn none() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        let reverse = plain.add_modifier(Modifier::REVERSED);
        Self {
            text: plain,
            quiet: dim,
            border: dim,
            heading: bold,
            on: reverse,
            selected: reverse,
            selected_elsewhere: plain.add_modifier(Modifier::UNDERLINED),
            good: plain,
            bad: bold,
            warning: bold,
            held: dim,
            key: bold,
            bar: plain,
            mark: bold,
            target: reverse.add_modifier(Modifier::BOLD),
            gone: dim.add_modifier(Modifier::CROSSED_OUT),
            shell: plain,
            strips: [plain; 6],
        }
    }

    fn coloured(p: &Palette) -> Self {
        let fg = |color: Color| Style::new().fg(color);
        let bold = |style: Style| style.add_modifier(Modifier::BOLD);
        Self {
            text: fg(p.text),
            quiet: fg(p.quiet),
            border: fg(p.border),
            heading: bold(fg(p.heading)),
            on: bold(fg(p.selected_text).bg(p.selected)),
            selected: bold(fg(p.selected_text).bg(p.selected)),
            selected_elsewhere: fg(p.text).add_modifier(Modifier::UNDERLINED),
            good: fg(p.good),
            bad: bold(fg(p.bad)),
            warning: fg(p.warning),
            held: fg(p.held),
            key: bold(fg(p.key)),
            bar: fg(p.good),
            mark: bold(fg(p.text)),
            target: bold(fg(p.selected_text).bg(p.good)),
            gone: fg(p.quiet).add_modifier(Modifier::CROSSED_OUT),
            shell: fg(p.key),
            strips: p.strips.map(fg),
        }
    }
}

struct Palette {
    text: Color,
    quiet: Color,
    border: Color,
    heading: Color,
    selected: Color,
    selected_text: Color,
    good: Color,
    bad: Color,
    warning: Color,
    held: Color,
    key: Color,
    strips: [Color; 6],
}

/// The terminal's own colours: readable on dark and light backgrounds, which is why text is the default colour.
const SIXTEEN: Palette = Palette {
    text: Color::Reset,
    quiet: Color::DarkGray,
    border: Color::DarkGray,
    heading: Color::Reset,
    selected: Color::Blue,
    selected_text: Color::White,
    good: Color::Green,
    bad: Color::Red,
    warning: Color::Yellow,
    held: Color::Magenta,
    key: Color::Cyan,
    strips: [Color::Cyan, Color::Yellow, Color::Green, Color::Magenta, Color::Blue, Color::Red],
};

const DARK: Palette = Palette {
    text: Color::Rgb(0xd8, 0xde, 0xe9),
    quiet: Color::Rgb(0x86, 0x90, 0xa2),
    border: Color::Rgb(0x5b, 0x65, 0x78),
    heading: Color::Rgb(0xec, 0xef, 0xf4),
    selected: Color::Rgb(0x2e, 0x5c, 0x8a),
    selected_text: Color::Rgb(0xff, 0xff, 0xff),
    good: Color::Rgb(0x7c, 0xc9, 0x7c),
    bad: Color::Rgb(0xff, 0x6b, 0x6b),
    warning: Color::Rgb(0xf2, 0xc1, 0x4e),
    held: Color::Rgb(0xc3, 0x9b, 0xe0),
    key: Color::Rgb(0x6f, 0xc3, 0xdf),
    strips: [
        Color::Rgb(0x6f, 0xc3, 0xdf),
        Color::Rgb(0xf2, 0xc1, 0x4e),
        Color::Rgb(0x7c, 0xc9, 0x7c),
        Color::Rgb(0xc3, 0x9b, 0xe0),
        Color::Rgb(0xf0, 0x8c, 0x5a),
        Color::Rgb(0x8f, 0xa8, 0xf0),
    ],
};

const LIGHT: Palette = Palette {
    text: Color::Rgb(0x1c, 0x20, 0x28),
    quiet: Color::Rgb(0x5a, 0x63, 0x70),
    border: Color::Rgb(0x8a, 0x93, 0xa0),
    heading: Color::Rgb(0x00, 0x00, 0x00),
    selected: Color::Rgb(0x1f, 0x5f, 0xa8),
    selected_text: Color::Rgb(0xff, 0xff, 0xff),
    good: Color::Rgb(0x1b, 0x7a, 0x2f),
    bad: Color::Rgb(0xb8, 0x1d, 0x1d),
    warning: Color::Rgb(0x8a, 0x5a, 0x00),
    held: Color::Rgb(0x6b, 0x3f, 0xa0),
    key: Color::Rgb(0x0b, 0x5c, 0x8a),
    strips: [
        Color::Rgb(0x0b, 0x5c, 0x8a),
        Color::Rgb(0x9a, 0x62, 0x00),
        Color::Rgb(0x1b, 0x7a, 0x2f),
        Color::Rgb(0x6b, 0x3f, 0xa0),
        Color::Rgb(0xb0, 0x4a, 0x10),
        Color::Rgb(0x2b, 0x3f, 0xa8),
    ],
};
