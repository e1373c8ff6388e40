//! Encrypts anew, under the current master key, whatever the former one encrypted: the second of three steps of its
//! replacement. Before it, every node knows both; after it, the former one may be forgotten.

use super::Fault;
use crate::seal::{Purpose, Sealer};
use crate::storage::{self, Storage, accounts, clients};

/// What [`reseal`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many secrets were encrypted anew.
    pub renewed: u64,
    /// Those that neither master key opens, by purpose and id. They are left as they are.
    pub refused: Vec<(&'static str, String)>,
}

/// Encrypts anew the private keys, client secrets and account attributes that are not under the current master key. May be
/// interrupted and repeated at will.
pub async fn reseal(storage: &Storage, sealer: &Sealer) -> Result<Resealed, Fault> {
    let mut resealed = Resealed::default();
    for key in storage::keys::list(storage).await? {
        if let Some(anew) = resealed.anew(sealer, Purpose::Key, &key.kid, &key.private)? {
            let done = storage::keys::reseal(storage, &key.kid, key.private, anew).await?;
            resealed.count(done);
        }
    }
    for client in clients::list(storage).await? {
        let Some(former) = client.secret_sealed else { continue };
        if let Some(anew) = resealed.anew(sealer, Purpose::ClientSecret, &client.id, &former)? {
            resealed.count(clients::reseal(storage, &client.id, former, anew).await?);
        }
    }
    // People may be many: not all of them are in memory at once.
    let mut after = String::new();
    loop {
        let page = accounts::page(storage, &after).await?;
        let Some(last) = page.last() else { return Ok(resealed) };
        after.clone_from(&last.id);
        for account in page {
            let former = account.attributes;
            if let Some(anew) = resealed.anew(sealer, Purpose::Account, &account.id, &former)? {
                resealed.count(accounts::reseal(storage, &account.id, former, anew).await?);
            }
        }
    }
}

impl Resealed {
    /// The secret under the current master key, unless it is already.
    fn anew(
        &mut self,
        sealer: &Sealer,
        purpose: Purpose,
        id: &str,
        former: &[u8],
    ) -> Result<Option<Vec<u8>>, Fault> {
        if sealer.is_current(former) {
            return Ok(None);
        }
        let Ok(plain) = sealer.decrypt(purpose, id, former) else {
            self.refused.push((purpose.label(), id.to_owned()));
            return Ok(None);
        };
        Ok(Some(sealer.encrypt(purpose, id, &plain)?))
    }

    /// A row that changed meanwhile needs nothing: it was written under the current key.
    fn count(&mut self, done: bool) {
        self.renewed += u64::from(done);
    }
}
