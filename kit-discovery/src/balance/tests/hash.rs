use super::*;

const NAME: &str = "x-user";

fn keyed(key: u32) -> Context {
    let mut cx = Context::new();
    cx.outbound_mut().insert(NAME, &format!("user-{key}")).unwrap();
    cx
}

/// Where the keys live.
fn homes(roster: &Roster, keys: u32) -> Vec<Arc<str>> {
    let balancer = ConsistentHash::by_outbound(NAME);
    let home = |key| Arc::clone(&roster.pick(&mut keyed(key), &balancer).unwrap().instance().id);
    (0..keys).map(home).collect()
}

#[tokio::test(start_paused = true)]
async fn a_key_stays_where_it_is_and_only_what_has_gone_moves() {
    let before = homes(&roster(weighted(&[1, 1, 1, 1, 1])), 2_000);
    let after = homes(&roster(weighted(&[1, 1, 1, 1])), 2_000);
    for (before, after) in before.iter().zip(&after) {
        assert!(before == after || &**before == "e", "{before} to {after}");
    }
    for id in ["a", "b", "c", "d", "e"] {
        let keys = before.iter().filter(|home| &***home == id).count();
        assert!((320..480).contains(&keys), "{id} has {keys} of 2,000 keys");
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_shared_out_by_weight() {
    let homes = homes(&roster(weighted(&[1, 1, 2])), 4_000);
    let heavy = homes.iter().filter(|home| &***home == "c").count();
    assert!((1_850..2_150).contains(&heavy), "{heavy}");
}

#[tokio::test(start_paused = true)]
async fn a_hot_key_overflows_at_the_bound_and_returns() {
    let roster = roster(weighted(&[1, 1, 1, 1]));
    let balancer = ConsistentHash::by_outbound(NAME);
    let home = Arc::clone(&roster.pick(&mut keyed(1), &balancer).unwrap().instance().id);
    let running: Vec<Pick> = (0..100).map(|_| roster.pick(&mut keyed(1), &balancer).unwrap()).collect();
    for one in roster.candidates() {
        let bound = (1.25_f64 * 100.0 / 4.0).ceil() as u32;
        assert!(one.in_flight() <= bound, "{one:?}");
    }
    drop(running);
    assert_eq!(roster.pick(&mut keyed(1), &balancer).unwrap().instance().id, home);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_key_goes_to_anyone() {
    let shares = shares(&roster(weighted(&[1, 1])), &ConsistentHash::by_outbound(NAME), 200);
    assert_eq!(shares.len(), 2);
}

#[test]
fn a_hash_is_the_same_everywhere() {
    assert_eq!([hash(b""), hash(b"a")], [hash(b""), hash(b"a")]);
    assert_ne!(hash(b"a"), hash(b"b"));
}

#[test]
fn a_bound_that_cannot_be_kept_is_refused() {
    for bound in [1.0, 0.0, -1.0, f64::NAN] {
        let error = ConsistentHash::by_outbound(NAME).with_bound(bound).unwrap_err();
        assert!(error.message().ends_with("it must be above 1.0"), "{error}");
    }
}
