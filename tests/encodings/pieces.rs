//! Writes secrets in pieces, as languages join them, and tests that each is reported at its first
//! piece.

use super::samples::{Sample, samples};
use super::{Form, brief, scan_all};

/// Ways to join literals, from the most common one on.
#[rustfmt::skip]
pub(super) const PIECES: &[Form] = &[
    Form { name: "\"a\" + \"b\"", write: |s| assigned(s, "const ", "\"", "\" + \"", "\";") },
    Form { name: "\"a\"+\"b\"", write: |s| assigned(s, "const ", "\"", "\"+\"", "\";") },
    Form { name: "'a' + 'b'", write: |s| assigned(s, "", "'", "' + '", "'") },
    Form { name: "'a'+'b'", write: |s| assigned(s, "var ", "'", "'+'", "'") },
    Form { name: "`a` + `b`", write: |s| assigned(s, "const ", "`", "` + `", "`") },
    Form { name: "\"a\" + 'b'", write: |s| assigned(s, "", "\"", "\" + '", "'").iter().map(|&byte| if byte == b'"' { b'\'' } else { byte }).collect() },
    Form { name: "+ at line ends", write: |s| assigned(s, "String ", "\"", "\" +\n            \"", "\";") },
    Form { name: "+ at line starts", write: |s| assigned(s, "String ", "\"", "\"\n            + \"", "\";") },
    Form { name: "adjacent", write: |s| assigned(s, "char *", "\"", "\" \"", "\";") },
    Form { name: "adjacent, on lines", write: |s| assigned(s, "", "(\n    \"", "\"\n    \"", "\"\n)") },
    Form { name: "adjacent, on lines of bytes", write: |s| assigned(s, "", "(\n    b\"", "\"\n    b\"", "\"\n)") },
    Form { name: "adjacent, on continued lines", write: |s| assigned(s, "", "\"", "\" \\\n    \"", "\"") },
    Form { name: "adjacent, in a shell", write: |s| assigned(s, "export ", "\"", "\"\"", "\"") },
    Form { name: "adjacent, in a shell, other quotes", write: |s| assigned(s, "export ", "'", "'\"\"'", "'") },
    Form { name: "\"a\" . \"b\"", write: |s| assigned(s, "$", "\"", "\" . \"", "\";") },
    Form { name: "'a'.'b'", write: |s| assigned(s, "$", "'", "'.'", "';") },
    Form { name: ". at line starts", write: |s| assigned(s, "$", "\"", "\"\n    . \"", "\";") },
    Form { name: "\"a\" .. \"b\"", write: |s| assigned(s, "local ", "\"", "\" .. \"", "\"") },
    Form { name: "\"a\"..\"b\"", write: |s| assigned(s, "local ", "\"", "\"..\"", "\"") },
    Form { name: "\"a\" & \"b\"", write: |s| assigned(s, "Const ", "\"", "\" & \"", "\"") },
    Form { name: "& at continued lines", write: |s| assigned(s, "Const ", "\"", "\" & _\r\n    \"", "\"") },
    Form { name: "'a' || 'b'", write: |s| assigned(s, "select ", "'", "' || 'b".trim_end_matches('b'), "';") },
    Form { name: "|| at line starts", write: |s| assigned(s, "select ", "'", "'\n    || '", "';") },
    Form { name: "\"a\" <> \"b\"", write: |s| assigned(s, "", "\"", "\" <> \"", "\"") },
    Form { name: "\"a\" ++ \"b\"", write: |s| assigned(s, "", "\"", "\" ++ \"", "\"") },
    Form { name: "\\ at line ends in a literal", write: |s| assigned(s, "", "\"", "\\\n", "\"") },
    Form { name: "\\ at line ends, indented", write: |s| assigned(s, "let ", "\"", "\\\n         ", "\";") },
    Form { name: "\\ at line ends, in YAML", write: yaml },
    Form { name: "\\ at line ends, in a Makefile", write: |s| assigned(s, "", "", "\\\r\n", "") },
    Form { name: "join of an array", write: |s| assigned(s, "const ", "[\"", "\", \"", "\"].join(\"\");") },
    Form { name: "join of an array on lines", write: |s| assigned(s, "const ", "[\n    '", "',\n    '", "',\n  ].join('');") },
    Form { name: "join of a list", write: |s| assigned(s, "", "\"\".join([\"", "\", \"", "\"])") },
    Form { name: "join of a tuple on lines", write: |s| assigned(s, "", "''.join((\n    '", "',\n    '", "',\n))") },
    Form { name: "implode", write: |s| assigned(s, "$", "implode('', ['", "', '", "']);") },
    Form { name: "concat!", write: |s| assigned(s, "const ", "concat!(\"", "\", \"", "\");") },
    Form { name: "CONCAT", write: |s| assigned(s, "select ", "CONCAT('", "', '", "');") },
    Form { name: ".concat", write: |s| assigned(s, "const ", "\"", "\".concat(\"", "\");") },
    Form { name: "append", write: |s| assigned(s, "", "new StringBuilder(\"", "\").append(\"", "\").toString();") },
    Form { name: "${'a'}", write: |s| assigned(s, "const ", "`${'", "'}${'", "'}`;") },
    Form { name: "+=", write: plus_assign },
];

/// The value in pieces of a few characters, or of a line each.
fn pieces(value: &str) -> Vec<String> {
    if value.contains('\n') {
        return value.lines().map(|line| format!("{line}\\n")).collect();
    }
    [&value[..4], &value[4..15], &value[15..]]
        .map(str::to_owned)
        .to_vec()
}

/// Assignments of values in pieces with `joint` between them.
fn assigned(sample: &Sample, keyword: &str, open: &str, joint: &str, close: &str) -> Vec<u8> {
    let line = |name: &str, value: &str| {
        let value = pieces(value).join(joint);
        format!("{keyword}{name} = {open}{value}{close}\n")
    };
    sample.each(line).into_bytes()
}

/// A double-quoted scalar of YAML.
fn yaml(sample: &Sample) -> Vec<u8> {
    let line = |name: &str, value: &str| format!("{name}: \"{}\"\n", pieces(value).join("\\\n  "));
    sample.each(line).into_bytes()
}

fn plus_assign(sample: &Sample) -> Vec<u8> {
    let line = |name: &str, value: &str| {
        let value = pieces(value).join(&format!("\"\n{name} += \""));
        format!("{name} = \"{value}\"\n")
    };
    sample.each(line).into_bytes()
}

#[test]
fn what_is_in_pieces_is_reported_at_its_first_piece() {
    let [_, token, _] = samples();
    let texts: Vec<_> = PIECES.iter().map(|form| (form.write)(&token)).collect();
    for ((form, text), found) in PIECES.iter().zip(&texts).zip(scan_all(&texts)) {
        for finding in found.iter().filter(|finding| token.is_found(finding)) {
            let text = String::from_utf8_lossy(text);
            let before = &text[..text.find("ghp_").unwrap()];
            let line = 1 + before.matches('\n').count();
            let column = 1 + before.len() - before.rfind('\n').map_or(0, |at| at + 1);
            let place = (&finding["line"], &finding["column"]);
            assert_eq!(
                place,
                (&line.into(), &column.into()),
                "{}: {}",
                form.name,
                brief(&found)
            );
        }
    }
}
