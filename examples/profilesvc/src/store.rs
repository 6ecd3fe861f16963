//! The service in memory: what is kept is gone with the process.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use kit::{Context, Error};

use crate::error::{Kind, ProfileError};
use crate::profile::{Address, Id, Patch, Profile};
use crate::service::{ProfileService, Put};

/// The most addresses that a profile has.
pub const MAX_ADDRESSES: usize = 32;

/// Profiles, at most so many. A clone is the same store.
#[derive(Clone, Debug)]
pub struct Profiles {
    kept: Arc<RwLock<BTreeMap<Id, Profile>>>,
    most: usize,
}

impl Profiles {
    /// Room for this many, at least one. With all that the other bounds allow each takes some 11 KiB.
    ///
    /// # Errors
    /// `InvalidArgument` for none.
    pub fn new(most: usize) -> Result<Self, Error> {
        match most {
            0 => Err(Error::invalid_argument("max_profiles is 0, it must be at least 1")),
            most => Ok(Self { kept: Arc::default(), most }),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.read().len()
    }

    // A panic under the lock leaves the map whole: each change is one insert, or one of a list.
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Id, Profile>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<Id, Profile>> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a profile.
    fn with<T>(&self, id: &Id, look: impl FnOnce(&Profile) -> Result<T, ProfileError>) -> Result<T, Error> {
        Ok(look(self.read().get(id).ok_or_else(|| missing(Kind::Profile, id))?)?)
    }

    /// Changes a profile.
    fn change<T>(&self, id: &Id, change: impl FnOnce(&mut Profile) -> Result<T, ProfileError>) -> Result<T, Error> {
        Ok(change(self.write().get_mut(id).ok_or_else(|| missing(Kind::Profile, id))?)?)
    }

    fn room(&self, kept: &BTreeMap<Id, Profile>) -> Result<(), ProfileError> {
        match kept.len() < self.most {
            true => Ok(()),
            false => Err(ProfileError::Full { most: self.most }),
        }
    }
}

fn missing(kind: Kind, id: &Id) -> ProfileError {
    ProfileError::NotFound { kind, id: id.clone() }
}

/// Each address has an id of its own, and there are not too many.
fn check(profile: &Profile) -> Result<(), ProfileError> {
    let addresses = &profile.addresses;
    if addresses.len() > MAX_ADDRESSES {
        return Err(ProfileError::TooManyAddresses { most: MAX_ADDRESSES });
    }
    let repeated = |&(place, address): &(usize, &Address)| addresses[..place].iter().any(|one| one.id == address.id);
    match addresses.iter().enumerate().find(repeated) {
        Some((_, address)) => Err(ProfileError::RepeatedAddress { id: address.id.clone() }),
        None => Ok(()),
    }
}

fn agree(path: Id, body: &Id) -> Result<Id, ProfileError> {
    match path == *body {
        true => Ok(path),
        false => Err(ProfileError::InconsistentIds { path, body: body.clone() }),
    }
}

impl ProfileService for Profiles {
    async fn post_profile(&self, _cx: &mut Context, profile: Profile) -> Result<Profile, Error> {
        check(&profile)?;
        let mut kept = self.write();
        if kept.contains_key(&profile.id) {
            return Err(ProfileError::AlreadyExists { kind: Kind::Profile, id: profile.id }.into());
        }
        self.room(&kept)?;
        kept.insert(profile.id.clone(), profile.clone());
        Ok(profile)
    }

    async fn get_profile(&self, _cx: &mut Context, id: Id) -> Result<Profile, Error> {
        self.with(&id, |profile| Ok(profile.clone()))
    }

    async fn put_profile(&self, _cx: &mut Context, id: Id, profile: Profile) -> Result<Put, Error> {
        let id = agree(id, &profile.id)?;
        check(&profile)?;
        let mut kept = self.write();
        if let Some(known) = kept.get_mut(&id) {
            *known = profile;
            return Ok(Put::Replaced);
        }
        self.room(&kept)?;
        kept.insert(id, profile);
        Ok(Put::Created)
    }

    async fn patch_profile(&self, _cx: &mut Context, id: Id, patch: Patch) -> Result<Profile, Error> {
        let id = match &patch.id {
            Some(body) => agree(id, body)?,
            None => id,
        };
        self.change(&id, |profile| {
            let changed = patch.apply(profile.clone());
            check(&changed)?;
            profile.clone_from(&changed);
            Ok(changed)
        })
    }

    async fn delete_profile(&self, _cx: &mut Context, id: Id) -> Result<(), Error> {
        match self.write().remove(&id) {
            Some(_) => Ok(()),
            None => Err(missing(Kind::Profile, &id).into()),
        }
    }

    async fn get_addresses(&self, _cx: &mut Context, profile: Id) -> Result<Vec<Address>, Error> {
        self.with(&profile, |profile| Ok(profile.addresses.clone()))
    }

    async fn get_address(&self, _cx: &mut Context, profile: Id, address: Id) -> Result<Address, Error> {
        self.with(&profile, |profile| {
            profile.address(&address).cloned().ok_or_else(|| missing(Kind::Address, &address))
        })
    }

    async fn post_address(&self, _cx: &mut Context, profile: Id, address: Address) -> Result<Address, Error> {
        self.change(&profile, |profile| {
            if profile.address(&address.id).is_some() {
                return Err(ProfileError::AlreadyExists { kind: Kind::Address, id: address.id });
            }
            if profile.addresses.len() >= MAX_ADDRESSES {
                return Err(ProfileError::TooManyAddresses { most: MAX_ADDRESSES });
            }
            profile.addresses.push(address.clone());
            Ok(address)
        })
    }

    async fn delete_address(&self, _cx: &mut Context, profile: Id, address: Id) -> Result<(), Error> {
        self.change(&profile, |profile| {
            let place = profile.addresses.iter().position(|one| one.id == address);
            profile.addresses.remove(place.ok_or_else(|| missing(Kind::Address, &address))?);
            Ok(())
        })
    }
}
