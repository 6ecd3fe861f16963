//! What others are told of this instance.

use std::net::SocketAddr;

use kit::discovery::Address;
use kit::{Error, Instance};

/// This instance, at `advertise`, or else where it listens.
///
/// # Errors
/// `InvalidArgument` if nobody could call it there.
pub fn instance(advertise: Option<&str>, addr: SocketAddr) -> Result<Instance, Error> {
    match advertise {
        Some(advertise) => Ok(Instance::new(advertise.parse::<Address>()?.to_string())),
        None if addr.ip().is_unspecified() => Err(Error::invalid_argument(format!(
            "it listens on {addr}, which is nobody's address to call: --advertise host:port says what others are told"
        ))),
        None => Ok(Instance::new(addr.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_told_where_it_listens_unless_it_is_told_better() {
        let told = |advertise: Option<&str>, addr: &str| {
            let told = instance(advertise, addr.parse().unwrap());
            told.map(|instance| instance.address.to_string()).map_err(|error| error.message().to_owned())
        };
        assert_eq!(told(None, "127.0.0.1:8080").as_deref(), Ok("127.0.0.1:8080"));
        assert_eq!(told(None, "[::1]:8080").as_deref(), Ok("[::1]:8080"));
        assert_eq!(told(Some("profiles.test:80"), "0.0.0.0:8080").as_deref(), Ok("profiles.test:80"));
        assert!(told(None, "0.0.0.0:8080").unwrap_err().contains("--advertise"));
        assert_eq!(told(Some("profiles.test"), "0.0.0.0:8080").unwrap_err(), "no port in \"profiles.test\"");
    }
}
