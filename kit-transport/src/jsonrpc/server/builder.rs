use std::collections::HashMap;
use std::fmt;

use kit_core::{Code, Endpoint, Error, Layer, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::dispatcher::{Dispatcher, Entry, Shared, methods};
use super::{Config, MethodBinding, Params, Refusal, Reply};
use crate::http::server::Plain;

/// Names, and the endpoints they lead to. `L` wraps each of them, also what answers for names that nobody has.
///
/// ```
/// use kit_core::{Error, Method, request_fn};
/// use kit_transport::http::server::Router;
/// use kit_transport::jsonrpc::server::Methods;
///
/// static SUM: Method = Method::new("calculator", "sum").idempotent();
/// static LOG: Method = Method::new("calculator", "log");
///
/// let rpc = Methods::new()
///     .method(&SUM, request_fn(async |numbers: Vec<i64>| Ok(numbers.iter().sum::<i64>())))
///     .named("audit.log", &LOG, request_fn(async |(_line,): (String,)| Ok(())))
///     .build()?;
/// let service = Router::new().post("/rpc", rpc).build()?;
/// # Ok::<(), Error>(())
/// ```
pub struct Methods<L = Plain> {
    layer: L,
    config: Config,
    entries: Vec<(String, Entry)>,
}

/// Methods that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MethodError {
    /// A name that the specification keeps for itself.
    #[error("the name {name:?} is reserved: it begins with rpc.")]
    Reserved {
        /// The name.
        name: String,
    },
    /// Two endpoints of one name.
    #[error("the name {name:?} is registered twice")]
    Twice {
        /// The name.
        name: String,
    },
}

impl Methods {
    /// Methods without layers.
    pub fn new() -> Self {
        Methods::with(Plain)
    }
}

impl Default for Methods {
    fn default() -> Self {
        Self::new()
    }
}

impl<L> Methods<L> {
    /// Methods that all stand inside `layer`; [how that counts](super#layers).
    pub fn with(layer: L) -> Self {
        Self { layer, config: Config::default(), entries: Vec::new() }
    }

    /// With these limits.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Answers calls of the method's [name](Method::name).
    #[must_use]
    pub fn method<E, Req>(self, method: &'static Method, endpoint: E) -> Self
    where
        E: Endpoint<Req> + 'static,
        E::Response: Serialize,
        Req: DeserializeOwned + Send + 'static,
        L: Layer<MethodBinding<E, Req>>,
        L::Service: Endpoint<Params, Response = Reply> + 'static,
    {
        self.named(method.name(), method, endpoint)
    }

    /// Answers calls of another name; the layers read `method`.
    #[must_use]
    pub fn named<E, Req>(mut self, name: impl Into<String>, method: &'static Method, endpoint: E) -> Self
    where
        E: Endpoint<Req> + 'static,
        E::Response: Serialize,
        Req: DeserializeOwned + Send + 'static,
        L: Layer<MethodBinding<E, Req>>,
        L::Service: Endpoint<Params, Response = Reply> + 'static,
    {
        let entry = Entry::new(method, self.layer.layer(MethodBinding::new(endpoint)));
        self.entries.push((name.into(), entry));
        self
    }

    /// The endpoint of these methods.
    ///
    /// # Errors
    /// `InvalidArgument`: with a [`MethodError`] for a name that is reserved or there twice, with the reason `bad_config` for a
    /// setting out of its range.
    pub fn build(self) -> Result<Dispatcher, Error>
    where
        L: Layer<Refusal>,
        L::Service: Endpoint<Params, Response = Reply> + 'static,
    {
        self.config.check()?;
        let refusal = |method| Entry::new(method, self.layer.layer(Refusal(())));
        let (parse, invalid) = (refusal(&methods::PARSE_ERROR), refusal(&methods::INVALID_REQUEST));
        let not_found = refusal(&methods::NOT_FOUND);
        let mut entries = HashMap::new();
        for (name, entry) in self.entries {
            if name.starts_with("rpc.") {
                return Err(wrong(MethodError::Reserved { name }));
            }
            if entries.contains_key(&name) {
                return Err(wrong(MethodError::Twice { name }));
            }
            entries.insert(name, entry);
        }
        Ok(Dispatcher::new(Shared { entries, parse, invalid, not_found, config: self.config }))
    }
}

impl<L: fmt::Debug> fmt::Debug for Methods<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.entries.iter().map(|(name, _)| name).collect::<Vec<_>>();
        f.debug_struct("Methods").field("layer", &self.layer).field("names", &names).finish_non_exhaustive()
    }
}

fn wrong(error: MethodError) -> Error {
    let message = error.to_string();
    Error::boundary(Code::InvalidArgument, error).with_message(message)
}
