use std::marker::PhantomData;

use super::Inside;
use super::place::{Any, Balance, Breaker, Bulkhead, Cache, Fallback, Hedge, Limit, Retry, Shed, SingleFlight};

/// What the compiler says of a pair: an inherent constant, which is there if the rule allows it, goes before a trait's.
struct Pair<Outer, Inner>(PhantomData<(Outer, Inner)>);

trait Refused {
    const ALLOWED: bool = false;
}

impl<Outer, Inner> Refused for Pair<Outer, Inner> {}

impl<Outer, Inner: Inside<Outer>> Pair<Outer, Inner> {
    const ALLOWED: bool = true;
}

const PLACES: [&str; 11] =
    ["any", "fallback", "cache", "single flight", "retry", "hedge", "balance", "limit", "shed", "breaker", "bulkhead"];

macro_rules! row {
    ($outer:ty) => {
        [
            Pair::<$outer, Any>::ALLOWED,
            Pair::<$outer, Fallback>::ALLOWED,
            Pair::<$outer, Cache>::ALLOWED,
            Pair::<$outer, SingleFlight>::ALLOWED,
            Pair::<$outer, Retry>::ALLOWED,
            Pair::<$outer, Hedge>::ALLOWED,
            Pair::<$outer, Balance>::ALLOWED,
            Pair::<$outer, Limit>::ALLOWED,
            Pair::<$outer, Shed>::ALLOWED,
            Pair::<$outer, Breaker>::ALLOWED,
            Pair::<$outer, Bulkhead>::ALLOWED,
        ]
    };
}

const ALLOWED: [[bool; 11]; 11] = [
    row!(Any),
    row!(Fallback),
    row!(Cache),
    row!(SingleFlight),
    row!(Retry),
    row!(Hedge),
    row!(Balance),
    row!(Limit),
    row!(Shed),
    row!(Breaker),
    row!(Bulkhead),
];

/// A row of the table in the docs: a place, and those that it may not stand outside of.
fn rule(line: &str) -> (&str, Vec<&str>) {
    let mut cells = line.trim_start_matches("//! |").split('|').map(str::trim);
    let (outer, refused) = (cells.next().expect("a layer"), cells.next().expect("what it may not be outside"));
    let of_a_breaker = "fallback, cache, single flight, retry, hedge, balance, limit, shed";
    let spelt_out = refused.replace("all that a breaker may not", of_a_breaker).replace("and a breaker", "breaker");
    let named = |word: &str| if word == "itself" { outer } else { word.trim() }.to_owned();
    let refused = spelt_out.split(", ").map(named);
    let known = |word: String| *PLACES.iter().find(|place| **place == word).unwrap_or_else(|| panic!("{word}?"));
    (outer, refused.map(known).collect())
}

#[test]
fn the_compiler_refuses_what_the_table_refuses_and_nothing_else() {
    let page = include_str!("mod.rs");
    let table = page.lines().skip_while(|line| !line.contains("| layer | may not stand outside |")).skip(2);
    let rules: Vec<_> = table.take_while(|line| line.starts_with("//! |")).map(rule).collect();
    assert_eq!(rules.len(), 7);
    for (outer, row) in PLACES.iter().zip(ALLOWED) {
        let refused = rules.iter().find(|(of, _)| of == outer).map(|(_, refused)| &**refused).unwrap_or_default();
        for (inner, allowed) in PLACES.iter().zip(row) {
            assert_eq!(allowed, !refused.contains(inner), "{outer} outside {inner}");
        }
    }
}

#[test]
fn the_compiler_says_why() {
    let (page, rules) = (include_str!("mod.rs"), include_str!("rules.rs"));
    let table = page.lines().skip_while(|line| !line.contains("| layer | may not stand outside |")).skip(2);
    for line in table.take_while(|line| line.starts_with("//! |")) {
        let because = line.split('|').nth(3).expect("a reason").trim();
        assert!(rules.contains(&format!("\"because {because}\",")), "{because}");
    }
}

#[test]
fn what_may_not_stand_outside_another_may_stand_inside_it_unless_it_is_the_same() {
    for (outer, row) in ALLOWED.iter().enumerate() {
        for (inner, allowed) in row.iter().enumerate() {
            assert!(*allowed || outer == inner || ALLOWED[inner][outer], "{} and {}", PLACES[outer], PLACES[inner]);
        }
    }
}
