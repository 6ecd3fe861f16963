use std::net::SocketAddr;

use kit_core::{Error, Instance};

use crate::address::Address;

/// What others are told of a server that listens on `addr`: the `host:port` that its settings `advertise`, or else where it listens.
///
/// ```
/// use kit_discovery::registration::instance;
///
/// let behind_a_proxy = instance("0.0.0.0:8080".parse().expect("an address"), Some("strings.test:80"))?;
/// assert_eq!(&*behind_a_proxy.address, "strings.test:80");
/// # Ok::<(), kit_core::Error>(())
/// ```
///
/// # Errors
/// `InvalidArgument` if nobody could call it there.
pub fn instance(addr: SocketAddr, advertise: Option<&str>) -> Result<Instance, Error> {
    match advertise {
        Some(advertise) => Ok(Instance::new(advertise.parse::<Address>()?.to_string())),
        None if addr.ip().is_unspecified() => Err(Error::invalid_argument(format!(
            "it listens on {addr}, which is nobody's address to call: advertise must say what others are told, as host:port"
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
            let told = instance(addr.parse().unwrap(), advertise);
            told.map(|instance| instance.address.to_string()).map_err(|error| error.message().to_owned())
        };
        assert_eq!(told(None, "127.0.0.1:8080").as_deref(), Ok("127.0.0.1:8080"));
        assert_eq!(told(None, "[::1]:8080").as_deref(), Ok("[::1]:8080"));
        assert_eq!(told(Some("strings.test:80"), "0.0.0.0:8080").as_deref(), Ok("strings.test:80"));
        assert!(told(None, "0.0.0.0:8080").unwrap_err().contains("advertise"));
        assert!(told(None, "[::]:8080").unwrap_err().contains("advertise"));
        assert_eq!(told(Some("strings.test"), "0.0.0.0:8080").unwrap_err(), "no port in \"strings.test\"");
    }
}
