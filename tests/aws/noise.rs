//! Values that look like keys but are not: collected from public repositories.

use super::{none_above, scan_all};

#[test]
fn digests_are_not_reported() {
    let sha1 = ["66008953a1b2c3d4", "e5f60718293a4b5c6d7e8f90"].concat();
    none_above(
        "none",
        &[
            format!(
                "\"lodash@^4\":\n  resolved \"https://registry.yarnpkg.com/lodash/-/lodash-4.tgz#{sha1}\"\n"
            ),
            format!("{sha1}\n"),
            format!("uses: actions/checkout@{sha1}"),
            format!("aws_secret_access_key = {sha1}"),
            format!("secret: {}", sha1.to_uppercase()),
            format!("# {}", "8FCCA13FEF1D0C2E91008E09770F7A9A5AE15600"),
            format!(
                "aws thumbprint {}",
                "3768084dfb3d2b68b7897bf5f565da8efEXAMPLE"
            ),
        ],
    );
}

#[test]
fn identifiers_and_paths_are_not_reported() {
    none_above(
        "none",
        &[
            "RegisterTaskWithMaintenanceWindowRequest",
            "CustomCsrfTokenStorageStrategyController",
            "AwsEc2LaunchTemplateDataPlacementDetails",
            "createMultiRegionIoT1ClickDevicesService",
            "BatchUpdateMemberEc2DeepInspectionStatus",
            "aws secret = AwsEc2LaunchTemplateDataPlacementDetails",
            "tests/aws/services/stepfunctions/v2/test",
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/set",
            "http://localhost:8080/api/v3/repos/PyGithub/PyGithub/keys",
            "http://localhost:8080/api/v3/repos/PyGithub/PyGithub/tags",
            "https://k.slack.com/archives/C1TU9EB9S/p1586407892220700",
            "https://docs.google.com/presentation/d/1F3gmnDQ1uetEWRu5ex1S-RlcKBsjTnCGPvsFUNb9JqgjHeWE8uE0g5M8/edit",
        ],
    );
}

#[test]
fn identifiers_of_mixed_kind_are_low_at_most() {
    none_above(
        "low",
        &[concat!("PEP695TypePa", "rameterAtTheVeryEndOfTheList")],
    );
}

#[test]
fn base64_of_text_is_not_reported() {
    none_above(
        "none",
        &[
            "\"node_id\": \"MDM6UmVmMjgyMzc3ODQyOnJlZnMvdGFncy92MS4y\"",
            "YV9ub3Rfc29fc2VjdXJlX2VuY3J5cHRpb25fa2V5",
            "sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIl9zcmMv",
            "PHNjcmlwdD5hbGVydCgnWFNTJyk8L3NjcmlwdD4K",
        ],
    );
}

#[test]
fn password_hashes_are_not_reported() {
    let tail = ["kP3v/Zq8LrT0wYb6HnXs", "1Dj+Ue5MfCgA9oQiR2xV"].concat();
    let hashes = [
        format!("pbkdf2_sha256$10000$seasalt${tail}"),
        format!("scrypt$16384$seasalt$8$1${tail}"),
    ];
    none_above("none", &hashes);
}

#[test]
fn certificates_and_signatures_are_not_reported() {
    let last = ["bW1EDp3zdHSo1TRJ6V6e", "6bR64eVaH4QwnNOfpSXY"].concat();
    let body = "MIIEowIBAAKCAQEAq7BFUpkGp3+LQmlQYx2eqzDV+xeG8kx/sQFV18S5JhzGeIJN".repeat(3);
    let lines: String = body
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned() + "\n")
        .collect();
    none_above(
        "none",
        &[
            format!("-----BEGIN CERTIFICATE-----\n{lines}{last}\n-----END CERTIFICATE-----\n"),
            format!(
                "-----BEGIN PGP SIGNATURE-----\n\n{last}\n=abcd\n-----END PGP SIGNATURE-----\n"
            ),
            format!("{lines}{last}\n"),
        ],
    );
}

#[test]
fn checksums_of_packages_are_not_reported() {
    let digest = [
        "GDHVin2EkP3vZq8LrT0w",
        "Yb6HnXsaWs4jWv8oBa1D",
        "jUe5MfCgA9oQiR2xVkP3vZq8LrT0wYb6HnXs1DjUe5MfCg",
    ]
    .concat();
    none_above(
        "none",
        &[
            format!("\"integrity\": \"sha512-{digest}==\""),
            format!("integrity sha512-{digest}=="),
            format!("golang.org/x/text v0.3.0 h1:{}=", &digest[..43]),
        ],
    );
}

#[test]
fn capitals_and_padding_that_spell_a_prefix_are_not_reported() {
    none_above(
        "none",
        &[
            "EUROPEASIAAUSTRALIAAMERICA",
            "TODAYINASIAASACKOFRICEFELLOVER",
            "ASIAASIASIASIASIASIA",
            "msgstr \"Näytä asiakirjamallikansio.\"",
            "ACCAGTTACCAGTTACCAGT",
            "AAAAABIABAAEAAQABAAEAAQAAAA",
            "ABIABAAEAAQABAAEAAQA",
            "ABIAAAAAAAAAQOACQAEA",
            "AROAWORVRXQ5NC76T7223",
            "/* @param keyPairId APKAQ3RT5WZKMHNB2PVC */",
        ],
    );
}

#[test]
fn dna_sequences_are_not_reported() {
    let letters = [
        "ACCA", "GTTA", "CGAT", "TTAG", "GACC", "ATAC", "ACCA", "GGTT",
    ];
    let gene: String = (0..2000)
        .map(|n: usize| letters[(n * n + 3 * n) % letters.len()])
        .collect();
    none_above(
        "none",
        &[
            gene.clone(),
            gene.as_bytes()
                .chunks(60)
                .map(|l| String::from_utf8_lossy(l) + "\n")
                .collect(),
        ],
    );
}

#[test]
fn this_repository_contains_no_key() {
    let sandbox = crate::support::Sandbox::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [
        "src",
        "tests",
        "patterns",
        "hooks",
        "Cargo.toml",
        "Cargo.lock",
        "CHANGELOG.md",
        "install.sh",
        ".ci",
    ];
    let run = crate::support::Run::new(crate::support::Run::KEYSIEVE, root, &sandbox);
    let ran = run
        .args(["scan", "--no-config", "--report", "medium"])
        .args(places)
        .run();
    ran.has_status(0).says("clean");
}

#[test]
fn long_lines_of_base64_have_only_low_findings() {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(state >> 58) as usize]
    };
    let blob: Vec<u8> = (0..1_000_000).map(|_| next()).collect();
    let wrapped: Vec<u8> = blob
        .chunks(76)
        .flat_map(|line| line.iter().copied().chain(*b"\n"))
        .collect();
    for found in scan_all(&[blob, wrapped]) {
        assert!(
            found.iter().all(|finding| finding["confidence"] == "low"),
            "{found:?}"
        );
    }
}
