//! Targets for fuzzing: each decoder of kit with whatever bytes come.
//!
//! A target takes bytes and panics if what must hold does not: no decoder panics, what was read is written and read again as the same,
//! what is refused is refused with an error that may be shown, whoever sends rubbish gets an answer and the connection's end.
//!
//! `cargo test -p kit-fuzz` runs each target on its seeds and on what is near them; `scripts/fuzz TARGET SECONDS` lets libFuzzer look for more.

mod codecs;
mod discovery;
mod grpc;
mod http;
mod jsonrpc;
mod run;
mod text;

/// A decoder, and inputs that it knows.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Panics if what must hold does not.
    pub run: fn(&[u8]),
    /// Good and bad ones, to begin with.
    pub seeds: &'static [&'static [u8]],
    /// Whether it opens a connection for each input, which takes its time.
    pub connects: bool,
}

/// All there are.
pub const TARGETS: &[Target] = &[
    codecs::JSON,
    codecs::MSGPACK,
    codecs::CBOR,
    codecs::PROTOBUF,
    codecs::FORM,
    codecs::NDJSON,
    grpc::SERVER,
    grpc::CLIENT,
    http::REQUESTS,
    http::SERVER,
    http::CLIENT,
    jsonrpc::SERVER,
    jsonrpc::CLIENT,
    discovery::CONSUL,
    discovery::DNS,
    discovery::VALUES,
    text::SPECS,
    text::CONFIG,
];

#[cfg(test)]
mod tests {
    use kit::sources::{Random as _, SeededRandom};

    use super::*;

    /// For those that need no socket; the others have a hundredth.
    const TRIES: u32 = 20_000;

    fn below(random: &SeededRandom, most: usize) -> usize {
        (random.unit() * most as f64) as usize
    }

    /// One of the seeds with a few bytes changed, left out, doubled, or taken from another one.
    fn near(random: &SeededRandom, seeds: &[&[u8]]) -> Vec<u8> {
        let one = |random: &SeededRandom| seeds[below(random, seeds.len())];
        let mut bytes = one(random).to_vec();
        for _ in 0..=below(random, 4) {
            let at = below(random, bytes.len() + 1);
            let until = at + below(random, bytes.len() - at + 1);
            match below(random, 6) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..until)),
                2 => bytes.extend_from_within(at..until),
                3 => bytes.insert(at, below(random, 256) as u8),
                4 => bytes.extend(one(random).iter().take(at)),
                _ if at < bytes.len() => bytes[at] ^= 1 << below(random, 8),
                _ => {}
            }
        }
        bytes
    }

    fn try_near(target: Target, tries: u32) {
        let random = SeededRandom::new(7);
        for _ in 0..tries {
            (target.run)(&near(&random, target.seeds));
        }
    }

    #[test]
    fn names_are_unique_and_every_target_has_seeds() {
        for (at, target) in TARGETS.iter().enumerate() {
            assert!(!target.seeds.is_empty(), "{}", target.name);
            assert!(TARGETS[..at].iter().all(|other| other.name != target.name), "{}", target.name);
        }
    }

    #[test]
    fn every_target_holds_on_its_seeds() {
        for target in TARGETS {
            target.seeds.iter().for_each(|seed| (target.run)(seed));
        }
    }

    #[test]
    fn decoders_hold_on_what_is_near_their_seeds() {
        for target in TARGETS {
            if !target.connects {
                try_near(*target, TRIES);
            }
        }
    }

    #[test]
    fn connections_hold_on_what_is_near_their_seeds() {
        for target in TARGETS {
            if target.connects {
                try_near(*target, TRIES / 100);
            }
        }
    }
}
