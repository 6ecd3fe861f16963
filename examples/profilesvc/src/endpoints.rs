//! The operations as endpoints: a name, a request and a response for each.
//!
//! Those are idempotent that HTTP says are: a client may repeat them. `DELETE` is, though a repeat of one that was done says that
//! there is nothing left; `PATCH` is not, since others may have changed the profile in between.

use kit::{Endpoint, Method, endpoint_with};
use serde::Serialize;

use crate::profile::{Address, Id, Patch, Profile};
use crate::service::{ProfileService, Put};

/// What the service is called, on every wire and where it is announced.
pub const SERVICE: &str = "profilesvc";

/// `POST /profiles/`.
pub static POST_PROFILE: Method = Method::new(SERVICE, "post_profile").path("/profiles/");
/// `GET /profiles/{id}`.
pub static GET_PROFILE: Method = Method::new(SERVICE, "get_profile").path("/profiles/{id}").idempotent();
/// `PUT /profiles/{id}`.
pub static PUT_PROFILE: Method = Method::new(SERVICE, "put_profile").path("/profiles/{id}").idempotent();
/// `PATCH /profiles/{id}`.
pub static PATCH_PROFILE: Method = Method::new(SERVICE, "patch_profile").path("/profiles/{id}");
/// `DELETE /profiles/{id}`.
pub static DELETE_PROFILE: Method = Method::new(SERVICE, "delete_profile").path("/profiles/{id}").idempotent();
/// `GET /profiles/{id}/addresses/`.
pub static GET_ADDRESSES: Method = Method::new(SERVICE, "get_addresses").path("/profiles/{id}/addresses/").idempotent();
/// `GET /profiles/{id}/addresses/{address}`.
pub static GET_ADDRESS: Method =
    Method::new(SERVICE, "get_address").path("/profiles/{id}/addresses/{address}").idempotent();
/// `POST /profiles/{id}/addresses/`.
pub static POST_ADDRESS: Method = Method::new(SERVICE, "post_address").path("/profiles/{id}/addresses/");
/// `DELETE /profiles/{id}/addresses/{address}`.
pub static DELETE_ADDRESS: Method =
    Method::new(SERVICE, "delete_address").path("/profiles/{id}/addresses/{address}").idempotent();

/// What `put_profile` takes. Written, it is the profile: the id has its own place.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct PutProfile {
    /// Which one.
    #[serde(skip)]
    pub id: Id,
    /// What it is to be.
    pub profile: Profile,
}

/// What `put_profile` answers.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Which one.
    pub id: Id,
    /// What became of it.
    pub put: Put,
}

/// What `patch_profile` takes. Written, it is the patch.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct PatchProfile {
    /// Which one.
    #[serde(skip)]
    pub id: Id,
    /// What changes.
    pub patch: Patch,
}

/// What names an address: what `get_address` and `delete_address` take.
#[derive(Clone, Debug)]
pub struct AddressOf {
    /// Of which profile.
    pub profile: Id,
    /// Which of its addresses.
    pub address: Id,
}

/// What `post_address` takes and answers. Written, it is the address.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Addressed {
    /// Of which profile.
    #[serde(skip)]
    pub profile: Id,
    /// The address.
    pub address: Address,
}

/// The endpoint of [`ProfileService::post_profile`].
pub fn post_profile<S: ProfileService>(service: S) -> impl Endpoint<Profile, Response = Profile> + 'static {
    endpoint_with(service, async |service, cx, profile: Profile| service.post_profile(cx, profile).await)
}

/// The endpoint of [`ProfileService::get_profile`].
pub fn get_profile<S: ProfileService>(service: S) -> impl Endpoint<Id, Response = Profile> + 'static {
    endpoint_with(service, async |service, cx, id: Id| service.get_profile(cx, id).await)
}

/// The endpoint of [`ProfileService::put_profile`].
pub fn put_profile<S: ProfileService>(service: S) -> impl Endpoint<PutProfile, Response = Stored> + 'static {
    endpoint_with(service, async |service, cx, PutProfile { id, profile }: PutProfile| {
        let put = service.put_profile(cx, id.clone(), profile).await?;
        Ok(Stored { id, put })
    })
}

/// The endpoint of [`ProfileService::patch_profile`].
pub fn patch_profile<S: ProfileService>(service: S) -> impl Endpoint<PatchProfile, Response = Profile> + 'static {
    endpoint_with(service, async |service, cx, PatchProfile { id, patch }: PatchProfile| {
        service.patch_profile(cx, id, patch).await
    })
}

/// The endpoint of [`ProfileService::delete_profile`].
pub fn delete_profile<S: ProfileService>(service: S) -> impl Endpoint<Id, Response = ()> + 'static {
    endpoint_with(service, async |service, cx, id: Id| service.delete_profile(cx, id).await)
}

/// The endpoint of [`ProfileService::get_addresses`].
pub fn get_addresses<S: ProfileService>(service: S) -> impl Endpoint<Id, Response = Vec<Address>> + 'static {
    endpoint_with(service, async |service, cx, profile: Id| service.get_addresses(cx, profile).await)
}

/// The endpoint of [`ProfileService::get_address`].
pub fn get_address<S: ProfileService>(service: S) -> impl Endpoint<AddressOf, Response = Address> + 'static {
    endpoint_with(service, async |service, cx, AddressOf { profile, address }: AddressOf| {
        service.get_address(cx, profile, address).await
    })
}

/// The endpoint of [`ProfileService::post_address`].
pub fn post_address<S: ProfileService>(service: S) -> impl Endpoint<Addressed, Response = Addressed> + 'static {
    endpoint_with(service, async |service, cx, Addressed { profile, address }: Addressed| {
        let address = service.post_address(cx, profile.clone(), address).await?;
        Ok(Addressed { profile, address })
    })
}

/// The endpoint of [`ProfileService::delete_address`].
pub fn delete_address<S: ProfileService>(service: S) -> impl Endpoint<AddressOf, Response = ()> + 'static {
    endpoint_with(service, async |service, cx, AddressOf { profile, address }: AddressOf| {
        service.delete_address(cx, profile, address).await
    })
}
