//! Runs one case against a server: exit code 0 if all was as it has to be.

use std::io::Write as _;
use std::process::ExitCode;

use interop::cases::{self, Failed};
use interop::client::TestClient;
use interop::settings::ClientSettings;
use interop::soak;

#[tokio::main]
async fn main() -> ExitCode {
    let settings = match ClientSettings::read(std::env::args_os().skip(1)) {
        Ok(settings) => settings,
        Err(stop) => return stop.report(),
    };
    let name = settings.test_case.as_str();
    match run(&settings).await {
        Ok(done) => {
            let _ = writeln!(std::io::stdout(), "{name}: {done}");
            ExitCode::SUCCESS
        }
        Err(failed) => {
            let _ = writeln!(std::io::stderr(), "interop-client: {name}: {failed}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: &ClientSettings) -> Result<String, Failed> {
    let target = settings.target()?;
    let client = TestClient::new(&target)?;
    let report = match settings.test_case.as_str() {
        "rpc_soak" => soak::run(settings.soak(), move || Ok(client.clone())).await?,
        "channel_soak" => soak::run(settings.soak(), move || TestClient::new(&target)).await?,
        name => return cases::run(name, &client).await.map(|()| "ok".to_owned()),
    };
    let [half, most, all] = [0.5, 0.9, 1.0].map(|share| report.quantile(share));
    let (good, bad) = (report.latencies.len(), report.failures.len());
    Ok(format!(
        "ok: {good} good calls, {bad} failed; half within {half:?}, nine of ten within {most:?}, all within {all:?}"
    ))
}
