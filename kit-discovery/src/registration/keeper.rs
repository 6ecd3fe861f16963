use kit_core::Error;

/// What a registrar does in its registry for one instance. The order is: announce, then keep until it fails, announce again …
/// and withdraw once, at the end.
///
/// The calls never overlap. One that is given up on is dropped at an await, so none may block its thread.
pub trait Keeper: Send + 'static {
    /// Makes the instance be registered, whatever is there now. Bounded by [`Config::announce`](super::Config::announce).
    ///
    /// # Errors
    /// It is not, or nobody knows.
    fn announce(&mut self) -> impl Future<Output = Result<(), Error>> + Send;

    /// Keeps it registered - renews a lease, sends heartbeats - and returns once it is lost or may be: in time to announce it
    /// again before half of the registry's time limit has passed.
    fn keep(&mut self) -> impl Future<Output = Error> + Send;

    /// Makes it be registered no more, even if announcing it only seemed to fail. Bounded by
    /// [`Config::withdraw`](super::Config::withdraw).
    ///
    /// # Errors
    /// It may still be registered, until the registry's time limit.
    fn withdraw(&mut self) -> impl Future<Output = Result<(), Error>> + Send;
}
