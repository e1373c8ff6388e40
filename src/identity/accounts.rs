//! The account of a person: found or made at login, renewed at every login and look-up.
//!
//! A person is known by backend and subject; their `sub` is random. Namesakes of two backends are
//! two people (UP3). Attributes lie in the database encrypted, bound to the id of their row.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use vestibule_plugin::{self as plugin, Attributes, Identity};

use super::Fault;
use crate::protocol::Timestamp;
use crate::seal::{Purpose, Sealer};
use crate::secret;
use crate::storage::{Storage, account, accounts};

#[derive(Clone)]
pub(super) struct Accounts {
    pub(super) storage: Storage,
    pub(super) sealer: Sealer,
}

impl Accounts {
    /// The account of whoever just proved to be `identity`.
    pub(super) async fn find_or_create(
        &self,
        backend: &str,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<account::Model, Fault> {
        let subject = identity.subject.as_str();
        if let Some(account) = accounts::find_by_subject(&self.storage, backend, subject).await? {
            return self.renew(account, &identity.attributes, now).await;
        }
        let id = secret::id();
        let new = account::Model {
            attributes: self.encrypt(&id, &identity.attributes)?,
            id: id.clone(),
            backend: backend.to_owned(),
            subject: subject.to_owned(),
            sub: secret::id(),
            seen_at: now,
            created_at: now,
            gone_since: None,
        };
        let account = accounts::put(&self.storage, new).await?;
        if account.id == id {
            return Ok(account);
        }
        self.renew(account, &identity.attributes, now).await
    }

    /// The account, with what the backend says of its person now.
    pub(super) async fn renew(
        &self,
        account: account::Model,
        attributes: &Attributes,
        now: Timestamp,
    ) -> Result<account::Model, Fault> {
        let attributes = self.encrypt(&account.id, attributes)?;
        accounts::renew(&self.storage, &account.id, attributes.clone(), now).await?;
        Ok(account::Model { attributes, seen_at: now, gone_since: None, ..account })
    }

    /// What was known of the person when they were last seen.
    pub(super) fn attributes(&self, account: &account::Model) -> Result<Attributes, Fault> {
        let plain = self
            .sealer
            .decrypt(Purpose::Account, &account.id, &account.attributes)
            .map_err(|_| Fault::Attributes(account.id.clone()))?;
        from_json(&plain).ok_or_else(|| Fault::Attributes(account.id.clone()))
    }

    fn encrypt(&self, id: &str, attributes: &Attributes) -> Result<Vec<u8>, Fault> {
        let plain = zeroize::Zeroizing::new(to_json(attributes).to_string());
        Ok(self.sealer.encrypt(Purpose::Account, id, plain.as_bytes())?)
    }
}

/// `{ "mail": ["a@example.com"], "photo": [{ "bytes": "/9j/" }] }`
fn to_json(attributes: &Attributes) -> Value {
    let one = |value: &plugin::Value| match value {
        plugin::Value::Text(text) => Value::from(text.as_str()),
        plugin::Value::Binary(bytes) => {
            Value::Object(Map::from_iter([("bytes".to_owned(), STANDARD.encode(bytes).into())]))
        }
    };
    let all = attributes
        .iter()
        .map(|(name, values)| (name.to_owned(), values.iter().map(one).collect::<Value>()));
    Value::Object(all.collect())
}

fn from_json(text: &[u8]) -> Option<Attributes> {
    let object: Map<String, Value> = serde_json::from_slice(text).ok()?;
    let mut attributes = Attributes::new();
    for (name, values) in &object {
        for value in values.as_array()? {
            match value {
                Value::String(text) => attributes.add(name, text.as_str()),
                other => {
                    let bytes = STANDARD.decode(other.get("bytes")?.as_str()?).ok()?;
                    attributes.add(name, bytes);
                }
            }
        }
    }
    Some(attributes)
}

#[cfg(test)]
mod tests {
    use vestibule_plugin::Subject;

    use super::super::fixture::sealer;
    use super::*;
    use crate::storage::scratch::{Scratch, sqlite};

    fn identity(subject: &str, mail: &str) -> Identity {
        let attributes = [("mail", mail)].into_iter().collect();
        Identity::new(Subject::parse(subject).unwrap(), attributes)
    }

    async fn accounts() -> (Scratch, Accounts) {
        let scratch = sqlite().await;
        let accounts = Accounts { storage: scratch.storage.clone(), sealer: sealer() };
        (scratch, accounts)
    }

    const LATER: Timestamp = Timestamp::from_millis(2_000);
    const NOW: Timestamp = Timestamp::from_millis(1_000);

    #[tokio::test]
    async fn a_person_keeps_their_sub_and_gets_new_attributes() {
        let (_scratch, accounts) = accounts().await;
        let first = accounts.find_or_create("a", &identity("s", "old"), NOW).await.unwrap();
        let again = accounts.find_or_create("a", &identity("s", "new"), LATER).await.unwrap();
        assert_eq!((&again.id, &again.sub), (&first.id, &first.sub));
        assert_eq!((again.created_at, again.seen_at), (NOW, LATER));
        let stored = crate::storage::accounts::find(&accounts.storage, &first.id).await.unwrap();
        let attributes = accounts.attributes(&stored.unwrap()).unwrap();
        assert_eq!(attributes.first("mail"), Some(&plugin::Value::from("new")));
        assert!(!first.sub.contains("s-"), "nothing of the subject is in the sub");
        assert_eq!(first.sub.len(), 22);
    }

    // UP3
    #[tokio::test]
    async fn namesakes_of_two_backends_are_two_people() {
        let (_scratch, accounts) = accounts().await;
        let one = accounts.find_or_create("a", &identity("s", "x"), NOW).await.unwrap();
        let two = accounts.find_or_create("b", &identity("s", "x"), NOW).await.unwrap();
        assert_ne!(one.sub, two.sub);
        let other = accounts.find_or_create("a", &identity("S", "x"), NOW).await.unwrap();
        assert_ne!(one.sub, other.sub, "subjects are compared letter for letter");
    }

    #[tokio::test]
    async fn who_logs_in_twice_at_once_for_the_first_time_is_one_person() {
        let (_scratch, accounts) = accounts().await;
        let tries: Vec<_> = (0..20)
            .map(|_| {
                let accounts = accounts.clone();
                tokio::spawn(async move {
                    accounts.find_or_create("a", &identity("s", "x"), NOW).await.unwrap()
                })
            })
            .collect();
        let mut subs = std::collections::BTreeSet::new();
        for one in tries {
            let account = one.await.unwrap();
            assert!(accounts.attributes(&account).is_ok(), "they are encrypted for this row");
            subs.insert(account.sub);
        }
        assert_eq!(subs.len(), 1);
    }

    #[tokio::test]
    async fn attributes_lie_encrypted_and_bound_to_their_row() {
        let (_scratch, accounts) = accounts().await;
        let one = accounts.find_or_create("a", &identity("1", "canary-1"), NOW).await.unwrap();
        let two = accounts.find_or_create("a", &identity("2", "canary-2"), NOW).await.unwrap();
        assert!(!String::from_utf8_lossy(&one.attributes).contains("canary"));
        let swapped = account::Model { attributes: one.attributes, ..two };
        assert!(matches!(accounts.attributes(&swapped), Err(Fault::Attributes(_))));
    }

    #[test]
    fn every_value_survives_storage() {
        let mut attributes: Attributes =
            [("a", ""), ("a", "\u{0}\"<>"), ("{}", "\u{1f600}")].into_iter().collect();
        attributes.add("photo", vec![0, 255, 10]);
        attributes.add("photo", "text beside bytes");
        let json = to_json(&attributes).to_string();
        assert_eq!(from_json(json.as_bytes()), Some(attributes));
    }
}
