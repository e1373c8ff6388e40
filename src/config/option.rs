//! What an option is: its name, type, default and meaning stand in one place, in `section!`, and
//! everything else (reading, `init`, the table in the README) is derived from there.

use super::reader::Reader;
use super::value::Kind;

/// What holds when an option is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// Nothing: it must be given.
    Required,
    /// It is simply absent.
    Absent,
    /// This TOML value.
    Toml(&'static str),
}

/// An option as people read about it.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    pub section: &'static str,
    pub key: &'static str,
    pub kind: Kind,
    pub default: Default,
    pub meaning: &'static str,
}

impl Described {
    /// The name with its section: `server.issuer`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// The environment variable that overrides it: `VESTIBULE_SERVER__ISSUER`.
    pub fn variable(&self) -> String {
        super::environment::variable(&self.name())
    }
}

/// A section of the configuration: what `section!` defines.
pub(super) trait Section: Sized {
    const ABOUT: &'static str;
    const OPTIONS: &'static [Described];

    /// The section; nothing, if the reader has noted problems.
    fn read(reader: &mut Reader) -> Option<Self>;
}

/// Defines a section as a struct: for each option its meaning, name, type and default.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident at $section:literal {
            $( $(#[doc = $meaning:literal])+ $key:ident: $kind:ty = $default:expr, )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub struct $name {
            $( $(#[doc = $meaning])+ pub $key: $kind, )+
        }

        impl $crate::config::option::Section for $name {
            const ABOUT: &'static str = concat!($($about),+);
            const OPTIONS: &'static [$crate::config::option::Described] = &[ $(
                $crate::config::option::Described {
                    section: $section,
                    key: stringify!($key),
                    kind: <$kind as $crate::config::value::Value>::KIND,
                    default: $default,
                    meaning: concat!($($meaning),+),
                },
            )+ ];

            fn read(reader: &mut $crate::config::reader::Reader) -> Option<Self> {
                let mut options = Self::OPTIONS.iter();
                $( let $key = reader.take(options.next()?); )+
                Some(Self { $( $key: $key?, )+ })
            }
        }
    };
}

pub(super) use section;
