//! Which events are printed: one level for all, and others for chosen targets, both changeable while running.
//!
//! A refusal is one relaxed load. The word it loads holds the most verbose level in force anywhere; only an event
//! within that level asks about its own target, and its call site keeps the answer until the levels change.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::level::{Level, UnknownLevel};

/// Low byte of the word: the most verbose level in force, 0 for none.
const LEVEL_MASK: u64 = 0xff;
/// Set when some target has a level of its own.
const TARGETED: u64 = 1 << 8;
/// The rest of the word tells this set of levels from every other one, of any handle.
const EPOCH_SHIFT: u32 = 9;

static NEXT_EPOCH: AtomicU64 = AtomicU64::new(1);

/// A handle on the levels of one or more loggers. Clones share them; a change holds from the next event on.
///
/// A target is a module path, or the target a bridged event names. A level given to `hyper` holds for `hyper` and
/// `hyper::proto`, not for `hyper_util`; of two that fit, the longer target wins. `None` is off.
///
/// # Examples
/// ```
/// use kit_log::{Level, Levels};
///
/// let levels: Levels = "info,hyper=warn".parse()?;
/// assert!(levels.allows(Level::Info, "shop::cart"));
/// assert!(!levels.allows(Level::Info, "hyper::proto"));
///
/// levels.set_target("shop::cart", Level::Trace);
/// assert!(levels.allows(Level::Trace, "shop::cart::total"));
/// levels.set(None);
/// assert!(!levels.allows(Level::Error, "shop"));
/// # Ok::<(), kit_log::ParseLevelsError>(())
/// ```
#[derive(Clone)]
pub struct Levels(Arc<Shared>);

struct Shared {
    word: AtomicU64,
    table: RwLock<Table>,
}

#[derive(Clone, Debug)]
struct Table {
    default: Option<Level>,
    /// Longest target first, so that the first that fits is the closest.
    targets: Vec<(String, Option<Level>)>,
}

impl Levels {
    /// One level for every target.
    pub fn new(level: impl Into<Option<Level>>) -> Self {
        Self::from_table(Table { default: level.into(), targets: Vec::new() })
    }

    fn from_table(table: Table) -> Self {
        Self(Arc::new(Shared { word: AtomicU64::new(table.word()), table: RwLock::new(table) }))
    }

    /// Sets the level of every target that has none of its own.
    pub fn set(&self, level: impl Into<Option<Level>>) {
        let level = level.into();
        self.change(|table| table.default = level);
    }

    /// Gives `target` and the modules below it a level of their own.
    pub fn set_target(&self, target: &str, level: impl Into<Option<Level>>) {
        let level = level.into();
        self.change(|table| table.set(target, level));
    }

    /// Takes away what [`set_target`](Self::set_target) gave to exactly `target`.
    pub fn remove_target(&self, target: &str) {
        self.change(|table| table.targets.retain(|(name, _)| name != target));
    }

    /// Replaces all levels at once by those of `text`, such as `info,hyper=warn,shop::cart=off`.
    ///
    /// # Errors
    /// [`ParseLevelsError`], and nothing has changed.
    pub fn replace(&self, text: &str) -> Result<(), ParseLevelsError> {
        let new = text.parse::<Table>()?;
        self.change(|table| *table = new);
        Ok(())
    }

    /// Whether an event of this level and target is printed.
    pub fn allows(&self, level: Level, target: &str) -> bool {
        let word = self.word();
        within(level, word) && (word & TARGETED == 0 || self.level_of(target) >= Some(level))
    }

    /// Whether an event of this level is printed for some target at least.
    pub(crate) fn allows_somewhere(&self, level: Level) -> bool {
        within(level, self.word())
    }

    /// Whether a line without a level is printed: whenever anything is.
    pub(crate) fn allows_unlevelled(&self) -> bool {
        self.word() & LEVEL_MASK != 0
    }

    /// [`allows`](Self::allows) for a call site, which remembers the answer for its target.
    #[inline]
    pub(crate) fn allows_at(&self, site: &Site, level: Level, target: &str) -> bool {
        let word = self.word();
        within(level, word) && (word & TARGETED == 0 || self.ask(word, site, target) >= level as u8)
    }

    #[inline]
    fn word(&self) -> u64 {
        // Relaxed: nothing is read through it, and a change needs only to arrive.
        self.0.word.load(Ordering::Relaxed)
    }

    fn ask(&self, word: u64, site: &Site, target: &str) -> u8 {
        let kept = site.0.load(Ordering::Relaxed);
        if kept >> EPOCH_SHIFT == word >> EPOCH_SHIFT {
            return (kept & LEVEL_MASK) as u8;
        }
        let level = code(self.level_of(target));
        let fresh = (word & !(LEVEL_MASK | TARGETED)) | u64::from(level);
        site.0.store(fresh, Ordering::Relaxed);
        level
    }

    fn level_of(&self, target: &str) -> Option<Level> {
        let table = self.0.table.read().unwrap_or_else(PoisonError::into_inner);
        table.level_of(target)
    }

    fn change(&self, edit: impl FnOnce(&mut Table)) {
        let mut table = self.0.table.write().unwrap_or_else(PoisonError::into_inner);
        edit(&mut table);
        // Under the lock, so that two changes cannot leave the word of one with the table of the other.
        self.0.word.store(table.word(), Ordering::Relaxed);
    }
}

#[inline]
fn within(level: Level, word: u64) -> bool {
    level as u64 <= word & LEVEL_MASK
}

fn code(level: Option<Level>) -> u8 {
    level.map_or(0, |level| level as u8)
}

impl Default for Levels {
    /// `info`: what an operator wants to see.
    fn default() -> Self {
        Self::new(Level::Info)
    }
}

impl From<Level> for Levels {
    fn from(level: Level) -> Self {
        Self::new(level)
    }
}

impl FromStr for Levels {
    type Err = ParseLevelsError;

    /// Reads a list such as `info,hyper=warn`; without a bare level the rest is at `info`.
    fn from_str(text: &str) -> Result<Self, ParseLevelsError> {
        text.parse().map(Self::from_table)
    }
}

impl fmt::Display for Levels {
    /// As [`FromStr`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.0.table.read().unwrap_or_else(PoisonError::into_inner);
        f.write_str(name(table.default))?;
        for (target, level) in &table.targets {
            write!(f, ",{target}={}", name(*level))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Levels({self})")
    }
}

impl Serialize for Levels {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// A list of levels could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseLevelsError {
    /// A name stands where a level should.
    #[error(transparent)]
    Level(#[from] UnknownLevel),
    /// Nothing stands left of a `=`.
    #[error("{0:?} names no target")]
    NoTarget(String),
    /// Two entries speak of the same target, or two of none.
    #[error("{0:?} repeats what an earlier entry says")]
    Repeated(String),
}

impl Table {
    fn word(&self) -> u64 {
        let targets = self.targets.iter().map(|(_, level)| code(*level));
        let most = targets.fold(code(self.default), u8::max);
        let targeted = if self.targets.is_empty() { 0 } else { TARGETED };
        let epoch = NEXT_EPOCH.fetch_add(1, Ordering::Relaxed);
        (epoch << EPOCH_SHIFT) | targeted | u64::from(most)
    }

    fn set(&mut self, target: &str, level: Option<Level>) {
        self.targets.retain(|(name, _)| name != target);
        self.targets.push((target.to_owned(), level));
        self.targets.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    }

    fn level_of(&self, target: &str) -> Option<Level> {
        self.targets.iter().find(|(name, _)| covers(name, target)).map_or(self.default, |(_, level)| *level)
    }
}

fn covers(name: &str, target: &str) -> bool {
    target.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

impl FromStr for Table {
    type Err = ParseLevelsError;

    fn from_str(text: &str) -> Result<Self, ParseLevelsError> {
        let mut default = None;
        let mut table = Table { default: Some(Level::Info), targets: Vec::new() };
        for entry in text.split(',').map(str::trim) {
            if entry.is_empty() && text.trim().is_empty() {
                continue;
            }
            let Some((target, level)) = entry.split_once('=') else {
                if default.replace(read(entry)?).is_some() {
                    return Err(ParseLevelsError::Repeated(entry.to_owned()));
                }
                continue;
            };
            let target = target.trim();
            if target.is_empty() {
                return Err(ParseLevelsError::NoTarget(entry.to_owned()));
            }
            if table.targets.iter().any(|(name, _)| name == target) {
                return Err(ParseLevelsError::Repeated(entry.to_owned()));
            }
            table.set(target, read(level)?);
        }
        if let Some(level) = default {
            table.default = level;
        }
        Ok(table)
    }
}

fn read(text: &str) -> Result<Option<Level>, UnknownLevel> {
    if text.trim().eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    text.parse().map(Some)
}

fn name(level: Option<Level>) -> &'static str {
    level.map_or("off", Level::as_str)
}

/// What one call site remembers of the levels in force for its target.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Site(AtomicU64);

impl Site {
    /// A site that has not asked yet.
    pub const fn new() -> Self {
        // No word in use has epoch 0.
        Self(AtomicU64::new(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Levels {
        text.parse().unwrap()
    }

    #[test]
    fn an_event_passes_at_its_level_or_a_more_verbose_one() {
        let levels = Levels::new(Level::Info);
        let passed = Level::ALL.map(|level| levels.allows(level, "a"));
        assert_eq!(passed, [true, true, true, false, false]);
    }

    #[test]
    fn the_longest_target_that_fits_decides() {
        let levels = parse("warn,a=debug,a::b=off,a::b::c=trace");
        assert!(!levels.allows(Level::Info, "z"));
        assert!(levels.allows(Level::Debug, "a"));
        assert!(levels.allows(Level::Debug, "a::other"));
        assert!(!levels.allows(Level::Error, "a::b"));
        assert!(!levels.allows(Level::Error, "a::b::d"));
        assert!(levels.allows(Level::Trace, "a::b::c::d"));
    }

    #[test]
    fn a_target_ends_at_a_module_boundary() {
        let levels = parse("error,hyper=debug");
        assert!(!levels.allows(Level::Debug, "hyper_util"));
        assert!(levels.allows(Level::Debug, "hyper::proto"));
    }

    #[test]
    fn a_call_site_sees_every_change_and_never_another_handle_s_answer() {
        let (one, other) = (parse("off,a=debug"), parse("debug,a=off"));
        let site = Site::new();
        for _ in 0..2 {
            assert!(one.allows_at(&site, Level::Debug, "a"));
            assert!(!other.allows_at(&site, Level::Debug, "a"));
        }
        assert!(one.allows_at(&site, Level::Debug, "a"));
        one.set_target("a", Level::Error);
        assert!(!one.allows_at(&site, Level::Debug, "a"));
        one.set_target("b", Level::Trace);
        assert!(one.allows_at(&site, Level::Error, "a"));
        assert!(!one.allows_at(&site, Level::Debug, "a"));
        one.remove_target("a");
        assert!(!one.allows_at(&site, Level::Error, "a"));
    }

    #[test]
    fn a_list_prints_as_it_reads() {
        assert_eq!(parse(" WARN , ab=trace,a=off ").to_string(), "warn,ab=trace,a=off");
        assert_eq!(parse("hyper=warn").to_string(), "info,hyper=warn");
        assert_eq!(parse("").to_string(), "info");
    }

    #[test]
    fn a_bad_list_changes_nothing() {
        let levels = parse("info,a=warn");
        for (text, error) in [
            ("loud", ParseLevelsError::Level(UnknownLevel("loud".into()))),
            ("a=", ParseLevelsError::Level(UnknownLevel(String::new()))),
            ("info,,a=warn", ParseLevelsError::Level(UnknownLevel(String::new()))),
            ("=warn", ParseLevelsError::NoTarget("=warn".into())),
            ("a=warn,a=info", ParseLevelsError::Repeated("a=info".into())),
            ("warn,info", ParseLevelsError::Repeated("info".into())),
        ] {
            assert_eq!(levels.replace(text), Err(error));
            assert_eq!(levels.to_string(), "info,a=warn");
        }
    }

    #[test]
    fn off_refuses_lines_without_a_level_too() {
        let levels = Levels::new(None);
        assert!(!levels.allows_unlevelled());
        levels.set(Level::Error);
        assert!(levels.allows_unlevelled());
    }
}
