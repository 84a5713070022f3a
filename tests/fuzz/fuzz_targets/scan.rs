//! Scans any bytes with all built-in rules: matches are inside of them, and a second scan finds the
//! same.
#![no_main]

use std::sync::LazyLock;

use keysieve::rule::RuleSet;
use keysieve::scan::Scanner;
use libfuzzer_sys::fuzz_target;

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    Scanner::new(RuleSet::builtin().expect("built-in rules are tested"))
        .expect("built-in rules are tested")
});

fuzz_target!(|text: &[u8]| {
    let found = SCANNER.scan(text);
    for one in &found {
        assert!(
            one.span.start < one.span.end && one.span.end <= text.len(),
            "{one:?} of {} bytes",
            text.len()
        );
    }
    let again = SCANNER.scan(text);
    assert_eq!(found.len(), again.len());
    assert!(
        found
            .iter()
            .zip(&again)
            .all(|(one, other)| (one.rule, one.span) == (other.rule, other.span))
    );
});
