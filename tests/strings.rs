//! Checks that credentials are found in connection strings, headers, command lines and the
//! configuration files of well-known programs, each in the form in which people write it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keysieve::rule::{Confidence, RuleSet};
use keysieve::scan::Scanner;

/// Forms of at least medium confidence. `«PASS»` is a password, `«TOKEN»` a random value, `«UUID»` a
/// UUID, `«BASIC»` the base64 of a user and a password, and `«CODED»` that of a password. `\N` is
/// the end of a line.
const SURE: &str = r#"
https://deploy:«PASS»@git.keysieve.net/team/shop.git
git+https://deploy:«PASS»@git.keysieve.net/team/shop.git
pip install --extra-index-url https://ci:«PASS»@pypi.keysieve.net/simple shop
HTTPS_PROXY=http://jdoe:«PASS»@proxy.keysieve.net:3128
ftp://jdoe:«PASS»@files.keysieve.net/in
sftp://jdoe:«PASS»@files.keysieve.net:22/in
ssh://git:«PASS»@git.keysieve.net/shop.git
smtp://mailer:«PASS»@smtp.keysieve.net:587
smtps://mailer%40keysieve.net:«PASS»@smtp.keysieve.net:465
ldap://cn=reader:«PASS»@ldap.keysieve.net
ldaps://reader:«PASS»@ldap.keysieve.net:636
mqtt://sensor:«PASS»@broker.keysieve.net:1883
mqtts://sensor:«PASS»@broker.keysieve.net:8883
rtsp://viewer:«PASS»@cam7.keysieve.net:554/stream1
socks5://jdoe:«PASS»@proxy.keysieve.net:1080
postgresql+psycopg2://shop:«PASS»@db.keysieve.net:5432/shop
postgresql+asyncpg://shop:«PASS»@db.keysieve.net/shop
postgres://shop:%21«PASS»@db.keysieve.net/shop
mysql+pymysql://shop:«PASS»@db.keysieve.net/shop?charset=utf8
mongodb+srv://shop:«PASS»@cluster0.keysieve.net/shop?retryWrites=true
mongodb://shop:«PASS»@a.keysieve.net:27017,b.keysieve.net:27017/shop
redis://:«PASS»@cache.keysieve.net:6379/0
rediss://default:«PASS»@cache.keysieve.net:6380
amqps://shop:«PASS»@mq.keysieve.net/vhost
clickhouse://shop:«PASS»@ch.keysieve.net:9000/shop
mssql+pyodbc://shop:«PASS»@sql.keysieve.net/shop?driver=ODBC+Driver+17
sqlserver://shop:«PASS»@sql.keysieve.net:1433?database=shop
neo4j+s://neo4j:«PASS»@graph.keysieve.net
bolt://neo4j:«PASS»@graph.keysieve.net:7687
nats://shop:«PASS»@nats.keysieve.net:4222
elasticsearch url: https://elastic:«PASS»@es.keysieve.net:9200
couchdb://shop:«PASS»@couch.keysieve.net:5984
git clone https://«TOKEN»@git.keysieve.net/team/shop.git
url = https://oauth2:«TOKEN»@git.keysieve.net/team/shop.git
https://«TOKEN»:x-oauth-basic@git.keysieve.net/team/shop.git
https://x-token-auth:«TOKEN»@bitbucket.keysieve.net/team/shop.git
https://deploy:«TOKEN»@git.keysieve.net
jdbc:postgresql://db.keysieve.net:5432/shop?user=shop&password=«PASS»
jdbc:mysql://db.keysieve.net/shop?user=shop&password=«PASS»&useSSL=true
jdbc:sqlserver://sql.keysieve.net:1433;databaseName=shop;user=sa;password=«PASS»;
jdbc:oracle:thin:shop/«PASS»@db.keysieve.net:1521:ORCL
jdbc:oracle:thin:shop/«PASS»@//db.keysieve.net:1521/shop
Server=sql.keysieve.net;Database=shop;User Id=shop;Password=«PASS»;
Data Source=sql.keysieve.net;Initial Catalog=shop;uid=shop;pwd=«PASS»;
Driver={ODBC Driver 17 for SQL Server};Server=sql.keysieve.net;UID=shop;PWD=«PASS»
<add name="Shop" connectionString="Server=sql;Database=shop;User ID=sa;Password=«PASS»" />
"ConnectionString": "Host=db.keysieve.net;Username=shop;Password=«PASS»;Port=5432"
host=db.keysieve.net dbname=shop user=shop password=«PASS»
cache.keysieve.net:6380,password=«TOKEN»=,ssl=True,abortConnect=False
Authorization: Basic «BASIC»
"Authorization": "Basic «BASIC»"
'Authorization' => 'Basic «BASIC»',
req.Header.Set("Authorization", "Basic «BASIC»")
headers = {"authorization": "Basic «BASIC»"}
proxy_set_header Authorization "Basic «BASIC»";
curl -H 'Authorization: Basic «BASIC»' https://api.keysieve.net
Authorization: Bearer «TOKEN»
"Authorization": "Bearer «TOKEN»"
authorization: "bearer «TOKEN»"
Authorization: Token «TOKEN»
curl -H "Authorization: token «TOKEN»" https://api.keysieve.net/v1
curl --header "X-Auth-Token: «TOKEN»" https://api.keysieve.net/v1
Authorization: ApiKey «TOKEN»
Authorization: GenieKey «TOKEN»
Authorization: «TOKEN»
curl -u deploy:«PASS» https://repo.keysieve.net/upload
curl -sSf -u "deploy:«PASS»" -T shop.jar https://repo.keysieve.net/
curl --user 'deploy:«PASS»' https://repo.keysieve.net/
curl -X POST --user=deploy:«PASS» https://repo.keysieve.net/
curl -udeploy:«PASS» https://repo.keysieve.net/
curl https://repo.keysieve.net/upload -u deploy:«PASS»
curl -x http://proxy:3128 --proxy-user jdoe:«PASS» https://repo.keysieve.net/
curl -X POST \\N  -u deploy:«PASS» \\N  https://repo.keysieve.net/
wget --user=deploy --password=«PASS» https://repo.keysieve.net/
wget --http-user=deploy --http-password=«PASS» https://repo.keysieve.net/
tool login --username deploy --password «PASS»
tool login --username deploy --password '«PASS»'
["login", "--password", "«PASS»"]
cli --token «TOKEN» deploy
cli --api-key «TOKEN» deploy
mysql -u root -p«PASS» shop
mysqldump -h db.keysieve.net -uroot -p'«PASS»' shop > shop.sql
mysqladmin -u root password «PASS»
mysqladmin -u root password '«PASS»'
PGPASSWORD=«PASS» psql -h db.keysieve.net -U shop
MYSQL_PWD=«PASS» mysqldump shop
psql "host=db.keysieve.net user=shop password=«PASS»"
sshpass -p «PASS» ssh root@web7.keysieve.net
sshpass -p '«PASS»' scp shop.tgz root@web7.keysieve.net:
sshpass -p«PASS» ssh root@web7.keysieve.net
docker login -u deploy -p «PASS» registry.keysieve.net
docker login --username deploy --password «PASS»
podman login -u deploy -p «PASS» quay.keysieve.net
helm registry login -u deploy -p «PASS» registry.keysieve.net
echo «PASS» | docker login -u deploy --password-stdin
echo "root:«PASS»" | chpasswd
net use Z: \\files.keysieve.net\share «PASS» /user:SHOP\jdoe
net use \\files.keysieve.net\share /user:jdoe «PASS»
net user jdoe «PASS» /add
$pw = ConvertTo-SecureString "«PASS»" -AsPlainText -Force
ConvertTo-SecureString -String '«PASS»' -AsPlainText -Force
openssl pkcs12 -export -passout pass:«PASS» -in cert.pem
keytool -genkey -storepass «PASS» -keypass PASS
CREATE USER 'shop'@'%' IDENTIFIED BY '«PASS»';
GRANT ALL ON shop.* TO 'shop'@'%' IDENTIFIED BY '«PASS»' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED WITH mysql_native_password BY '«PASS»';
create user shop identified by "«PASS»";
mysql -e "GRANT ALL ON shop.* TO shop@localhost IDENTIFIED BY '«PASS»'"
CREATE USER shop WITH PASSWORD '«PASS»';
CREATE ROLE shop LOGIN ENCRYPTED PASSWORD '«PASS»';
ALTER ROLE shop WITH LOGIN PASSWORD '«PASS»';
create user shop with encrypted password '«PASS»';
psql -c "ALTER USER postgres PASSWORD '«PASS»';"
CREATE LOGIN shop WITH PASSWORD = '«PASS»';
CREATE LOGIN shop WITH PASSWORD = N'«PASS»', CHECK_POLICY = OFF;
SET PASSWORD FOR 'root'@'localhost' = PASSWORD('«PASS»');
apiVersion: v1\Nkind: Secret\Nmetadata:\N  name: shop\NstringData:\N  smtp: «PASS»\N
apiVersion: v1\Nkind: Secret\Nmetadata:\N  name: shop\Ntype: Opaque\Ndata:\N  smtp: «CODED»\N
apiVersion: v1\Ndata:\N  smtp: «CODED»\Nkind: Secret\Nmetadata:\N  name: shop\N
kind: ConfigMap\Nmetadata:\N  name: shop\Ndata:\N  DB_PASSWORD: «PASS»\N
machine git.keysieve.net login jdoe password «PASS»
machine git.keysieve.net\N  login jdoe\N  password «PASS»\N
default login jdoe password «PASS»
db.keysieve.net:5432:shop:shop:«PASS»
db.keysieve.net:5432:*:shop:«PASS»
https://jdoe:«PASS»@git.keysieve.net
//npm.keysieve.net/:_authToken=«TOKEN»
//npm.keysieve.net/:_auth=«BASIC»
_auth = «BASIC»
//npm.keysieve.net/:_password=«CODED»
[pypi]\Nusername = jdoe\Npassword = «PASS»\N
{"auths": {"https://index.docker.io/v1/": {"auth": "«BASIC»"}}}
{"https://index.docker.io/v1/": {"auth": "«BASIC»", "email": "a@keysieve.net"}}
define('DB_PASSWORD', '«PASS»');
define( 'DB_PASSWORD', '«PASS»' );
define('AUTH_KEY',         '«SALTED»');
define('LOGGED_IN_SALT', '«SALTED»');
SECRET_KEY = '«DJANGO»'
SECRET_KEY = "django-insecure-«DJANGO»"
SECRET_KEY = os.environ.get('SECRET_KEY', '«DJANGO»')
<server><id>nexus</id><username>deploy</username><password>«PASS»</password></server>
signing.password=«PASS»
storePassword '«PASS»'
keyPassword "«PASS»"
<Pass encoding="base64">«CODED»</Pass>
<Pass>«PASS»</Pass>
{"host": "web7.keysieve.net", "username": "jdoe", "password": "«PASS»"}
ansible_ssh_pass=«PASS»
web7 ansible_host=10.1.2.3 ansible_user=root ansible_password=«PASS»
"#;

/// Forms of any confidence.
const FOUND: &str = r#"
API_TOKEN=«UUID»
auth_token: "«UUID»"
<apiKey>«UUID»</apiKey>
curl -H "X-Auth-Token: «UUID»" https://api.keysieve.net/v1
Authorization: Bearer «UUID»
postgres://shop:butterfly@db.keysieve.net/shop
mysql://root:«PASS»@localhost:3306/shop
redis://:«PASS»@redis:6379/0
http://admin:«PASS»@localhost:8080
http://admin:«PASS»@10.1.2.3:8080/
"#;

/// Forms without a secret.
const NONE: &str = r#"
https://user:password@host.keysieve.net/
https://user:pass@example.com/
https://jdoe:«PASS»@example.com/
https://${USER}:${PASS_WORD}@git.keysieve.net/
https://$USER:$TOKEN_X@git.keysieve.net/
https://{user}:{pw}@git.keysieve.net/
https://%s:%s@git.keysieve.net/
https://<user>:<pw>@git.keysieve.net/
https://username:password@proxy.keysieve.net:8080
https://git@git.keysieve.net/team/shop.git
https://jdoe@bitbucket.org/team/shop.git
https://my-organisation@dev.azure.com/my-organisation/shop/_git/shop
https://cdn.keysieve.net/npm/@scope/package@1.2.3/dist/index.js
https://unpkg.com/react@18.2.0/umd/react.production.min.js
https://medium.com/@jdoe/how-to-use-keysieve-7f3a
https://maps.keysieve.net/@52.52,13.40,12z
https://0123456789abcdef0123456789abcdef@o12345.ingest.sentry.io/12345
http://127.0.0.1:8080/api/users@2
https://hooks.keysieve.net:8443/a/b?mail=jdoe@keysieve.net
redis://localhost:6379/0
redis://:@cache.keysieve.net
http://wrong:info@127.0.0.1:8080/
postgres://postgres:postgres@localhost:5432/postgres
mongodb://localhost:27017,localhost:27018/shop
jdbc:mysql://db.keysieve.net/shop?user=shop&password=${DB_PASS}
jdbc:oracle:thin:@db.keysieve.net:1521:ORCL
jdbc:oracle:thin:scott/tiger@localhost:1521:xe
Server=localhost;Database=shop;User Id=sa;Password=<password>;
Server=localhost;Database=shop;Integrated Security=SSPI;
Server={0};User Id={1};Password={2};
Authorization: Basic dXNlcjpwYXNzd29yZA==
Authorization: Basic ${CREDENTIALS}
Authorization: Basic base64(user:password)
Authorization: Bearer ${TOKEN_OF_X}
Authorization: Bearer <token>
Authorization: Bearer YOUR_ACCESS_TOKEN_HERE_1
Authorization: Bearer xxxxxxxxxxxxxxxxxxxxxxxxxxxx1
"Authorization": "Bearer " + accessToken2
'Authorization': 'Token {}'.format(token)
Authorization: Token token
Authorization: AWS4-HMAC-SHA256 Credential=abc/20130524/us-east-1/s3/aws4_request
Authorization: Digest username="Mufasa", realm="testrealm@host.com"
curl -u user:password https://api.keysieve.net
curl -u "$USER:$PASSWORD" https://api.keysieve.net
curl -u ${USER}:${PW2} https://api.keysieve.net
curl -u username:your-password-1 https://api.keysieve.net
curl -u <user>:<password> https://api.keysieve.net
curl --user-agent foo:Bar12345 https://api.keysieve.net
curl https://api.keysieve.net | sort -u a:b12345678
tool login --username deploy --password "$PASSWORD"
tool login --password <password>
tool login --password PASSWORD2
tool login --password-stdin
tool login --password-file /run/secrets/db1
cli --token $TOKEN1 deploy
cli --token ${{ secrets.TOKEN1 }} deploy
mysql -u root -p shop
mysql -u root -p$MYSQL_ROOT_PASSWORD shop
mysql -u root --port 3306 -proot shop
ssh -p 2222 root@web7.keysieve.net
sshpass -p "$PASSWORD" ssh root@web7
sshpass -e ssh root@web7
docker login -u deploy -p $DOCKER_PASSWORD
docker run -p 8080:8080 keysieve/keysieve2
net use Z: \\files.keysieve.net\share
net use Z: \\files\share * /user:jdoe
net use is 12345678
ConvertTo-SecureString $env:PASSWORD1 -AsPlainText -Force
ConvertTo-SecureString "<password>" -AsPlainText -Force
CREATE USER 'shop'@'%' IDENTIFIED BY 'password';
CREATE USER 'shop'@'%' IDENTIFIED BY '${DB_PASS}';
CREATE USER 'shop'@'%' IDENTIFIED BY '%s';
ALTER USER shop IDENTIFIED BY RANDOM PASSWORD
CREATE USER shop WITH PASSWORD 'changeme';
CREATE USER shop WITH PASSWORD '$1';
the users are identified by 'user_id2'
kind: Secret\Nmetadata:\N  name: shop\NstringData:\N  smtp: ${SMTP_PASS1}\N
kind: Secret\Nmetadata:\N  name: shop\Ndata:\N  smtp: {{ .Values.smtp | b64enc }}\N
kind: Secret\Nmetadata:\N  name: shop\Ndata:\N  smtp: Y2hhbmdlbWU=\N
machine git.keysieve.net login jdoe password <password>
machine git.keysieve.net login jdoe password secret
a machine with a login and a password that 12345678
localhost:5432:postgres:postgres:postgres
image: postgres:5432:5432
//npm.keysieve.net/:_authToken=${NPM_TOKEN1}
//npm.keysieve.net/:_auth=${NPM_AUTH1}
{"auth": "basic"}
define('DB_PASSWORD', 'password_here');
define('AUTH_KEY',         'put your unique phrase here');
SECRET_KEY = 'your-secret-key'
SECRET_KEY = os.environ['SECRET_KEY']
<Pass encoding="base64"></Pass>
<password>${env.NEXUS_PASSWORD1}</password>
storePassword System.getenv("KEYSTORE_PASSWORD1")
"#;

/// A secret, in pieces so that no scanner reports this file.
fn secret(name: &str) -> String {
    let pass = ["Xq7bmP", "z2wRk"].concat();
    match name {
        "PASS" => pass,
        "TOKEN" => ["kP3v8Qz1Xy7L", "m2Nw9Rt5Bc4Df6", "Gh0JkSa"].concat(),
        "UUID" => ["7d9f2c4e-1b3a", "-4c5d-8e6f-a0b1c2d3e4f5"].concat(),
        "BASIC" => STANDARD.encode(format!("deploy:{pass}")),
        "CODED" => STANDARD.encode(format!("{pass}-9tLw{pass}")),
        "SALTED" => [
            "k+P3v8|Qz1Xy~7Lm2[Nw9Rt5 Bc4",
            "Df6^Gh0Jk;Sa,Ue8Io.x2Z q5W{e7R-t1Y_u",
        ]
        .concat(),
        "DJANGO" => ["k(p3v8)qz1x$y7lm2^nw9rt5", "*bc4df6@gh0jk=sa+ue8_io-x2"].concat(),
        _ => unreachable!("{name} is not a kind of secret"),
    }
}

/// The confidence of what is found of the secret in `form`; without one, of anything.
fn found(scanner: &Scanner, form: &str) -> Option<Confidence> {
    let text = form.replace("\\N", "\n");
    let Some((before, rest)) = text.split_once('«') else {
        let matches = scanner.scan(text.as_bytes()).into_iter();
        return matches.map(|found| found.confidence).max();
    };
    let (name, after) = rest.split_once('»').unwrap();
    let (start, secret) = (before.len(), secret(name));
    let text = format!("{before}{secret}{after}");
    let matches = scanner.scan(text.as_bytes()).into_iter();
    let covering = matches.filter(|found| found.span.start <= start && found.span.end > start);
    covering.map(|found| found.confidence).max()
}

fn forms(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty())
}

#[test]
fn credentials_are_found_in_every_form() {
    let scanner = Scanner::new(RuleSet::builtin().unwrap()).unwrap();
    let sure = forms(SURE).map(|form| (form, Confidence::Medium));
    let all = sure.chain(forms(FOUND).map(|form| (form, Confidence::Low)));
    let missed: Vec<_> = all
        .filter(|(form, least)| found(&scanner, form).is_none_or(|grade| grade < *least))
        .map(|(form, _)| format!("{:?} {form}", found(&scanner, form)))
        .collect();
    assert!(
        missed.is_empty(),
        "{} missed\n{}",
        missed.len(),
        missed.join("\n")
    );
}

#[test]
fn placeholders_variables_and_other_things_are_not_reported() {
    let scanner = Scanner::new(RuleSet::builtin().unwrap()).unwrap();
    let wrong: Vec<_> = forms(NONE)
        .filter_map(|form| Some(format!("{:?} {form}", found(&scanner, form)?)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} found\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
