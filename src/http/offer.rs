//! What a page put before somebody, sealed into its form, so that an answer stands for what was shown and to whom.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::protocol::{Parameters, Timestamp};
use crate::seal::Purpose;

use super::browser::Seat;
use super::fault::Fault;
use super::interaction::Interaction;
use super::pages::Field;
use super::provider::Provider;

/// The name of the sealed field.
const SHOWN: &str = "shown";

/// Something shown in answer to one request, to whoever was logged in then.
#[derive(Serialize, Deserialize)]
struct Offer<T> {
    request: String,
    sid: String,
    account_id: String,
    shown: T,
}

/// Seals what is shown, as a hidden field.
pub fn field<T: Serialize>(
    provider: &Provider,
    purpose: Purpose,
    interaction: &Interaction,
    seat: &Seat,
    shown: &T,
) -> Result<Field, Fault> {
    let offer = Offer {
        request: interaction.pending.id.clone(),
        sid: seat.row.sid.clone(),
        account_id: seat.account.id.clone(),
        shown,
    };
    let expires_at =
        interaction.pending.received_at.plus(provider.config.lifetimes.pending_request);
    Ok(Field::new(SHOWN, provider.sealer.seal(purpose, &offer, expires_at)?))
}

/// What was shown, if it was shown for this request and to this session. Another session has to be asked anew.
pub fn read<T: DeserializeOwned>(
    provider: &Provider,
    purpose: Purpose,
    form: &Parameters,
    interaction: &Interaction,
    seat: &Seat,
    now: Timestamp,
) -> Option<T> {
    let sealed = form.all(SHOWN).next()?;
    let offer: Offer<T> = provider.sealer.open(purpose, sealed).ok()?.at(now).ok()?;
    let same = offer.request == interaction.pending.id
        && offer.sid == seat.row.sid
        && offer.account_id == seat.account.id;
    same.then_some(offer.shown)
}
