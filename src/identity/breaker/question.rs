//! What a breaker knows of questions and answers: what they are called, and whether there was one.

use vestibule_plugin::{NotChanged, Refusal, Unavailable};

/// What is asked of a backend.
#[derive(Clone, Copy, Debug)]
pub(in crate::identity) enum Operation {
    Login,
    Lookup,
    Change,
    Health,
}

impl Operation {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Lookup => "lookup",
            Self::Change => "change",
            Self::Health => "health",
        }
    }
}

/// An answer that is not a yes: a refusal, or none at all.
pub(in crate::identity) trait No {
    fn of(cause: Unavailable) -> Self;
    fn unavailable(&self) -> Option<&Unavailable>;
}

impl No for Unavailable {
    fn of(cause: Unavailable) -> Self {
        cause
    }

    fn unavailable(&self) -> Option<&Unavailable> {
        Some(self)
    }
}

impl No for Refusal {
    fn of(cause: Unavailable) -> Self {
        cause.into()
    }

    fn unavailable(&self) -> Option<&Unavailable> {
        match self {
            Self::Unavailable(cause) => Some(cause),
            _ => None,
        }
    }
}

impl No for NotChanged {
    fn of(cause: Unavailable) -> Self {
        Self::Refused(cause.into())
    }

    fn unavailable(&self) -> Option<&Unavailable> {
        match self {
            Self::Refused(refusal) => refusal.unavailable(),
            Self::Policy(_) => None,
        }
    }
}
