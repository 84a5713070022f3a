//! Pairs are found in the files and the code that usually contain them.

use super::{ID, SECRET, each_holds, each_is_a_pair, filled, scan_one};
use crate::support::keys::{access_key_id, secret_access_key};

#[test]
fn pairs_in_configuration_files_are_found() {
    each_is_a_pair(&filled(&[
        "[default]\naws_access_key_id = {ID}\naws_secret_access_key = {KEY}\n",
        "[default]\r\naws_access_key_id={ID}\r\naws_secret_access_key={KEY}\r\n",
        "[Credentials]\naws_access_key_id = {ID}\naws_secret_access_key = {KEY}\n",
        "[default]\naccess_key = {ID}\naccess_token =\nsecret_key = {KEY}\nuse_https = True\n",
        "[s3]\ntype = s3\nprovider = AWS\naccess_key_id = {ID}\nsecret_access_key = {KEY}\nregion = eu-west-1\n",
        "AWS_ACCESS_KEY_ID={ID}\nAWS_SECRET_ACCESS_KEY={KEY}\n",
        "export AWS_ACCESS_KEY_ID='{ID}'\nexport AWS_SECRET_ACCESS_KEY='{KEY}'\n",
        "amazon:\n  service: S3\n  access_key_id: {ID}\n  secret_access_key: {KEY}\n",
        "cloud.aws.credentials.access-key={ID}\ncloud.aws.credentials.secret-key={KEY}\n",
        "cloud:\n  aws:\n    credentials:\n      accessKey: {ID}\n      secretKey: {KEY}\n",
        "{\"AWS\": {\"AccessKey\": \"{ID}\", \"SecretKey\": \"{KEY}\"}}",
        "aws_access_key: \"{ID}\"\naws_secret_key: \"{KEY}\"\n",
        "id: {ID}\nkey: >-\n  {KEY}\n",
    ]));
}

#[test]
fn pairs_in_xml_are_found() {
    each_is_a_pair(&filled(&[
        "<add key=\"AWSAccessKey\" value=\"{ID}\" />\n<add key=\"AWSSecretKey\" value=\"{KEY}\" />\n",
        "<property>\n  <name>fs.s3a.access.key</name>\n  <value>{ID}</value>\n</property>\n<property>\n  \
         <name>fs.s3a.secret.key</name>\n  <value>{KEY}</value>\n</property>\n",
        "<server><id>s3</id><username>{ID}</username><password>{KEY}</password></server>",
        "<accessKey>{ID}</accessKey><secretKey>{KEY}</secretKey>",
        "<key>AccessKey</key>\n<string>{ID}</string>\n<key>SecretKey</key>\n<string>{KEY}</string>\n",
    ]));
}

#[test]
fn pairs_in_container_and_pipeline_files_are_found() {
    each_is_a_pair(&filled(&[
        "docker run -e AWS_ACCESS_KEY_ID={ID} -e AWS_SECRET_ACCESS_KEY={KEY} image",
        "ENV AWS_ACCESS_KEY_ID {ID}\nENV AWS_SECRET_ACCESS_KEY {KEY}\n",
        "ENV AWS_ACCESS_KEY_ID={ID} AWS_SECRET_ACCESS_KEY={KEY}\n",
        "    environment:\n      - AWS_ACCESS_KEY_ID={ID}\n      - AWS_SECRET_ACCESS_KEY={KEY}\n",
        "stringData:\n  id: {ID}\n  key: {KEY}\n",
        "env:\n  AWS_ACCESS_KEY_ID: {ID}\n  AWS_SECRET_ACCESS_KEY: {KEY}\n",
        "- name: AWS_ACCESS_KEY_ID\n  value: {ID}\n- name: AWS_SECRET_ACCESS_KEY\n  value: {KEY}\n",
    ]));
}

#[test]
fn pairs_in_terraform_files_are_found() {
    each_is_a_pair(&filled(&[
        "provider \"aws\" {\n  access_key = \"{ID}\"\n  secret_key = \"{KEY}\"\n}\n",
        "aws_access_key = \"{ID}\"\naws_secret_key = \"{KEY}\"\n",
    ]));
    let state = "{\n \"type\": \"aws_iam_access_key\",\n \"name\": \"robot\",\n \"instances\": [\n  {\n   \
         \"schema_version\": 0,\n   \"attributes\": {\n    \"create_date\": null,\n    \"encrypted_secret\": null,\n    \
         \"id\": \"{ID}\",\n    \"key_fingerprint\": null,\n    \"pgp_key\": null,\n    \"secret\": \"{KEY}\",\n    \
         \"status\": \"Active\"\n   }\n  }\n ]\n}\n";
    each_is_a_pair(&filled(&[state]));
    let secret_only = state.replace("{ID}", "redacted");
    each_holds(
        SECRET,
        "high",
        &secret_access_key(1),
        &filled(&[&secret_only]),
    );
}

#[test]
fn pairs_in_downloads_of_the_console_are_found() {
    each_is_a_pair(&filled(&[
        "Access key ID,Secret access key\n{ID},{KEY}\n",
        "\u{feff}Access key ID,Secret access key\r\n{ID},{KEY}\r\n",
        "\u{feff}Access key ID,Secret access key\r\n{ID},{KEY}",
        "\"Access key ID\",\"Secret access key\"\n\"{ID}\",\"{KEY}\"\n",
        "AWSAccessKeyId={ID}\nAWSSecretKey={KEY}\n",
        "AWSAccessKeyId={ID}\r\nAWSSecretKey={KEY}\r\n",
        "User name,Password,Access key ID,Secret access key,Console login link\nalice,,{ID},{KEY},\n",
    ]));
}

#[test]
fn the_password_in_the_csv_of_a_user_is_found() {
    let password = ["x7!kQ2#", "vLm9$"].concat();
    let link = "https://609629065308.signin.aws.amazon.com/console";
    for (bom, end) in [("", "\n"), ("\u{feff}", "\r\n")] {
        let head = format!(
            "{bom}User name,Password,Access key ID,Secret access key,Console login link{end}"
        );
        let row = super::fill(&format!("alice,{password},{{ID}},{{KEY}},{link}{end}"));
        let found = scan_one(head + &row);
        let rules: Vec<_> = found
            .iter()
            .map(|finding| finding["rule"].as_str().unwrap())
            .collect();
        assert_eq!(rules, ["aws-console-password", super::PAIR], "{found:?}");
        assert_eq!(found[0]["secret"], password);
    }
}

#[test]
fn pairs_in_constructor_calls_are_found() {
    each_is_a_pair(&filled(&[
        "new BasicAWSCredentials(\"{ID}\", \"{KEY}\")",
        "new BasicAWSCredentials(\"{ID}\",\"{KEY}\")",
        "new AmazonS3Client(\"{ID}\", \"{KEY}\", RegionEndpoint.EUWest1)",
        "credentials.NewStaticCredentials(\"{ID}\", \"{KEY}\", \"\")",
        "S3Connection('{ID}', '{KEY}')",
        "Aws::Credentials.new('{ID}', '{KEY}')",
        "new AWS.S3({accessKeyId:'{ID}',secretAccessKey:'{KEY}'})",
        "boto3.client('s3', aws_access_key_id='{ID}', aws_secret_access_key='{KEY}')",
        "'credentials' => ['key' => '{ID}', 'secret' => '{KEY}'],",
        "Credentials::new(\n    \"{ID}\",\n    \"{KEY}\",\n    None, None, \"static\")",
    ]));
}

#[test]
fn pairs_in_shell_commands_are_found() {
    each_is_a_pair(&filled(&[
        "aws configure set aws_access_key_id {ID}\naws configure set aws_secret_access_key {KEY}\n",
        "setenv AWS_ACCESS_KEY_ID {ID}\nsetenv AWS_SECRET_ACCESS_KEY {KEY}\n",
        "set -x AWS_ACCESS_KEY_ID {ID}\nset -x AWS_SECRET_ACCESS_KEY {KEY}\n",
        "set AWS_ACCESS_KEY_ID={ID}\r\nset AWS_SECRET_ACCESS_KEY={KEY}\r\n",
        "$env:AWS_ACCESS_KEY_ID=\"{ID}\"\n$env:AWS_SECRET_ACCESS_KEY=\"{KEY}\"\n",
        "Set-AWSCredential -AccessKey {ID} -SecretKey {KEY} -StoreAs default",
        ": 1700000000:0;AWS_ACCESS_KEY_ID={ID} AWS_SECRET_ACCESS_KEY={KEY} aws s3 ls",
        "s3cmd --access_key={ID} --secret_key={KEY} ls",
    ]));
}

#[test]
fn pairs_in_prose_and_tables_are_found() {
    each_is_a_pair(&filled(&[
        "| Access key ID | Secret access key |\n|---|---|\n| {ID} | {KEY} |\n",
        "| key | `{ID}` |\n| secret | `{KEY}` |\n",
        "Access key ID\n  {ID}\nSecret access key\n  {KEY}\n",
        ":id: {ID}\n:secret: {KEY}\n",
        "Access Key ID:\n{ID}\n\nSecret Access Key:\n{KEY}\n",
    ]));
}

#[test]
fn pairs_in_diffs_are_found() {
    each_is_a_pair(&filled(&[
        "@@ -1,2 +1,4 @@\n [default]\n+aws_access_key_id = {ID}\n+aws_secret_access_key = {KEY}\n",
        "-AWS_ACCESS_KEY_ID={ID}\n-AWS_SECRET_ACCESS_KEY={KEY}\n",
    ]));
    each_holds(
        ID,
        "medium",
        &access_key_id(1),
        &filled(&["+{ID}\n", "-{ID}\n"]),
    );
}

#[test]
fn pairs_in_urls_are_found() {
    each_is_a_pair(&filled(&[
        "s3a://{ID}:{KEY}@bucket/path",
        "s3n://{ID}:{KEY}@bucket",
        "s3://{ID}:{KEY}@bucket/key",
        "https://host/{ID}/{KEY}",
    ]));
    let escaped = secret_access_key(1).replace('/', "%2F").replace('+', "%2B");
    let texts = filled(&[
        "s3a://{ID}:ESC@bucket/path",
        "s3://{ID}:ESC@s3.amazonaws.com/bucket",
    ]);
    let texts = texts.iter().map(|text| {
        String::from_utf8_lossy(text)
            .replace("ESC", &escaped)
            .into_bytes()
    });
    each_is_a_pair(&texts.collect::<Vec<_>>());
}
