//! The program: two clients over HTTP, each with a service of its own, and a table.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use kit::codec::Json;
use kit::http::client::{self, Target};
use kit::http::server::{Router, Server, json};
use kit::{Code, Error, endpoint_with};
use resilient::client::{Client, Part};
use resilient::upstream::{PRICE, Price, Upstream};
use resilient::{story, table};
use tokio::time::Instant;

/// Until the servers listen and the clients are made.
const START: Duration = Duration::from_millis(200);

#[tokio::main]
async fn main() -> ExitCode {
    let held = match parts(std::env::args().skip(1)) {
        Ok(parts) => run(&parts).await,
        Err(error) => Err(error),
    };
    match held {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "resilient: {}", error.message());
            ExitCode::from(2)
        }
    }
}

/// What the flags leave of the parts.
fn parts(mut flags: impl Iterator<Item = String>) -> Result<Vec<Part>, Error> {
    let mut parts = Part::ALL.to_vec();
    while let Some(flag) = flags.next() {
        let without = flags.next().filter(|_| flag == "--without");
        let Some(part) = Part::ALL.into_iter().find(|part| without.as_deref() == Some(part.as_str())) else {
            let names = Part::ALL.map(Part::as_str).join(", ");
            return Err(Error::invalid_argument(format!("usage: resilient [--without PART]...; parts are {names}")));
        };
        parts.retain(|kept| *kept != part);
    }
    Ok(parts)
}

/// Tells the story: whether it held.
async fn run(parts: &[Part]) -> Result<bool, Error> {
    let began = Instant::now() + START;
    let bare = client(serve(began).await?, &[])?;
    let layered = client(serve(began).await?, parts)?;

    let (mut out, mut written) = (io::stdout(), Ok(()));
    table::head(&mut out).map_err(unwritten)?;
    let [_, record] = story::tell(began, [bare, layered], |row| {
        if written.is_ok() {
            written = table::row(&mut out, row);
        }
    })
    .await;
    written.and_then(|()| table::story(&mut out, &record)).map_err(unwritten)
}

/// A price service on a port of its own, for as long as the program runs.
async fn serve(began: Instant) -> Result<Target, Error> {
    let routes = Router::new().post(&PRICE, json(endpoint_with(Upstream::new(began), Upstream::price))).build()?;
    let bound = Server::new(Default::default())?.bind("127.0.0.1:0").await?;
    let target = Target::parse(&format!("http://{}", bound.local_addr()))?;
    tokio::spawn(bound.serve(routes, std::future::pending()));
    Ok(target)
}

fn client(target: Target, parts: &[Part]) -> Result<Client, Error> {
    let http = client::Client::new(client::Config::default())?;
    let price = http.post(&PRICE, &target, Json).endpoint::<Price>()?;
    Client::new(price, parts).map_err(|cause| Error::boundary(Code::InvalidArgument, cause))
}

fn unwritten(cause: io::Error) -> Error {
    Error::boundary(Code::Internal, cause)
}
