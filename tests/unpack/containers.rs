//! Packs a file into containers of each kind, as programs write them, for the matrix of what is
//! found.

use std::io::Write as _;

use lzma_rust2::{LzmaOptions, LzmaWriter, XzOptions, XzWriter};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use sha1::{Digest as _, Sha1};

use super::documents::{docx, pdf_attachment, pdf_page, png, sqlite, xlsx};
use crate::support::archive::{Method, gzip, named_gzip, tar, tar_entry, zip, zip_as, zlib};

/// A kind of container.
pub(super) struct Container {
    pub(super) name: &'static str,
    /// Whether a file of the kind may have this content.
    pub(super) carries: fn(&[u8]) -> bool,
    pub(super) pack: fn(&[u8]) -> Vec<u8>,
}

/// The path of the file in archives.
const PATH: &str = "etc/app.conf";

/// All kinds, from the most common ones on.
#[rustfmt::skip]
pub(super) const CONTAINERS: &[Container] = &[
    Container { name: "gzip", carries: any, pack: gzip },
    Container { name: "gzip with a name", carries: any, pack: |c| named_gzip("app.conf", c) },
    Container { name: "gzip of two members", carries: any, pack: members },
    Container { name: "zlib", carries: any, pack: zlib },
    Container { name: "bzip2", carries: any, pack: bzip2 },
    Container { name: "xz", carries: any, pack: xz },
    Container { name: "lzma", carries: any, pack: lzma },
    Container { name: "zstd", carries: any, pack: zstd },
    Container { name: "zip, stored", carries: any, pack: |c| zip_as(Method::Stored, &[(PATH, c)]) },
    Container { name: "zip, deflated", carries: any, pack: |c| zip(&[("readme", b"nothing"), (PATH, c)]) },
    Container { name: "zip with data descriptors", carries: any, pack: |c| zip_as(Method::Streamed, &[(PATH, c), ("readme", b"nothing")]) },
    Container { name: "zip64", carries: any, pack: |c| zip_as(Method::Large, &[(PATH, c), ("readme", b"nothing")]) },
    Container { name: "zip behind an interpreter", carries: any, pack: |c| [b"#!/usr/bin/env python3\n", &zip(&[(PATH, c)])[..]].concat() },
    Container { name: "jar", carries: any, pack: |c| zip(&[("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n\r\n"), ("application.properties", c)]) },
    Container { name: "whl", carries: any, pack: |c| zip(&[("app/config.py", c), ("app-1.0.dist-info/METADATA", b"Name: app\n")]) },
    Container { name: "apk of Android", carries: any, pack: |c| zip_as(Method::Stored, &[("AndroidManifest.xml", &[3, 0, 8, 0]), ("assets/app.conf", c)]) },
    Container { name: "apk of Alpine", carries: any, pack: |c| [gzip(&tar_entry(".PKGINFO", '0', b"pkgname = app\n")), gzip(&tar(&[(PATH, c)]))].concat() },
    Container { name: "docx", carries: is_text, pack: docx },
    Container { name: "xlsx", carries: is_text, pack: xlsx },
    Container { name: "tar", carries: any, pack: |c| tar(&[(PATH, c)]) },
    Container { name: "tar with a header of PAX", carries: any, pack: |c| [tar_entry("PaxHeaders/app.conf", 'x', b"27 mtime=1700000000.123456\n28 path=etc/long/app.conf.bak\n"), tar(&[(PATH, c)])].concat() },
    Container { name: "tar with a long name", carries: any, pack: |c| [tar_entry("././@LongLink", 'L', &[&b"a".repeat(200)[..], b"\0"].concat()), tar(&[(PATH, c)])].concat() },
    Container { name: "tar.gz", carries: any, pack: |c| gzip(&tar(&[(PATH, c)])) },
    Container { name: "tar.bz2", carries: any, pack: |c| bzip2(&tar(&[(PATH, c)])) },
    Container { name: "tar.xz", carries: any, pack: |c| xz(&tar(&[(PATH, c)])) },
    Container { name: "tar.zst", carries: any, pack: |c| zstd(&tar(&[(PATH, c)])) },
    Container { name: "ar", carries: any, pack: |c| ar(&[("app.conf/", c)]) },
    Container { name: "deb", carries: any, pack: deb },
    Container { name: "cpio, newc", carries: any, pack: |c| [newc(PATH, c), newc(TRAILER, b"")].concat() },
    Container { name: "cpio, odc", carries: any, pack: |c| [odc(PATH, c), odc(TRAILER, b"")].concat() },
    Container { name: "image of Docker", carries: any, pack: docker },
    Container { name: "image of OCI", carries: any, pack: oci },
    Container { name: "git bundle", carries: any, pack: bundle },
    Container { name: "SQLite", carries: any, pack: |c| sqlite(4096, c) },
    Container { name: "SQLite, overflow pages", carries: any, pack: |c| sqlite(512, c) },
    Container { name: "PDF, a page", carries: is_ascii, pack: pdf_page },
    Container { name: "PDF, an attachment", carries: any, pack: pdf_attachment },
    Container { name: "PNG, tEXt", carries: has_no_zeros, pack: |c| png(b"tEXt", &[b"parameters\0", c].concat()) },
    Container { name: "PNG, zTXt", carries: has_no_zeros, pack: |c| png(b"zTXt", &[b"parameters\0\0", &zlib(c)[..]].concat()) },
    Container { name: "PNG, iTXt", carries: is_utf_8, pack: |c| png(b"iTXt", &[b"parameters\0\0\0en\0\0", c].concat()) },
    Container { name: "PNG, iTXt compressed", carries: is_utf_8, pack: |c| png(b"iTXt", &[b"parameters\0\x01\0en\0\0", &zlib(c)[..]].concat()) },
    Container { name: "zip in tar.gz in zip", carries: any, pack: |c| zip(&[("a.tar.gz", &gzip(&tar(&[("b.zip", &zip(&[(PATH, c)]))])))]) },
];

fn any(_: &[u8]) -> bool {
    true
}

fn has_no_zeros(content: &[u8]) -> bool {
    !content.contains(&0)
}

fn is_ascii(content: &[u8]) -> bool {
    content.is_ascii() && is_text(content)
}

fn is_utf_8(content: &[u8]) -> bool {
    has_no_zeros(content) && std::str::from_utf8(content).is_ok()
}

/// Whether it has no character that XML does not allow.
fn is_text(content: &[u8]) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    is_utf_8(content) && !content.iter().any(is_control)
}

fn members(content: &[u8]) -> Vec<u8> {
    let (first, second) = content.split_at(content.len() / 2);
    [gzip(first), gzip(second)].concat()
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut encoder = XzWriter::new(Vec::new(), XzOptions::with_preset(0)).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn lzma(content: &[u8]) -> Vec<u8> {
    let options = LzmaOptions::with_preset(0);
    let mut encoder = LzmaWriter::new_use_header(Vec::new(), &options, None).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    compress_to_vec(content, CompressionLevel::Fastest)
}

fn ar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = b"!<arch>\n".to_vec();
    for (name, content) in entries {
        let len = content.len();
        out.extend(format!("{name:<16}1700000000  0     0     100644  {len:<10}`\n").into_bytes());
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(2), b'\n');
    }
    out
}

fn deb(content: &[u8]) -> Vec<u8> {
    ar(&[
        ("debian-binary", b"2.0\n"),
        (
            "control.tar.gz",
            &gzip(&tar(&[("./control", b"Package: app\n")])),
        ),
        ("data.tar.xz", &xz(&tar(&[("./etc/app.conf", content)]))),
    ])
}

const TRAILER: &str = "TRAILER!!!";

fn newc(name: &str, content: &[u8]) -> Vec<u8> {
    let (size, name_len) = (content.len(), name.len() + 1);
    let zeros = "00000000";
    let before = format!("00000001000081A4{}000000016553F100", zeros.repeat(2));
    let header = format!(
        "070701{before}{size:08X}{}{name_len:08X}{zeros}",
        zeros.repeat(4)
    );
    let mut entry = format!("{header}{name}\0").into_bytes();
    entry.resize(entry.len().next_multiple_of(4), 0);
    entry.extend_from_slice(content);
    entry.resize(entry.len().next_multiple_of(4), 0);
    entry
}

fn odc(name: &str, content: &[u8]) -> Vec<u8> {
    let (size, name_len) = (content.len(), name.len() + 1);
    let before = "000001000001100644000000000000000001000000";
    let mut entry =
        format!("070707{before}14524770400{name_len:06o}{size:011o}{name}\0").into_bytes();
    entry.extend_from_slice(content);
    entry
}

/// What `docker save` writes.
fn docker(content: &[u8]) -> Vec<u8> {
    let layer = tar(&[("app/app.conf", content)]);
    tar(&[
        ("0a1b/VERSION", b"1.0"),
        ("0a1b/layer.tar", &layer),
        (
            "2c3d.json",
            b"{\"architecture\":\"amd64\",\"config\":{\"Env\":[\"A=b\"]}}",
        ),
        (
            "manifest.json",
            b"[{\"Config\":\"2c3d.json\",\"Layers\":[\"0a1b/layer.tar\"]}]",
        ),
    ])
}

/// An image layout of OCI.
fn oci(content: &[u8]) -> Vec<u8> {
    let layer = gzip(&tar(&[("app/app.conf", content)]));
    tar(&[
        (
            "blobs/sha256/0a1b",
            b"{\"architecture\":\"amd64\",\"config\":{\"Env\":[\"A=b\"]}}",
        ),
        ("blobs/sha256/2c3d", &layer),
        ("index.json", b"{\"schemaVersion\":2,\"manifests\":[]}"),
        ("oci-layout", b"{\"imageLayoutVersion\":\"1.0.0\"}"),
    ])
}

/// A bundle of one blob.
fn bundle(content: &[u8]) -> Vec<u8> {
    let mut pack = b"PACK\0\0\0\x02\0\0\0\x01".to_vec();
    // The kind and four bits of the size, then seven bits in a byte.
    let (mut first, mut rest) = (0x30 | content.len() as u8 & 0xf, content.len() >> 4);
    while rest > 0 {
        pack.push(first | 0x80);
        first = rest as u8 & 0x7f;
        rest >>= 7;
    }
    pack.push(first);
    pack.extend(zlib(content));
    let sum = Sha1::digest(&pack);
    let header = format!("# v2 git bundle\n{} refs/heads/main\n\n", "0a1b".repeat(10));
    [header.as_bytes(), &pack, &sum].concat()
}
