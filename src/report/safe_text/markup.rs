//! Escapes text for XML and HTML.

use std::fmt::{self, Write};

use askama::filters::Escaper;

/// Escapes printable text for element content and attribute values.
pub(in crate::report) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Writing to a String cannot fail.
    let _ = Markup.write_escaped_str(&mut out, text);
    out
}

/// The escaping of all HTML templates; `askama.toml` names it.
#[derive(Clone, Copy)]
pub(in crate::report) struct Markup;

impl Escaper for Markup {
    fn write_escaped_str<W: Write>(&self, mut out: W, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| match c {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            '\'' => out.write_str("&#39;"),
            // XML 1.0 does not allow these, not even as character references.
            '\u{fffe}' | '\u{ffff}' => write!(out, "\\u{{{:x}}}", u32::from(c)),
            c => out.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn text_cannot_end_a_tag_or_an_attribute() {
        assert_eq!(escaped("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
        assert_eq!(escaped("é\u{fffe}"), "é\\u{fffe}");
    }
}
