//! `addcli sum 1 2`: one call to the service, on any of its wires, at an address or at whoever discovery finds.

mod asked;
mod settings;

use std::io::Write as _;
use std::process::ExitCode;

use addsvc::client::Client;
use addsvc::error::AddError;
use addsvc::service::{AddService as _, MAX_LENGTH, SERVICE};
use futures_util::TryStreamExt as _;
use kit::circuit::retry::GaveUp;
use kit::discovery::{Instancer as _, Spec, State};
use kit::metrics::Registry;
use kit::{Code, Context, Error, observe};
use tokio::time::{Instant, timeout_at};

use self::asked::Asked;
use self::settings::Settings;

#[tokio::main]
async fn main() -> ExitCode {
    let (words, flags) = asked::split(std::env::args_os().skip(1));
    let settings = match Settings::read(flags) {
        Ok(settings) => settings,
        Err(stop) => return stop.report(),
    };
    kit::app::exit("addcli", run(&words, settings).await.map_err(told))
}

async fn run(words: &[String], settings: Settings) -> Result<(), Error> {
    let asked = Asked::read(words)?;
    let place = settings.source()?;
    let deadline = Instant::now() + settings.deadline;
    let (log, _written) = settings.log.start(std::io::stderr())?;
    let source = place.start(SERVICE, observe::discovery_log(&log))?;
    let found = source.subscribe();
    let client = Client::new(settings.transport, source, settings.client, &log, &Registry::new())?;
    // Discovery may not have answered yet. The deadline is for both.
    let ready = timeout_at(deadline, client.instances().ready()).await;
    ready.unwrap_or_else(|_| Err(nobody(&place, &found.state())))?;

    let done = call(&client, Context::new().with_deadline(Some(deadline)), asked).await;
    client.instances().close().await;
    done
}

async fn call(client: &Client, mut cx: Context, asked: Asked) -> Result<(), Error> {
    match asked {
        Asked::Sum(a, b) => say(&format!("{a} + {b} = {}", client.sum(&mut cx, a, b).await?)),
        Asked::Concat(a, b) => {
            let both = client.concat(&mut cx, a.clone(), b.clone()).await?;
            say(&format!("{a:?} + {b:?} = {both:?}"))
        }
        Asked::Series(from) => {
            let mut sums = client.series(&mut cx, from).await?;
            while let Some(sum) = sums.try_next().await? {
                say(&sum.to_string())?;
            }
            Ok(())
        }
    }
}

/// On a line of its own, at once.
fn say(line: &str) -> Result<(), Error> {
    let mut out = std::io::stdout();
    let said = writeln!(out, "{line}").and_then(|()| out.flush());
    said.map_err(|cause| Error::new(Code::Unavailable, "nobody reads what it says").with_cause(cause))
}

/// Nobody was found, and why.
fn nobody(place: &Spec, state: &State) -> Error {
    let line = format!("nobody was found in time by {place}");
    match state.error() {
        Some(cause) => {
            Error::boundary(Code::Unavailable, cause.clone()).with_message(format!("{line}: {}", cause.message()))
        }
        None if state.instances().is_some() => {
            Error::new(Code::DeadlineExceeded, format!("{line}: nobody is registered"))
        }
        None => Error::new(Code::DeadlineExceeded, format!("{line}: it has not answered")),
    }
}

/// What went wrong, with what the variant knows besides: so does any caller match on it. Of what no service said, the last cause: an error keeps
/// it from strangers, and whoever runs this is none.
fn told(error: Error) -> Error {
    let more = match error.cause::<AddError>() {
        Some(AddError::MaxSizeExceeded { length }) => Some(format!("it has {length} bytes, and may have {MAX_LENGTH}")),
        // What took too long has said all that there is.
        _ if error.code() == Code::DeadlineExceeded => None,
        Some(_) => None,
        None => {
            // That it was tried again and again is no cause.
            let last = error.chain().last().filter(|last| !last.is::<GaveUp>()).map(ToString::to_string);
            let target = error.fields().find(|(key, _)| *key == "target").map(|(_, target)| target);
            last.map(|last| target.map_or(last.clone(), |target| format!("{target}: {last}")))
        }
    };
    match more.filter(|more| !error.message().ends_with(more.as_str())) {
        Some(more) => {
            let line = format!("{}: {more}", error.message());
            error.with_message(line)
        }
        None => error,
    }
}
