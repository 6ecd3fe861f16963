//! Whatever happens in whatever order, against a plain model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::check::Check;

#[derive(Clone, Debug)]
enum Step {
    /// Discovery lists these: by number, with the number of an address and a weight.
    Set(BTreeMap<u8, (u16, u32)>),
    /// What making a channel to this one comes to from here on.
    Order(u8, Order),
    /// So many calls of this length begin.
    Call(u8, Duration),
    /// The calls that run are dropped.
    Drop,
    /// Time passes.
    Wait(Duration),
    /// The registry is away, or is back.
    Away(bool),
    /// This one answers its checks from here on, or it does not.
    Well(u8, bool),
}

/// Instances that do not answer their checks.
#[derive(Clone, Default)]
struct Ill(Arc<Mutex<BTreeMap<String, bool>>>);

impl Check<Line> for Ill {
    async fn check(&self, instance: &Instance, channel: &Line) -> Result<(), Error> {
        channel.used();
        sleep(300 * MS).await;
        match self.0.lock().unwrap().get(&*instance.id) {
            Some(false) => Err(Error::unavailable("it is ill")),
            _ => Ok(()),
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let set = proptest::collection::btree_map(0_u8..4, (0_u16..2, 1_u32..3), 0..4);
    let order = prop_oneof![
        4 => Just(Order::Work),
        2 => Just(Order::Fail),
        1 => Just(Order::Hang),
        1 => Just(Order::Panic),
        1 => Just(Order::NeverClose),
        2 => (1_u32..2_000).prop_map(|ms| Order::Wait(ms * MS)),
    ];
    prop_oneof![
        4 => set.prop_map(Step::Set),
        2 => (0_u8..4, order).prop_map(|(id, order)| Step::Order(id, order)),
        4 => (1_u8..5, 0_u32..15_000).prop_map(|(count, ms)| Step::Call(count, ms * MS)),
        1 => Just(Step::Drop),
        4 => (0_u32..12_000).prop_map(|ms| Step::Wait(ms * MS)),
        1 => any::<bool>().prop_map(Step::Away),
        1 => (0_u8..4, any::<bool>()).prop_map(|(id, well)| Step::Well(id, well)),
    ]
}

/// How long an instance has been listed without a gap, as the model sees it: what it may have been made for.
#[derive(Default)]
struct Model {
    listed: BTreeMap<(String, String), u32>,
    /// How often each was listed that was not listed before.
    times: BTreeMap<(String, String), u32>,
}

impl Model {
    fn set(&mut self, set: &[Instance]) {
        let key = |instance: &Instance| (instance.id.to_string(), instance.address.to_string());
        self.listed.retain(|known, _| set.iter().any(|instance| key(instance) == *known));
        for instance in set {
            self.listed.entry(key(instance)).or_insert_with(|| {
                let times = self.times.entry(key(instance)).or_default();
                *times += 1;
                *times
            });
        }
    }
}

fn instances(set: &BTreeMap<u8, (u16, u32)>) -> Vec<Instance> {
    let instance = |(id, (port, weight)): (&u8, &(u16, u32))| {
        let mut instance = at(&id.to_string(), 1 + u16::from(*id) * 10 + port);
        instance.weight = *weight;
        instance
    };
    set.iter().map(instance).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_channel_is_closed_once_and_not_used_after_that_and_none_is_made_for_who_stays(
        steps in proptest::collection::vec(step(), 1..25),
        end_by_drop in any::<bool>(),
        checks in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            // An empty set is believed at once: the model knows no grace.
            let policy = crate::Policy { empty_grace: Duration::ZERO, ..Default::default() };
            let config = Config { policy, ..Config::default() };
            let ill = Ill::default();
            let asked = ill.clone();
            let build = |builder: Builder<Lines>| if checks { builder.check(asked) } else { builder };
            let stage = Stage::with("", Lines::default(), |builder| build(builder.config(config))).await;
            let call = Arc::new(held().layer(stage.endpointer.layer(RoundRobin::new())));
            let (mut model, mut away, mut cut_short, mut told_cut) = (Model::default(), false, 0, 0);
            let mut running = tokio::task::JoinSet::new();
            for step in steps {
                match step {
                    Step::Set(set) if !away => {
                        let set = instances(&set);
                        model.set(&set);
                        stage.set(set).await;
                    }
                    Step::Set(_) => {}
                    Step::Order(id, order) => stage.lines.order(&id.to_string(), order),
                    Step::Call(count, lasting) => {
                        for _ in 0..count {
                            let call = Arc::clone(&call);
                            running.spawn(async move { call.call(&mut Context::new(), lasting).await });
                        }
                        settle().await;
                    }
                    Step::Drop => running.abort_all(),
                    Step::Wait(lasting) => sleep(lasting).await,
                    Step::Well(id, well) => drop(ill.0.lock().unwrap().insert(id.to_string(), well)),
                    Step::Away(goes) => {
                        away = goes;
                        if goes { stage.registry.hang() } else { stage.registry.heal() }
                    }
                }
                settle().await;
                // Who is in the set is listed, and has a channel that is not closed.
                for one in stage.endpointer.roster().candidates() {
                    let key = (one.instance().id.to_string(), one.instance().address.to_string());
                    prop_assert!(model.listed.contains_key(&key), "{key:?} is called and not listed");
                }
                let pages = stage.lines.pages();
                for (id, address) in model.times.keys() {
                    let made = pages.iter().filter(|page| page.id == *id && page.address == *address);
                    let (made, open) = (made.clone().count(), made.filter(|page| page.closed() == 0).count());
                    prop_assert!(made <= model.times[&(id.clone(), address.clone())] as usize, "{id} is made too often");
                    prop_assert!(open <= 1, "{id} has {open} channels");
                }
                // Nobody's channel ends under a call but at the end of a drain, which is told.
                while let Some(ended) = running.try_join_next() {
                    cut_short += u32::from(matches!(ended, Ok(Ok(true))));
                    prop_assert!(ended.as_ref().err().is_none_or(tokio::task::JoinError::is_cancelled), "{ended:?}");
                }
                told_cut += stage.heard().iter().filter_map(|line| line.split_once(" closed, ")?.1[..1].parse::<u32>().ok()).sum::<u32>();
                prop_assert!(cut_short <= told_cut, "{cut_short} calls were cut, {told_cut} are told");
            }
            let Stage { endpointer, lines, registry, discovery, heard } = stage;
            running.shutdown().await;
            drop(call);
            let begun = Instant::now();
            match end_by_drop {
                true => {
                    drop(endpointer);
                    sleep(20 * SECOND).await;
                }
                false => {
                    timeout(20 * SECOND, endpointer.close()).await.expect("it is bounded");
                    prop_assert!(begun.elapsed() <= 13 * SECOND + MS, "{:?}", begun.elapsed());
                }
            }
            drop((registry, discovery, heard));
            for page in lines.pages() {
                prop_assert_eq!(page.closed(), 1, "{:?}", page);
            }
            Ok(())
        })?;
    }
}

/// Waits so long, and says whether the channel was closed meanwhile. It never is when a call begins.
fn held() -> impl Endpoint<Routed<Arc<Line>, Duration>, Response = bool> {
    endpoint_fn(async |_cx, call: Routed<Arc<Line>, Duration>| {
        call.channel.used();
        sleep(call.request).await;
        Ok(call.channel.0.closed() > 0)
    })
}
