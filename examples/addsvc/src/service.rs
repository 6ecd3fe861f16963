//! The business: three operations on numbers and texts. No word of any wire, of logs or of metrics.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use kit::{Context, Error};

use crate::error::AddError;

/// What it is called where it is announced.
pub const SERVICE: &str = "addsvc";

/// What the service offers. Its [`Client`](crate::client::Client) offers the same.
pub trait AddService: Send + Sync + 'static {
    /// `a + b`.
    ///
    /// # Errors
    /// [`AddError::TwoZeroes`] if both are zero, [`AddError::IntOverflow`] if the sum is no 32-bit number.
    fn sum(&self, cx: &mut Context, a: i64, b: i64) -> impl Future<Output = Result<i64, Error>> + Send;

    /// `a` and `b` in one text.
    ///
    /// # Errors
    /// [`AddError::MaxSizeExceeded`] if it has more than [`MAX_LENGTH`] bytes.
    fn concat(&self, cx: &mut Context, a: String, b: String) -> impl Future<Output = Result<String, Error>> + Send;

    /// The sums that follow two numbers, each of the two before it: of 1 and 1 they are 2, 3, 5, 8 and so on.
    ///
    /// # Errors
    /// As [`sum`](Self::sum): at once for the first sum, in its place for a later one.
    fn series(&self, cx: &mut Context, from: Series) -> impl Future<Output = Result<Sums, Error>> + Send;
}

/// The longest text that [`AddService::concat`] makes, in bytes.
pub const MAX_LENGTH: usize = 10;

/// What a series begins with, and how far and how fast it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// The first number.
    pub a: i64,
    /// The second.
    pub b: i64,
    /// How many sums there are. Zero: all, up to the one that is no 32-bit number.
    pub count: u32,
    /// How long it waits before each sum but the first.
    pub pause: Duration,
}

/// The sums of a [`Series`], as they are made.
pub type Sums = BoxStream<'static, Result<i64, Error>>;

/// The service itself.
#[derive(Clone, Copy, Debug)]
pub struct Add;

impl AddService for Add {
    async fn sum(&self, _cx: &mut Context, a: i64, b: i64) -> Result<i64, Error> {
        Ok(sum(a, b)?)
    }

    async fn concat(&self, _cx: &mut Context, a: String, b: String) -> Result<String, Error> {
        match a.len() + b.len() {
            0..=MAX_LENGTH => Ok(a + &b),
            length => Err(AddError::MaxSizeExceeded { length }.into()),
        }
    }

    async fn series(&self, _cx: &mut Context, from: Series) -> Result<Sums, Error> {
        // What can be refused is refused before the stream begins.
        let first = sum(from.a, from.b)?;
        let later = stream::try_unfold((from.b, first), move |(b, last)| async move {
            tokio::time::sleep(from.pause).await;
            let next = sum(b, last)?;
            Ok(Some((next, (last, next))))
        });
        let count = if from.count == 0 { usize::MAX } else { from.count as usize };
        Ok(stream::iter([Ok(first)]).chain(later).take(count).boxed())
    }
}

/// Go kit's rules. It lets a sum pass that is too large if one of the two is zero; here the sum is what counts.
fn sum(a: i64, b: i64) -> Result<i64, AddError> {
    if (a, b) == (0, 0) {
        return Err(AddError::TwoZeroes);
    }
    match a.checked_add(b) {
        Some(sum) if i32::try_from(sum).is_ok() => Ok(sum),
        _ => Err(AddError::IntOverflow),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const MAX: i64 = i32::MAX as i64;
    const MIN: i64 = i32::MIN as i64;

    fn refused(error: Error) -> AddError {
        error.cause::<AddError>().expect("a business error").clone()
    }

    #[tokio::test]
    async fn a_sum_is_a_32_bit_number_and_never_of_two_zeroes() {
        let sum = async |a, b| Add.sum(&mut Context::new(), a, b).await.map_err(refused);
        for (a, b, v) in [(1, 2, 3), (0, -5, -5), (3, -3, 0), (MAX, 0, MAX), (MIN, MAX, -1), (MAX + 5, -5, MAX)] {
            assert_eq!(sum(a, b).await, Ok(v), "{a} + {b}");
        }
        assert_eq!(sum(0, 0).await, Err(AddError::TwoZeroes));
        for (a, b) in [(MAX, 1), (1, MAX), (MIN, -1), (MAX + 1, 0), (i64::MAX, 1), (i64::MIN, -1), (i64::MIN, 0)] {
            assert_eq!(sum(a, b).await, Err(AddError::IntOverflow), "{a} + {b}");
        }
    }

    #[tokio::test]
    async fn a_text_has_ten_bytes_at_most_whatever_its_characters() {
        let concat =
            async |a: &str, b: &str| Add.concat(&mut Context::new(), a.to_owned(), b.to_owned()).await.map_err(refused);
        for (a, b, v) in [("", "", ""), ("a", "", "a"), ("12345", "67890", "1234567890"), ("größe", "größ", "")] {
            let length = a.len() + b.len();
            let expected = if length <= 10 { Ok(v.to_owned()) } else { Err(AddError::MaxSizeExceeded { length }) };
            assert_eq!(concat(a, b).await, expected, "{a} + {b}");
        }
        assert_eq!(concat("1234567890", "1").await, Err(AddError::MaxSizeExceeded { length: 11 }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_series_goes_on_in_its_time_as_far_as_it_was_asked_to() {
        let from = Series { a: 1, b: 1, count: 4, pause: Duration::from_secs(2) };
        let begun = Instant::now();
        let mut sums = Add.series(&mut Context::new(), from).await.unwrap();
        for (place, sum) in [2, 3, 5, 8].into_iter().enumerate() {
            assert_eq!(sums.next().await.expect("a sum").unwrap(), sum);
            assert_eq!(begun.elapsed(), from.pause * u32::try_from(place).unwrap());
        }
        assert!(sums.next().await.is_none());
    }

    #[tokio::test]
    async fn a_series_ends_where_a_sum_is_too_large_or_never_begins() {
        let series = async |a, b| {
            Add.series(&mut Context::new(), Series { a, b, count: 0, pause: Duration::ZERO }).await.map_err(refused)
        };
        let mut sums = series(MAX / 2, 1).await.unwrap();
        let first: Vec<i64> = sums.by_ref().take(2).map(Result::unwrap).collect().await;
        assert_eq!(first, [MAX / 2 + 1, MAX / 2 + 2]);
        assert_eq!(refused(sums.next().await.expect("an item").unwrap_err()), AddError::IntOverflow);
        assert!(sums.next().await.is_none());
        assert_eq!(series(0, 0).await.err(), Some(AddError::TwoZeroes));
        assert_eq!(series(MAX, 1).await.err(), Some(AddError::IntOverflow));
    }
}
