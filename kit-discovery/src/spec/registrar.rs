use std::sync::Arc;

use kit_core::{Error, Health, Observer};

use super::{Kind, Spec};
use crate::registrar::Registrar;
use crate::registration::Event;

impl Spec {
    /// Who announces instances of `service` there, with each part's defaults, and tells `observer` what becomes of them. A
    /// registry that asks how an instance is, as Consul does, is told what `health` says.
    ///
    /// ```
    /// # #[cfg(feature = "consul")] {
    /// use kit_core::Health;
    /// use kit_discovery::Spec;
    ///
    /// let registrar = "consul:127.0.0.1:8500".parse::<Spec>()?.registrar("strings", &Health::new(), ())?;
    /// # }
    /// # Ok::<(), kit_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` for a kind that is no registry and if what the kind needs is malformed, `Unimplemented` if the kind
    /// was not built: the message begins with this line, and says which feature it needs.
    pub fn registrar(
        &self,
        service: impl Into<Arc<str>>,
        health: &Health,
        observer: impl Observer<Event> + 'static,
    ) -> Result<Box<dyn Registrar>, Error> {
        self.announcer(service.into(), health, observer).map_err(|error| self.refused(error))
    }

    fn announcer(
        &self,
        service: Arc<str>,
        health: &Health,
        observer: impl Observer<Event> + 'static,
    ) -> Result<Box<dyn Registrar>, Error> {
        let rest = self.rest.as_str();
        // Without a registry there is nothing to tell.
        let _ = (&service, rest, health, &observer);
        match self.kind {
            #[cfg(feature = "consul")]
            Kind::Consul => {
                let (consul, name) = super::agent(rest, &service)?;
                let registrar = consul.registrar(name, Default::default())?;
                Ok(Box::new(registrar.health(health.clone()).observer(observer)))
            }
            #[cfg(feature = "etcd")]
            Kind::Etcd => {
                let (endpoints, prefix) = super::rooted(rest)?;
                let registrar = crate::etcd::Etcd::new(endpoints)?.registrar(prefix)?;
                Ok(Box::new(registrar.observer(observer)))
            }
            Kind::Static | Kind::File | Kind::Dns => {
                Err(Error::invalid_argument("nothing can be announced there, but at consul or etcd"))
            }
            #[allow(unreachable_patterns, reason = "with every feature there is no kind left that was not built")]
            missing => Err(missing.missing()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> Option<String> {
        let spec: Spec = line.parse().unwrap();
        spec.registrar("strings", &Health::new(), ()).err().map(|error| error.message().to_owned())
    }

    #[tokio::test]
    async fn what_is_no_registry_or_malformed_is_refused_with_the_reason() {
        for (line, reason) in [
            ("consul:127.0.0.1:9", None),
            ("consul:http://[::1]:9/strings", None),
            ("consul:strings", Some("address is no http://host:port: no port in \"strings\"")),
            ("static:a:1", Some("nothing can be announced there, but at consul or etcd")),
            ("dns:a", Some("nothing can be announced there, but at consul or etcd")),
            #[cfg(not(feature = "etcd"))]
            ("etcd:a:1/s", Some("discovery by etcd was not built, it needs the feature \"etcd\"")),
            #[cfg(feature = "etcd")]
            ("etcd:a:1/s", None),
            #[cfg(feature = "etcd")]
            ("etcd:a:1", Some("no prefix after the endpoints in \"a:1\"")),
        ] {
            assert_eq!(refused(line), reason.map(|reason| format!("{line}: {reason}")));
        }
    }
}
