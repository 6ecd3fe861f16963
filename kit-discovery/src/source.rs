use kit_core::Error;

use crate::answer::Answer;

/// Where a set comes from: a file, a name server, a registry. What is the same for all of them,
/// [`Discovery`](crate::Discovery) does.
///
/// ```
/// use std::time::Duration;
///
/// use kit_core::{Error, Instance};
/// use kit_discovery::{Answer, Discovery, Instancer as _, Source};
///
/// /// Asks once a minute.
/// struct Phonebook { asked: bool }
///
/// impl Source for Phonebook {
///     async fn next(&mut self) -> Result<Answer, Error> {
///         if std::mem::replace(&mut self.asked, true) {
///             tokio::time::sleep(Duration::from_secs(60)).await;
///         }
///         Ok(Answer::new([Instance::new("10.0.0.1:80")]))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let strings = Discovery::of("strings", Phonebook { asked: false }).start()?;
/// let state = strings.subscribe().ready().await?;
/// assert_eq!(state.instances().map(|set| set.len()), Some(1));
/// # Ok(()) }
/// ```
pub trait Source: Send + 'static {
    /// Waits for something to say, and says the whole of it: the first time and after a failure at once, else when the set
    /// may have changed. A source that polls sleeps in here; one that watches waits here for what it is told.
    ///
    /// It bounds its own waits for others: a server that never answers is to be a failure in the end. When discovery stops it
    /// is dropped at an await, and so must not block its thread.
    ///
    /// # Errors
    /// The set cannot be had now. It is called again after a pause.
    fn next(&mut self) -> impl Future<Output = Result<Answer, Error>> + Send;
}
