//! Tests files that programs write as JSON, YAML and XML, with secrets where real ones occur: each
//! is reported in its line, and nothing else is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::samples::{samples, token};
use super::{brief, scan_all};
use crate::support::keys::Chance;

/// Files with names of values between `@`.
const FILES: [(&str, &str); 9] = [
    (
        "notebook of Jupyter",
        include_str!("structured/notebook.ipynb"),
    ),
    ("HTTP archive", include_str!("structured/requests.har")),
    (
        "recording of asciinema",
        include_str!("structured/session.cast"),
    ),
    (
        "state of Terraform",
        include_str!("structured/terraform.tfstate"),
    ),
    ("plan of Terraform", include_str!("structured/plan.json")),
    (
        "collection of Postman",
        include_str!("structured/postman.json"),
    ),
    ("settings of .NET", include_str!("structured/web.config")),
    ("pod of Kubernetes", include_str!("structured/pod.yaml")),
    (
        "lists of names and values",
        include_str!("structured/parameters.json"),
    ),
];

/// Each value: its name, and the rule that reports it. The id of a pair is reported with its secret.
fn values() -> [(&'static str, Option<&'static str>, String); 8] {
    const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let [pair, ..] = samples();
    let [(_, id), (_, secret)] = &pair.values[..] else {
        panic!("a pair has two values");
    };
    let random = |seed| Chance::new(seed, "structured").text(BASE62, 32);
    let mut chance = Chance::new(4, "image");
    let image: Vec<u8> = (0..3000).map(|_| chance.below(256) as u8).collect();
    let password = ["vT9#k", "Q2mXw", "7Lp"].concat();
    [
        ("@ID@", None, id.clone()),
        ("@SECRET@", Some("aws-access-key-pair"), secret.clone()),
        ("@TOKEN@", Some("github-pat"), token(2)),
        ("@KEY@", Some("generic-api-key"), random(1)),
        ("@KEY2@", Some("generic-api-key"), random(2)),
        ("@KEY3@", Some("generic-api-key"), random(3)),
        ("@PASSWORD@", Some("generic-password"), password),
        ("@NOISE@", None, STANDARD.encode(image)),
    ]
}

#[test]
fn secrets_in_structured_files_are_reported_in_their_lines_and_nothing_else_is() {
    let values = values();
    let texts = FILES.map(|(_, text)| {
        let fill = |text: String, (name, _, value): &(_, _, String)| text.replace(*name, value);
        values.iter().fold(text.to_owned(), fill)
    });
    for ((name, template), found) in FILES.iter().zip(scan_all(&texts)) {
        let mut expected = Vec::new();
        for (line, text) in (1_u64..).zip(template.lines()) {
            let here = values.iter().filter(|(name, ..)| text.contains(name));
            expected.extend(here.filter_map(|(_, rule, value)| Some((line, (*rule)?, &**value))));
        }
        let part =
            |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let mut found_here: Vec<_> = found
            .iter()
            .map(|one| {
                (
                    one["line"].as_u64().unwrap(),
                    part(one, "rule"),
                    part(one, "secret"),
                )
            })
            .collect();
        found_here.sort_unstable();
        let mut expected: Vec<_> = expected
            .into_iter()
            .map(|(line, rule, value)| (line, rule.to_owned(), value.to_owned()))
            .collect();
        expected.sort_unstable();
        assert_eq!(found_here, expected, "{name}: {}", brief(&found));
    }
}
