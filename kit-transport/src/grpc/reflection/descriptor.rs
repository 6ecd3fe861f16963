use prost_types::FileDescriptorProto;

use crate::grpc::descriptor::{Of, field, file, message, method, one_of, repeated};

/// The service itself, in both of its versions.
pub(super) fn files() -> [FileDescriptorProto; 2] {
    ["v1", "v1alpha"].map(version)
}

fn version(version: &str) -> FileDescriptorProto {
    let package = format!("grpc.reflection.{version}");
    let whole = |name: &str| format!(".{package}.{name}");
    let of = |name: &str| Of::Message(whole(name));
    let request = one_of(
        "message_request",
        [
            field("file_by_filename", 3, Of::Text),
            field("file_containing_symbol", 4, Of::Text),
            field("file_containing_extension", 5, of("ExtensionRequest")),
            field("all_extension_numbers_of_type", 6, Of::Text),
            field("list_services", 7, Of::Text),
        ],
        message("ServerReflectionRequest", [field("host", 1, Of::Text)]),
    );
    let response = one_of(
        "message_response",
        [
            field("file_descriptor_response", 4, of("FileDescriptorResponse")),
            field("all_extension_numbers_response", 5, of("ExtensionNumberResponse")),
            field("list_services_response", 6, of("ListServiceResponse")),
            field("error_response", 7, of("ErrorResponse")),
        ],
        message(
            "ServerReflectionResponse",
            [field("valid_host", 1, Of::Text), field("original_request", 2, of("ServerReflectionRequest"))],
        ),
    );
    let messages = vec![
        request,
        message("ExtensionRequest", [field("containing_type", 1, Of::Text), field("extension_number", 2, Of::Number)]),
        response,
        message("FileDescriptorResponse", [repeated(field("file_descriptor_proto", 1, Of::Bytes))]),
        message(
            "ExtensionNumberResponse",
            [field("base_type_name", 1, Of::Text), repeated(field("extension_number", 2, Of::Number))],
        ),
        message("ListServiceResponse", [repeated(field("service", 1, of("ServiceResponse")))]),
        message("ServiceResponse", [field("name", 1, Of::Text)]),
        message("ErrorResponse", [field("error_code", 1, Of::Number), field("error_message", 2, Of::Text)]),
    ];
    let (input, output) = (whole("ServerReflectionRequest"), whole("ServerReflectionResponse"));
    let info = method("ServerReflectionInfo", (&input, true), (&output, true));
    file(&format!("grpc/reflection/{version}/reflection.proto"), &package, messages, "ServerReflection", vec![info])
}
