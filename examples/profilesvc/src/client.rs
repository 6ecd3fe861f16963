//! The service somewhere else: at whichever of its instances, wherever something says they are.

use http::StatusCode;
use kit::client::{Client, Config};
use kit::codec::Json;
use kit::discovery::Spec;
use kit::failure::RecognizeLayer;
use kit::http::client::{delete, get, patch, post, put};
use kit::log::Logger;
use kit::metrics::Registry;
use kit::{BoxEndpoint, Context, Endpoint as _, Error, observe};

use crate::endpoints::{
    AddressOf, Addressed, DELETE_ADDRESS, DELETE_PROFILE, GET_ADDRESS, GET_ADDRESSES, GET_PROFILE, PATCH_PROFILE,
    POST_ADDRESS, POST_PROFILE, PUT_PROFILE, PatchProfile, PutProfile, SERVICE,
};
use crate::error::ProfileError;
use crate::profile::{Address, Id, Patch, Profile};
use crate::service::{ProfileService, Put};

/// The [`ProfileService`] of others, over HTTP. Clones are the same client.
///
/// A call that fails is tried at another instance where that does no harm: `GET`, `PUT` and `DELETE`; what may have made or changed
/// something is sent once. Whatever is answered but a success is an error here, a 404 too.
///
/// ```
/// use kit::Context;
/// use profilesvc::client::ProfileClient;
/// use profilesvc::error::ProfileError;
/// use profilesvc::profile::Profile;
/// use profilesvc::service::ProfileService as _;
///
/// # async fn called() -> Result<(), kit::Error> {
/// let (log, metrics) = (kit::log::Logger::discard(), kit::metrics::Registry::new());
/// let instances = "consul:127.0.0.1:8500".parse()?; // or `static:127.0.0.1:8080`
/// let profiles = ProfileClient::start(&instances, Default::default(), &log, &metrics)?;
///
/// let ann = Profile { id: "7".parse()?, name: "Ann".parse()?, addresses: Vec::new() };
/// match profiles.post_profile(&mut Context::new(), ann).await {
///     Ok(ann) => println!("{} is kept", ann.name),
///     Err(error) => match error.cause::<ProfileError>() {
///         Some(ProfileError::AlreadyExists { id, .. }) => println!("{id} is there already"),
///         _ => return Err(error),
///     },
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ProfileClient {
    client: Client,
    post_profile: BoxEndpoint<Profile, Profile>,
    get_profile: BoxEndpoint<Id, Profile>,
    put_profile: BoxEndpoint<PutProfile, Put>,
    patch_profile: BoxEndpoint<PatchProfile, Profile>,
    delete_profile: BoxEndpoint<Id, ()>,
    get_addresses: BoxEndpoint<Id, Vec<Address>>,
    get_address: BoxEndpoint<AddressOf, Address>,
    post_address: BoxEndpoint<Addressed, Address>,
    delete_address: BoxEndpoint<AddressOf, ()>,
}

impl ProfileClient {
    /// Calls the instances that `source` finds.
    ///
    /// # Errors
    /// What the source needs is malformed or was not built; a setting is out of its range.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(source: &Spec, config: Config, log: &Logger, metrics: &Registry) -> Result<Self, Error> {
        let source = source.start(SERVICE, observe::discovery_log(log))?;
        Self::over(Client::builder(source).config(config).start(log, metrics)?)
    }

    /// Calls the instances that `client` finds.
    ///
    /// # Errors
    /// None that the caller can do anything about.
    pub fn over(client: Client) -> Result<Self, Error> {
        let c = &client;
        let id = |id: &Id| id.clone();
        let (profile, address) = (|of: &AddressOf| of.profile.clone(), |of: &AddressOf| of.address.clone());

        let post_profile = post(&POST_PROFILE, Json).binding()?;
        let get_profile = get(&GET_PROFILE, Json).parameter("id", id).binding()?;
        let put_profile = put(&PUT_PROFILE, Json).parameter("id", |put: &PutProfile| put.id.clone()).binding_with(
            |_cx, answer| Ok(if answer.status() == StatusCode::CREATED { Put::Created } else { Put::Replaced }),
        )?;
        let patch_profile =
            patch(&PATCH_PROFILE, Json).parameter("id", |patch: &PatchProfile| patch.id.clone()).binding()?;
        let delete_profile =
            delete(&DELETE_PROFILE, Json).parameter("id", id).binding_with(|_cx, _no_content| Ok(()))?;
        let get_addresses = get(&GET_ADDRESSES, Json).parameter("id", id).binding()?;
        let get_address = get(&GET_ADDRESS, Json).parameter("id", profile).parameter("address", address).binding()?;
        let post_address =
            post(&POST_ADDRESS, Json).parameter("id", |add: &Addressed| add.profile.clone()).binding()?;
        let delete_address = delete(&DELETE_ADDRESS, Json)
            .parameter("id", profile)
            .parameter("address", address)
            .binding_with(|_cx, _no_content| Ok(()))?;

        // What the service says no with, given back as it is there.
        let known = RecognizeLayer::<ProfileError>::new();
        Ok(Self {
            post_profile: c.endpoint(&POST_PROFILE, post_profile).layer(known).boxed(),
            get_profile: c.endpoint(&GET_PROFILE, get_profile).layer(known).boxed(),
            put_profile: c.endpoint(&PUT_PROFILE, put_profile).layer(known).boxed(),
            patch_profile: c.endpoint(&PATCH_PROFILE, patch_profile).layer(known).boxed(),
            delete_profile: c.endpoint(&DELETE_PROFILE, delete_profile).layer(known).boxed(),
            get_addresses: c.endpoint(&GET_ADDRESSES, get_addresses).layer(known).boxed(),
            get_address: c.endpoint(&GET_ADDRESS, get_address).layer(known).boxed(),
            post_address: c.endpoint(&POST_ADDRESS, post_address).layer(known).boxed(),
            delete_address: c.endpoint(&DELETE_ADDRESS, delete_address).layer(known).boxed(),
            client,
        })
    }

    /// What finds, picks and repeats: to wait until it is [ready](Client::ready), to [close](Client::close) it.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl ProfileService for ProfileClient {
    async fn post_profile(&self, cx: &mut Context, profile: Profile) -> Result<Profile, Error> {
        self.post_profile.call(cx, profile).await
    }

    async fn get_profile(&self, cx: &mut Context, id: Id) -> Result<Profile, Error> {
        self.get_profile.call(cx, id).await
    }

    async fn put_profile(&self, cx: &mut Context, id: Id, profile: Profile) -> Result<Put, Error> {
        self.put_profile.call(cx, PutProfile { id, profile }).await
    }

    async fn patch_profile(&self, cx: &mut Context, id: Id, patch: Patch) -> Result<Profile, Error> {
        self.patch_profile.call(cx, PatchProfile { id, patch }).await
    }

    async fn delete_profile(&self, cx: &mut Context, id: Id) -> Result<(), Error> {
        self.delete_profile.call(cx, id).await
    }

    async fn get_addresses(&self, cx: &mut Context, profile: Id) -> Result<Vec<Address>, Error> {
        self.get_addresses.call(cx, profile).await
    }

    async fn get_address(&self, cx: &mut Context, profile: Id, address: Id) -> Result<Address, Error> {
        self.get_address.call(cx, AddressOf { profile, address }).await
    }

    async fn post_address(&self, cx: &mut Context, profile: Id, address: Address) -> Result<Address, Error> {
        self.post_address.call(cx, Addressed { profile, address }).await
    }

    async fn delete_address(&self, cx: &mut Context, profile: Id, address: Id) -> Result<(), Error> {
        self.delete_address.call(cx, AddressOf { profile, address }).await
    }
}
