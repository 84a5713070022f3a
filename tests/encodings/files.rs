//! Tests files that contain other files as strings: notebooks, HTTP archives, recordings of
//! terminals, states of Terraform.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::samples::{Sample, samples};
use super::{brief, scan_all};

/// Expects that each sample is found in what `write` makes of its file, and on the line that has
/// `marker` there.
#[track_caller]
fn is_found_in(write: fn(&Sample) -> String, marker: &str) {
    let samples = samples();
    let texts: Vec<_> = samples.iter().map(write).collect();
    for ((sample, text), found) in samples.iter().zip(&texts).zip(scan_all(&texts)) {
        let line = 1 + text[..text.find(marker).unwrap()].matches('\n').count();
        let is_right = |finding: &Value| sample.is_found(finding) && finding["line"] == line;
        assert!(
            found.iter().any(is_right),
            "line {line} of {text}\n{}",
            brief(&found)
        );
    }
}

fn lines(text: &str) -> Vec<String> {
    text.split_inclusive('\n').map(str::to_owned).collect()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[test]
fn the_source_of_a_cell_is_found() {
    let notebook = |sample: &Sample| {
        let text = format!("\"\"\"here:\n{}\"\"\"", sample.file());
        pretty(&json!({ "cells": [{ "cell_type": "code", "source": text }], "nbformat": 4 }))
    };
    is_found_in(notebook, "here:");
}

#[test]
fn the_output_of_a_cell_is_found() {
    let notebook = |sample: &Sample| {
        let shown = lines(&format!("here: {:?}\n", sample.file()));
        let stream = json!({ "output_type": "stream", "name": "stdout", "text": shown });
        pretty(&json!({ "cells": [{ "cell_type": "code", "source": [], "outputs": [stream] }] }))
    };
    is_found_in(notebook, "here:");
}

#[test]
fn a_pair_in_lines_of_a_cell_is_found() {
    let [pair, ..] = samples();
    let cell = json!({ "cell_type": "code", "source": lines(&pair.file()) });
    let found = scan_all(&[pretty(&json!({ "cells": [cell] }))]).remove(0);
    assert!(
        found.iter().any(|finding| pair.is_found(finding)),
        "{}",
        brief(&found)
    );
}

/// A notebook has each line of a key in a string of its own.
#[test]
fn a_private_key_in_lines_of_a_cell_is_found() {
    let [.., key] = samples();
    let cell = json!({ "cell_type": "code", "source": lines(&key.file()) });
    let found = scan_all(&[pretty(&json!({ "cells": [cell] }))]).remove(0);
    assert!(
        found.iter().any(|finding| key.is_found(finding)),
        "{}",
        brief(&found)
    );
}

#[test]
fn requests_and_responses_of_an_http_archive_are_found() {
    let request = |sample: &Sample| {
        let body = json!({ "here": sample.file() }).to_string();
        let post = json!({ "mimeType": "application/json", "text": body });
        pretty(&json!({ "log": { "entries": [{ "request": { "postData": post } }] } }))
    };
    is_found_in(request, "here");
    let response = |sample: &Sample| {
        let text = STANDARD.encode(sample.file());
        let content = json!({ "encoding": "base64", "text": text });
        pretty(&json!({ "log": { "entries": [{ "response": { "content": content } }] } }))
    };
    is_found_in(response, "\"text\"");
}

#[test]
fn the_output_in_a_recording_of_a_terminal_is_found() {
    let recording = |sample: &Sample| {
        let shown = format!("\u{1b}[1mhere\u{1b}[0m\n{}", sample.file()).replace('\n', "\r\n");
        let head = json!({ "version": 2, "width": 80, "height": 24 });
        let events = [
            json!([0.1, "o", "$ cat config\r\n"]),
            json!([0.2, "o", shown]),
        ];
        format!("{head}\n{}\n{}\n", events[0], events[1])
    };
    is_found_in(recording, "here");
}

#[test]
fn files_in_a_state_of_terraform_are_found() {
    let state = |sample: &Sample| {
        let attributes = json!({ "filename": "here", "content": sample.file() });
        let instance = json!({ "attributes": attributes });
        pretty(
            &json!({ "version": 4, "resources": [{ "type": "local_file", "instances": [instance] }] }),
        )
    };
    is_found_in(state, "\"content\"");
    let encoded = |sample: &Sample| {
        let attributes = json!({ "user_data_base64": STANDARD.encode(sample.file()) });
        let instance = json!({ "attributes": attributes });
        pretty(
            &json!({ "version": 4, "resources": [{ "type": "aws_instance", "instances": [instance] }] }),
        )
    };
    is_found_in(encoded, "user_data_base64");
}
