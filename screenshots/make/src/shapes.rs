//! Characters that are drawn as shapes, so that lines and bars join without gaps in any font: block elements
//! (U+2580-259F), the line-drawing characters in use (U+2500-257F), and braille (U+2800-28FF), which the font lacks.

use crate::svg::{HEIGHT, WIDTH};

/// A part of a cell, in units of the cell: left, top, width, height, opacity.
pub(crate) type Part = (f64, f64, f64, f64, f64);

/// The parts that make up a character; `None` if the font draws it.
pub(crate) fn parts(character: char) -> Option<Vec<Part>> {
    blocks(character).or_else(|| braille(character)).or_else(|| lines(character))
}

fn blocks(character: char) -> Option<Vec<Part>> {
    let eighths = |from: char| f64::from(u32::from(character) - u32::from(from) + 1) / 8.0;
    let quadrants = |which: [bool; 4]| {
        let places = [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5)];
        places.iter().zip(which).filter(|(_, on)| *on).map(|(&(x, y), _)| (x, y, 0.5, 0.5, 1.0)).collect()
    };
    Some(match character {
        '▀' => vec![(0.0, 0.0, 1.0, 0.5, 1.0)],
        '▁'..='█' => {
            let height = eighths('▁');
            vec![(0.0, 1.0 - height, 1.0, height, 1.0)]
        }
        '▉'..='▏' => vec![(0.0, 0.0, 1.0 - eighths('▉'), 1.0, 1.0)],
        '▐' => vec![(0.5, 0.0, 0.5, 1.0, 1.0)],
        '░' => vec![(0.0, 0.0, 1.0, 1.0, 0.25)],
        '▒' => vec![(0.0, 0.0, 1.0, 1.0, 0.5)],
        '▓' => vec![(0.0, 0.0, 1.0, 1.0, 0.75)],
        '▔' => vec![(0.0, 0.0, 1.0, 0.125, 1.0)],
        '▕' => vec![(0.875, 0.0, 0.125, 1.0, 1.0)],
        '▖' => quadrants([false, false, true, false]),
        '▗' => quadrants([false, false, false, true]),
        '▘' => quadrants([true, false, false, false]),
        '▙' => quadrants([true, false, true, true]),
        '▚' => quadrants([true, false, false, true]),
        '▛' => quadrants([true, true, true, false]),
        '▜' => quadrants([true, true, false, true]),
        '▝' => quadrants([false, true, false, false]),
        '▞' => quadrants([false, true, true, false]),
        '▟' => quadrants([false, true, true, true]),
        _ => return None,
    })
}

/// Two columns of four dots: bits 0-2 and 6 the left one from above, 3-5 and 7 the right one.
fn braille(character: char) -> Option<Vec<Part>> {
    const PLACES: [(f64, f64); 8] =
        [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
    let bits = u32::from(character).checked_sub(0x2800).filter(|&bits| bits < 0x100)?;
    let (wide, high) = (2.0 / WIDTH, 2.0 / HEIGHT);
    let dot = |(x, y): (f64, f64)| ((0.25 + x / 2.0) - wide / 2.0, (0.125 + y / 4.0) - high / 2.0, wide, high, 1.0);
    Some((0..8).filter(|bit| bits >> bit & 1 == 1).map(|bit| dot(PLACES[bit])).collect())
}

/// Arms of a line-drawing character from the middle: left, right, up, down, as widths in pixels.
fn lines(character: char) -> Option<Vec<Part>> {
    const LIGHT: f64 = 1.0;
    const HEAVY: f64 = 3.0;
    let (weight, arms) = match character {
        '─' => (LIGHT, "lr"),
        '━' => (HEAVY, "lr"),
        '│' => (LIGHT, "ud"),
        '┃' => (HEAVY, "ud"),
        '┌' | '╭' => (LIGHT, "rd"),
        '┐' | '╮' => (LIGHT, "ld"),
        '└' | '╰' => (LIGHT, "ru"),
        '┘' | '╯' => (LIGHT, "lu"),
        '├' => (LIGHT, "rud"),
        '┤' => (LIGHT, "lud"),
        '┬' => (LIGHT, "lrd"),
        '┴' => (LIGHT, "lru"),
        '┼' => (LIGHT, "lrud"),
        '┏' => (HEAVY, "rd"),
        '┓' => (HEAVY, "ld"),
        '┗' => (HEAVY, "ru"),
        '┛' => (HEAVY, "lu"),
        '┣' => (HEAVY, "rud"),
        '┫' => (HEAVY, "lud"),
        '╴' => (LIGHT, "l"),
        '╵' => (LIGHT, "u"),
        '╶' => (LIGHT, "r"),
        '╷' => (LIGHT, "d"),
        _ => return doubles(character),
    };
    let (wide, high) = (weight / WIDTH, weight / HEIGHT);
    // On whole pixels, for sharp lines.
    let (x, y) = (((WIDTH - weight) / 2.0).floor() / WIDTH, ((HEIGHT - weight) / 2.0).floor() / HEIGHT);
    let arm = |arm| match arm {
        'l' => (0.0, y, x + wide, high, 1.0),
        'r' => (x, y, 1.0 - x, high, 1.0),
        'u' => (x, 0.0, wide, y + high, 1.0),
        _ => (x, y, wide, 1.0 - y, 1.0),
    };
    Some(arms.chars().map(arm).collect())
}

/// The double frame: two lines a pixel wide, a pixel apart, on each side of the middle.
fn doubles(character: char) -> Option<Vec<Part>> {
    let (wide, high) = (1.0 / WIDTH, 1.0 / HEIGHT);
    let (x, y) = (((WIDTH - 3.0) / 2.0).floor() / WIDTH, ((HEIGHT - 3.0) / 2.0).floor() / HEIGHT);
    let (right, lower) = (x + 2.0 * wide, y + 2.0 * high);
    let across = |from: f64, to: f64, at: f64| (from, at, to - from, high, 1.0);
    let down = |from: f64, to: f64, at: f64| (at, from, wide, to - from, 1.0);
    Some(match character {
        '═' => vec![across(0.0, 1.0, y), across(0.0, 1.0, lower)],
        '║' => vec![down(0.0, 1.0, x), down(0.0, 1.0, right)],
        '╔' => vec![across(x, 1.0, y), across(right, 1.0, lower), down(y, 1.0, x), down(lower, 1.0, right)],
        '╗' => {
            vec![across(0.0, right + wide, y), across(0.0, x + wide, lower), down(y, 1.0, right), down(lower, 1.0, x)]
        }
        '╚' => {
            vec![across(right, 1.0, y), across(x, 1.0, lower), down(0.0, lower + high, x), down(0.0, y + high, right)]
        }
        '╝' => vec![
            across(0.0, x + wide, y),
            across(0.0, right + wide, lower),
            down(0.0, lower + high, right),
            down(0.0, y + high, x),
        ],
        _ => return None,
    })
}
