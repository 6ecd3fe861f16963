use std::fmt;

use etcd_client::{Client, GetOptions, WatchOptions, WatchResponse, WatchStream};
use kit_core::{Code, Error};
use tokio::time::timeout;

use super::client::Etcd;
use super::entries::{Entries, broken};
use super::error::{failed, late, within};
use super::pace::Pace;
use super::prefix::Prefix;
use crate::answer::Answer;
use crate::malformed::Shown;
use crate::source::Source;

/// How many keys are asked for at once: pages stay far below what a message may hold.
const PAGE: i64 = 1_000;

/// The longest message that is taken, in bytes: a page of the longest values that are read.
const MESSAGE: usize = 64 * 1024 * 1024;

/// Follows the keys below a prefix; [`Etcd::instancer`] makes it.
pub struct EtcdSource {
    etcd: Etcd,
    prefix: Prefix,
    turn: usize,
    pace: Pace,
    following: Option<Following>,
}

/// What was listed, and the watch from there on.
struct Following {
    client: Client,
    entries: Entries,
    watch: Option<WatchStream>,
}

/// What became of the watch.
enum Watched {
    Changed,
    Quiet,
    /// The server has forgotten what the watch was to begin with, or ended it for no fault of its own.
    Over,
}

impl EtcdSource {
    pub(super) fn new(etcd: Etcd, prefix: Prefix) -> Self {
        Self { turn: etcd.anywhere(), etcd, prefix, pace: Pace::default(), following: None }
    }

    /// Lists all keys as of one revision.
    async fn list(&self, client: &mut Client) -> Result<Entries, Error> {
        let doing = "listing instances in etcd";
        let limit = self.etcd.config().request;
        let mut kv = client.kv_client().max_decoding_message_size(MESSAGE);
        let (mut from, mut entries) = (self.prefix.start().to_vec(), None::<Entries>);
        loop {
            let mut options = GetOptions::new().with_range(self.prefix.end()).with_limit(PAGE);
            if let Some(entries) = &entries {
                options = options.with_revision(entries.revision());
            }
            let mut page = within(limit, doing, kv.get(&*from, Some(options))).await?;
            let mut known = match entries {
                Some(entries) => entries,
                None => {
                    let header = page.header().ok_or_else(|| broken("a list without a header"))?;
                    Entries::new(self.prefix.clone(), header.revision())
                }
            };
            let (more, listed) = (page.more(), page.take_kvs());
            let last = listed.iter().map(|entry| entry.key()).max().map(<[u8]>::to_vec);
            for entry in listed {
                known.listed(entry)?;
            }
            match last {
                _ if !more => return Ok(known),
                // The smallest key after it.
                Some(mut last) if last >= from => {
                    last.push(0);
                    from = last;
                }
                _ => return Err(broken("a page of a list that leads no further")),
            }
            entries = Some(known);
        }
    }

    /// Asks for what happened since, and for what will.
    async fn watch(&self, following: &mut Following) -> Result<(), Error> {
        let options = WatchOptions::new()
            .with_range(self.prefix.end())
            .with_start_revision(following.entries.revision() + 1)
            .with_fragment();
        let mut client = following.client.watch_client().max_decoding_message_size(MESSAGE);
        let watch = client.watch(self.prefix.start(), Some(options));
        following.watch = Some(within(self.etcd.config().request, "watching etcd", watch).await?);
        Ok(())
    }

    /// Waits until the watch has something to say.
    async fn changed(&self, following: &mut Following) -> Result<Watched, Error> {
        if following.watch.is_none() {
            self.watch(following).await?;
        }
        let Following { entries, watch: Some(watch), .. } = following else {
            return Ok(Watched::Over);
        };
        let config = self.etcd.config();
        let mut asked = false;
        loop {
            let patience = if asked { config.keep_alive_timeout } else { config.keep_alive };
            let response = match timeout(patience, watch.message()).await {
                Ok(Ok(Some(response))) => response,
                Ok(Ok(None)) => return Err(Error::unavailable("etcd ended the watch")),
                Ok(Err(error)) => return Err(failed("watching etcd", error)),
                Err(_) if asked => return Err(late(patience, "asking etcd for the progress of the watch")),
                Err(_) => {
                    // It may be idle, or dead behind something that answers pings for it.
                    within(config.request, "asking etcd for the progress of the watch", watch.request_progress())
                        .await?;
                    asked = true;
                    continue;
                }
            };
            if response.canceled() {
                return over(&response);
            }
            let revision = response.header().map_or(entries.revision(), |header| header.revision());
            if revision < entries.revision() {
                return Err(broken("a revision older than one it gave before"));
            }
            let created = response.created();
            let response = response.0;
            if !response.events.is_empty() {
                let more = response.fragment;
                entries.happened(response.events, more)?;
                if !more {
                    return Ok(Watched::Changed);
                }
            } else if !created {
                return Ok(Watched::Quiet);
            }
            asked = false;
        }
    }
}

/// Why a watch was cancelled: a failure, unless it is of no weight.
fn over(response: &WatchResponse) -> Result<Watched, Error> {
    let reason = response.cancel_reason();
    if response.compact_revision() > 0 || reason.is_empty() {
        return Ok(Watched::Over);
    }
    let code = match reason {
        reason if reason.contains("no leader") => Code::Unavailable,
        reason if reason.contains("permission denied") => Code::PermissionDenied,
        reason if reason.contains("auth token") => Code::Unauthenticated,
        _ => return Ok(Watched::Over),
    };
    Err(Error::new(code, format!("etcd cancelled the watch: {}", Shown(reason))))
}

impl Source for EtcdSource {
    async fn next(&mut self) -> Result<Answer, Error> {
        // Taken out, so that it is gone if this fails or panics.
        let mut client = None;
        if let Some(mut following) = self.following.take() {
            match self.changed(&mut following).await? {
                Watched::Changed => {
                    let answer = following.entries.answer();
                    self.following = Some(following);
                    return Ok(answer);
                }
                Watched::Quiet => {
                    self.following = Some(following);
                    return Ok(Answer::unchanged());
                }
                Watched::Over => client = Some(following.client),
            }
        }
        self.pace.turn().await;
        let mut client = match client {
            Some(client) => client,
            None => {
                self.turn = self.turn.wrapping_add(1);
                self.etcd.connect(self.turn).await?
            }
        };
        let entries = self.list(&mut client).await?;
        let answer = entries.answer();
        self.following = Some(Following { client, entries, watch: None });
        Ok(answer)
    }
}

impl fmt::Debug for EtcdSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdSource")
            .field("etcd", &self.etcd)
            .field("prefix", &self.prefix)
            .field("following", &self.following.is_some())
            .finish_non_exhaustive()
    }
}
