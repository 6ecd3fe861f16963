use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::codec::ECHO_LIMIT;

fn read<T: DeserializeOwned>(params: &[(&str, &str)]) -> Result<T, PathError> {
    super::read(Some(&PathParams::new(params.iter().copied())))
}

fn mismatch(name: &str, complaint: &str) -> PathError {
    PathError::Mismatch { name: name.to_owned(), complaint: complaint.to_owned() }
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Home,
    Work,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Address {
    profile: u64,
    kind: Kind,
    room: Option<char>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(try_from = "u8")]
struct Even(u8);

impl TryFrom<u8> for Even {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        if number.is_multiple_of(2) { Ok(Even(number)) } else { Err(format!("{number} is odd")) }
    }
}

#[test]
fn one_parameter_is_read_into_any_plain_type() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Id(u64);
    assert_eq!(read(&[("id", "7")]), Ok(7u64));
    assert_eq!(read(&[("id", "-7")]), Ok(-7i128));
    assert_eq!(read(&[("id", "2.5")]), Ok(2.5f64));
    assert_eq!(read(&[("id", "true")]), Ok(true));
    assert_eq!(read(&[("id", "%C3%A9")]), Ok('é'));
    assert_eq!(read(&[("id", "a%20b+c%2Fd")]), Ok("a b+c/d".to_owned()));
    assert_eq!(read(&[("id", "7")]), Ok(Id(7)));
    assert_eq!(read(&[("id", "work")]), Ok(Kind::Work));
    assert_eq!(read(&[("id", "4")]), Ok(Even(4)));
    assert_eq!(read(&[("id", "7")]), Ok((7u8,)));
}

#[test]
fn several_parameters_are_read_by_order_or_by_name() {
    let params = [("profile", "7"), ("kind", "home")];
    assert_eq!(read(&params), Ok((7u64, Kind::Home)));
    assert_eq!(read(&params), Ok(Address { profile: 7, kind: Kind::Home, room: None }));
    assert_eq!(read(&[params[1], params[0]]), Ok(Address { profile: 7, kind: Kind::Home, room: None }));
    assert_eq!(read(&params), Ok(vec!["7".to_owned(), "home".to_owned()]));
    let map: BTreeMap<String, String> = read(&params).unwrap();
    assert_eq!(map["kind"], "home");
}

#[test]
fn a_value_that_does_not_fit_names_its_parameter() {
    assert_eq!(read::<u64>(&[("id", "x")]), Err(mismatch("id", "invalid digit found in string")));
    assert_eq!(read::<u8>(&[("id", "300")]), Err(mismatch("id", "number too large to fit in target type")));
    assert_eq!(read::<Even>(&[("id", "5")]), Err(mismatch("id", "5 is odd")));
    assert_eq!(read::<(u8, bool)>(&[("a", "1"), ("b", "maybe")]).unwrap_err().to_string().find("\"b\""), Some(19));
    let error = read::<Address>(&[("profile", "7"), ("kind", "moon")]).unwrap_err();
    assert_eq!(error, mismatch("kind", "unknown variant `moon`, expected `home` or `work`"));
}

#[test]
fn bad_encoding_is_refused_and_not_guessed_at() {
    for raw in ["%", "%4", "%zz", "%ff", "a%c3"] {
        assert_eq!(read::<String>(&[("name", raw)]), Err(PathError::Encoding { name: "name".into() }), "{raw:?}");
    }
}

#[test]
fn a_route_without_what_the_type_needs_is_a_bug() {
    let two = [("a", "1"), ("b", "2")];
    for fault in [
        super::read::<u64>(None).unwrap_err(),
        read::<u64>(&two).unwrap_err(),
        read::<(u64,)>(&two).unwrap_err(),
        read::<Address>(&two).unwrap_err(),
        read::<BTreeMap<String, Address>>(&two).unwrap_err(),
        read::<BTreeMap<String, ()>>(&two).unwrap_err(),
    ] {
        assert!(matches!(fault, PathError::Route { .. }), "{fault}");
        assert!(fault.into_error().is_bug());
    }
    assert_eq!(super::read::<()>(None), Ok(()));
}

#[test]
fn parameters_keep_their_order_and_are_found_by_name() {
    let params = PathParams::new([("a", "1"), ("", ""), ("b", "%20")]);
    assert_eq!(params.iter().collect::<Vec<_>>(), [("a", "1"), ("", ""), ("b", "%20")]);
    assert_eq!((params.get("b"), params.get("c")), (Some("%20"), None));
    assert_eq!(format!("{params:?}"), r#"{"a": "1", "": "", "b": "%20"}"#);
}

fn check(result: Result<(), Error>) -> Result<(), TestCaseError> {
    if let Err(error) = result {
        prop_assert_eq!(error.code(), Code::InvalidArgument, "{:?}", error);
        prop_assert!(error.message().len() <= ECHO_LIMIT, "{}", error.message());
        prop_assert!(!error.message().chars().any(char::is_control));
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_path_is_read_or_the_callers_mistake(a in "(?s).{0,200}", b in "[%0-9a-fA-F+x]{0,20}") {
        let params = PathParams::new([("profile", &*a), ("kind", &*b)]);
        let mut request = Request::default();
        request.extensions_mut().insert(params);
        let params = request.extensions().get();
        check(super::read::<Address>(params).map(drop).map_err(PathError::into_error))?;
        check(super::read::<(Even, Kind)>(params).map(drop).map_err(PathError::into_error))?;
        check(super::read::<(String, Kind)>(params).map(drop).map_err(PathError::into_error))?;
        check(super::read::<BTreeMap<String, f32>>(params).map(drop).map_err(PathError::into_error))?;
    }

    #[test]
    fn any_text_survives_the_path(text in "(?s).{1,50}") {
        let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        prop_assert_eq!(read::<String>(&[("t", &escaped)]), Ok(text));
    }
}
