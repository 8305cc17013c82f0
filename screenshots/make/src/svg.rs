//! Cells to SVG.
//!
//! Three layers: the background, one rectangle a run of cells of one colour; shapes; text, one element a run of cells of
//! one style, stretched to the width of its cells, so that columns stand whatever font a viewer has.

use crate::palette::{BACKGROUND, Rgb, colours};
use crate::shapes;
use std::fmt::Write;

/// Pixels of a cell. 15 px of a font 0.6 em wide.
pub(crate) const WIDTH: f64 = 9.0;
/// Pixels of a cell.
pub(crate) const HEIGHT: f64 = 18.0;
const FONT_SIZE: f64 = 15.0;
/// The family that is loaded for the PNG comes first.
const FAMILIES: &str = "DejaVu Sans Mono, Menlo, Consolas, monospace";
const BASELINE: f64 = 14.0;
const MARGIN: f64 = 10.0;

/// How a run of text looks.
#[derive(Clone, Copy, PartialEq)]
struct Style {
    colour: Rgb,
    bold: bool,
    italic: bool,
    underline: bool,
}

/// The screen as an SVG file.
pub(crate) fn draw(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (f64::from(columns) * WIDTH + 2.0 * MARGIN, f64::from(rows) * HEIGHT + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FAMILIES}\" font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{}\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">\n",
        BACKGROUND.hex()
    );
    for row in 0..rows {
        let cells: Vec<&vt100::Cell> = (0..columns).filter_map(|column| screen.cell(row, column)).collect();
        backgrounds(&mut svg, row, &cells);
        text(&mut svg, row, &cells);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Writing to a `String` cannot fail.
macro_rules! put {
    ($to:expr, $($what:tt)*) => { let _ = writeln!($to, $($what)*); };
}

fn backgrounds(svg: &mut String, row: u16, cells: &[&vt100::Cell]) {
    let colour = |at: usize| colours(cells[at]).1;
    let mut start = 0;
    while start < cells.len() {
        let end = (start..cells.len()).find(|&at| colour(at) != colour(start)).unwrap_or(cells.len());
        if colour(start) != BACKGROUND {
            put!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{HEIGHT}\" fill=\"{}\"/>",
                x(start),
                f64::from(row) * HEIGHT,
                x(end - start),
                colour(start).hex()
            );
        }
        start = end;
    }
}

fn text(svg: &mut String, row: u16, cells: &[&vt100::Cell]) {
    let mut run: Option<(usize, Style, String)> = None;
    for (at, cell) in cells.iter().enumerate() {
        let style = style(cell);
        let contents = if cell.has_contents() { cell.contents() } else { " " };
        let mut characters = contents.chars();
        if let (Some(one), None) = (characters.next(), characters.next())
            && let Some(parts) = shapes::parts(one)
        {
            close(svg, row, at, run.take());
            for (left, top, width, height, opacity) in parts {
                put!(
                    svg,
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" fill-opacity=\"{opacity}\"/>",
                    x(at) + left * WIDTH,
                    (f64::from(row) + top) * HEIGHT,
                    width * WIDTH,
                    height * HEIGHT,
                    style.colour.hex()
                );
            }
            continue;
        }
        if cell.is_wide_continuation() {
            continue;
        }
        // A wide character is a run of its own, stretched to two cells.
        let apart = cell.is_wide() || at > 0 && cells[at - 1].is_wide_continuation();
        match &mut run {
            Some((_, known, text)) if *known == style && !apart => text.push_str(contents),
            _ => {
                close(svg, row, at, run.take());
                run = Some((at, style, contents.to_owned()));
            }
        }
    }
    close(svg, row, cells.len(), run);
}

fn close(svg: &mut String, row: u16, end: usize, run: Option<(usize, Style, String)>) {
    let Some((start, style, text)) = run else { return };
    if text.trim().is_empty() && !style.underline {
        return;
    }
    // Blanks at the ends need no glyph, and a viewer may drop them.
    let leading = text.chars().take_while(|&c| c == ' ').count();
    let trailing = text.chars().rev().take_while(|&c| c == ' ').count();
    let (start, end) = if style.underline { (start, end) } else { (start + leading, end - trailing) };
    let text = if style.underline { text.as_str() } else { text.trim_matches(' ') };
    let mut attributes = format!("fill=\"{}\"", style.colour.hex());
    for (on, attribute) in [
        (style.bold, " font-weight=\"bold\""),
        (style.italic, " font-style=\"italic\""),
        (style.underline, " text-decoration=\"underline\""),
    ] {
        if on {
            attributes.push_str(attribute);
        }
    }
    put!(
        svg,
        "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" {attributes}>{}</text>",
        x(start),
        f64::from(row) * HEIGHT + BASELINE,
        x(end - start),
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    );
}

fn style(cell: &vt100::Cell) -> Style {
    Style { colour: colours(cell).0, bold: cell.bold(), italic: cell.italic(), underline: cell.underline() }
}

/// Left edge of a column.
fn x(column: usize) -> f64 {
    f64::from(u16::try_from(column).unwrap_or(u16::MAX)) * WIDTH
}
