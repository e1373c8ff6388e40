//! Whether an account may be used today: the one place where endpoints ask.

use crate::identity::Absent;
use crate::protocol::Timestamp;
use crate::storage::account;

use super::browser::Seat;
use super::fault::Fault;
use super::pages::Person;
use super::provider::Provider;

impl Provider {
    /// The account as its backend knows it today, unless it may not be used any more. A backend that cannot say is a fault, not a refusal.
    pub async fn standing(
        &self,
        account: account::Model,
        now: Timestamp,
    ) -> Result<Option<account::Model>, Fault> {
        match self.identities.current(account, now).await {
            Ok(account) => Ok(Some(account)),
            Err(Absent::Gone) => Ok(None),
            Err(Absent::Unavailable { retry_after }) => Err(Fault::Backend { retry_after }),
            Err(Absent::Fault(fault)) => Err(fault.into()),
        }
    }

    /// Whoever sits there, as pages name them.
    pub fn person(&self, seat: &Seat) -> Result<Person, Fault> {
        let claims = self.identities.claims(&seat.account)?;
        let text =
            |name: &str| claims.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let username = text("preferred_username");
        let name = text("name").or_else(|| username.clone()).or_else(|| text("email"));
        Ok(Person { name: name.unwrap_or_else(|| seat.account.subject.clone()), username })
    }
}
