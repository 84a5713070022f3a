//! Any bytes as a delta of any bytes: it is refused, or makes what it promises out of what it says
//! it takes over.
#![no_main]

use keysieve::git::store::delta::Delta;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (base, delta) = input;
    let Ok(delta) = Delta::parse(delta, base.len()) else {
        return;
    };
    // Instructions of a few bytes copy up to sixteen megabytes each: sizes are not what is looked
    // for here.
    if delta.size > 1 << 24 {
        return;
    }
    let (mut object, mut copied) = (Vec::new(), Vec::new());
    let made = delta.apply(base, &mut object, &mut copied);
    assert!(object.len() <= delta.size, "no more than it says");
    if made.is_err() {
        return;
    }
    assert_eq!(object.len(), delta.size);
    let mut end = 0;
    for stretch in copied {
        assert!(
            stretch.to >= end && stretch.len > 0,
            "stretches are in order and do not overlap"
        );
        end = stretch.to + stretch.len;
        assert_eq!(
            object[stretch.to..end],
            base[stretch.from..stretch.from + stretch.len]
        );
    }
});
