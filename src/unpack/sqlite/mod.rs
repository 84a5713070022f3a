//! Reads SQLite databases table by table: each value is a line of its own, so that values do not
//! run together, and values are whole even if the file has them in pieces.

mod pages;
mod rows;

use std::collections::HashSet;
use std::{iter, mem};

use pages::Pages;
use rows::{Context, Rows, values};

use super::Problem;
use super::walk::Walk;

const MAGIC: &[u8] = b"SQLite format 3\0";

/// How many tables and indexes have a name. The pages of others count as unused, and are read too.
const MAX_TREES: usize = 1 << 16;

pub(super) fn is_sqlite(first: &[u8]) -> bool {
    first.starts_with(MAGIC)
}

pub(super) fn read(bytes: &[u8], walk: &mut Walk<'_>) -> Result<(), Problem> {
    let pages = Pages::new(bytes).ok_or_else(|| Problem::corrupt("its header is not valid"))?;
    let mut context = Context {
        pages,
        format_of: walk.format_of(),
        seen: HashSet::new(),
    };
    let schema = Tree {
        name: b"sqlite_schema".to_vec(),
        root: 1,
        is_index: false,
    };
    let mut trees = trees(&context.pages);
    // What an index repeats of a table is left out, so tables come first.
    trees.sort_by_key(|tree| tree.is_index);
    for tree in iter::once(&schema).chain(&trees) {
        let list = context.pages.tree(tree.root);
        rows(
            &tree.name,
            Rows::new(&mut context, list, tree.is_index),
            walk,
        )?;
    }
    let is_damaged = context.pages.is_damaged;
    // Deleted rows are on pages that no table has. These need not be valid.
    let list = context.pages.unused_leaves();
    rows(b"unused pages", Rows::new(&mut context, list, true), walk)?;
    for page in context.pages.unused() {
        walk.remains(page)?;
    }
    if context.pages.is_truncated() {
        return Err(Problem::Truncated);
    }
    if context.pages.is_too_large {
        return Err(Problem::TooMuchMemory);
    }
    if is_damaged {
        return Err(Problem::corrupt("a page is not valid"));
    }
    Ok(())
}

/// A table or an index.
struct Tree {
    name: Vec<u8>,
    root: usize,
    is_index: bool,
}

/// The tables and indexes that the schema lists.
fn trees(pages: &Pages<'_>) -> Vec<Tree> {
    // The schema is read as a table as well.
    let mut pages = pages.clone();
    let schema = pages.tree(1);
    let mut trees = Vec::new();
    let cells: Vec<_> = schema
        .into_iter()
        .flat_map(|page| pages.cells(page))
        .collect();
    for cell in cells {
        let record = pages.record(&cell);
        let fields: Vec<_> = values(&record).map(|(_, value)| value).take(4).collect();
        if let [kind, name, _, root] = fields[..]
            && trees.len() < MAX_TREES
        {
            let root = root
                .iter()
                .fold(0, |sum, &byte| sum << 8 | usize::from(byte));
            trees.push(Tree {
                name: pages.utf8(name).into_owned(),
                root,
                is_index: *pages.utf8(kind) == *b"index",
            });
        }
    }
    // Views have no page.
    trees.retain(|tree| tree.root > 0);
    trees
}

/// Takes the values of a table, and then those that are containers.
fn rows(name: &[u8], mut rows: Rows<'_, '_>, walk: &mut Walk<'_>) -> Result<(), Problem> {
    while !rows.is_done() {
        walk.entry(name, &mut rows)?;
        for value in mem::take(&mut rows.containers) {
            walk.entry(name, &mut &value[..])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Problem;
    use super::super::samples::{Found, base64, found};

    /// A database with pages of 512 bytes: a table with an index, long and packed values, and many
    /// rows; and a table that was dropped. Compressed with gzip.
    const DATABASE: &str = "H4sIAAAAAAACA+2ZTWhcVRTHz5nJfGZm8jmZfE1y8/FykzbYee/OJxjSWFIpTVusLYKIYZJ5ScdOZuLMa20X\
         WVQQhQjiQly40JXQjRTcqFRBEF3YfRGhUINbsQu10o33zbtTKWTOaDalTS68zJ37/72Puefcc895efGFpaJl\
         srVKdSNvMQEuQISjjAGAWx4RdaD63gb/NoTWzQ3PrGIY74MLlwGX8QdMwBPd5E85Eo3ivJVfKZnrlXL9iBw7\
         u7hwbpGdW3huaZHZI9MWs8wr1swa+mLxOF4brfM107KK5fVa49P1yHmN0emL5tX62WyzWtzIV68yOTDLLudL\
         l8z6+Cwr5K08WylVVmZZmRXL1swRlzd2LI5QLBfMK7XXS9Kmy/lLVqX+fblx5WW90bNt6bd/j8c2Et6zu2F8\
         gH/iPQzCDtyED6AMzwPTQp65IcA8qz/UBekjxRqrmptm3jILLOs8VNavtVNYxsEyPi1IYWkHS3u1AIWlHCzl\
         0fwUlnSwZJvmozDhYMKteSnMcDDDNemxsUATTHcwfbLNpvxNqIRDJZJuzwCc9m3mVy+ahdHtukHA5f7x5K1T\
         52+cnz55a+bUry44vcWiYSnM33dccLvm8kY/PAO+UqW8bh8soRsimUpnsrlHe/aCjaMnpgOuFas16TOX83Ks\
         fdy2fkz+8YVc9h3xpn3dEN6RnXU4ge9iBc9iCvvhAdyBb/Ev/A13WiyMuHu+2dzpootSjU5K1TsoNREZds81\
         U3NhQsyGCDHTTojpICGmAoSY9BOi8BGi4d1FlLMeJCZHJKckESAIQx+wQ8BurnPQ2x89aX/vwTzs354dug/m\
         4enpNZKE/9rsxCIEDPAufo5b+BLqB/nfU53/2TeurDFZo7Bq5Q2ffeF2mAf8CW/g2/iqzPpC0v5fwftwQQ63\
         ajzmmY83nTQ9p6Yj18P7SFA5kp7t5lESVK6kZ7p4LwkqZ9LTnbyHBJU76akO3k2CyqH0ZIR3kaByKV2EeScJ\
         KqfSjRDvIMGGW+ntPEKCyrP0RFALU+6sDJMLBOsFvqzNd/B7uA1fwkewhdu4gWdkJOiBP/C6FBeogvg6PNs8\
         vaSSz0T/46oZKDUXo9RsH6VmopSa7qXUVA+lJrv/b3Hw8FQPISbagpiSe8BxwE/hE3gTCnAcY/A3/Azf4Dv4\
         Gi7hL7ISPIFHJba34s9Ij1BqKk6pyWFKFUNkOUWdmhuj1Cyj1MwofgcxJ2i7/e4o2jHY5XdTjiOMSUrVJyg1\
         MU49jjEoDTCypyUohObE/znA2/gZvoWvoJD7/134At6DNTncIvqPU8FIqGAkEiN8jAINFY2MXJwzElTbhJEd\
         5qMkqLYJIzPER0hQbRNGepDHSVBtE0ZqgA+ToNomjGQ/HyJBtU0YIsYHSbCRexh9fIAE1TZh6FHeT4LKMkai\
         Nwhfy/i/CPAxXINVWMSYvRPgdfUOqOXKb7X8RfYQpWZmKDU9TakpLm/9cvOXH7Tj732x5g4H3QO4y/oP1JOs\
         J+uFlL3+A3Kx77L+H0fjh8mIogKFyHF+iARVoBDZKT5DgipQiIzGp0lQBQqRnuScBFWgEKkJPkWCKlCI5DjX\
         SLBRoogxPkmCKlAIg/EJElSBQuijD9O43+Gg7YMWQZdWMEum7Qb2/5L+AVjZfgIAHAAA";

    /// A database whose text is UTF-16.
    const WIDE: &str = "H4sIAAAAAAACAwsO9MksSVVIyy/KTSxRMGZgYmBkZHBQUGBgADIhGAYYgZgFiY8shwswMeglM/KCNDPuZQCi\
         UUBN4MjIpigoyJhawpDIkMSQw5DKUAKETM4MQQyuDI4MIUBSAUg6Mjgx+IDZJQwaQKUgOpWhAkhqMkDi5hUD\
         EI2CYQ1EGJkMyxkyGVKAcY9IAQDiEon+AAQAAA==";

    fn lines<'a>(found: &'a Found, path: &str) -> Vec<&'a [u8]> {
        let entries = found.entries.iter().filter(|(name, _)| name == path);
        entries
            .flat_map(|(_, text)| text.split(|&byte| byte == b'\n'))
            .collect()
    }

    #[test]
    fn each_value_is_a_line() {
        let found = found(&base64(DATABASE));
        assert_eq!(found.problems, []);
        let values = lines(&found, "settings");
        let long = ["long ".to_owned(), "0123456789".repeat(150)].concat();
        for value in [
            "first",
            "a value of one row",
            &long,
            "value 0",
            "value 39",
            "name = value",
        ] {
            let count = values
                .iter()
                .filter(|line| **line == value.as_bytes())
                .count();
            assert_eq!(count, 1, "{value}");
        }
        // The index has nothing that the table does not have, but short values.
        let index = lines(&found, "sqlite_autoindex_settings_1");
        assert_eq!(index, [&b"first"[..], b"long", b"packed", b""]);
        let deleted = found.entries.iter().filter(|(path, text)| {
            path != "settings" && text.windows(12).any(|part| part == b"deleted text")
        });
        assert_eq!(deleted.count(), 1);
    }

    #[test]
    fn wide_text() {
        assert_eq!(lines(&found(&base64(WIDE)), "t"), [&b"wide text"[..], b""]);
    }

    #[test]
    fn truncated_and_corrupt() {
        let bytes = super::super::samples::gunzip(&base64(DATABASE));
        let cut = found(&bytes[..bytes.len() - 512]);
        assert!(cut.problems.contains(&(String::new(), Problem::Truncated)));
        let mut corrupt = bytes;
        corrupt[512..1024].fill(0xff);
        let found = found(&corrupt);
        assert!(
            matches!(found.problems[..], [(_, Problem::Corrupt(_))]),
            "{found:?}"
        );
    }
}
