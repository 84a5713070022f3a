//! Tests that every search finds what reading each byte finds.

use bstr::ByteSlice as _;

use super::*;
use crate::rule::charset::MIN_BASE64_RUN;
use crate::scan::decode::joint::is_ignorable;
use crate::text::Span;

/// The shapes of `text`, found by reading every byte.
fn plain(text: &[u8]) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let (mut run, mut list) = (0, 0);
    for at in 0..=text.len() {
        let byte = text.get(at).copied();
        if byte.is_none_or(|byte| !is_run_byte(byte)) {
            if at - run >= MIN_RUN {
                shapes.push(Shape::Run(run, at));
            }
            run = at + 1;
        }
        if byte.is_none_or(|byte| !numbers::is_list_byte(byte)) {
            if at - list >= MIN_LIST {
                shapes.push(Shape::List(list, at));
            }
            list = at + 1;
        }
        if byte.is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | 0x1b | 0x80..))
            && at > 0
            && is_run_byte(text[at - 1])
            && may_be_joint(text, at)
        {
            shapes.push(Shape::Joint(at));
        }
    }
    that_matter(text, shapes)
}

/// The shapes in order, without lists in which no text begins.
fn that_matter(text: &[u8], mut shapes: Vec<Shape>) -> Vec<Shape> {
    shapes.retain(|shape| {
        let mut is_text = !matches!(shape, Shape::List(..));
        if let &Shape::List(start, end) = shape {
            numbers::begins_in(text, Span::new(start, end), |_| is_text = true);
        }
        is_text
    });
    shapes.sort_unstable();
    shapes
}

/// The shapes of `text`, found by each search with vectors that the processor has.
fn fast(text: &[u8]) -> Vec<Shape> {
    let shapes = by(text, |found| Some(search(text, found))).expect("a search");
    #[cfg(target_arch = "x86_64")]
    {
        let wide = by(text, |found| avx512::search(text, found));
        let narrow = by(text, |found| avx2::search(text, found));
        for other in [wide, narrow].into_iter().flatten() {
            assert_eq!(other, shapes);
        }
    }
    shapes
}

fn by(
    text: &[u8],
    search: impl FnOnce(&mut dyn FnMut(Shape)) -> Option<bool>,
) -> Option<Vec<Shape>> {
    let mut shapes = Vec::new();
    let has_nul = search(&mut |shape| shapes.push(shape))?;
    assert_eq!(has_nul, text.contains(&0));
    Some(that_matter(text, shapes))
}

fn slow(text: &[u8]) -> Vec<Shape> {
    by(text, |found| Some(portable(text, found))).expect("a search")
}

/// The build script, the rules and both searches use one definition: these are its promises.
#[test]
fn a_run_of_a_rule_is_a_charset_run() {
    const { assert!(MIN_BASE64_RUN >= MIN_RUN) };
    for byte in 0..=u8::MAX {
        let base64 = byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
        let in_run = base64 || b"_-.=\\%&#;".contains(&byte);
        assert_eq!(is_run_byte(byte), in_run, "{byte:#x}");
    }
}

#[test]
fn both_searches_agree_with_reading_every_byte() {
    let mut state = 1_u32;
    let mut count = 0;
    for round in 0..600 {
        let mut text = Vec::new();
        // Some are longer than a batch of blocks.
        let len = if round % 10 == 0 { 2500 } else { 600 };
        while text.len() < len {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let stops = [b" ", b"\"", b"\n", b"\0", b"\x1b", b"\\", b"\xe2", b"\xff"];
            let pieces: [&[u8]; 8] = if round % 3 == 0 {
                [
                    b"65, ",
                    b"0x4b,",
                    b"122,\n    ",
                    b"7a ",
                    b"0x5A, ",
                    b"99,",
                    b"0x61, ",
                    b"104, ",
                ]
            } else {
                [b"a", b"Z", b"9", b"+", b"/", b"\\", b"%", b"_"]
            };
            let is_stop = state >> 24 < 3 + round % 20;
            let stop = &stops[(state >> 20) as usize % 8][..];
            // Lists have one form most of the time.
            let piece = if round % 3 == 0 && state >> 28 != 0 {
                pieces[(round / 3 % 8) as usize]
            } else {
                pieces[(state >> 16) as usize % 8]
            };
            text.extend_from_slice(if is_stop { stop } else { piece });
        }
        text.truncate(len - (round % 64) as usize);
        assert_eq!(fast(&text), plain(&text));
        assert_eq!(slow(&text), plain(&text));
        count += plain(&text).len();
    }
    assert!(count > 1000, "only {count} shapes: the test proves little");
}

#[test]
fn shapes_across_and_at_the_end_of_a_batch_of_blocks_are_found() {
    let list = "65, ".repeat(40);
    let run = "k".repeat(40);
    for (shape, before) in [(&*run, "~"), (&list, "~"), ("a\" + \"b", "~")] {
        for end in 0..=shape.len() {
            let start = before.repeat(2048 - end) + shape;
            for text in [&start[..2048], &start, &(start.clone() + "~")] {
                assert_eq!(fast(text.as_bytes()), plain(text.as_bytes()), "{text}");
            }
        }
    }
    let whole = "k".repeat(2048);
    assert_eq!(fast(whole.as_bytes()), [Shape::Run(0, 2048)]);
}

#[test]
fn every_byte_value_is_classified_alike_at_every_offset() {
    for byte in 0..=u8::MAX {
        for at in 0..70 {
            for (fill, len) in [("k", MIN_RUN), ("65, ", MIN_LIST)] {
                let mut text = vec![b'~'; at];
                text.extend(fill.bytes().cycle().take(len - 1));
                text.push(byte);
                text.extend(b"[ ");
                assert_eq!(fast(&text), plain(&text), "{byte:#x} at {at}");
            }
        }
    }
}

#[test]
fn every_character_that_is_not_shown_may_be_a_joint() {
    let mut count = 0;
    for c in ('\0'..=char::MAX).filter(|&c| is_ignorable(c)) {
        assert!(may_be_joint(format!("a{c}").as_bytes(), 1), "{c:?}");
        count += 1;
    }
    assert!(count > 500);
}

#[test]
fn joints_are_found_whatever_their_first_bytes_are() {
    let mut count = 0;
    for &first in b"\"'`\\\x1b\xc2\xe2\xf3a" {
        for second in 0..=u8::MAX {
            for rest in [&b"\""[..], b".", b"$", b"\x8b"] {
                for before in [29, 30, 31] {
                    let start = [&vec![b'~'; before][..], &[b'a', first, second]].concat();
                    let text = [&start, rest, &[b'~'; 64][..]].concat();
                    assert_eq!(fast(&text), plain(&text), "{:?}", text.as_bstr());
                    count += plain(&text).len();
                }
            }
        }
    }
    assert!(count > 200, "only {count} joints: the test proves little");
}

#[test]
fn bytes_are_counted_alike() {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    for len in 0..all.len() {
        for text in [&all[..len], &all[len..]] {
            assert_eq!(count(text), count_bytes(text), "{len}");
            #[cfg(target_arch = "x86_64")]
            {
                let mut counts = Counts::default();
                let is_able = avx2::count(text, &mut counts);
                assert!(!is_able || counts == count_bytes(text), "{len}");
            }
        }
    }
}

#[test]
fn runs_at_the_edges_and_of_the_shortest_length_are_found() {
    for (before, len, after) in [
        ("", 40, ""),
        (" ", 40, ""),
        ("", 40, " "),
        ("x y ", 41, "("),
    ] {
        let text = format!("{before}{}{after}", "k".repeat(len));
        let run = Shape::Run(before.len(), before.len() + len);
        assert_eq!(fast(text.as_bytes()), [run]);
    }
    assert_eq!(fast(&[b'k'; MIN_RUN - 1]), []);
    assert_eq!(fast(b""), []);
}
