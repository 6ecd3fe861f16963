//! The business: nine operations on profiles and their addresses. No word of any wire.

use kit::{Context, Error};

use crate::profile::{Address, Id, Patch, Profile};

/// What became of a profile that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// There was none.
    Created,
    /// It took the place of another.
    Replaced,
}

/// What the service offers. [`Profiles`](crate::store::Profiles) does it here, and a
/// [`ProfileClient`](crate::client::ProfileClient) has it done elsewhere.
///
/// # Errors
/// Those of the business have a [`ProfileError`](crate::error::ProfileError) as their cause.
pub trait ProfileService: Send + Sync + 'static {
    /// Makes a profile, unless there is one of its id.
    fn post_profile(&self, cx: &mut Context, profile: Profile) -> impl Future<Output = Result<Profile, Error>> + Send;

    /// A profile.
    fn get_profile(&self, cx: &mut Context, id: Id) -> impl Future<Output = Result<Profile, Error>> + Send;

    /// Makes a profile, in the place of the one of its id if there is one. `id` is the profile's own.
    fn put_profile(
        &self,
        cx: &mut Context,
        id: Id,
        profile: Profile,
    ) -> impl Future<Output = Result<Put, Error>> + Send;

    /// Changes a profile, and answers what it is now. Makes none.
    fn patch_profile(
        &self,
        cx: &mut Context,
        id: Id,
        patch: Patch,
    ) -> impl Future<Output = Result<Profile, Error>> + Send;

    /// Deletes a profile and its addresses.
    fn delete_profile(&self, cx: &mut Context, id: Id) -> impl Future<Output = Result<(), Error>> + Send;

    /// The addresses of a profile, in the order in which they were added.
    fn get_addresses(&self, cx: &mut Context, profile: Id) -> impl Future<Output = Result<Vec<Address>, Error>> + Send;

    /// An address of a profile.
    fn get_address(
        &self,
        cx: &mut Context,
        profile: Id,
        address: Id,
    ) -> impl Future<Output = Result<Address, Error>> + Send;

    /// Adds an address to a profile, unless it has one of its id.
    fn post_address(
        &self,
        cx: &mut Context,
        profile: Id,
        address: Address,
    ) -> impl Future<Output = Result<Address, Error>> + Send;

    /// Deletes an address of a profile.
    fn delete_address(
        &self,
        cx: &mut Context,
        profile: Id,
        address: Id,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}
