//! Draws what a terminal shows as SVG, for the picture in the README: a real run of the program.

use std::fmt::Write as _;

/// Width and height of a character, in tenths of a pixel.
const CELL: (usize, usize) = (78, 180);

/// Space around the text, in pixels.
const SPACE: usize = 16;

/// The picture of `text`, which may have escape sequences for bold and colours.
pub(super) fn svg(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().map(spans).collect();
    let length = |line: &Vec<Span>| line.iter().map(|span| span.text.chars().count()).sum();
    let columns: usize = lines.iter().map(length).max().unwrap_or(0);
    let width = columns * CELL.0 / 10 + 2 * SPACE;
    let height = lines.len() * CELL.1 / 10 + 2 * SPACE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"keysieve stops a commit\">\n\
         <style>\n\
         text {{ font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; \
         fill: #d6dbe3; white-space: pre }}\n\
         .b {{ font-weight: bold; fill: #fff }}\n\
         .r {{ fill: #ff7b72 }}\n\
         .g {{ fill: #7ee787 }}\n\
         .y {{ fill: #e3b341 }}\n\
         .u {{ fill: #79c0ff }}\n\
         .c {{ fill: #76e3ea }}\n\
         </style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#161b22\"/>\n"
    );
    for (number, line) in lines.iter().enumerate() {
        let y = SPACE + 13 + number * CELL.1 / 10;
        let _ = write!(svg, "<text x=\"{SPACE}\" y=\"{y}\" xml:space=\"preserve\">");
        for span in line {
            let text = span.text.replace('&', "&amp;").replace('<', "&lt;");
            let _ = match span.class.as_str() {
                "" => write!(svg, "{text}"),
                class => write!(svg, "<tspan class=\"{class}\">{text}</tspan>"),
            };
        }
        svg += "</text>\n";
    }
    svg + "</svg>\n"
}

/// Text of one style.
struct Span {
    class: String,
    text: String,
}

/// Cuts a line at its escape sequences.
fn spans(line: &str) -> Vec<Span> {
    let mut class: Vec<&str> = Vec::new();
    let mut spans = Vec::new();
    for (index, part) in line.split("\x1b[").enumerate() {
        let text = if index == 0 {
            part
        } else {
            let (codes, text) = part.split_once('m').expect("only styles");
            for code in codes.split(';') {
                match code {
                    "0" | "" => class.clear(),
                    "1" => class.push("b"),
                    "31" | "91" => class.push("r"),
                    "32" | "92" => class.push("g"),
                    "33" | "93" => class.push("y"),
                    "34" | "94" => class.push("u"),
                    "36" | "96" => class.push("c"),
                    other => assert_eq!(other, "2", "a style that the picture does not have"),
                }
            }
            text
        };
        if !text.is_empty() {
            spans.push(Span {
                class: class.join(" "),
                text: text.to_owned(),
            });
        }
    }
    spans
}
