//! What is announced of an instance, and what callers make of it: one process is one instance, however many ports it has.
//!
//! Its address is the one where HTTP answers. A wire that answers there too is a tag: who asks Consul for the tag `grpc`, or its DNS for
//! `grpc.addsvc.service.consul`, gets only those whose address speaks gRPC. A wire with a port of its own has that in the metadata,
//! `grpc_addr` or `jsonrpc_addr`, where the [`Client`](crate::client::Client) finds it. So by default, on one port, there is an address and
//! three tags, which callers of any make read rightly.
//!
//! One registration for each port would end in sets that have each process several times, of which most answer the wrong wire for who does
//! not know that.

use std::net::SocketAddr;
use std::sync::Arc;

use kit::discovery::{Address, registration};
use kit::{Error, Instance};

use crate::transport::Wire;

/// The instance that answers on these ports; what others are told of them is where they listen, or the host that the settings
/// `advertise`. The port that is advertised is HTTP's, and that of all that answers there.
///
/// # Errors
/// `InvalidArgument` if nobody could call one of them there.
pub fn instance(ports: &[(SocketAddr, Vec<Wire>)], advertise: Option<&str>) -> Result<Instance, Error> {
    let port = |wire| ports.iter().find(|(_, wires)| wires.contains(&wire)).map(|(addr, _)| *addr);
    let http = port(Wire::Http).ok_or_else(|| Error::invalid_argument("it is to answer HTTP nowhere"))?;
    let mut instance = registration::instance(http, advertise)?;
    let host = advertise.map(str::parse::<Address>).transpose()?;
    for wire in [Wire::Http, Wire::Jsonrpc, Wire::Grpc] {
        match port(wire) {
            None => {}
            Some(addr) if addr == http => instance.tags.push(wire.as_str().into()),
            Some(addr) => {
                let address = match &host {
                    Some(host) => Address::new(host.host(), addr.port())?.to_string().into(),
                    None => registration::instance(addr, None)?.address,
                };
                instance.metadata.insert(key(wire).into(), address);
            }
        }
    }
    Ok(instance)
}

/// `instance` as a caller over `wire` sees it: at the address that it has for that, if it has one.
pub fn seen_over(wire: Wire, mut instance: Instance) -> Instance {
    if let Some(address) = instance.metadata.get(&*key(wire)) {
        instance.address = Arc::clone(address);
    }
    instance
}

/// As the flag for it.
fn key(wire: Wire) -> String {
    format!("{}_addr", wire.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Port, Settings};

    const WIRES: [Wire; 3] = [Wire::Http, Wire::Jsonrpc, Wire::Grpc];

    fn announced(settings: &Settings) -> Result<Instance, Error> {
        let ports: Vec<_> = settings.ports().into_iter().map(|Port { addr, wires }| (addr, wires)).collect();
        instance(&ports, settings.advertise.as_deref())
    }

    fn addr(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// Where it is called over each wire.
    fn called(instance: &Instance) -> [String; 3] {
        WIRES.map(|wire| seen_over(wire, instance.clone()).address.to_string())
    }

    #[test]
    fn by_default_it_is_one_address_for_every_wire() {
        let instance = announced(&Settings::default()).unwrap();
        assert_eq!((&*instance.address, &*instance.id), ("127.0.0.1:8080", "127.0.0.1:8080"));
        assert_eq!(instance.tags.iter().map(|tag| &**tag).collect::<Vec<_>>(), ["http", "jsonrpc", "grpc"]);
        assert!(instance.metadata.is_empty());
        assert_eq!(called(&instance), ["127.0.0.1:8080"; 3]);
    }

    #[test]
    fn a_wire_with_a_port_of_its_own_is_called_there() {
        let mut settings = Settings { grpc_addr: Some(addr("127.0.0.1:8082")), ..Settings::default() };
        let instance = announced(&settings).unwrap();
        assert_eq!(called(&instance), ["127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:8082"]);
        assert_eq!(instance.tags.iter().map(|tag| &**tag).collect::<Vec<_>>(), ["http", "jsonrpc"]);

        // HTTP is the address, also where it is the others that share a port.
        settings.http_addr = Some(addr("[::1]:8081"));
        let instance = announced(&settings).unwrap();
        assert_eq!((&*instance.address, &*instance.tags), ("[::1]:8081", &[Arc::from("http")][..]));
        assert_eq!(called(&instance), ["[::1]:8081", "127.0.0.1:8080", "127.0.0.1:8082"]);

        // A port that nobody is called at is not announced.
        settings.jsonrpc_addr = Some(addr("127.0.0.1:8083"));
        let instance = announced(&settings).unwrap();
        assert_eq!(called(&instance), ["[::1]:8081", "127.0.0.1:8083", "127.0.0.1:8082"]);
        assert!(!instance.metadata.values().any(|value| **value == *"127.0.0.1:8080"));
    }

    #[test]
    fn what_is_advertised_is_the_host_of_every_port() {
        let mut settings = Settings { grpc_addr: Some(addr("0.0.0.0:8082")), ..Settings::default() };
        assert!(announced(&settings).unwrap_err().message().contains("it listens on 0.0.0.0:8082"));
        settings.advertise = Some("add.test:80".into());
        let instance = announced(&settings).unwrap();
        assert_eq!(called(&instance), ["add.test:80", "add.test:80", "add.test:8082"]);
        settings.advertise = Some("add.test".into());
        assert_eq!(announced(&settings).unwrap_err().message(), "no port in \"add.test\"");
    }

    #[test]
    fn an_instance_that_says_nothing_of_wires_is_called_at_its_address() {
        assert_eq!(called(&Instance::new("10.0.0.1:80")), ["10.0.0.1:80"; 3]);
    }
}
