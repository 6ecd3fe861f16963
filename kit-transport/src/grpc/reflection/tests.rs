use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, MethodDescriptorProto, OneofDescriptorProto, ServiceDescriptorProto,
};

use super::*;
use crate::grpc::double::{call, framed};
use crate::grpc::health;
use crate::http::server::RouterService;

fn name(name: &str) -> Option<String> {
    Some(name.to_owned())
}

fn named(message: &str) -> DescriptorProto {
    DescriptorProto { name: name(message), ..DescriptorProto::default() }
}

/// `a.proto` imports `b.proto` and `c.proto`, and `b.proto` imports `c.proto`, too.
fn shop() -> Vec<u8> {
    let file = |file: &str, package: &str, imports: &[&str]| FileDescriptorProto {
        name: name(file),
        package: name(package),
        dependency: imports.iter().map(|&import| import.to_owned()).collect(),
        ..FileDescriptorProto::default()
    };
    let mut a = file("a.proto", "shop", &["b.proto", "c.proto"]);
    let order = MethodDescriptorProto { name: name("Order"), ..MethodDescriptorProto::default() };
    a.service = vec![ServiceDescriptorProto { name: name("Orders"), method: vec![order], options: None }];
    let mut b = file("b.proto", "shop", &["c.proto"]);
    let field = FieldDescriptorProto { name: name("id"), number: Some(1), ..FieldDescriptorProto::default() };
    let state = EnumDescriptorProto {
        name: name("State"),
        value: vec![EnumValueDescriptorProto { name: name("PAID"), number: Some(0), options: None }],
        ..EnumDescriptorProto::default()
    };
    b.message_type = vec![DescriptorProto {
        field: vec![field],
        nested_type: vec![named("Line")],
        enum_type: vec![state],
        oneof_decl: vec![OneofDescriptorProto { name: name("kind"), options: None }],
        ..named("Order")
    }];
    let mut c = file("c.proto", "", &["not/here.proto"]);
    c.message_type = vec![named("Free")];
    c.extension = [7, 3]
        .map(|number| FieldDescriptorProto {
            name: Some(format!("ext{number}")),
            extendee: name(".shop.Order"),
            number: Some(number),
            label: Some(Label::Optional.into()),
            r#type: Some(Type::String.into()),
            ..FieldDescriptorProto::default()
        })
        .to_vec();
    // An option that nobody here knows: field 50000 of the file.
    let c = [c.encode_to_vec(), b"\x82\xb5\x18\x01!".to_vec()].concat();
    let mut set = FileDescriptorSet { file: vec![a, b] }.encode_to_vec();
    set.extend([0x0a, u8::try_from(c.len()).unwrap()]);
    set.extend(c);
    set
}

fn service() -> RouterService {
    let reflection = Service::new()
        .file_descriptor_set(&shop())
        .and_then(|service| service.file_descriptor_set(&health::file_descriptor_set()))
        .unwrap();
    Router::new().merge(reflection.routes()).build().unwrap()
}

async fn ask_at(path: &str, questions: impl IntoIterator<Item = Question>) -> Vec<Answer> {
    let requests = questions.into_iter().map(|question| Request { host: "h".to_owned(), question: Some(question) });
    let requests: Vec<_> = requests.collect();
    let answer = call(&service(), path, &[], framed(requests.clone())).await;
    assert_eq!(answer.code(), 0);
    let responses: Vec<Response> = answer.read();
    for (response, request) in responses.iter().zip(&requests) {
        assert_eq!((&*response.valid_host, response.original_request.as_ref()), ("h", Some(request)));
    }
    responses.into_iter().map(|response| response.answer.expect("an answer")).collect()
}

async fn ask(questions: impl IntoIterator<Item = Question>) -> Vec<Answer> {
    ask_at("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", questions).await
}

/// The names of the files of an answer, or the code of its failure.
fn files_of(answer: &Answer) -> Result<Vec<String>, i32> {
    match answer {
        Answer::Files(files) => {
            Ok(files.files.iter().map(|file| FileDescriptorProto::decode(&**file).unwrap().name().to_owned()).collect())
        }
        Answer::Failure(failure) => Err(failure.code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn services_are_listed_in_both_versions() {
    for version in ["v1", "v1alpha"] {
        let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        let answers = ask_at(&path, [Question::ListServices(String::new())]).await;
        let Answer::Services(services) = &answers[0] else { panic!("{answers:?}") };
        let names: Vec<_> = services.services.iter().map(|service| &*service.name).collect();
        let own = [
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
        ];
        assert_eq!(names, [&own[..], &["shop.Orders"]].concat());
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_comes_with_what_it_imports() {
    let answers = ask([Question::FileByFilename("a.proto".to_owned())]).await;
    assert_eq!(files_of(&answers[0]).unwrap(), ["a.proto", "b.proto", "c.proto"]);
}

#[tokio::test(start_paused = true)]
async fn an_import_is_sent_once_in_a_stream_and_what_is_asked_for_always() {
    let name = |name: &str| Question::FileByFilename(name.to_owned());
    let answers = ask([name("b.proto"), name("a.proto"), name("b.proto")]).await;
    let files: Vec<_> = answers.iter().map(|answer| files_of(answer).unwrap()).collect();
    assert_eq!(files, [vec!["b.proto", "c.proto"], vec!["a.proto"], vec!["b.proto"]]);
}

#[tokio::test(start_paused = true)]
async fn every_symbol_has_its_file() {
    for (symbol, file) in [
        ("shop.Orders", Ok("a.proto")),
        ("shop.Orders.Order", Ok("a.proto")),
        ("shop.Order", Ok("b.proto")),
        (".shop.Order", Ok("b.proto")),
        ("shop.Order.id", Ok("b.proto")),
        ("shop.Order.kind", Ok("b.proto")),
        ("shop.Order.Line", Ok("b.proto")),
        ("shop.Order.State", Ok("b.proto")),
        ("shop.Order.PAID", Ok("b.proto")),
        ("Free", Ok("c.proto")),
        ("ext7", Ok("c.proto")),
        ("grpc.health.v1.HealthCheckResponse.ServingStatus", Ok("grpc/health/v1/health.proto")),
        ("grpc.health.v1.Health.List", Ok("grpc/health/v1/health.proto")),
        ("grpc.health.v1.HealthListResponse.StatusesEntry.value", Ok("grpc/health/v1/health.proto")),
        ("grpc.reflection.v1.ServerReflectionRequest.message_request", Ok("grpc/reflection/v1/reflection.proto")),
        ("shop", Err(5)),
        ("shop.Nothing", Err(5)),
        ("", Err(5)),
    ] {
        let answers = ask([Question::FileContainingSymbol(symbol.to_owned())]).await;
        assert_eq!(files_of(&answers[0]).map(|files| files[0].clone()), file.map(str::to_owned), "{symbol}");
    }
}

#[tokio::test(start_paused = true)]
async fn extensions_are_found_by_what_they_extend() {
    let extension = |number| {
        Question::FileContainingExtension(Extension {
            containing_type: "shop.Order".to_owned(),
            extension_number: number,
        })
    };
    let numbers = |name: &str| Question::AllExtensionNumbersOfType(name.to_owned());
    let answers = ask([extension(7), extension(8), numbers("shop.Order"), numbers("Free"), numbers("no.Such")]).await;
    assert_eq!(files_of(&answers[0]).unwrap(), ["c.proto"]);
    assert_eq!(files_of(&answers[1]), Err(5));
    let of = |base: &str, numbers| Answer::Extensions(Extensions { base_type_name: base.to_owned(), numbers });
    assert_eq!(answers[2..4], [of("shop.Order", vec![3, 7]), of("Free", vec![])]);
    assert_eq!(files_of(&answers[4]), Err(5));
}

#[tokio::test(start_paused = true)]
async fn a_file_goes_out_as_it_came() {
    let answers = ask([Question::FileByFilename("c.proto".to_owned())]).await;
    let Answer::Files(files) = &answers[0] else { panic!("{answers:?}") };
    assert!(files.files[0].ends_with(b"\x82\xb5\x18\x01!"), "the unknown option is there");
}

#[tokio::test(start_paused = true)]
async fn no_question_and_one_too_long_end_the_stream() {
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let none = Request { host: String::new(), question: None };
    assert_eq!(call(&service(), path, &[], framed([none])).await.code(), 3);
    let long = Request { host: String::new(), question: Some(Question::FileByFilename("x".repeat(20_000))) };
    assert_eq!(call(&service(), path, &[], framed([long])).await.code(), 8);
}

#[test]
fn bytes_that_are_no_set_are_refused() {
    for bytes in [&b"\x0a"[..], b"\x0a\x02\x0a\x7f", b"\xff"] {
        let error = Service::new().file_descriptor_set(bytes).unwrap_err();
        assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, Some("descriptors_malformed")));
    }
}
