use std::time::Duration;

use futures_core::Stream;
use futures_util::stream;
use kit_core::Error;
use tokio::time::sleep;

use super::Asked;
use super::messages::{HealthCheckResponse, ServingStatus};

/// How often a watch looks. What it looks at remembers each check's answer for as long as its
/// [`Limits`](kit_core::health::Limits) say, so that watches are no load.
const INTERVAL: Duration = Duration::from_secs(1);

/// The status now, and again whenever it is another.
pub(super) fn watch(asked: Asked) -> impl Stream<Item = Result<HealthCheckResponse, Error>> + Send {
    stream::unfold((asked, None), async |(asked, told)| {
        let mut waits = told.is_some();
        loop {
            if waits {
                sleep(INTERVAL).await;
            }
            let status = asked.status().await.unwrap_or(ServingStatus::ServiceUnknown);
            if told != Some(status) {
                return Some((Ok(status.into()), (asked, Some(status))));
            }
            waits = true;
        }
    })
}
