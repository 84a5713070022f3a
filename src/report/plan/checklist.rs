//! `CHECKLIST.md`: what to do about each secret, in the order in which it has to be done.

use std::fmt::Write as _;

use bstr::ByteVec as _;

use super::{Item, Sheet, local, rewrite};
use crate::finding::history::Exposure;
use crate::secret::Secret;

/// Rules whose values are access key ids of AWS.
const KEY_IDS: [&str; 2] = ["aws-access-token", "aws-legacy-access-key-id"];

/// How many paths of a secret are named on the page.
const MAX_PATHS: usize = 5;

/// The whole page.
pub(super) fn page(sheet: &Sheet<'_>) -> String {
    let mut page = head(sheet);
    rotate(sheet, &mut page);
    replace(sheet, &mut page);
    local::write(sheet, &mut page);
    rewrite::write(sheet, &mut page);
    page.push_str(
        "\n## 6. Prove it\n\n- [ ] In a fresh clone, and in every repository that is kept, exit status 0:\n\n```sh\n\
         keysieve audit .\n```\n\n\
         - [ ] Delete the plan: `replacements.txt` holds everything in clear.\n\n```sh\nrm -rf \"$plan\"\n```\n",
    );
    page
}

fn head(sheet: &Sheet<'_>) -> String {
    let shell = |path: &std::path::Path| sheet.word(&Vec::from_path_lossy(path));
    let mut page = format!(
        "# Clean-up of {}\n\n{}, masked here. Nothing has been done yet: every command below is for you to read and run, \
         from the top down.\n\n\
         **`replacements.txt` holds the values in clear.** Keep it to yourself, and delete this directory at the end. \
         `refs.txt` says what leads to each secret, `paths.txt` where it stands.\n",
        sheet.code(&Vec::from_path_lossy(sheet.subject.repo)),
        match sheet.items.len() {
            1 => "1 secret".to_owned(),
            many => format!("{many} secrets"),
        },
    );
    if !sheet.is_complete {
        page.push_str(
            "\n**The audit was not completed.** What could not be read may hold more: see to that first, and make the plan \
             again.\n",
        );
    }
    let _ = write!(
        page,
        "\nThe commands need these, in the same shell:\n\n```sh\nexport plan={}\nrepo={}\n\
         secret() {{ LC_ALL=C sed -n \"$1s/^[a-z]*:\\(.*\\)==>.*/\\1/p\" \"$plan/replacements.txt\"; }}   # the value on a line\n\
         ```\n",
        shell(sheet.subject.dir),
        shell(sheet.subject.repo),
    );
    page
}

/// First of all: make the values worthless.
fn rotate(sheet: &Sheet<'_>, page: &mut String) {
    page.push_str("\n## 1. Rotate\n\nBefore anything else: a value that opens nothing any more harms nobody, wherever it stands.\n\n");
    if sheet.items.iter().any(|item| key_id(item).is_some()) {
        page.push_str(AWS);
    }
    for item in sheet.items {
        let _ = writeln!(page, "- [ ] {}", item.title());
        let mut lines = Vec::new();
        lines.extend(
            Some(sheet.name(item.finding.rule.description.as_bytes()))
                .filter(|text| !text.is_empty()),
        );
        let details = item.finding.details.iter();
        lines.extend(details.map(|detail| {
            format!(
                "{}: {}",
                detail.key.replace('_', " "),
                sheet.name(detail.value.as_bytes())
            )
        }));
        lines.push(exposed(item));
        lines.extend(first_seen(sheet, item));
        let help = item.finding.rule.help.as_deref();
        lines.push(help.map_or_else(
            || {
                "Revoke it where it was issued, have a new one issued, and see in the logs there whether it was used."
                    .to_owned()
            },
            |help| sheet.name(help.trim().as_bytes()),
        ));
        for line in lines {
            let _ = writeln!(page, "  - {line}");
        }
        if let Some(id) = key_id(item) {
            aws(sheet, id, page);
        }
    }
}

fn exposed(item: &Item<'_>) -> String {
    match item.exposure() {
        Some(exposure) => format!("{}: {}", exposure.word(), exposure.advice()),
        None => "beside history: whoever can read the repository's own files has it".to_owned(),
    }
}

fn first_seen(sheet: &Sheet<'_>, item: &Item<'_>) -> Option<String> {
    let commit = item.finding.origin.commit()?;
    let time = jiff::Timestamp::from_second(commit.time)
        .ok()?
        .strftime("%Y-%m-%d");
    let path = sheet.code(item.finding.origin.path());
    Some(format!(
        "since {time}, commit {}, {path}",
        commit.id.get(..12).unwrap_or(&commit.id)
    ))
}

/// What AWS has to be told, and what it can be asked, of the key whose id stands on a line of the
/// replacements. So no id stands on the page.
const AWS: &str = r#"For access keys of AWS, with an administrator's credentials of the key's account:

```sh
about() { aws sts get-access-key-info --access-key-id "$(secret "$1")"; }   # the account that it belongs to
user() { aws iam get-access-key-last-used --access-key-id "$(secret "$1")" --query UserName --output text; }
deactivate() { aws iam update-access-key --user-name "$(user "$1")" --status Inactive --access-key-id "$(secret "$1")"; }
delete() { aws iam delete-access-key --user-name "$(user "$1")" --access-key-id "$(secret "$1")"; }
# Who used it for what: 90 days back, and each region for itself.
uses() {
  for region in $(aws ec2 describe-regions --query 'Regions[].RegionName' --output text); do
    aws cloudtrail lookup-events --region "$region" \
      --lookup-attributes AttributeKey=AccessKeyId,AttributeValue="$(secret "$1")"
  done
}
```

"#;

/// The id of an access key of AWS among the values of `item`.
fn key_id<'o>(item: &Item<'o>) -> Option<&'o Secret> {
    item.values()
        .find(|(rule, ..)| KEY_IDS.contains(rule))
        .map(|(_, id, _)| id)
}

/// The commands for the key with this id.
fn aws(sheet: &Sheet<'_>, id: &Secret, page: &mut String) {
    let Some(line) = sheet.replacements.line_of(id.reveal()) else {
        return;
    };
    if id.reveal().starts_with(b"ASIA") {
        let _ = writeln!(
            page,
            "  - it is temporary and cannot be deactivated by itself: in IAM, revoke the active sessions of its role; it ends \
             within 36 hours\n\n  ```sh\n  about {line}\n  uses {line}\n  ```\n"
        );
        return;
    }
    let _ = writeln!(
        page,
        "\n  ```sh\n  about {line}\n  deactivate {line}\n  uses {line}\n  ```\n\n  Once nothing misses it: `delete {line}`.\n"
    );
}

/// What HEAD holds has to be replaced by hand, or the next commit has it again.
fn replace(sheet: &Sheet<'_>, page: &mut String) {
    page.push_str("\n## 2. Take it out of what is in use\n\n");
    let before = page.len();
    for item in sheet
        .items
        .iter()
        .filter(|item| item.history().is_some_and(|history| history.in_head))
    {
        let mut paths: Vec<_> = item
            .places()
            .iter()
            .flat_map(|place| &place.paths)
            .collect();
        paths.sort();
        paths.dedup();
        let named: Vec<_> = paths
            .iter()
            .take(MAX_PATHS)
            .map(|path| sheet.code(path))
            .collect();
        let more = paths.len().checked_sub(MAX_PATHS).filter(|&more| more > 0);
        let more = more.map_or_else(String::new, |more| format!(" and {more} more"));
        let at = if named.is_empty() {
            "a commit's own text".to_owned()
        } else {
            format!("{}{more}", named.join(", "))
        };
        let _ = writeln!(page, "- [ ] {}: {at}", item.title());
    }
    page.push_str(if page.len() == before {
        "HEAD holds none of them.\n"
    } else {
        "\nHEAD holds these. Have the program read it from its environment or a store for secrets, and commit that. Rewriting puts a \
         placeholder where the value stood, in HEAD too.\n"
    });
    if sheet
        .items
        .iter()
        .any(|item| item.exposure() == Some(Exposure::Index))
    {
        page.push_str("\nWhat is staged only is unstaged in step 3.\n");
    }
}
