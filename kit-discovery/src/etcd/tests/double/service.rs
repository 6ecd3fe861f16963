use std::future::pending;
use std::pin::Pin;

use etcd_client::proto::*;
use tokio::sync::mpsc;
use tonic::codegen::tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::store::Store;

/// What all watches are told.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// To be cancelled, for this reason.
    Cancel(&'static str),
    /// To end, without a word.
    End,
    /// To say this.
    Say(Box<PbWatchResponse>),
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Store {
    /// A call has come: it may be refused, or not be answered.
    async fn called(&self, name: &'static str) -> Result<(), Status> {
        let hangs = {
            let mut content = self.content();
            content.calls.push(name);
            if let Some(status) = &content.refuses {
                return Err(status.clone());
            }
            content.hangs.take_if(|call| *call == name).is_some()
        };
        if hangs {
            pending::<()>().await;
        }
        Ok(())
    }

    /// One watch, until its client is gone.
    async fn watched(self, mut asked: Streaming<PbWatchRequest>, say: mpsc::Sender<Result<PbWatchResponse, Status>>) {
        let Ok(Some(PbWatchRequest { request_union: Some(PbWatchRequestUnion::CreateRequest(of)) })) =
            asked.message().await
        else {
            return;
        };
        let (mut changes, mut orders) = (self.changes.subscribe(), self.orders.subscribe());
        let mut next = of.start_revision;
        let plain = || PbWatchResponse { header: self.content().header(), ..PbWatchResponse::default() };
        let mut answer = Some(PbWatchResponse { created: true, ..plain() });
        let compacted = self.content().compacted;
        if next <= compacted {
            let _ = say.send(Ok(answer.take().unwrap())).await;
            answer = Some(PbWatchResponse { canceled: true, compact_revision: compacted, ..plain() });
        }
        loop {
            if let Some(answer) = answer.take() {
                let last = answer.canceled;
                if !self.content().mute && say.send(Ok(answer)).await.is_err() || last {
                    return;
                }
            }
            changes.mark_unchanged();
            let events = self.content().since(next, &of.key, &of.range_end);
            if let Some(latest) = events.iter().filter_map(|event| Some(event.kv.as_ref()?.mod_revision)).max() {
                next = latest + 1;
                answer = Some(PbWatchResponse { events, ..plain() });
                continue;
            }
            tokio::select! {
                _ = changes.changed() => {}
                order = orders.recv() => match order {
                    Ok(Order::Cancel(reason)) => {
                        answer = Some(PbWatchResponse { canceled: true, cancel_reason: reason.into(), ..plain() });
                    }
                    Ok(Order::Say(what)) => answer = Some(*what),
                    Ok(Order::End) | Err(_) => return,
                },
                request = asked.message() => match request {
                    Ok(Some(PbWatchRequest { request_union: Some(PbWatchRequestUnion::ProgressRequest(_)) })) => {
                        answer = Some(PbWatchResponse { watch_id: -1, ..plain() });
                    }
                    Ok(Some(_)) => {}
                    _ => return,
                },
            }
        }
    }
}

#[async_trait]
impl PbKvService for Store {
    type RangeStreamStream = Answers<PbRangeStreamResponse>;

    async fn range(&self, of: Request<PbRangeRequest>) -> Result<Response<PbRangeResponse>, Status> {
        self.called("list").await?;
        let of = of.into_inner();
        let mut content = self.content();
        let played = content.lists.pop();
        Ok(Response::new(played.unwrap_or_else(|| content.range(&of.key, &of.range_end, of.limit))))
    }

    async fn put(&self, of: Request<PbPutRequest>) -> Result<Response<PbPutResponse>, Status> {
        self.called("put").await?;
        let of = of.into_inner();
        self.change(|content| {
            if of.lease != 0 && !content.granted(of.lease) {
                return Err(Status::not_found("etcdserver: requested lease not found"));
            }
            content.revision += 1;
            content.put(of.key, of.value, of.lease);
            Ok(Response::new(PbPutResponse { header: content.header(), prev_kv: None }))
        })
    }

    async fn range_stream(&self, _: Request<PbRangeRequest>) -> Result<Response<Self::RangeStreamStream>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn delete_range(&self, _: Request<PbDeleteRequest>) -> Result<Response<PbDeleteResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn txn(&self, _: Request<PbTxnRequest>) -> Result<Response<PbTxnResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn compact(&self, _: Request<PbCompactionRequest>) -> Result<Response<PbCompactionResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }
}

#[async_trait]
impl PbWatchService for Store {
    type WatchStream = Answers<PbWatchResponse>;

    async fn watch(&self, of: Request<Streaming<PbWatchRequest>>) -> Result<Response<Self::WatchStream>, Status> {
        self.called("watch").await?;
        let (say, said) = mpsc::channel(16);
        tokio::spawn(self.clone().watched(of.into_inner(), say));
        Ok(Response::new(Box::pin(ReceiverStream::new(said))))
    }
}

#[async_trait]
impl PbLeaseService for Store {
    type LeaseKeepAliveStream = Answers<PbLeaseKeepAliveResponse>;

    async fn lease_grant(&self, of: Request<PbLeaseGrantRequest>) -> Result<Response<PbLeaseGrantResponse>, Status> {
        self.called("grant").await?;
        let PbLeaseGrantRequest { ttl, id } = of.into_inner();
        self.change(|content| match content.grant(id, ttl) {
            true => Ok(Response::new(PbLeaseGrantResponse { header: content.header(), id, ttl, error: String::new() })),
            false => Err(Status::failed_precondition("etcdserver: lease already exists")),
        })
    }

    async fn lease_revoke(&self, of: Request<PbLeaseRevokeRequest>) -> Result<Response<PbLeaseRevokeResponse>, Status> {
        self.called("revoke").await?;
        self.change(|content| match content.revoke(of.into_inner().id) {
            true => Ok(Response::new(PbLeaseRevokeResponse { header: content.header() })),
            false => Err(Status::not_found("etcdserver: requested lease not found")),
        })
    }

    async fn lease_keep_alive(
        &self,
        of: Request<Streaming<PbLeaseKeepAliveRequest>>,
    ) -> Result<Response<Self::LeaseKeepAliveStream>, Status> {
        let (store, mut asked) = (self.clone(), of.into_inner());
        let (say, said) = mpsc::channel(16);
        tokio::spawn(async move {
            while let Ok(Some(PbLeaseKeepAliveRequest { id })) = asked.message().await {
                let answer = match store.called("renew").await {
                    Err(status) => Err(status),
                    Ok(()) => {
                        let mut content = store.content();
                        let ttl = content.renew(id).unwrap_or(0);
                        Ok(PbLeaseKeepAliveResponse { header: content.header(), id, ttl })
                    }
                };
                if say.send(answer).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(said))))
    }

    async fn lease_time_to_live(
        &self,
        of: Request<PbLeaseTimeToLiveRequest>,
    ) -> Result<Response<PbLeaseTimeToLiveResponse>, Status> {
        self.called("ask").await?;
        let id = of.into_inner().id;
        let content = self.content();
        if content.secretive {
            return Err(Status::permission_denied("etcdserver: permission denied"));
        }
        let ttl = if content.granted(id) { 1 } else { -1 };
        let keys = content.keys_of(id);
        Ok(Response::new(PbLeaseTimeToLiveResponse { header: content.header(), id, ttl, granted_ttl: ttl, keys }))
    }

    async fn lease_leases(&self, _: Request<PbLeaseLeasesRequest>) -> Result<Response<PbLeaseLeasesResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }
}
