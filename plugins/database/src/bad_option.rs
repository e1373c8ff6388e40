//! What is wrong with an option: one sentence that names it, with the remedy.

/// An option whose value will not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadOption(String);

impl BadOption {
    pub(crate) fn out_of_bounds(option: &str, least: u32, most: u32) -> Self {
        Self(format!("`{option}` must be a number from {least} to {most}"))
    }

    /// What follows the option's name: `must be true or false`.
    pub(crate) fn new(option: &str, problem: impl std::fmt::Display) -> Self {
        Self(format!("`{option}` {problem}"))
    }
}
