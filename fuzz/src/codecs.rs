//! The codecs.

use std::collections::BTreeMap;
use std::fmt::Debug;

use futures_util::StreamExt as _;
use kit::codec::{Cbor, Decode, Encode, Form, Json, MsgPack, Protobuf};
use kit::http::Body;
use kit::http::ndjson::NdJson;
use serde::{Deserialize, Serialize};

use crate::Target;
use crate::run::{block_on, may_be_shown};

pub(crate) const JSON: Target = Target {
    name: "json",
    run: |bytes| there_and_back::<_, Everything>(&Json, bytes),
    seeds: &[
        br#"{"flag":true,"number":-5,"small":7,"text":"a\u00e9\ud83d\ude00","bytes":[1,2],"list":[null,3],"map":{"k":"Unit"},"kind":{"New":9}}"#,
        br#"{"flag":false,"number":9223372036854775807,"small":255,"text":"","bytes":[],"list":[],"map":{},"kind":{"Struct":{"a":{"Tuple":[-1,"x"]}}}}"#,
        b"[[[[[[[[1e400,-0.0,\"\\ud800\"]]]]]]]]",
    ],
    connects: false,
};

pub(crate) const MSGPACK: Target = Target {
    name: "msgpack",
    run: |bytes| there_and_back::<_, Everything>(&MsgPack, bytes),
    seeds: &[
        b"\x88\xa4flag\xc3\xa6number\xfb\xa5small\x07\xa4text\xa1a\xa5bytes\x92\x01\x02\xa4list\x92\xc0\x03\xa3map\x81\xa1k\xa4Unit\xa4kind\x81\xa3New\x09",
        b"\xdf\xff\xff\xff\xff\xdb\xff\xff\xff\xff",
        b"\x91\x91\x91\x91\x91\x91\xc1",
    ],
    connects: false,
};

pub(crate) const CBOR: Target = Target {
    name: "cbor",
    run: |bytes| there_and_back::<_, Everything>(&Cbor, bytes),
    seeds: &[
        b"\xa8\x64flag\xf5\x66number\x24\x65small\x07\x64text\x61a\x65bytes\x82\x01\x02\x64list\x82\xf6\x03\x63map\xa1\x61k\x64Unit\x64kind\xa1\x63New\x09",
        b"\xbf\x64flag\xf4\xff",
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\xd9\xd9\xf7\x9f\x9f\x9f\xff\xff",
    ],
    connects: false,
};

pub(crate) const PROTOBUF: Target = Target {
    name: "protobuf",
    run: |bytes| there_and_back::<_, Message>(&Protobuf, bytes),
    seeds: &[
        b"\x08\x96\x01\x12\x05hello\x1a\x02\x08\x01\x22\x03\x01\x02\x03",
        b"\x12\xff\xff\xff\xff\x0f",
        b"\x1a\x04\x1a\x02\x1a\x00",
    ],
    connects: false,
};

pub(crate) const FORM: Target = Target {
    name: "form",
    run: |bytes| there_and_back::<_, Fields>(&Form, bytes),
    seeds: &[b"name=a+b%20c&age=5&tag=x&tag=y&open=true", b"name=%zz&age=-1", b"&&=&name&age=999999999999999999999"],
    connects: false,
};

pub(crate) const NDJSON: Target = Target {
    name: "ndjson",
    run: |bytes| {
        let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let mut values = NdJson::new().max_line(64).read::<Fields>(Body::full(bytes.to_vec()));
        block_on(async {
            let mut read = 0;
            while let Some(value) = values.next().await {
                read += 1;
                if let Err(error) = value {
                    may_be_shown(&error);
                    assert!(values.next().await.is_none(), "after an error nothing follows");
                    break;
                }
            }
            assert!(read <= lines, "{read} values on {lines} lines");
        });
    },
    seeds: &[
        b"{\"name\":\"a\",\"age\":1,\"tag\":[]}\n\n{\"name\":\"b\",\"age\":2,\"tag\":[\"x\"],\"open\":true}",
        b"{\n}\r\n",
    ],
    connects: false,
};

/// Whatever serde knows, but for floats: two that are not numbers are not equal.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    flag: bool,
    number: i64,
    small: u8,
    text: String,
    bytes: Vec<u8>,
    list: Vec<Option<i32>>,
    map: BTreeMap<String, Kind>,
    kind: Kind,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    New(u64),
    Tuple(i8, String),
    Struct { a: Option<Box<Kind>> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Fields {
    name: String,
    age: i32,
    #[serde(default)]
    tag: Vec<String>,
    #[serde(default)]
    open: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Message {
    #[prost(uint64, tag = "1")]
    number: u64,
    #[prost(string, tag = "2")]
    text: String,
    #[prost(message, optional, boxed, tag = "3")]
    inner: Option<Box<Message>>,
    #[prost(uint32, repeated, tag = "4")]
    list: Vec<u32>,
}

fn there_and_back<C, T>(codec: &C, bytes: &[u8])
where
    C: Encode<T> + Decode<T>,
    T: Debug + PartialEq,
{
    match codec.decode(bytes) {
        Err(error) => may_be_shown(&error),
        Ok(value) => {
            let written = codec.encode(&value).expect("what was read can be written");
            assert_eq!(codec.decode(&written).expect("what was written can be read"), value);
        }
    }
}
