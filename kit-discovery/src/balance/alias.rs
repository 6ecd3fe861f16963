use kit_core::sources::Random;

/// Draws by share in two reads, however many there are.
///
/// # Source
/// Walker's alias method, with Vose's way to fill the tables.
#[derive(Clone, Debug)]
pub(super) enum Alias {
    Alike(usize),
    Tables(Box<[Column]>),
}

/// Itself below the limit, of 2^32; else the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    limit: u64,
    other: u32,
}

impl Alias {
    pub(super) fn new(shares: &[u64]) -> Self {
        if shares.windows(2).all(|two| two[0] == two[1]) {
            return Self::Alike(shares.len());
        }
        let (whole, count) = (1_u64 << 32, shares.len() as f64);
        let sum: f64 = shares.iter().map(|&share| share as f64).sum();
        let mut left: Vec<f64> = shares.iter().map(|&share| share as f64 * count / sum).collect();
        let mut columns: Vec<Column> = (0..shares.len()).map(|at| Column { limit: whole, other: at as u32 }).collect();
        let (mut poor, mut rich): (Vec<_>, Vec<_>) = (0..shares.len()).partition(|&at| left[at] < 1.0);
        while let (Some(&to), Some(&from)) = (poor.last(), rich.last()) {
            poor.pop();
            columns[to] = Column { limit: (left[to] * whole as f64) as u64, other: from as u32 };
            left[from] -= 1.0 - left[to];
            if left[from] < 1.0 {
                rich.pop();
                poor.push(from);
            }
        }
        Self::Tables(columns.into())
    }

    /// Two places from 0, different ones if all are alike and there are two; otherwise each for itself.
    #[inline]
    pub(super) fn sample_two(&self, random: &dyn Random) -> (usize, usize) {
        match self {
            Self::Alike(count @ 2..) => {
                let bits = random.bits();
                let below = |bits: u64, count: usize| ((bits * count as u64) >> 32) as usize;
                let (one, other) = (below(bits >> 32, *count), below(bits & 0xffff_ffff, count - 1));
                // Past the first: of those that it leaves, each as likely as the others.
                (one, other + usize::from(other >= one))
            }
            _ => (self.sample(random), self.sample(random)),
        }
    }

    /// A place from 0; there is at least one.
    #[inline]
    pub(super) fn sample(&self, random: &dyn Random) -> usize {
        let bits = random.bits();
        let below = |count: usize| (((bits >> 32) * count as u64) >> 32) as usize;
        match self {
            Self::Alike(count) => below(*count),
            Self::Tables(columns) => {
                let at = below(columns.len());
                let column = columns[at];
                if bits & 0xffff_ffff < column.limit { at } else { column.other as usize }
            }
        }
    }
}
