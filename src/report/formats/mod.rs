//! Lists the report formats. A new format is one file here and one row in [`FORMATS`].

mod checkstyle;
mod csv;
mod github;
mod github_summary;
mod gitlab;
mod html;
pub(in crate::report) mod human;
mod json;
pub(in crate::report) mod json_history;
mod json_path;
pub(in crate::report) mod json_types;
mod jsonl;
mod junit;
pub(in crate::report) mod markdown;
mod sarif;

use crate::report::api::{Format, Write};
use crate::report::timeline;

/// Every format. The first is the default.
pub const FORMATS: &[Format] = &[
    Format {
        lists_unused: true,
        timeline: Some(timeline::write_table),
        ..local("human", "for people: code frames and advice", human::write)
    },
    Format {
        is_data: true,
        lists_unused: true,
        timeline: Some(timeline::write_document),
        ..local("json", "one JSON document", json::write)
    },
    Format {
        is_data: true,
        lists_unused: true,
        ..local("jsonl", "one JSON object per line", jsonl::write)
    },
    Format {
        lists_unused: true,
        ..upload(
            "sarif",
            "SARIF 2.1.0, for code scanning and editors",
            sarif::write,
        )
    },
    upload(
        "github",
        "annotations and job summary of GitHub Actions",
        github::write,
    ),
    upload(
        "github-summary",
        "only the job summary of GitHub Actions",
        github_summary::write,
    ),
    upload("gitlab", "GitLab's secret detection report", gitlab::write),
    upload("junit", "JUnit XML, for test reports", junit::write),
    upload(
        "checkstyle",
        "Checkstyle XML, for code review tools",
        checkstyle::write,
    ),
    local("csv", "a table for spreadsheets", csv::write),
    Format {
        lists_unused: true,
        ..local("markdown", "a Markdown page", markdown::write)
    },
    Format {
        lists_unused: true,
        ..local(
            "html",
            "a single-file web page with search and filters",
            html::write,
        )
    },
];

/// Finds a format by its name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

const fn local(name: &'static str, about: &'static str, write: Write) -> Format {
    Format {
        name,
        about,
        for_upload: false,
        is_data: false,
        lists_unused: false,
        write,
        timeline: None,
    }
}

const fn upload(name: &'static str, about: &'static str, write: Write) -> Format {
    Format {
        for_upload: true,
        ..local(name, about, write)
    }
}
