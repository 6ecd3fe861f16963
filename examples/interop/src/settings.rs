//! The flags, by the names that interop programs share: `--server_port=8080`, or `--server-port 8080` as kit's other programs have them.

use std::ffi::OsString;
use std::time::Duration;

use kit::Error;
use kit::config::{Loader, Stop};
use kit::http::client::Target;
use serde::{Deserialize, Serialize};

use crate::soak::Soak;

/// What the client is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientSettings {
    /// Where the server is. Default localhost.
    pub server_host: String,
    /// Its port. Default 8080.
    pub server_port: u16,
    /// What is run. Default large_unary, as other clients have it.
    pub test_case: String,
    /// TLS, which kit does not speak yet: true is refused. Default false.
    pub use_tls: bool,
    /// For TLS: refused. Default false.
    pub use_test_ca: bool,
    /// For TLS: refused. Default none.
    pub server_host_override: Option<String>,
    /// For credentials: refused. Default none.
    pub default_service_account: Option<String>,
    /// For credentials: refused. Default none.
    pub oauth_scope: Option<String>,
    /// For credentials: refused. Default none.
    pub service_account_key_file: Option<String>,
    /// How many calls a soak makes. Default 10.
    pub soak_iterations: u32,
    /// How many of them may fail. Default 0.
    pub soak_max_failures: u32,
    /// How long each may take, in milliseconds. Default 1000.
    pub soak_per_iteration_max_acceptable_latency_ms: u64,
    /// How far apart they begin at least, in milliseconds. Default 0.
    pub soak_min_time_ms_between_rpcs: u64,
    /// How long all may take, in seconds. Default 10.
    pub soak_overall_timeout_seconds: u64,
    /// The payload of each request, in bytes. Default 271 828, `large_unary`'s.
    pub soak_request_size: usize,
    /// The payload of each answer, in bytes. Default 314 159, `large_unary`'s.
    pub soak_response_size: usize,
    /// How many are made at the same time. Default 1.
    pub soak_num_threads: u32,
}

/// What the server is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerSettings {
    /// The address to listen on. Default 127.0.0.1: nobody but this machine.
    pub host: String,
    /// The port to listen on; 0 for one that is free. Default 8080.
    pub port: u16,
    /// TLS, which kit does not speak yet: true is refused. Default false.
    pub use_tls: bool,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            server_host: "localhost".into(),
            server_port: 8080,
            test_case: "large_unary".into(),
            use_tls: false,
            use_test_ca: false,
            server_host_override: None,
            default_service_account: None,
            oauth_scope: None,
            service_account_key_file: None,
            soak_iterations: 10,
            soak_max_failures: 0,
            soak_per_iteration_max_acceptable_latency_ms: 1_000,
            soak_min_time_ms_between_rpcs: 0,
            soak_overall_timeout_seconds: 10,
            soak_request_size: 271_828,
            soak_response_size: 314_159,
            soak_num_threads: 1,
        }
    }
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self { host: "127.0.0.1".into(), port: 8080, use_tls: false }
    }
}

const NO_TLS: &str = "kit speaks no TLS yet: with --use_tls=false it is HTTP/2 in the clear";

impl ClientSettings {
    /// Reads these flags.
    ///
    /// # Errors
    /// What is wrong, all of it; or the text that was asked for.
    pub fn read(flags: impl IntoIterator<Item = OsString>) -> Result<Self, Stop> {
        let about = "gRPC's interop client: runs one test case against an interop server.";
        Loader::new("interop-client").about(about).flags(flags.into_iter().map(dashed)).load()
    }

    /// Where the calls go.
    ///
    /// # Errors
    /// `InvalidArgument` for what asks for TLS or credentials, and for what is no host.
    pub fn target(&self) -> Result<Target, Error> {
        if self.use_tls {
            return Err(Error::invalid_argument(NO_TLS));
        }
        let account = [&self.default_service_account, &self.oauth_scope, &self.service_account_key_file];
        if self.use_test_ca || self.server_host_override.is_some() || account.into_iter().any(Option::is_some) {
            let line = "flags about certificates and credentials need TLS, which kit does not speak yet";
            return Err(Error::invalid_argument(line));
        }
        authority(&self.server_host, self.server_port, "http://").parse()
    }

    /// What a soak does.
    pub fn soak(&self) -> Soak {
        Soak {
            iterations: self.soak_iterations,
            max_failures: self.soak_max_failures,
            max_latency: Duration::from_millis(self.soak_per_iteration_max_acceptable_latency_ms),
            min_interval: Duration::from_millis(self.soak_min_time_ms_between_rpcs),
            overall: Duration::from_secs(self.soak_overall_timeout_seconds),
            request_size: self.soak_request_size,
            response_size: self.soak_response_size,
            workers: self.soak_num_threads,
        }
    }
}

impl ServerSettings {
    /// Reads these flags.
    ///
    /// # Errors
    /// What is wrong, all of it; or the text that was asked for.
    pub fn read(flags: impl IntoIterator<Item = OsString>) -> Result<Self, Stop> {
        let about = "gRPC's interop server: grpc.testing.TestService.";
        Loader::new("interop-server").about(about).flags(flags.into_iter().map(dashed)).load()
    }

    /// Where to listen.
    ///
    /// # Errors
    /// `InvalidArgument` for TLS.
    pub fn addr(&self) -> Result<String, Error> {
        match self.use_tls {
            true => Err(Error::invalid_argument(NO_TLS)),
            false => Ok(authority(&self.host, self.port, "")),
        }
    }
}

/// `before`, host and port; brackets round the host if it has colons of its own.
fn authority(host: &str, port: u16, before: &str) -> String {
    match host.contains(':') && !host.starts_with('[') {
        true => format!("{before}[{host}]:{port}"),
        false => format!("{before}{host}:{port}"),
    }
}

/// A flag as kit's settings have it: the names of gRPC's have underscores.
fn dashed(flag: OsString) -> OsString {
    match flag.to_str() {
        Some(text) if text.starts_with("--") => {
            let (name, value) = text.split_at(text.find('=').unwrap_or(text.len()));
            (name.replace('_', "-") + value).into()
        }
        _ => flag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(flags: &[&str]) -> ClientSettings {
        ClientSettings::read(flags.iter().map(OsString::from)).unwrap()
    }

    #[test]
    fn flags_are_read_as_other_clients_have_them_and_as_kit_has_them() {
        let theirs = client(&["--server_host=a", "--server_port=1", "--test_case=ping_pong", "--use_tls=false"]);
        let ours = client(&["--server-host", "a", "--server-port=1", "--test-case", "ping_pong"]);
        for settings in [theirs, ours] {
            assert_eq!(settings.target().unwrap().to_string(), "http://a:1");
            assert_eq!(settings.test_case, "ping_pong", "a value keeps its underscore");
        }
        assert_eq!(client(&["--server_host=::1"]).target().unwrap().to_string(), "http://[::1]:8080");
        let soak = client(&["--soak_iterations=5", "--soak_per_iteration_max_acceptable_latency_ms=7"]).soak();
        assert_eq!((soak.iterations, soak.max_latency), (5, Duration::from_millis(7)));
    }

    #[test]
    fn what_needs_tls_is_refused_with_the_reason() {
        for flag in [
            "--use_tls=true",
            "--use_test_ca=true",
            "--server_host_override=foo.test.google.fr",
            "--oauth_scope=a",
            "--default_service_account=a",
            "--service_account_key_file=a",
        ] {
            let refused = client(&[flag]).target().unwrap_err();
            assert!(refused.message().contains("TLS"), "{flag}: {}", refused.message());
        }
        let server = ServerSettings::read(["--use_tls=true".into()]).unwrap();
        assert!(server.addr().unwrap_err().message().contains("--use_tls=false"));
    }
}
