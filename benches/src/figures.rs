//! What is made of what was measured: medians, and aims with what came of them.

/// Which side of the aim is the good one.
#[derive(Clone, Copy, Debug)]
pub enum Aim {
    /// Less is better.
    AtMost(f64),
    /// More is better.
    AtLeast(f64),
}

impl Aim {
    /// The figure, the aim, and whether it was met: if not, by how much of it it was missed.
    pub fn verdict(self, got: Option<f64>) -> String {
        let Some(got) = got.filter(|got| got.is_finite()) else { return "not measured".to_owned() };
        let (met, sign, limit) = match self {
            Aim::AtMost(limit) => (got <= limit, '≤', limit),
            Aim::AtLeast(limit) => (got >= limit, '≥', limit),
        };
        match met {
            true => format!("{got:.2}, aim {sign} {limit}: met"),
            false => format!("{got:.2}, aim {sign} {limit}: missed by {:.0} %", (got / limit - 1.0).abs() * 100.0),
        }
    }
}

/// Of an even number, the mean of the two in the middle; no number of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_is_met_on_its_good_side_and_missed_by_a_share_of_it() {
        assert_eq!(Aim::AtMost(1.0).verdict(Some(1.0)), "1.00, aim ≤ 1: met");
        assert_eq!(Aim::AtMost(1.0).verdict(Some(1.5)), "1.50, aim ≤ 1: missed by 50 %");
        assert_eq!(Aim::AtLeast(3.2).verdict(Some(3.2)), "3.20, aim ≥ 3.2: met");
        assert_eq!(Aim::AtLeast(3.2).verdict(Some(1.6)), "1.60, aim ≥ 3.2: missed by 50 %");
        assert_eq!(Aim::AtLeast(3.2).verdict(None), "not measured");
    }

    #[test]
    fn a_median_stands_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(vec![]).is_nan());
    }
}
