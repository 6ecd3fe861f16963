mod any_story;
mod failures;
mod forced;
mod order;
mod start;
mod stop;

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::*;
use crate::{Code, Error, Health};

const S: Duration = Duration::from_secs(1);

/// What an observer heard, and how many parts live.
#[derive(Clone, Default)]
struct Stage {
    heard: Arc<Mutex<Vec<Event>>>,
    living: Arc<AtomicU32>,
}

/// A part that lives.
struct Life(Arc<AtomicU32>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Stage {
    fn lifecycle(&self) -> Lifecycle {
        let heard = Arc::clone(&self.heard);
        Lifecycle::new().observer(move |event: &Event| heard.lock().unwrap().push(event.clone()))
    }

    fn enter(&self) -> Life {
        self.living.fetch_add(1, Ordering::SeqCst);
        Life(Arc::clone(&self.living))
    }

    fn living(&self) -> u32 {
        self.living.load(Ordering::SeqCst)
    }

    /// A part that takes a while to be ready, and a while to stop.
    fn part(&self, start: Duration, stop: Duration) -> impl FnOnce(Part) -> Told + Send + use<> {
        let stage = self.clone();
        move |part| {
            Box::pin(async move {
                let _life = stage.enter();
                sleep(start).await;
                part.ready();
                part.stopping().await;
                sleep(stop).await;
                Ok(())
            })
        }
    }

    /// A part that is ready and then does what it is given to do.
    fn doing<F>(&self, work: F) -> impl FnOnce(Part) -> Told + Send + use<F>
    where
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let stage = self.clone();
        move |part| {
            Box::pin(async move {
                let _life = stage.enter();
                part.ready();
                work.await
            })
        }
    }

    /// `store starting`, `store ready`, …
    fn steps(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|event| format!("{} {}", event.part, event.step)).collect()
    }

    fn event(&self, part: &str, step: Step) -> Event {
        let heard = self.heard.lock().unwrap();
        heard.iter().find(|event| &*event.part == part && event.step == step).expect("it was told").clone()
    }
}

type Told = std::pin::Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

fn names(parts: &[Arc<str>]) -> Vec<&str> {
    parts.iter().map(|name| &**name).collect()
}
