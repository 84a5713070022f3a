//! The part of the check-list on rewriting history, on publishing what comes of it, and on what to
//! tell others.

use std::fmt::Write as _;

use bstr::ByteSlice;

use super::{Item, Sheet, is_out_of_reach};
use crate::finding::history::{Container, Exposure};
use crate::git::RootKind;

/// What replaces values in names: the body of a callback of git-filter-repo, which has the name in
/// `text`.
const CALLBACK: &str = r#"replace='
known = globals()
if "keysieve" not in known:
  known["keysieve"] = FilteringOptions.get_replace_text(os.environ["plan"] + "/replacements.txt")
for old, new in known["keysieve"]["literals"]:
  text = text.replace(old, new.strip(b"*"))
for old, new in known["keysieve"]["regexes"]:
  text = old.sub(new.strip(b"*"), text)
return text'
"#;

/// Appends the part to `page`.
pub(super) fn write(sheet: &Sheet<'_>, page: &mut String) {
    page.push_str("\n## 4. Rewrite history\n\n");
    if !sheet.rewrites() {
        page.push_str("Nothing to do: no branch, tag or other ref leads to any of them.\n");
        page.push_str("\n## 5. Tell others\n\nNothing to do.\n");
        return;
    }
    for item in sheet.items.iter().filter(|item| item.needs_rewriting()) {
        let word = item.exposure().map_or("", |exposure| exposure.word());
        let _ = writeln!(page, "- [ ] {} ({word})", item.title());
        out_of_reach(sheet, item, page);
    }
    page.push_str(
        "\nWith [git-filter-repo](https://github.com/newren/git-filter-repo) (`pip install git-filter-repo`), in a fresh \
         clone, so that nothing is lost if it goes wrong. Every commit after the first one changed gets a new id, \
         signatures are lost, and notes stay with the old ids.\n\n```sh\n",
    );
    let is_elsewhere = sheet.is_published() && !sheet.subject.is_bare;
    let server = match is_elsewhere {
        true => format!("\"$(git -C \"$repo\" remote get-url {})\"", remote(sheet)),
        false => "\"$repo\"".to_owned(),
    };
    let _ = writeln!(
        page,
        "server={server}\ngit clone --mirror --no-local \"$server\" rewritten.git\ncd rewritten.git"
    );
    if is_elsewhere
        && sheet
            .items
            .iter()
            .any(|item| item.exposure() == Some(Exposure::Local))
    {
        page.push_str(
            "# What is only here, and holds secrets too; it is published with the rest in step 5.\n\
             git fetch \"$repo\" 'refs/heads/*:refs/heads/*' 'refs/tags/*:refs/tags/*' 'refs/notes/*:refs/notes/*'\n",
        );
    }
    command(sheet, page);
    page.push_str("keysieve audit .   # nothing may be left; if something is, do not go on\n```\n");
    if sheet.strips_blobs {
        page.push_str(
            "\n`blobs.txt` drops whole files from all of history, HEAD too: add what you need of them again, without the \
             secret.\n",
        );
    }
    publish(sheet, page);
}

/// The remote that has what is published, as a word of a shell.
fn remote(sheet: &Sheet<'_>) -> String {
    let reached = sheet
        .items
        .iter()
        .filter_map(Item::history)
        .flat_map(|history| &history.reached_from);
    let tracking = reached.filter(|reached| reached.kind == RootKind::Remote);
    let name = tracking
        .filter_map(|reached| reached.name.split_once_str("/"))
        .map(|(name, _)| name)
        .next();
    sheet.word(name.unwrap_or(b"origin"))
}

/// What of a secret no replacement reaches.
fn out_of_reach(sheet: &Sheet<'_>, item: &Item<'_>, page: &mut String) {
    for place in item.places().iter().filter(|place| is_out_of_reach(place)) {
        let form = if place.encoded {
            "encoded in"
        } else {
            "in a binary blob"
        };
        let object = place.object.as_deref().unwrap_or("a name");
        let paths: Vec<_> = place
            .paths
            .iter()
            .take(5)
            .map(|path| sheet.code(path))
            .collect();
        let at = if paths.is_empty() {
            String::new()
        } else {
            format!(", {}", paths.join(", "))
        };
        let what = match place.kind {
            Container::Blob => "no replacement reaches it, so `blobs.txt` drops the whole blob",
            Container::Commit | Container::Tag => {
                "reword it by hand: `git rebase -i`, `git tag -f`"
            }
            Container::Name => "rename it by hand: `git filter-repo --path-rename OLD:NEW`",
        };
        let _ = writeln!(page, "  - {form} {object}{at}: {what}");
    }
    let short = item
        .values()
        .map(|(_, secret, _)| secret.len())
        .min()
        .unwrap_or(0);
    if short < 8 {
        let _ = writeln!(
            page,
            "  - only {short} bytes long: it is replaced wherever these stand, even within other words"
        );
    }
}

/// The command that rewrites.
fn command(sheet: &Sheet<'_>, page: &mut String) {
    let has = |kind| {
        sheet
            .items
            .iter()
            .any(|item| item.needs_rewriting() && item.container(kind))
    };
    let (names, people) = (
        has(Container::Name),
        has(Container::Commit) || has(Container::Tag),
    );
    if names || people {
        page.push_str(CALLBACK);
    }
    page.push_str(
        "git filter-repo --force --replace-text \"$plan/replacements.txt\" --replace-message \"$plan/replacements.txt\"",
    );
    if sheet.strips_blobs {
        page.push_str(" \\\n  --strip-blobs-with-ids \"$plan/blobs.txt\"");
    }
    if names {
        page.push_str(" \\\n  --filename-callback \"text = filename$replace\"");
    }
    if people {
        page.push_str(" \\\n  --name-callback \"text = name$replace\" --email-callback \"text = email$replace\"");
    }
    page.push('\n');
}

fn publish(sheet: &Sheet<'_>, page: &mut String) {
    if !sheet.is_published() {
        page.push_str(
            "\n## 5. Put it in place\n\nNo other repository is known to have it: take the rewritten one instead of this one, \
             before anything is pushed. What is not committed, and stashes, stay in the old one.\n\n```sh\n\
             mv \"$repo\" \"$repo.old\"\n\
             git clone --no-local . \"$repo\"\n\
             git -C \"$repo\" fetch --update-head-ok \"$PWD\" 'refs/heads/*:refs/heads/*' 'refs/tags/*:refs/tags/*' \
             'refs/notes/*:refs/notes/*'\n\
             git -C \"$repo\" remote remove origin   # add the remotes of \"$repo.old\" again; delete that when nothing is missed\n\
             ```\n",
        );
        return;
    }
    page.push_str(
        "\n## 5. Publish it, and tell everybody\n\n\
         - [ ] Lift the protection of branches for as long as it takes, and push:\n\n```sh\n\
         git push --force \"$server\" 'refs/heads/*' 'refs/tags/*' 'refs/notes/*'\n```\n\n\
         - [ ] Everybody with a clone: commit or export what is not pushed, delete the clone, clone anew. A `git pull` or a merge \
         of old commits brings the secret back. So do CI caches, mirrors, deployments and vendored copies.\n\
         - [ ] Forks have the old commits: their owners have to do the same, or to delete them.\n\
         - [ ] The server has them too, for whoever knows an id. GitHub: ask its support to remove cached views and the \
         references of pull requests (`refs/pull/*` cannot be pushed to), naming the repository and the \
         ids: `filter-repo/commit-map` in the rewritten clone has the old ones and the new ones. GitLab: Settings, Repository, Repository \
         maintenance, with `filter-repo/commit-map`. Own servers: `git reflog expire --expire=now --all && git gc \
         --prune=now` there.\n\
         - [ ] Packages, images and archives that were built from it: withdraw those that hold it.\n",
    );
}
