//! What may be relied on in every codec: it reads what it writes, and whatever else it is fed it refuses or reads, in words that
//! may be shown, without a panic.
//!
//! ```
//! use kit_transport::codec::Json;
//! use kit_transport::testing::Message;
//! use kit_transport::testing::codec::{self, CodecRig};
//!
//! struct Rig;
//!
//! impl CodecRig for Rig {
//!     type Codec = Json;
//!     type Value = Message;
//!
//!     fn codec(&self) -> Json {
//!         Json
//!     }
//!
//!     fn values(&self) -> Vec<Message> {
//!         vec![Message::default(), Message::new("\"ß\"\n")]
//!     }
//!
//!     fn large(&self, bytes: usize) -> Message {
//!         Message::new("x".repeat(bytes))
//!     }
//!
//!     fn nested(&self, levels: usize) -> Option<Vec<u8>> {
//!         Some([br#"{"text":"a","more":"#.to_vec(), b"[".repeat(levels), b"]".repeat(levels), b"}".to_vec()].concat())
//!     }
//! }
//!
//! let report = codec::contract(&Rig);
//! assert_eq!(report.not_shown, ["believes no length that is only claimed"]);
//! ```

use std::fmt::Debug;

use kit_core::sources::{Random as _, SeededRandom};
use kit_core::testing::contract::{NotShown, Report};
use kit_core::{Code, Error};

use crate::codec::{Codec as _, Decode, ECHO_LIMIT, Encode};

/// A codec, and what its format has.
pub trait CodecRig {
    /// What is tested.
    type Codec: Encode<Self::Value> + Decode<Self::Value>;
    /// What it writes and reads here.
    type Value: Debug + PartialEq;

    /// One of them.
    fn codec(&self) -> Self::Codec;

    /// Values of every shape that the format has.
    fn values(&self) -> Vec<Self::Value>;

    /// A value that takes at least so many bytes.
    fn large(&self, bytes: usize) -> Self::Value;

    /// Whether a value says where it ends, so that neither a part of one nor one with something behind it is a value. Default true;
    /// it is false of formats such as Protocol Buffers, whose messages are what there is.
    fn is_whole(&self) -> bool {
        true
    }

    /// Bytes that nest so many levels deep, well formed, also where nobody reads. Default `None`: nothing nests.
    fn nested(&self, levels: usize) -> Option<Vec<u8>> {
        let _ = levels;
        None
    }

    /// Bytes that claim to be longer than they are, by gigabytes. Default none: the format has no lengths.
    fn claims(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// Runs it, and answers how many bytes were allocated at most at one time meanwhile: for an author whose tests count that, such as
    /// with the crate allocation-counter. What only [claims](Self::claims) to be long must then take little. Default `None`: nobody
    /// counts, and that such bytes are refused is all that is shown.
    fn allocated(&self, run: &mut dyn FnMut()) -> Option<u64> {
        run();
        None
    }
}

type Played = Result<(), NotShown>;

/// Plays the rules of a codec.
///
/// Chance is seeded: what is found once is found again.
///
/// # Panics
/// At the first rule that is broken.
pub fn contract<R: CodecRig>(rig: &R) -> Report {
    let mut report = Report::default();
    macro_rules! play {
        ($($name:literal => $rule:ident)*) => {$({
            let played = $rule(&Rule { name: $name, rig, codec: rig.codec() });
            report.note($name, played);
        })*};
    }
    play! {
        "has names that fit a header" => names
        "reads what it writes" => round_trip
        "writes and reads what is large" => large
        "refuses what is cut off" => cut_off
        "refuses what follows a value" => trailing
        "reads or refuses any bytes" => garbage
        "refuses what nests too deeply" => depth
        "believes no length that is only claimed" => claims
        "repeats little of what it refuses" => echo
    }
    report
}

struct Rule<'a, R: CodecRig> {
    name: &'static str,
    rig: &'a R,
    codec: R::Codec,
}

impl<R: CodecRig> Rule<'_, R> {
    #[track_caller]
    fn check(&self, holds: bool, what: impl FnOnce() -> String) {
        assert!(holds, "rule {:?} is broken: {}", self.name, what());
    }

    #[track_caller]
    fn encoded(&self, value: &R::Value) -> Vec<u8> {
        match self.codec.encode(value) {
            Ok(bytes) => bytes.to_vec(),
            Err(error) => panic!("rule {:?} is broken: a value cannot be written: {error:?}", self.name),
        }
    }

    /// Reads `bytes`, whatever they are; what it refuses it refuses well.
    #[track_caller]
    fn fed(&self, bytes: &[u8]) -> Result<R::Value, Error> {
        let result = self.codec.decode(bytes);
        if let Err(error) = &result {
            self.check(error.code() == Code::InvalidArgument, || format!("{} is refused with {error:?}", shown(bytes)));
            self.check(error.reason().is_some(), || format!("{} is refused without a reason", shown(bytes)));
            let line = error.message();
            let fit = !line.is_empty() && line.len() <= LINE && !line.chars().any(char::is_control);
            self.check(fit, || format!("{} is refused in the line {line:?}", shown(bytes)));
        }
        result
    }

    #[track_caller]
    fn refused(&self, bytes: &[u8]) {
        if let Ok(value) = self.fed(bytes) {
            let value = format!("{value:?}").chars().take(200).collect::<String>();
            panic!("rule {:?} is broken: {} is read as {value}", self.name, shown(bytes));
        }
    }

    fn random(&self) -> SeededRandom {
        SeededRandom::new(0x6b69_7421)
    }
}

/// What every wire carries of a line, in bytes.
const LINE: usize = 1024;

fn shown(bytes: &[u8]) -> String {
    let some = &bytes[..bytes.len().min(60)];
    format!("\"{}\" ({} bytes)", some.escape_ascii(), bytes.len())
}

fn names<R: CodecRig>(rule: &Rule<'_, R>) -> Played {
    let codec = &rule.codec;
    let essence = |name: &str| {
        let part = |part: &str| {
            let fit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&-^_.+".contains(&b);
            !part.is_empty() && part.bytes().all(fit)
        };
        name.split_once('/').is_some_and(|(one, other)| part(one) && part(other))
    };
    for name in [codec.content_type(), codec.accept_type()].iter().chain(codec.aliases()) {
        rule.check(essence(name), || format!("{name:?} is no media type in lower case, without parameters"));
    }
    rule.check(codec.reads(codec.accept_type()), || "it does not read what it asks for".into());
    rule.check(!codec.reads("") && !codec.reads("application/x-kit-nobody"), || "it reads what nobody writes".into());
    Ok(())
}

fn round_trip<R: CodecRig>(rule: &Rule<'_, R>) -> Played {
    for value in rule.rig.values() {
        let bytes = rule.encoded(&value);
        let back = rule.fed(&bytes);
        rule.check(back.as_ref().is_ok_and(|back| *back == value), || {
            format!("{value:?} is written as {}, and read as {back:?}", shown(&bytes))
        });
    }
    Ok(())
}

fn large<R: CodecRig>(rule: &Rule<'_, R>) -> Played {
    const SIZE: usize = 4 << 20;
    let value = rule.rig.large(SIZE);
    let bytes = rule.encoded(&value);
    rule.check(bytes.len() >= SIZE, || format!("{SIZE} bytes are written as {}", bytes.len()));
    let back = rule.fed(&bytes);
    rule.check(back.is_ok_and(|back| back == value), || format!("{} bytes are not read back", bytes.len()));
    if rule.rig.is_whole() {
        rule.refused(&bytes[..SIZE / 2]);
        rule.refused(&bytes[..bytes.len() - 1]);
    }
    Ok(())
}

fn cut_off<R: CodecRig>(rule: &Rule<'_, R>) -> Played {
    for bytes in rule.rig.values().iter().map(|value| rule.encoded(value)) {
        for end in 0..bytes.len() {
            match rule.rig.is_whole() {
                true => rule.refused(&bytes[..end]),
                false => drop(rule.fed(&bytes[..end])),
            }
        }
    }
    Ok(())
}

fn trailing<R: CodecRig>(rule: &Rule<'_, R>) -> Played {
    if !rule.rig.is_whole() {
        return Err(NotShown);
    }
    for bytes in rule.rig.values().iter().map(|value| rule.encoded(value)) {
        rule.refused(&bytes.repeat(2));
        rule.refused(&[&bytes[..], b"x"].concat());
        rule.refused(&[&bytes[..], b"\0"].concat());
    }
    Ok(())
}

/// Bytes of pure chance, and values with some of their bytes changed, taken out, put in or doubled.
fn garbage<R: CodecRig>(rule: &Rule<'_, R>) -> Played {
    const TURNS: usize = 3_000;
    let random = rule.random();
    let below = |bound: usize| usize::try_from(random.below(bound as u64)).unwrap_or_default();
    let byte = || random.bits().to_le_bytes()[0];
    let seeds: Vec<_> = rule.rig.values().iter().map(|value| rule.encoded(value)).collect();
    for _ in 0..TURNS {
        let pure: Vec<u8> = (0..below(64)).map(|_| byte()).collect();
        drop(rule.fed(&pure));
        let Some(mut bytes) = seeds.get(below(seeds.len())).cloned() else { break };
        bytes.truncate(4_096);
        for _ in 0..=below(4) {
            let at = below(bytes.len() + 1);
            match below(4) {
                0 => bytes.insert(at, byte()),
                1 => bytes.truncate(at),
                2 => {
                    let tail = bytes[at..].to_vec();
                    bytes.extend(tail);
                }
                _ => {
                    if let Some(changed) = bytes.get_mut(at) {
                        *changed = byte();
                    }
                }
            }
        }
        drop(rule.fed(&bytes));
    }
    for byte in 0..=u8::MAX {
        drop(rule.fed(&[byte]));
        drop(rule.fed(&[byte; 20_000]));
    }
    Ok(())
}

fn depth<R: CodecRig>(rule: &Rule<'_, R>) -> Played {
    let nested = |levels| rule.rig.nested(levels).ok_or(NotShown);
    // What people write is read, or at least looked at.
    for levels in 0..16 {
        drop(rule.fed(&nested(levels)?));
    }
    // What a stack would not hold is refused before anything recurses.
    for levels in [1_000, 1_000_000] {
        rule.refused(&nested(levels)?);
    }
    Ok(())
}

fn claims<R: CodecRig>(rule: &Rule<'_, R>) -> Played {
    /// For an error and what a reader begins with, in bytes.
    const ROOM: u64 = 64 * 1024;
    let claims = rule.rig.claims();
    for claim in &claims {
        let allocated = rule.rig.allocated(&mut || rule.refused(claim));
        rule.check(allocated.is_none_or(|bytes| bytes <= ROOM), || {
            format!("{} takes {} bytes", shown(claim), allocated.unwrap_or_default())
        });
    }
    if claims.is_empty() { Err(NotShown) } else { Ok(()) }
}

/// What a stranger sends is no way to write into logs and answers.
fn echo<R: CodecRig>(rule: &Rule<'_, R>) -> Played {
    const MARK: char = 'ẞ';
    let mark = MARK.to_string().repeat(1_000);
    let values = rule.rig.values();
    let seeds = values.iter().map(|value| rule.encoded(value)).chain([Vec::new()]);
    for bytes in seeds {
        for at in 0..=bytes.len().min(200) {
            let fed = [&bytes[..at], mark.as_bytes(), &bytes[at..]].concat();
            if let Err(error) = rule.fed(&fed) {
                let repeated = error.message().matches(MARK).count() * MARK.len_utf8();
                rule.check(repeated <= ECHO_LIMIT, || format!("{repeated} bytes are repeated: {}", error.message()));
            }
        }
    }
    Ok(())
}
