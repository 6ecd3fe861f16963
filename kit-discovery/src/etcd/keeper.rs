use std::time::Duration;

use etcd_client::{Client, LeaseGrantOptions, LeaseTimeToLiveOptions, PutOptions};
use kit_core::sources::{Random as _, ThreadRandom};
use kit_core::{Code, Error};
use tokio::time::{Instant, timeout_at};

use super::client::Etcd;
use super::error::{failed, late, within};
use crate::registration::Keeper;

/// One key, and the lease that it lives by.
pub(super) struct EtcdKeeper {
    etcd: Etcd,
    key: String,
    value: String,
    ttl: Duration,
    turn: usize,
    client: Option<Client>,
    /// Leases that may hold the key, the current one last.
    leases: Vec<Lease>,
    /// Whether it may be asked which keys a lease has.
    may_ask: bool,
}

#[derive(Clone, Copy)]
struct Lease {
    /// Chosen here, so that one whose grant was not answered can be revoked too.
    id: i64,
    /// When it has run out for certain, unless it was renewed.
    gone: Instant,
}

/// Why a registration is kept no more.
enum Lost {
    /// The key or its lease is gone; the connection is well.
    Key(Error),
    /// Nobody knows: the connection is of no use.
    Line(Error),
}

impl EtcdKeeper {
    pub(super) fn new(etcd: Etcd, key: String, value: String, ttl: Duration) -> Self {
        Self { turn: etcd.anywhere(), etcd, key, value, ttl, client: None, leases: Vec::new(), may_ask: true }
    }

    /// The connection there is, or one to the next endpoint. Whoever fails with it does not put it back.
    async fn client(&mut self) -> Result<Client, Error> {
        match self.client.take() {
            Some(client) => Ok(client),
            None => {
                self.turn = self.turn.wrapping_add(1);
                self.etcd.connect(self.turn).await
            }
        }
    }

    /// Renews the lease and looks after the key, until something is wrong.
    async fn kept(&mut self, client: &Client, id: i64) -> Lost {
        // Half of the time since the last renewal, in all.
        let (rest, patience) = (self.ttl / 3, self.ttl / 6);
        let doing = "renewing the lease in etcd";
        let gone = || Lost::Key(Error::not_found("the lease in etcd is gone"));
        let mut lease = client.lease_client();
        let mut renewed = Instant::now();
        let (mut keeper, mut answers) = match timeout_at(renewed + patience, lease.keep_alive(id)).await {
            Ok(Ok(streams)) => streams,
            Ok(Err(etcd_client::Error::LeaseKeepAliveError(_))) => return gone(),
            Ok(Err(error)) => return Lost::Line(failed(doing, error)),
            Err(_) => return Lost::Line(late(patience, doing)),
        };
        loop {
            self.renewed(id, renewed);
            if let Err(lost) = self.holds(client, id, patience).await {
                return lost;
            }
            // Between renewals there is nothing to hear but bad news.
            let mut asked = None;
            loop {
                let until = asked.map_or(renewed + rest, |asked| asked + patience);
                match timeout_at(until, answers.message()).await {
                    Ok(Ok(Some(answer))) if answer.id() != id => {}
                    Ok(Ok(Some(answer))) if answer.ttl() <= 0 => return gone(),
                    Ok(Ok(Some(_))) if asked.is_some() => break,
                    Ok(Ok(Some(_))) => {}
                    Ok(Ok(None)) => return Lost::Line(Error::unavailable("etcd ended the renewal of the lease")),
                    Ok(Err(error)) => return Lost::Line(failed(doing, error)),
                    Err(_) if asked.is_some() => return Lost::Line(late(patience, doing)),
                    Err(_) => {
                        if let Err(error) = within(patience, doing, keeper.keep_alive()).await {
                            return Lost::Line(error);
                        }
                        asked = Some(Instant::now());
                    }
                }
            }
            renewed = asked.unwrap_or(renewed);
        }
    }

    fn renewed(&mut self, id: i64, at: Instant) {
        if let Some(lease) = self.leases.iter_mut().find(|lease| lease.id == id) {
            lease.gone = at + self.ttl * 2;
        }
    }

    /// Whether the lease still holds the key: it may have been deleted, or overwritten by another of the same id.
    async fn holds(&mut self, client: &Client, id: i64, patience: Duration) -> Result<(), Lost> {
        if !self.may_ask {
            return Ok(());
        }
        let mut lease = client.lease_client();
        let asked = lease.time_to_live(id, Some(LeaseTimeToLiveOptions::new().with_keys()));
        match within(patience, "looking after the key in etcd", asked).await {
            Ok(answer) if answer.keys().iter().any(|key| *key == self.key.as_bytes()) => Ok(()),
            Ok(_) => Err(Lost::Key(Error::not_found("the key in etcd was deleted, or overwritten by another"))),
            Err(error) if error.code() == Code::PermissionDenied => {
                self.may_ask = false;
                Ok(())
            }
            Err(error) => Err(Lost::Line(error)),
        }
    }

    /// Revokes all leases that may hold the key.
    async fn revoke(&mut self) -> Result<(), Error> {
        let mut client = self.client().await?;
        while let Some(lease) = self.leases.last() {
            match within(self.etcd.config().request, "revoking the lease in etcd", client.lease_revoke(lease.id)).await
            {
                Err(error) if error.code() != Code::NotFound => return Err(error),
                _ => self.leases.pop(),
            };
        }
        self.client = Some(client);
        Ok(())
    }
}

impl Keeper for EtcdKeeper {
    async fn announce(&mut self) -> Result<(), Error> {
        let mut client = self.client().await?;
        let limit = self.etcd.config().request;
        let id = i64::try_from(ThreadRandom.bits() >> 1).unwrap_or(1).max(1);
        let seconds = i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX);
        let now = Instant::now();
        self.leases.retain(|lease| lease.gone > now);
        self.leases.push(Lease { id, gone: now + self.ttl * 2 });
        let grant = client.lease_grant(seconds, Some(LeaseGrantOptions::new().with_id(id)));
        let granted = within(limit, "getting a lease from etcd", grant).await?;
        if granted.id() != id || granted.ttl() < seconds {
            return Err(Error::data_loss("etcd granted another lease than it was asked for").with_reason("malformed"));
        }
        let put = client.put(&*self.key, &*self.value, Some(PutOptions::new().with_lease(id)));
        within(limit, "writing the key to etcd", put).await?;
        // It is this one's now; older ones hold nothing.
        self.leases.drain(..self.leases.len() - 1);
        self.client = Some(client);
        Ok(())
    }

    async fn keep(&mut self) -> Error {
        // A copy of the connection, so that a withdrawal finds it.
        let (Some(client), Some(lease)) = (self.client.clone(), self.leases.last().copied()) else {
            return Error::unavailable("nothing is announced in etcd");
        };
        match self.kept(&client, lease.id).await {
            Lost::Key(error) => error,
            Lost::Line(error) => {
                self.client = None;
                error
            }
        }
    }

    async fn withdraw(&mut self) -> Result<(), Error> {
        let mut last = Ok(());
        // On the connection there is, and then once on each endpoint.
        for _ in 0..=self.etcd.endpoints() {
            if self.leases.is_empty() {
                return Ok(());
            }
            last = self.revoke().await;
            if last.is_ok() {
                break;
            }
        }
        last
    }
}
