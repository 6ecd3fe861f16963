use std::sync::Arc;

use kit_core::Instance;
use kit_core::health::Status;
use kit_core::sources::Random;

use crate::instances::Instances;

impl Instances {
    /// One of them by priority and weight, for a program that wants no balancer: among those of the lowest priority, each by
    /// its share of the weight. One of weight 0 is picked now and then beside others, and all are alike where all have 0. Those that
    /// are said to be unhealthy are passed over while another is left. None of an empty set.
    ///
    /// # Source
    /// RFC 2782, "Weight": a random number from 0 to the sum, both included, with the weights of 0 first; those of 0 alike.
    pub fn pick(&self, random: &dyn Random) -> Option<&Arc<Instance>> {
        let healthy = self.iter().any(|instance| instance.health == Status::Healthy);
        let may = move |instance: &&Arc<Instance>| !healthy || instance.health == Status::Healthy;
        let priority = self.iter().filter(may).map(|instance| instance.priority).min()?;
        let first = move || self.iter().filter(may).filter(move |instance| instance.priority == priority);
        let shares = Shares::of(first().map(|instance| instance.weight));
        let mut drawn = random.below(shares.sum());
        first().find(|instance| {
            let share = shares.share(instance.weight);
            let found = drawn < share;
            drawn = drawn.saturating_sub(share);
            found
        })
    }
}

/// What weights mean beside each other (RFC 2782): those of 0 share what a weight of 1 would have, or everything where all are 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    weights: u64,
    zeros: u64,
}

impl Shares {
    pub(crate) fn of(weights: impl Iterator<Item = u32>) -> Self {
        weights.fold(Self { weights: 0, zeros: 0 }, |sums, weight| Self {
            weights: sums.weights + u64::from(weight),
            zeros: sums.zeros + u64::from(weight == 0),
        })
    }

    /// In whole numbers.
    pub(crate) fn share(self, weight: u32) -> u64 {
        if weight == 0 { 1 } else { u64::from(weight) * self.zeros.max(1) }
    }

    pub(crate) fn sum(self) -> u64 {
        self.weights * self.zeros.max(1) + self.zeros
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kit_core::sources::SeededRandom;

    use super::*;
    use crate::answer::Found;

    fn set(of: &[(u16, u16, u32)]) -> Instances {
        let instance = |(port, priority, weight): &(u16, u16, u32)| {
            let mut instance = Instance::new(format!("h:{port}"));
            (instance.priority, instance.weight) = (*priority, *weight);
            instance
        };
        Instances::settle(&mut Found { instances: of.iter().map(instance).collect(), ..Found::default() }, None)
    }

    fn picks(set: &Instances) -> BTreeMap<u32, f64> {
        let random = SeededRandom::new(11);
        let mut picks = BTreeMap::new();
        for _ in 0..10_000 {
            *picks.entry(set.pick(&random).unwrap().weight).or_insert(0.0) += 1.0;
        }
        picks
    }

    #[test]
    fn the_lowest_priority_is_picked_by_weight() {
        let set = set(&[(1, 0, 10), (2, 0, 20), (3, 0, 30), (4, 0, 40), (5, 1, 1_000)]);
        let picks = picks(&set);
        assert_eq!(picks.len(), 4);
        let off: f64 = picks
            .iter()
            .map(|(weight, picked)| (picked - 100.0 * f64::from(*weight), 100.0 * f64::from(*weight)))
            .map(|(off, expected)| off * off / expected)
            .sum();
        // The value of χ² for p = 0.01 with three degrees of freedom.
        assert!(off < 11.345, "χ² is {off}: {picks:?}");
    }

    #[test]
    fn a_weight_of_0_is_picked_now_and_then_and_alone_as_often_as_any() {
        let picks = picks(&set(&[(1, 0, 0), (2, 0, 99)]));
        assert!((50.0..200.0).contains(&picks[&0]), "{picks:?}");
        let (alike, random) = (set(&[(1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0)]), SeededRandom::new(3));
        let mut counts = [0.0_f64; 4];
        for _ in 0..10_000 {
            let picked = alike.pick(&random).unwrap();
            counts[usize::from(picked.address.as_bytes()[2] - b'1')] += 1.0;
        }
        let off: f64 = counts.iter().map(|count| (count - 2_500.0).powi(2) / 2_500.0).sum();
        assert!(off < 11.345, "χ² is {off}: {counts:?}");
    }

    #[test]
    fn an_unhealthy_one_is_picked_only_where_no_other_is_left() {
        let mut sick = Instance::new("h:1");
        sick.health = Status::Unhealthy;
        let one = |instances: &[Instance]| {
            Instances::settle(&mut Found { instances: instances.to_vec(), ..Found::default() }, None)
        };
        let random = SeededRandom::new(5);
        let mut well = Instance::new("h:2");
        well.priority = 9;
        for _ in 0..100 {
            assert_eq!(&*one(&[sick.clone(), well.clone()]).pick(&random).unwrap().id, "h:2");
        }
        assert_eq!(&*one(&[sick]).pick(&random).unwrap().id, "h:1");
        assert!(Instances::default().pick(&random).is_none());
    }
}
