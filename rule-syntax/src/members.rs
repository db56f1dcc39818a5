//! Reading options: an object whose members may all be left out, and none of which may be unknown.
//!
//! As serde's `#[serde(default, deny_unknown_fields)]` in what is taken and in what is said of the rest, save that an array is not
//! taken for an object. What serde derives has code of its own for each type, several kilobytes in the module; this shares it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

/// A type that is read from members that may be left out. [`members!`](crate::members!) implements it.
pub trait Members: Default {
    /// What was expected where something else stands.
    const EXPECTED: &'static str;
    /// The names of the members, in the order in which they are told. At most 64.
    const NAMES: &'static [&'static str];

    /// Reads the value of the member whose name is `NAMES[at]`.
    fn read<'de, A: MapAccess<'de>>(&mut self, at: usize, members: &mut A) -> Result<(), A::Error>;
}

/// Reads a value; its members that are left out are those of the default.
pub fn read<'de, T: Members, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    const { assert!(T::NAMES.len() <= 64, "more members than bits") };
    deserializer.deserialize_map(Reader(PhantomData))
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Members> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        let mut value = T::default();
        let mut seen = 0_u64;
        while let Some(at) = members.next_key_seed(Name(T::NAMES))? {
            if seen >> at & 1 == 1 {
                return Err(A::Error::duplicate_field(T::NAMES[at]));
            }
            seen |= 1 << at;
            value.read(at, &mut members)?;
        }
        Ok(value)
    }
}

/// Reads a name as its index in a list of names.
struct Name(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<usize, E> {
        self.0.iter().position(|known| *known == name).ok_or_else(|| E::unknown_field(name, self.0))
    }
}

/// Implements [`serde::Deserialize`] for a struct with the fields that are named, all of which may be left out.
#[macro_export]
macro_rules! members {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::members::Members for $type {
            const EXPECTED: &'static str = concat!("struct ", stringify!($type));
            const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];

            fn read<'de, A: ::serde::de::MapAccess<'de>>(
                &mut self,
                at: usize,
                members: &mut A,
            ) -> ::std::result::Result<(), A::Error> {
                let mut number = 0..;
                $(if number.next() == Some(at) {
                    self.$field = members.next_value()?;
                    return Ok(());
                })*
                Ok(())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                // A field that is not among the members would never be read.
                let _all = |$type { $($field: _),* }: &Self| ();
                $crate::members::read(deserializer)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #[derive(Debug, Default, PartialEq)]
    struct Sample {
        first: u8,
        second: Option<String>,
    }

    members!(Sample { first, second });

    #[test]
    fn members_may_be_left_out() {
        let cases = [
            ("{}", Sample::default()),
            (r#"{"first":1}"#, Sample { first: 1, second: None }),
            (r#"{"second":"x","first":2}"#, Sample { first: 2, second: Some("x".into()) }),
            (r#"{"second":null}"#, Sample::default()),
        ];
        for (json, expected) in cases {
            assert_eq!(serde_json::from_str::<Sample>(json).expect(json), expected);
        }
    }

    #[test]
    fn what_is_malformed_is_told_as_serde_tells_it() {
        let cases = [
            (r#"{"third":1}"#, "unknown field `third`, expected `first` or `second` at"),
            (r#"{"first":1,"first":1}"#, "duplicate field `first` at"),
            (r#"{"first":-1}"#, "invalid value: integer `-1`, expected u8 at"),
            ("[1]", "invalid type: sequence, expected struct Sample at"),
        ];
        for (json, expected) in cases {
            let error = serde_json::from_str::<Sample>(json).expect_err(json).to_string();
            assert!(error.starts_with(expected), "{json}: {error}");
        }
    }
}
