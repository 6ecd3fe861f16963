//! `grpc.reflection.v1.ServerReflection`, and `v1alpha` as it was before: what a server's services look like, for `grpcurl`, `buf curl` and
//! their like.
//!
//! ```
//! use kit_core::{Error, Health};
//! use kit_transport::grpc::{health, reflection};
//! use kit_transport::http::server::Router;
//!
//! # fn of_the_build() -> Vec<u8> { health::file_descriptor_set() }
//! let health = Health::new();
//! let reflection = reflection::Service::new()
//!     .file_descriptor_set(&of_the_build())? // `protox::compile`, or `protoc --include_imports --descriptor_set_out`
//!     .file_descriptor_set(&health::file_descriptor_set())?;
//! let service = Router::new()
//!     .merge(health::Service::new(&health).routes())
//!     .merge(reflection.routes())
//!     .build()?;
//! # Ok::<(), Error>(())
//! ```
//!
//! It says what the file descriptor sets say, and knows nothing of the routes. A file is handed out with all that it imports, each once in a
//! stream, and as it came, with its comments and its options. Whoever may connect may ask: leave it out where the
//! interface is a secret.
//!
//! # Source
//! github.com/grpc/grpc-proto, `grpc/reflection/v1/reflection.proto`; `doc/server-reflection.md`.

mod descriptor;
mod index;
mod messages;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use kit_core::{Code, Context, Endpoint, Error, Kind, Method, Streaming};
use prost::Message as _;

use self::index::Index;
use self::messages::{Answer, Extension, Extensions, Failure, Files, Named, Question, Request, Response, Services};
use super::server::bidi_stream;
use super::{Config, Messages};
use crate::http::server::Router;

/// What is asked of `v1`.
pub static INFO: Method = Method::new("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo").kind(Kind::Bidi);

/// What is asked of `v1alpha`.
pub static INFO_V1ALPHA: Method =
    Method::new("grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo").kind(Kind::Bidi);

/// The longest question, in bytes: names of what is there, and the question goes back with the answer.
const QUESTION: u32 = 16 * 1024;

/// The reflection service of a server.
#[derive(Debug)]
pub struct Service {
    index: Index,
}

impl Service {
    /// It knows itself.
    pub fn new() -> Self {
        let mut index = Index::default();
        for file in descriptor::files() {
            index.insert(file.encode_to_vec().into(), file);
        }
        Self { index }
    }

    /// It knows the files of an encoded `google.protobuf.FileDescriptorSet`, too. Of files of one name the first counts.
    ///
    /// # Errors
    /// `InvalidArgument` for bytes that are none.
    pub fn file_descriptor_set(mut self, set: &[u8]) -> Result<Self, Error> {
        self.index.add(set)?;
        Ok(self)
    }

    /// Its routes, for a router to [merge](Router::merge). They have no layers.
    pub fn routes(self) -> Router {
        let index = Arc::new(self.index);
        let config = Config { max_read_bytes: QUESTION, ..Config::default() };
        let info = || bidi_stream(Info(Arc::clone(&index))).config(config);
        Router::new().grpc(&INFO, info()).grpc(&INFO_V1ALPHA, info())
    }
}

impl Default for Service {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Clone, Debug)]
struct Info(Arc<Index>);

impl Endpoint<Messages<Request>> for Info {
    type Response = Streaming<Response>;

    async fn call(&self, cx: &mut Context, requests: Messages<Request>) -> Result<Self::Response, Error> {
        let index = Arc::clone(&self.0);
        let mut sent = HashSet::new();
        Ok(Streaming::new(cx, requests.map(move |request| answer(&index, &mut sent, request?))))
    }
}

/// # Errors
/// `InvalidArgument` for no question that is known; what is not there is an answer.
fn answer(index: &Index, sent: &mut HashSet<usize>, request: Request) -> Result<Response, Error> {
    let found = match &request.question {
        Some(Question::FileByFilename(name)) => index.named(name, sent).map(files),
        Some(Question::FileContainingSymbol(name)) => index.containing(name, sent).map(files),
        Some(Question::FileContainingExtension(Extension { containing_type, extension_number })) => {
            index.extending(containing_type, *extension_number, sent).map(files)
        }
        Some(Question::AllExtensionNumbersOfType(name)) => index
            .extensions(name)
            .map(|numbers| Answer::Extensions(Extensions { base_type_name: name.clone(), numbers })),
        Some(Question::ListServices(_)) => {
            let services = index.services().map(|name| Named { name: name.to_owned() }).collect();
            Some(Answer::Services(Services { services }))
        }
        None => return Err(Error::invalid_argument("there is no question that is known").with_reason("no_question")),
    };
    let missing = || {
        Answer::Failure(Failure {
            code: Code::NotFound.number().into(),
            message: "there is nothing of this name".to_owned(),
        })
    };
    let answer = Some(found.unwrap_or_else(missing));
    Ok(Response { valid_host: request.host.clone(), original_request: Some(request), answer })
}

fn files(files: Vec<Bytes>) -> Answer {
    Answer::Files(Files { files })
}
