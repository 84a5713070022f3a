//! Converts rules as written into rules as the scanner uses them, and checks what they say.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::charset::MIN_BASE64_RUN;
use super::keywords::derive;
use super::run_prefix::keyword_place;
use super::syntax::{LengthSyntax, PairSyntax, Pieces, RuleSyntax};
use super::{
    Check, KeywordPlace, LazyRegex, MAX_REACH, MIN_KEYWORD, MIN_PREFIX, NamedValue, PairRule,
    Pattern, Rule, RuleSet, RuleSource, Text, Trigger, check, from_hex,
};

/// The problem of a rule that has no trigger, or several.
const NEEDED: &str =
    "needs either 'keywords' or 'start' and 'pattern', 'names' and 'value', or 'run'";

impl RuleSyntax {
    /// The rule, or what is invalid about it. `set` contains the rules before it.
    pub(super) fn into_rule(
        mut self,
        set: &RuleSet,
        file: &Text,
        kind: FileKind,
    ) -> Result<Rule, String> {
        kind.check_id(set, &self.id)?;
        self.take_start()?;
        let is_derived = kind == FileKind::User && self.derive_keywords()?;
        let checks = self.checks.iter().map(|name| find_check(name));
        let checks = checks.collect::<Result<_, _>>()?;
        let examples = std::mem::take(&mut self.examples);
        let counter_examples = std::mem::take(&mut self.counter_examples);
        let source = kind.source(file, examples, counter_examples)?;
        let has_run = !self.run.is_empty();
        let trigger = match (self.pattern.take(), self.value.take(), has_run) {
            (Some(pattern), None, false) => {
                // Derived keywords need no test, and there may be many.
                let examples = if is_derived {
                    &[][..]
                } else {
                    &source.examples
                };
                Trigger::Keywords(self.take_pattern(pattern, examples, kind)?)
            }
            (None, Some(value), false) => {
                kind.check_names(&self.names, &source.examples)?;
                Trigger::Named(NamedValue::new(self.names, value))
            }
            (None, None, true) => {
                let lengths = self.run.iter().map(run_length);
                Trigger::Run(lengths.collect::<Result<_, _>>()?)
            }
            _ => {
                return Err(NEEDED.to_owned());
            }
        };
        Ok(Rule {
            id: Arc::from(&*self.id),
            description: self.description,
            trigger,
            entropy: self.entropy,
            guessable: self.guessable,
            checks,
            confidence: self.confidence,
            help: self.help,
            link: self.link,
            source,
        })
    }

    /// Makes keywords at the start of a file of what files begin with, if the rule says that.
    fn take_start(&mut self) -> Result<(), String> {
        if !self.start.is_empty() {
            check_start(self)?;
            self.keywords = std::mem::take(&mut self.start);
            self.keyword_place = KeywordPlace::FileStart;
            self.before = 0;
        }
        Ok(())
    }

    fn take_pattern(
        &mut self,
        pattern: Text,
        examples: &[String],
        kind: FileKind,
    ) -> Result<Pattern, String> {
        if self.before.max(self.after) > MAX_REACH {
            return Err(format!(
                "'before' and 'after' are at most {MAX_REACH} bytes"
            ));
        }
        let mut keyword_place = self.keyword_place;
        if keyword_place != KeywordPlace::FileStart {
            keyword_place = kind.keyword_place(keyword_place, &pattern, &self.keywords);
            kind.check_keywords(&self.keywords, keyword_place, examples)?;
        }
        Ok(Pattern {
            keyword_place,
            keywords: std::mem::take(&mut self.keywords),
            before: self.before,
            after: self.after,
            regex: LazyRegex::anywhere(pattern),
        })
    }

    /// Adds the keywords of a pattern that has none; returns whether it did.
    fn derive_keywords(&mut self) -> Result<bool, String> {
        let Some(pattern) = self.pattern.as_ref().filter(|_| self.keywords.is_empty()) else {
            return Ok(false);
        };
        let derived = derive(pattern)?;
        self.keywords = derived.keywords.into();
        self.before = self.before.max(derived.before);
        self.after = self.after.max(derived.after);
        Ok(true)
    }
}

impl PairSyntax {
    /// The pair, or what is invalid about it. `set` contains the rules of its halves.
    pub(super) fn into_pair(
        self,
        set: &RuleSet,
        file: &Text,
        kind: FileKind,
    ) -> Result<PairRule, String> {
        kind.check_id(set, &self.id)?;
        if self.first == self.second {
            return Err("'first' and 'second' are the same rule".to_owned());
        }
        Ok(PairRule {
            first: index_of(set, &self.first)?,
            second: index_of(set, &self.second)?,
            id: Arc::from(&*self.id),
            description: self.description,
            confidence: self.confidence,
            help: self.help,
            source: kind.source(file, self.examples, self.counter_examples)?,
        })
    }
}

/// Requires bytes in hex, of the start and of the samples.
fn check_start(rule: &RuleSyntax) -> Result<(), String> {
    if !rule.keywords.is_empty() {
        return Err("has both 'keywords' and 'start'".to_owned());
    }
    let samples = rule.examples.iter().chain(&rule.counter_examples);
    let samples: Vec<_> = samples.cloned().map(Pieces::join).collect();
    let starts = rule.start.iter().map(|text| &**text);
    let mut texts = starts.chain(samples.iter().map(String::as_str));
    match texts.find(|text| text.is_empty() || from_hex(text).is_none()) {
        Some(text) => Err(format!("'{text}' is not bytes in hex, as 'start' needs")),
        None => Ok(()),
    }
}

fn index_of(set: &RuleSet, id: &str) -> Result<usize, String> {
    let position = set.rules.iter().position(|rule| &*rule.id == id);
    position.ok_or_else(|| format!("no rule '{id}' is defined before it"))
}

fn find_check(name: &str) -> Result<&'static Check, String> {
    let found = check::CHECKS.iter().find(|check| check.name == name);
    found.ok_or_else(|| {
        let known: Vec<_> = check::CHECKS.iter().map(|check| check.name).collect();
        format!("unknown check '{name}': use one of {}", known.join(", "))
    })
}

/// What kind of pattern file a rule is in, which decides what is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// A file of a user.
    User,
    /// A file of this program, with its samples.
    BuiltIn,
    /// The same, as the build script embedded it: the tests of this program have checked it, and
    /// its samples are left out.
    Embedded,
}

impl FileKind {
    /// Requires an id in kebab-case that no other rule has.
    fn check_id(self, set: &RuleSet, id: &str) -> Result<(), String> {
        // To compare all with all takes a tenth of the time of a hook.
        if self == Self::Embedded {
            return Ok(());
        }
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || !id.chars().all(kebab) {
            return Err(
                "the id is not in kebab-case: lower-case letters, digits and '-'".to_owned(),
            );
        }
        if set.has(id) {
            return Err("another rule has this id".to_owned());
        }
        Ok(())
    }

    fn source(
        self,
        file: &Text,
        examples: Vec<Pieces>,
        counter_examples: Vec<Pieces>,
    ) -> Result<RuleSource, String> {
        if self == Self::BuiltIn && examples.is_empty() {
            return Err("needs at least one example".to_owned());
        }
        Ok(RuleSource {
            file: file.clone(),
            examples: examples.into_iter().map(Pieces::join).collect(),
            counter_examples: counter_examples.into_iter().map(Pieces::join).collect(),
        })
    }

    /// Where the keywords of `pattern` are searched for. For a built-in rule the build script
    /// knows: a hook parses no pattern.
    fn keyword_place(self, known: KeywordPlace, pattern: &str, keywords: &[Text]) -> KeywordPlace {
        match self {
            Self::Embedded => known,
            Self::BuiltIn => KeywordPlace::Anywhere,
            Self::User => {
                let keywords: Vec<_> = keywords.iter().map(|word| &**word).collect();
                keyword_place(pattern, &keywords)
            }
        }
    }

    /// Requires an example for each keyword, or else the keyword is untested, and a keyword in each
    /// example, or else the rule is never tried on it.
    fn check_keywords(
        self,
        keywords: &[Text],
        place: KeywordPlace,
        examples: &[String],
    ) -> Result<(), String> {
        if keywords.is_empty() {
            return Err("'pattern' needs 'keywords'".to_owned());
        }
        let min = if place != KeywordPlace::Anywhere || self == Self::BuiltIn {
            MIN_PREFIX
        } else {
            MIN_KEYWORD
        };
        if let Some(short) = keywords.iter().find(|keyword| keyword.len() < min) {
            return Err(format!("the keyword '{short}' is shorter than {min} bytes"));
        }
        // A user's rule without examples may be used; `rules check` asks for them.
        if self == Self::Embedded || (self == Self::User && examples.is_empty()) {
            return Ok(());
        }
        for keyword in keywords {
            if !examples.iter().any(|example| example.contains(&**keyword)) {
                return Err(format!("no example contains the keyword '{keyword}'"));
            }
        }
        for (example, number) in examples.iter().zip(1..) {
            if !keywords.iter().any(|keyword| example.contains(&**keyword)) {
                return Err(format!("example {number} contains none of the keywords"));
            }
        }
        Ok(())
    }

    /// Requires an example for each name, and names that can be looked up.
    fn check_names(self, names: &[Text], examples: &[String]) -> Result<(), String> {
        if names.is_empty() {
            return Err("'value' needs 'names'".to_owned());
        }
        let is_word = |word: &str| {
            let mut letters = word.chars();
            !word.is_empty() && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        for name in names {
            if !name.split(' ').all(is_word) {
                return Err(format!(
                    "the name '{name}' is not words in lower case, separated by single spaces"
                ));
            }
            let is_in = |example: &String| joined(example).contains(&joined(name));
            let is_checked = self == Self::BuiltIn || !examples.is_empty();
            if is_checked && !examples.iter().any(is_in) {
                return Err(format!("no example contains the name '{name}'"));
            }
        }
        Ok(())
    }
}

/// The letters and digits of a name, in lower case.
fn joined(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

fn run_length(length: &LengthSyntax) -> Result<RangeInclusive<usize>, String> {
    let range = match *length {
        LengthSyntax::Exact(exact) => exact..=exact,
        LengthSyntax::Range([low, high]) => low..=high,
    };
    if *range.start() < MIN_BASE64_RUN || range.is_empty() {
        return Err(format!(
            "a run is at least {MIN_BASE64_RUN} bytes long, and its range is not empty"
        ));
    }
    Ok(range)
}
