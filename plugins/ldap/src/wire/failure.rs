//! Why a question has no answer, and what that says of the host.

use vestibule_plugin::Unavailable;

/// Why a question has no answer. Texts are for the operator and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// All connections are in use, and none became free in time.
    Busy,
    /// No connection could be opened, or its host says that it cannot serve: it is dead.
    Down(String),
    /// This machine lacks what a connection takes, which says nothing of the host.
    Lacking(String),
    /// The host refuses the service account: it must not be asked often.
    Barred(String),
    /// The connection broke, or what came over it was no answer.
    Broken(String),
    /// No answer came in time.
    Late(String),
    /// Somebody else found the host dead meanwhile.
    Died,
    /// This host cannot answer this question; the next may.
    Elsewhere(String),
    /// No host could answer it.
    Final(String),
    /// The same, and the rest of the answer is still on its way.
    Cut(String),
}

impl Failure {
    /// Whether the connection can be used again: its last operation came to its end.
    pub(super) fn leaves_clean(&self) -> bool {
        matches!(self, Self::Elsewhere(_) | Self::Final(_))
    }

    /// As the metrics call it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Busy | Self::Lacking(_) => "busy",
            Self::Down(_) | Self::Barred(_) | Self::Died => "down",
            Self::Broken(_) => "broken",
            Self::Late(_) => "late",
            Self::Elsewhere(_) | Self::Final(_) | Self::Cut(_) => "refused",
        }
    }

    /// The text, of those that have one.
    pub(super) fn cause(self) -> Option<String> {
        match self {
            Self::Busy | Self::Died => None,
            Self::Down(cause)
            | Self::Lacking(cause)
            | Self::Barred(cause)
            | Self::Broken(cause)
            | Self::Late(cause)
            | Self::Elsewhere(cause)
            | Self::Final(cause)
            | Self::Cut(cause) => Some(cause),
        }
    }
}

impl From<Failure> for Unavailable {
    fn from(failure: Failure) -> Self {
        if failure == Failure::Busy {
            return Self::Busy;
        }
        Self::because(failure.cause().unwrap_or_else(|| "the host is down".to_owned()))
    }
}
