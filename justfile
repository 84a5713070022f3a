# Short names for what people run most often; `just` lists them. Everything that a change must pass: just ci

_list:
    @just --list --unsorted

# Run the tests whose names contain NAME, or all of them
test NAME="":
    cargo test {{ if NAME == "" { "" } else { "--test integration " + NAME } }}

# Format and lint
lint:
    cargo fmt
    cargo clippy --all-targets -- -D warnings

# Run every check that a change must pass
ci:
    .ci/run

# Try the samples of all rules, and renew the page of rules
rules:
    cargo run -- rules check
    cargo run -- rules list --format markdown > docs/rules.md

# Draw the picture of the README again
picture:
    KEYSIEVE_DRAW=1 cargo test --test integration readme

# Build the documentation as a book, in target/book
book:
    mdbook build docs

# Measure the speed next to the peers that are installed
bench *WORDS:
    tests/bench/run {{ WORDS }}

# Audit a simulated fleet whose nodes die; PYTHON has Ray
fleet PYTHON="python3" *WORDS:
    {{ PYTHON }} tests/fleet/run {{ WORDS }}

# Build the packages and try them; PYTHON has maturin
packages PYTHON="python3" *WHAT:
    tests/packaging/run {{ PYTHON }} {{ WHAT }}
