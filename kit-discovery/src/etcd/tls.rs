use std::path::PathBuf;

use kit_core::Error;
use serde::{Deserialize, Serialize};

/// Which certificates count, in PEM files. They are read anew for each connection, so that a renewed one is taken up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// Who may have signed the servers' certificates. Default those that the system trusts.
    pub ca: Option<PathBuf>,
    /// The certificate that this client shows; with its key.
    pub cert: Option<PathBuf>,
    /// The key of `cert`.
    pub key: Option<PathBuf>,
    /// The name in the servers' certificates. Default the host of the endpoint.
    pub server_name: Option<String>,
}

#[cfg(feature = "etcd-tls")]
mod built {
    use std::path::Path;

    use etcd_client::{Certificate, Identity, TlsOptions};
    use kit_core::Code;

    use super::*;

    impl Tls {
        /// Whether it can be used as it is now.
        pub(in super::super) fn check(tls: Option<&Self>) -> Result<(), Error> {
            Self::load(tls).map(drop)
        }

        /// Reads the files: it blocks.
        pub(in super::super) fn load(tls: Option<&Self>) -> Result<TlsOptions, Error> {
            let mut options = TlsOptions::new();
            let Some(tls) = tls else {
                return Ok(options.with_native_roots());
            };
            options = match &tls.ca {
                None => options.with_native_roots(),
                Some(ca) => options.ca_certificate(Certificate::from_pem(read("ca", ca)?)),
            };
            options = match (&tls.cert, &tls.key) {
                (None, None) => options,
                (Some(cert), Some(key)) => options.identity(Identity::from_pem(read("cert", cert)?, read("key", key)?)),
                _ => return Err(Error::invalid_argument("tls.cert and tls.key go together")),
            };
            Ok(match &tls.server_name {
                None => options,
                Some(name) => options.domain_name(name),
            })
        }
    }

    fn read(name: &str, path: &Path) -> Result<Vec<u8>, Error> {
        std::fs::read(path).map_err(|error| {
            let message = format!("tls.{name} cannot be read from {path:?}: {error}");
            Error::boundary(Code::InvalidArgument, error).with_message(message)
        })
    }
}

#[cfg(not(feature = "etcd-tls"))]
impl Tls {
    pub(super) fn check(_: Option<&Self>) -> Result<(), Error> {
        Err(Error::invalid_argument("an https endpoint wants TLS: build kit-discovery with the feature etcd-tls"))
    }
}
