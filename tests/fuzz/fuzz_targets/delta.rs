//! Applies any bytes as a delta to any bytes: it is refused, or it makes an object of the declared
//! size out of the spans that it reports as copied.
#![no_main]

use keysieve::git::store::delta::Delta;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (base, delta) = input;
    let Ok(delta) = Delta::parse(delta, base.len()) else {
        return;
    };
    // Instructions of a few bytes copy up to sixteen megabytes each, and would only slow this down.
    if delta.size > 1 << 24 {
        return;
    }
    let (mut object, mut copied) = (Vec::new(), Vec::new());
    let applied = delta.apply(base, &mut object, &mut copied);
    assert!(object.len() <= delta.size, "longer than declared");
    if applied.is_err() {
        return;
    }
    assert_eq!(object.len(), delta.size);
    let mut end = 0;
    for span in copied {
        assert!(
            span.to >= end && span.len > 0,
            "spans must be in order and must not overlap"
        );
        end = span.to + span.len;
        assert_eq!(object[span.to..end], base[span.from..span.from + span.len]);
    }
});
