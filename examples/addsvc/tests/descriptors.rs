//! `proto/add.proto`, its descriptors beside it, and the messages in Rust are the same thing said three times: held together here.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use addsvc::endpoints::{CONCAT, ConcatReply, ConcatRequest, SERIES, SUM, SeriesRequest, SumReply, SumRequest};
use addsvc::transport::DESCRIPTORS;
use kit::grpc::health::{self, HealthListResponse, ServingStatus};
use kit::{Kind, Method};
use prost::Message;
use protox::Compiler;
use protox::prost_reflect::{DescriptorPool, DynamicMessage, MapKey, Value};

fn compiled() -> Compiler {
    let mut compiler = Compiler::new([concat!(env!("CARGO_MANIFEST_DIR"), "/proto")]).unwrap();
    compiler.include_imports(true).include_source_info(true).open_file("add.proto").unwrap();
    compiler
}

/// With `UPDATE=1` in the environment they are written anew instead.
#[test]
fn the_descriptors_are_those_of_the_proto() {
    let compiled = compiled().encode_file_descriptor_set();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/proto/add.binpb"), &compiled).unwrap();
    } else {
        assert!(DESCRIPTORS == compiled, "add.binpb is old: UPDATE=1 cargo test -p addsvc --test descriptors");
    }
}

/// The fields of `message`, as those of the proto read what it writes.
fn fields(pool: &DescriptorPool, name: &str, message: &impl Message) -> Vec<(String, Value)> {
    let descriptor = pool.get_message_by_name(name).unwrap();
    let read = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).unwrap();
    assert_eq!(read.unknown_fields().count(), 0, "{name}");
    read.fields().map(|(field, value)| (field.name().to_owned(), value.clone())).collect()
}

#[test]
fn the_messages_are_those_of_the_proto() {
    let pool = compiled().descriptor_pool();
    let text = |text: &str| Value::String(text.to_owned());
    let named = |fields: &[(&str, Value)]| -> Vec<(String, Value)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    let both = named(&[("a", Value::I64(-1)), ("b", Value::I64(2))]);
    assert_eq!(fields(&pool, "pb.SumRequest", &SumRequest { a: -1, b: 2 }), both);
    assert_eq!(fields(&pool, "pb.SumReply", &SumReply { v: -3 }), named(&[("v", Value::I64(-3))]));
    let request = ConcatRequest { a: "a".into(), b: "b".into() };
    assert_eq!(fields(&pool, "pb.ConcatRequest", &request), named(&[("a", text("a")), ("b", text("b"))]));
    assert_eq!(fields(&pool, "pb.ConcatReply", &ConcatReply { v: "ab".into() }), named(&[("v", text("ab"))]));
    let series = SeriesRequest { a: -1, b: 2, count: 3, pause_ms: 4 };
    let rest = named(&[("count", Value::U32(3)), ("pause_ms", Value::U32(4))]);
    assert_eq!(fields(&pool, "pb.SeriesRequest", &series), [both, rest].concat());
}

#[test]
fn the_methods_are_those_of_the_proto() {
    let pool = compiled().descriptor_pool();
    let service = pool.get_service_by_name("pb.Add").unwrap();
    let kind = |streaming| if streaming { Kind::ServerStream } else { Kind::Unary };
    let proto: Vec<_> = service.methods().map(|m| (m.name().to_owned(), kind(m.is_server_streaming()))).collect();
    let ours = [&SUM, &CONCAT, &SERIES].map(|m: &Method| (m.name().to_owned(), m.streaming()));
    assert_eq!(proto, ours);
    assert!([&SUM, &CONCAT, &SERIES].iter().all(|method| method.service() == service.full_name()));
}

/// By hand in kit, and handed out by reflection beside these.
#[test]
fn the_health_service_is_described_as_it_is_written() {
    let pool = DescriptorPool::decode(health::file_descriptor_set().as_slice()).unwrap();
    let service = pool.get_service_by_name("grpc.health.v1.Health").unwrap();
    let methods: Vec<_> = service.methods().map(|m| (m.name().to_owned(), m.is_server_streaming())).collect();
    assert_eq!(methods, [("Check".into(), false), ("List".into(), false), ("Watch".into(), true)]);
    let statuses = [("pb.Add".to_owned(), ServingStatus::NotServing.into())].into();
    let read = fields(&pool, "grpc.health.v1.HealthListResponse", &HealthListResponse { statuses });
    let [(name, Value::Map(statuses))] = &read[..] else { panic!("{read:?}") };
    let Some(Value::Message(status)) = statuses.get(&MapKey::String("pb.Add".into())) else { panic!("{statuses:?}") };
    assert_eq!((&**name, statuses.len()), ("statuses", 1));
    assert_eq!(status.get_field_by_name("status").as_deref(), Some(&Value::EnumNumber(2)));
}
