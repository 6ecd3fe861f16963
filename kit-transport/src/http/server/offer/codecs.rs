use bytes::Bytes;
use kit_core::Error;

use crate::codec::{Codec, Decode, Encode};

/// Up to six codecs, in the order of preference: a tuple of them. Not to be implemented by hand.
pub trait Codecs: Clone + Send + Sync + 'static {
    /// How many they are.
    const COUNT: usize;

    /// The media type that this one of them writes.
    ///
    /// # Panics
    /// If there is none of this index, as all of these.
    fn content_type(&self, index: usize) -> &'static str;

    /// Other names of it.
    fn aliases(&self, index: usize) -> &'static [&'static str];

    /// The media type that this one asks for.
    fn accept_type(&self, index: usize) -> &'static str;

    /// Whether this one reads that media type.
    fn reads(&self, index: usize, essence: &str) -> bool;
}

/// Codecs all of which read a `T`.
pub trait DecodeOneOf<T>: Codecs {
    /// Reads by one of them.
    ///
    /// # Errors
    /// Those of the codec.
    fn decode_one(&self, index: usize, bytes: &[u8]) -> Result<T, Error>;
}

/// Codecs all of which write a `T`.
pub trait EncodeOneOf<T>: Codecs {
    /// Writes by one of them.
    ///
    /// # Errors
    /// Those of the codec.
    fn encode_one(&self, index: usize, value: &T) -> Result<Bytes, Error>;
}

macro_rules! tuples {
    ($($count:literal: $($codec:ident $index:tt)+;)*) => {
        $(impl<$($codec: Codec),+> Codecs for ($($codec,)+) {
            const COUNT: usize = $count;

            fn content_type(&self, index: usize) -> &'static str {
                match index {
                    $($index => self.$index.content_type(),)+
                    _ => unreachable!("there are {} codecs", $count),
                }
            }

            fn aliases(&self, index: usize) -> &'static [&'static str] {
                match index {
                    $($index => self.$index.aliases(),)+
                    _ => unreachable!("there are {} codecs", $count),
                }
            }

            fn accept_type(&self, index: usize) -> &'static str {
                match index {
                    $($index => self.$index.accept_type(),)+
                    _ => unreachable!("there are {} codecs", $count),
                }
            }

            fn reads(&self, index: usize, essence: &str) -> bool {
                match index {
                    $($index => self.$index.reads(essence),)+
                    _ => unreachable!("there are {} codecs", $count),
                }
            }
        }

        impl<T, $($codec: Decode<T>),+> DecodeOneOf<T> for ($($codec,)+) {
            fn decode_one(&self, index: usize, bytes: &[u8]) -> Result<T, Error> {
                match index {
                    $($index => self.$index.decode(bytes),)+
                    _ => unreachable!("there are {} codecs", $count),
                }
            }
        }

        impl<T, $($codec: Encode<T>),+> EncodeOneOf<T> for ($($codec,)+) {
            fn encode_one(&self, index: usize, value: &T) -> Result<Bytes, Error> {
                match index {
                    $($index => self.$index.encode(value),)+
                    _ => unreachable!("there are {} codecs", $count),
                }
            }
        })*
    };
}

tuples! {
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 F 5;
}

/// What `name` says of each, one after the other.
pub(in crate::http::server) fn listed<K: Codecs>(
    codecs: &K,
    name: impl Fn(&K, usize) -> &'static str,
    between: &str,
) -> String {
    let mut names = Vec::with_capacity(K::COUNT);
    for index in 0..K::COUNT {
        let name = name(codecs, index);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(between)
}
