use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Panicked;
use super::hook::Catching;
use crate::error::Error;

/// Runs a function; a panic in it is a bug as in [`Recover`](super::Recover), with the cause [`Panicked`].
///
/// What the function shares with others must stand a panic in its middle.
///
/// ```
/// use kit_core::recover::{Panicked, catch};
///
/// assert_eq!(catch(|| 1 + 1)?, 2);
/// let error = catch(|| panic!("no such row")).unwrap_err();
/// assert_eq!(error.cause::<Panicked>().expect("a panic").message(), "no such row");
/// # Ok::<(), kit_core::Error>(())
/// ```
///
/// # Errors
/// `Internal`, with the fixed public line.
pub fn catch<T>(run: impl FnOnce() -> T) -> Result<T, Error> {
    let _catching = Catching::begin();
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| Error::bug(Panicked::new(&*payload)))
}
