use http::StatusCode;
use kit_core::Code;

/// The status of an error of this code.
///
/// # Source
/// `google/rpc/code.proto`, whose comments map every code; 412 for a failed precondition, since RFC 9110 has a status of
/// that name.
pub const fn status_of(code: Code) -> StatusCode {
    match code {
        Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::FailedPrecondition => StatusCode::PRECONDITION_FAILED,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Cancelled => client_closed_request(),
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        // Also for codes to come.
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The code of a response that says nothing but its status.
///
/// Total: a class that is not listed falls to `Unknown` (1xx to 3xx), `FailedPrecondition` (4xx) or `Internal` (5xx).
///
/// # Source
/// `google/rpc/code.proto`; 502 is `Unavailable` as in gRPC's `http-grpc-status-mapping.md`.
pub const fn code_of(status: StatusCode) -> Code {
    match status.as_u16() {
        400 | 405 | 406 | 411 | 414 | 415 | 422 => Code::InvalidArgument,
        401 | 407 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 | 410 => Code::NotFound,
        408 | 504 => Code::DeadlineExceeded,
        409 => Code::Aborted,
        413 | 429 | 431 => Code::ResourceExhausted,
        416 => Code::OutOfRange,
        499 => Code::Cancelled,
        501 | 505 => Code::Unimplemented,
        502 | 503 => Code::Unavailable,
        507 => Code::ResourceExhausted,
        402 | 412 | 417..=498 => Code::FailedPrecondition,
        500..=599 => Code::Internal,
        _ => Code::Unknown,
    }
}

/// 499, which nginx invented for a client that went away; nobody is there to read it but the log.
const fn client_closed_request() -> StatusCode {
    match StatusCode::from_u16(499) {
        Ok(status) => status,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_an_error_status_of_its_class() {
        for code in Code::ALL {
            let status = status_of(code);
            assert!(status.is_client_error() || status.is_server_error(), "{code}");
            let business = kit_core::Outcome::of_code(code) == kit_core::Outcome::BusinessError;
            assert!(!business || status.is_client_error(), "{code} is the caller's affair");
        }
    }

    #[test]
    fn every_status_has_a_code() {
        for status in 100..=999 {
            let status = StatusCode::from_u16(status).unwrap();
            let code = code_of(status);
            if status.is_server_error() {
                assert!(kit_core::Outcome::of_code(code).is_failure(), "{status}");
            }
        }
    }

    #[test]
    fn a_status_leads_back_to_its_code_where_it_belongs_to_one_code() {
        let shared = [Code::OutOfRange, Code::AlreadyExists, Code::Unknown, Code::DataLoss];
        for code in Code::ALL.into_iter().filter(|code| !shared.contains(code)) {
            assert_eq!(code_of(status_of(code)), code);
        }
    }
}
