//! Descriptors of the services that kit brings along, written by hand: reflection hands them out.

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet, MessageOptions,
    MethodDescriptorProto, OneofDescriptorProto, ServiceDescriptorProto,
};

/// What a field holds; messages and enumerations by their whole name, with a dot before it.
pub(super) enum Of {
    Text,
    Bytes,
    Number,
    Message(String),
    Enum(String),
}

pub(super) fn field(name: &str, number: i32, of: Of) -> FieldDescriptorProto {
    let (kind, type_name) = match of {
        Of::Text => (Type::String, None),
        Of::Bytes => (Type::Bytes, None),
        Of::Number => (Type::Int32, None),
        Of::Message(name) => (Type::Message, Some(name)),
        Of::Enum(name) => (Type::Enum, Some(name)),
    };
    FieldDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        label: Some(Label::Optional.into()),
        r#type: Some(kind.into()),
        type_name,
        ..FieldDescriptorProto::default()
    }
}

pub(super) fn repeated(field: FieldDescriptorProto) -> FieldDescriptorProto {
    FieldDescriptorProto { label: Some(Label::Repeated.into()), ..field }
}

pub(super) fn message(name: &str, fields: impl Into<Vec<FieldDescriptorProto>>) -> DescriptorProto {
    DescriptorProto { name: Some(name.to_owned()), field: fields.into(), ..DescriptorProto::default() }
}

/// The message with fields more, of which at most one is there.
pub(super) fn one_of<const N: usize>(
    name: &str,
    fields: [FieldDescriptorProto; N],
    message: DescriptorProto,
) -> DescriptorProto {
    let mut message = message;
    message.field.extend(fields.map(|field| FieldDescriptorProto { oneof_index: Some(0), ..field }));
    message.oneof_decl = vec![OneofDescriptorProto { name: Some(name.to_owned()), options: None }];
    message
}

/// The message of that whole name with a field more, a map of texts to what it says: an entry is a message of the message's own.
pub(super) fn map(
    whole: &str,
    entry: &str,
    (name, number, of): (&str, i32, Of),
    message: DescriptorProto,
) -> DescriptorProto {
    let of_map = repeated(field(name, number, Of::Message(format!("{whole}.{entry}"))));
    let mut entry = self::message(entry, [field("key", 1, Of::Text), field("value", 2, of)]);
    entry.options = Some(MessageOptions { map_entry: Some(true), ..MessageOptions::default() });
    let mut message = message;
    message.field.push(of_map);
    message.nested_type.push(entry);
    message
}

/// A method by its name, the messages it takes and answers, and whether they are streams.
pub(super) fn method(name: &str, input: (&str, bool), output: (&str, bool)) -> MethodDescriptorProto {
    MethodDescriptorProto {
        name: Some(name.to_owned()),
        input_type: Some(input.0.to_owned()),
        output_type: Some(output.0.to_owned()),
        options: None,
        client_streaming: Some(input.1),
        server_streaming: Some(output.1),
    }
}

/// A file of one service.
pub(super) fn file(
    name: &str,
    package: &str,
    messages: Vec<DescriptorProto>,
    service: &str,
    methods: Vec<MethodDescriptorProto>,
) -> FileDescriptorProto {
    FileDescriptorProto {
        name: Some(name.to_owned()),
        package: Some(package.to_owned()),
        message_type: messages,
        service: vec![ServiceDescriptorProto { name: Some(service.to_owned()), method: methods, options: None }],
        syntax: Some("proto3".to_owned()),
        ..FileDescriptorProto::default()
    }
}

pub(super) fn set(files: Vec<FileDescriptorProto>) -> Vec<u8> {
    FileDescriptorSet { file: files }.encode_to_vec()
}
