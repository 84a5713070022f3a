//! Secret access keys: every name, separator and terminator, and keys without a name.

use super::{SECRET, each_holds, fill, filled, none_above};
use crate::support::keys::secret_access_key;

#[track_caller]
fn each_is_named(templates: &[&str]) {
    each_holds(SECRET, "high", &secret_access_key(1), &filled(templates));
}

#[test]
fn every_separator_joins_a_name_and_its_value() {
    each_is_named(&[
        "aws_secret_access_key={KEY}",
        "aws_secret_access_key = {KEY}",
        "aws_secret_access_key: {KEY}",
        "'secret' => '{KEY}',",
        "secret := \"{KEY}\"",
        "AWS_SECRET_ACCESS_KEY ?= {KEY}",
        "AWS_SECRET_ACCESS_KEY ::= {KEY}",
        "secret -> {KEY}",
        "aws configure set aws_secret_access_key {KEY}",
        "setenv AWS_SECRET_ACCESS_KEY {KEY}",
        "ENV AWS_SECRET_ACCESS_KEY {KEY}",
        "s3cmd --secret-key {KEY} ls",
        "System.setProperty(\"aws.secretKey\", \"{KEY}\");",
        "<add key=\"AWSSecretKey\" value=\"{KEY}\"/>",
        "<setting name=\"secret_key\">{KEY}</setting>",
        "<secretKey>{KEY}</secretKey>",
        "<name>fs.s3a.secret.key</name><value>{KEY}</value>",
        "| secret access key | {KEY} |",
        "aws_secret_access_key: >-\n  {KEY}\n",
        "aws_secret_access_key: |\n  {KEY}\n",
        "Secret access key\n    {KEY}\n",
        "env['AWS_SECRET_ACCESS_KEY']='{KEY}'",
        "config[\"s3_secret_key\"]=\"{KEY}\"",
    ]);
}

#[test]
fn every_terminator_ends_a_value() {
    let ends = [
        "\"", "'", "`", " ", "\n", "\r\n", "\t", ";", ",", ")", "]", "}", "<", ">", "&", "#", "|",
        "\\", "",
    ];
    let texts = ends.map(|end| fill(&format!("aws_secret_access_key={{KEY}}{end}")).into_bytes());
    each_holds(SECRET, "high", &secret_access_key(1), &texts);
}

#[test]
fn every_name_of_a_secret_counts() {
    each_is_named(&[
        "aws secret access key: {KEY}",
        "aws_secret_key={KEY}",
        "awsSecretKey={KEY}",
        "AWSSecretKey={KEY}",
        "secret access key = {KEY}",
        "SecretAccessKey={KEY}",
        "secretKey={KEY}",
        "aws_secret={KEY}",
        "s3 secret = {KEY}",
        "s3_secret_key={KEY}",
        "fs.s3a.secret.key={KEY}",
        "fs.s3n.awsSecretAccessKey={KEY}",
        "cloud.aws.credentials.secret-key={KEY}",
        "aws.secretKey={KEY}",
        "Set-AWSCredential -SecretKey {KEY}",
        "secret-key: {KEY}",
        "\"secret\": \"{KEY}\"",
        "AWS.SECRET.ACCESS.KEY={KEY}",
        "TF_VAR_aws_secret_key={KEY}",
        "SPACES_SECRET_ACCESS_KEY={KEY}",
        "aws_secret_access_key_prod_2={KEY}",
    ]);
}

#[test]
fn a_bare_key_is_low() {
    let templates = [
        "{KEY}",
        "{KEY}\n",
        "x = '{KEY}'",
        "[\"{KEY}\"]",
        "It is {KEY}.\n",
        "\u{feff}{KEY}",
    ];
    each_holds(SECRET, "low", &secret_access_key(1), &filled(&templates));
    // The name of a secret of any kind makes it surer.
    let named = ["password: {KEY}"];
    each_holds(SECRET, "medium", &secret_access_key(1), &filled(&named));
}

#[test]
fn keys_of_every_kind_are_found() {
    let texts: Vec<Vec<u8>> = (1..200)
        .map(|seed| format!("aws_secret_access_key = {}\n", secret_access_key(seed)).into_bytes())
        .collect();
    for (text, found) in texts.iter().zip(super::scan_all(&texts)) {
        assert_eq!(found.len(), 1, "{}", String::from_utf8_lossy(text));
        assert_eq!(found[0]["confidence"], "high");
    }
}

#[test]
fn padded_and_longer_runs_are_not_keys() {
    none_above(
        "none",
        &filled(&[
            "secret = {KEY}=",
            "secret = {KEY}A",
            "secret = A{KEY}",
            "secret = {KEY}==",
        ]),
    );
}

#[test]
fn a_key_next_to_a_connecting_character_needs_a_name() {
    let templates = [
        "x-{KEY}",
        "x.{KEY}",
        "{KEY}-x",
        "{KEY}_x",
        "x@{KEY}",
        "scrypt$16384$salt$8$1${KEY}",
        "%2{KEY}",
        "{KEY}.html",
    ];
    none_above("none", &filled(&templates));
    each_is_named(&["aws_secret_key=-{KEY}", "secret_key = {KEY}."]);
}
