//! Checks passwords that people chose, in URLs. Most of those in a repository are dummies.

use bstr::ByteSlice as _;

use super::dummy::{is_made_of_dummies, names_itself};
use super::shape::{Classes, is_placeholder, is_symbol};
use super::wordy::is_wordy;
use super::{Candidate, Detail, Verdict, entropy};
use crate::rule::Confidence;

/// Checks the password in `scheme://user:password@host`: it must be a literal and not a dummy. Its
/// host decides how sure it is.
pub(super) fn url_password(candidate: &Candidate<'_>, details: &mut Vec<Detail>) -> Verdict {
    let password = String::from_utf8_lossy(candidate.secret());
    let before = candidate.before(160);
    let authority = memchr::memmem::rfind(before, b"://").map_or(before, |at| &before[at + 3..]);
    let user = String::from_utf8_lossy(authority.strip_suffix(b":").unwrap_or(authority));
    let host = host(candidate.after(160));
    if is_template(&password)
        || is_template(&user)
        || is_template(&host)
        || is_dummy(&user, &password)
        || is_made_of_dummies(candidate.secret(), user.as_bytes())
        || names_itself(candidate.secret())
        || is_symbol(candidate.secret()) && password.to_ascii_uppercase() == password
    {
        return Verdict::Reject("a placeholder");
    }
    if is_example(&host) {
        return Verdict::Reject("an example host");
    }
    let is_word =
        |text: &str| text.len() >= 4 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    if is_word(&user)
        && is_word(&password)
        && is_wordy(candidate.secret())
        && is_bare(candidate.after(160), &host)
    {
        return Verdict::Reject("words of an example");
    }
    if is_foreign_word(&password) || continues_in_letters(candidate.after(160), &host) {
        return Verdict::Reject("an example in another language");
    }
    details.push(Detail::new("host", host.as_ref()));
    let random = password.len() >= 8 && entropy(password.as_bytes()) >= 2.75 && varied(&password);
    match (is_local(&host), random) {
        (true, _) | (false, false) => Verdict::Grade(Confidence::Low),
        (false, true) => Verdict::Grade(Confidence::High),
    }
}

/// The host after the `@`, without its port.
pub(super) fn host(after: &[u8]) -> std::borrow::Cow<'_, str> {
    let rest = memchr::memchr(b'@', after).map_or(after, |at| &after[at + 1..]);
    let part = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'.' | b'-' | b'_' | b'[' | b'$' | b'{' | b'<' | b'%')
    };
    String::from_utf8_lossy(&rest[..rest.iter().take_while(|b| part(b)).count()])
}

/// Whether `host`, in the text after a password, is one word without a port, and not this machine.
fn is_bare(after: &[u8], host: &str) -> bool {
    let port = after
        .find_byte(b'@')
        .and_then(|at| after.get(at + 1 + host.len()));
    port != Some(&b':') && !host.contains('.') && host != "localhost"
}

/// Whether `text` is one word with letters outside of ASCII, which a URL cannot have (RFC 3986).
fn is_foreign_word(text: &str) -> bool {
    !text.is_ascii() && text.chars().all(char::is_alphabetic)
}

/// Whether `host`, in the text after a password, goes on with a letter outside of ASCII.
fn continues_in_letters(after: &[u8], host: &str) -> bool {
    let rest = after
        .find_byte(b'@')
        .map(|at| &after[at + 1 + host.len()..]);
    rest.and_then(|rest| rest.chars().next())
        .is_some_and(|next| next.is_alphabetic() && !next.is_ascii())
}

/// Whether a value is inserted here later: `${x}`, `$x`, `{x}`, `<x>`, `%s`, `[x]`, `***`.
pub(super) fn is_template(text: &str) -> bool {
    let marks = [
        '$', '{', '}', '<', '>', '*', '(', ')', '[', ']', '|', '`', ',',
    ];
    let escapes = text.split('%').skip(1).all(|rest| {
        rest.as_bytes()
            .get(..2)
            .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    });
    text.contains(marks)
        || text.contains("...")
        || text.contains('\u{2026}')
        || !escapes
        || text.contains("%3C")
        || text.contains("%24")
}

/// Whether a host is a placeholder: reserved by RFC 2606 and RFC 6761, or usual in documentation.
pub(super) fn is_example(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let reserved = ["example", "test", "invalid"];
    let parts: Vec<_> = host.split('.').collect();
    let top = parts.last().copied().unwrap_or_default();
    let words = [
        "example",
        "host",
        "hostname",
        "server",
        "servername",
        "yourhost",
        "myhost",
        "url",
        "domain",
        "foo",
        "bar",
    ];
    host.is_empty()
        || reserved.contains(&top)
        || parts.contains(&"example")
        || parts.len() == 1 && words.contains(&top)
        || ["your", "mydomain", "myserver", "hostname"]
            .iter()
            .any(|word| host.contains(word))
        || parts.len() == 2
            && matches!(
                parts[0],
                "host" | "server" | "foo" | "some" | "domain" | "example"
            )
}

/// Whether only this machine, or this set of containers, can reach a host: a password for it is
/// worth little.
fn is_local(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    !host.contains('.')
        || ["127.", "0.0.0.0", "10.", "192.168.", "172."]
            .iter()
            .any(|net| host.starts_with(net))
        || [".local", ".localdomain", ".internal", ".svc", ".localhost"]
            .iter()
            .any(|end| host.ends_with(end))
        || host.contains(".svc.")
}

/// Whether a password is a placeholder.
pub(super) fn is_dummy(user: &str, password: &str) -> bool {
    const WORDS: [&str; 27] = [
        "pass", "pwd", "secret", "user", "test", "admin", "root", "guest", "foo", "bar", "hunter2",
        "letmein", "qwerty", "example", "dummy", "fake", "sample", "postgres", "mysql", "mongo",
        "redis", "rabbit", "token", "demo", "baz", "change", "key_",
    ];
    let lower = password.to_ascii_lowercase();
    let plain = lower.trim_end_matches(|c: char| c.is_ascii_digit() || "!@#.-_".contains(c));
    let worded = WORDS
        .iter()
        .any(|word| plain == *word || (lower.contains(word) && lower.len() < word.len() + 8));
    plain.len() < 3 && lower.len() < 8
        || worded
        || is_published(user, &lower)
        || lower == user.to_ascii_lowercase()
        || is_placeholder(password.as_bytes())
        || lower.chars().all(|c| c == 'x')
        || lower.starts_with("my")
        || lower.starts_with("your")
}

/// Whether a login is the one of Oracle's manuals, or of the examples of RFC 6749.
fn is_published(user: &str, password: &str) -> bool {
    user == "scott" && password.starts_with("tiger") || user == "s6BhdRkqt3"
}

/// Whether a password mixes lower case, upper case and digits: at least two of them.
fn varied(password: &str) -> bool {
    let classes = Classes::of(password.as_bytes());
    classes.count() - usize::from(classes.others > 0) >= 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    fn verdict(user: &str, password: &str, host: &str) -> Verdict {
        let before = format!("postgres://{user}:");
        let text = format!("{before}{password}@{host}:5432/db");
        let span = Span::new(before.len(), before.len() + password.len());
        url_password(&Candidate::new(text.as_bytes(), span), &mut Vec::new())
    }

    #[test]
    fn dummies_templates_and_example_hosts_are_rejected() {
        for (user, password, host) in [
            ("user", "pass", "db.acme.io"),
            ("user", "password123", "db.acme.io"),
            ("user", "${PASSWORD}", "db.acme.io"),
            ("user", "%s", "db.acme.io"),
            ("user", "<password>", "db.acme.io"),
            ("user", "k3jH8sLqP0zX", "db.example.com"),
            ("user", "k3jH8sLqP0zX", "host"),
            ("acme", "acme", "db.acme.io"),
            ("user", "123456", "db.acme.io"),
            ("usuario", "contrase\u{f1}a", "db.acme.io"),
            ("nutzer", "butterfly", "dienst\u{fc}bersicht"),
            ("user", "authpassword", "db.acme.io"),
            ("POLICY", "ACCESS_KEY", "db.acme.io"),
        ] {
            assert!(
                matches!(verdict(user, password, host), Verdict::Reject(_)),
                "{user} {password} {host}"
            );
        }
    }

    #[test]
    fn words_at_a_host_without_a_port_are_an_example() {
        let verdict = |text: &str| {
            let start = text.find("prefix").unwrap();
            let span = Span::new(start, start + "prefix".len());
            url_password(&Candidate::new(text.as_bytes(), span), &mut Vec::new())
        };
        let example = verdict("models://scope:prefix@databricks/name");
        assert!(matches!(example, Verdict::Reject(_)), "{example:?}");
        let sample = verdict("amqp://shop:prefix@rabbitmq:5672");
        assert_eq!(sample, Verdict::Grade(Confidence::Low));
    }

    #[test]
    fn signs_of_other_languages_hide_no_password() {
        for (password, host) in [
            ("k3jH8sLqP0zX", "db.acme.io\u{ff09}"),
            ("k3jH8s\u{f1}qP0zX", "db.acme.io"),
        ] {
            assert_eq!(
                verdict("app", password, host),
                Verdict::Grade(Confidence::High)
            );
        }
    }

    #[test]
    fn passwords_of_local_hosts_and_plain_words_are_low() {
        assert_eq!(
            verdict("app", "k3jH8sLqP0zX", "db.acme.io"),
            Verdict::Grade(Confidence::High)
        );
        assert_eq!(
            verdict("app", "k3jH8sLqP0zX", "localhost"),
            Verdict::Grade(Confidence::Low)
        );
        assert_eq!(
            verdict("app", "butterfly", "db.acme.io"),
            Verdict::Grade(Confidence::Low)
        );
    }
}
