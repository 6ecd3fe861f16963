use prost_types::{EnumDescriptorProto, EnumValueDescriptorProto};

use crate::grpc::descriptor::{Of, field, file, map, message, method, set};

/// The service as a `FileDescriptorSet`, for [reflection](crate::grpc::reflection).
pub fn file_descriptor_set() -> Vec<u8> {
    const REQUEST: &str = ".grpc.health.v1.HealthCheckRequest";
    const RESPONSE: &str = ".grpc.health.v1.HealthCheckResponse";
    const LIST_REQUEST: &str = ".grpc.health.v1.HealthListRequest";
    const LIST_RESPONSE: &str = ".grpc.health.v1.HealthListResponse";
    let statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"].into_iter().zip(0..);
    let value = statuses.map(|(name, number)| EnumValueDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        options: None,
    });
    let status = EnumDescriptorProto {
        name: Some("ServingStatus".to_owned()),
        value: value.collect(),
        ..EnumDescriptorProto::default()
    };
    let mut response =
        message("HealthCheckResponse", [field("status", 1, Of::Enum(format!("{RESPONSE}.ServingStatus")))]);
    response.enum_type.push(status);
    let request = message("HealthCheckRequest", [field("service", 1, Of::Text)]);
    let list_request = message("HealthListRequest", []);
    let list_response = map(
        LIST_RESPONSE,
        "StatusesEntry",
        ("statuses", 1, Of::Message(RESPONSE.to_owned())),
        message("HealthListResponse", []),
    );
    let methods = vec![
        method("Check", (REQUEST, false), (RESPONSE, false)),
        method("List", (LIST_REQUEST, false), (LIST_RESPONSE, false)),
        method("Watch", (REQUEST, false), (RESPONSE, true)),
    ];
    let messages = vec![request, response, list_request, list_response];
    set(vec![file("grpc/health/v1/health.proto", "grpc.health.v1", messages, "Health", methods)])
}
