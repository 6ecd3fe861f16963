//! The endpoints on HTTP, and what an operator asks a service for.

use kit::codec;
use kit::http::server::extract::{Json, Path, extract};
use kit::http::server::reply::{NoContent, Reply, encode_fn, escaped};
use kit::http::server::{Binding, Router, RouterService};
use kit::metrics::Provider;
use kit::server::{Stack, operator, scrape};
use kit::{Error, Health};

use crate::endpoints::{
    self, AddressOf, Addressed, DELETE_ADDRESS, DELETE_PROFILE, GET_ADDRESS, GET_ADDRESSES, GET_PROFILE, PATCH_PROFILE,
    POST_ADDRESS, POST_PROFILE, PUT_PROFILE, PatchProfile, PutProfile, Stored,
};
use crate::profile::{Address, Id, Patch, Profile};
use crate::service::{ProfileService, Put};

/// The service on HTTP, every operation inside `stack`; beside it `/metrics`, `/healthz` and `/readyz`, which answer whatever
/// the stack thinks of the load.
///
/// # Errors
/// If two routes clash.
pub fn http<S: ProfileService + Clone>(
    service: S,
    stack: Stack,
    metrics: &Provider,
    health: &Health,
) -> Result<RouterService, Error> {
    let id = || extract(|Path(id): Path<Id>| Ok(id));
    let address = || extract(|Path((profile, address)): Path<(Id, Id)>| Ok(AddressOf { profile, address }));
    let to_put = extract(|Path(id): Path<Id>, Json(profile): Json<Profile>| Ok(PutProfile { id, profile }));
    let to_patch = extract(|Path(id): Path<Id>, Json(patch): Json<Patch>| Ok(PatchProfile { id, patch }));
    let to_add = extract(|Path(profile): Path<Id>, Json(address): Json<Address>| Ok(Addressed { profile, address }));

    let created = encode_fn(|_, profile: Profile| Reply::created(&at(&profile.id)).value(&codec::Json, &profile));
    let stored = encode_fn(|_, Stored { id, put }: Stored| match put {
        Put::Created => Reply::created(&at(&id)).empty(),
        Put::Replaced => Reply::no_content().empty(),
    });
    let added = encode_fn(|_, Addressed { profile, address }: Addressed| {
        let location = format!("{}/addresses/{}", at(&profile), escaped(address.id.as_str()));
        Reply::created(&location).value(&codec::Json, &address)
    });

    let s = || service.clone();
    Router::with(stack)
        .post(&POST_PROFILE, Binding::new(endpoints::post_profile(s()), codec::Json, created))
        .get(&GET_PROFILE, Binding::new(endpoints::get_profile(s()), id(), codec::Json))
        .put(&PUT_PROFILE, Binding::new(endpoints::put_profile(s()), to_put, stored))
        .patch(&PATCH_PROFILE, Binding::new(endpoints::patch_profile(s()), to_patch, codec::Json))
        .delete(&DELETE_PROFILE, Binding::new(endpoints::delete_profile(s()), id(), NoContent))
        .get(&GET_ADDRESSES, Binding::new(endpoints::get_addresses(s()), id(), codec::Json))
        .get(&GET_ADDRESS, Binding::new(endpoints::get_address(s()), address(), codec::Json))
        .post(&POST_ADDRESS, Binding::new(endpoints::post_address(s()), to_add, added))
        .delete(&DELETE_ADDRESS, Binding::new(endpoints::delete_address(s()), address(), NoContent))
        .merge(operator(health).get("/metrics", scrape(metrics)))
        .build()
}

/// Where a profile is.
fn at(id: &Id) -> String {
    format!("/profiles/{}", escaped(id.as_str()))
}
