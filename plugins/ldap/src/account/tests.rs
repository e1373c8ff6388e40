//! States as every server writes them, and a lock that ends.

use ldap3::SearchEntry;
use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_704_067_200; // 2024-01-01
const YEAR: i64 = 366 * 86_400;

fn entry(texts: &[(&str, &str)]) -> Entry {
    let one = |(name, text): &(&str, &str)| ((*name).to_owned(), vec![(*text).to_owned()]);
    let attrs = texts.iter().map(one).collect();
    SearchEntry { dn: "uid=a".to_owned(), attrs, bin_attrs: [].into() }.into()
}

#[test]
fn every_server_says_it_in_its_own_way() {
    for (texts, closed) in [
        (&[][..], None),
        (&[("userAccountControl", "512")], None),
        (&[("userAccountControl", "514")], Some(Closed::Disabled)),
        (&[("userAccountControl", "-2147483646")], Some(Closed::Disabled)),
        (&[("accountExpires", "0")], None),
        (&[("accountExpires", "9223372036854775807")], None),
        (&[("accountExpires", "133485408000000000")], Some(Closed::Expired)),
        (&[("accountExpires", "133485408010000000")], None),
        (&[("msDS-User-Account-Control-Computed", "16")], Some(Closed::Locked)),
        // The lock is over, and the time of it is still there.
        (
            &[
                ("msDS-User-Account-Control-Computed", "8388608"),
                ("lockoutTime", "133485408000000000"),
            ],
            None,
        ),
        (&[("lockoutTime", "133485408000000000")], Some(Closed::Locked)),
        (&[("lockoutTime", "0")], None),
        (&[("nsAccountLock", "TRUE")], Some(Closed::Disabled)),
        (&[("nsAccountLock", "false")], None),
        (&[("accountUnlockTime", "20240101000001Z")], Some(Closed::Locked)),
        (&[("accountUnlockTime", "20240101000000Z")], None),
        (&[("accountUnlockTime", "19700101000000Z")], Some(Closed::Locked)),
        (&[("pwdStartTime", "20240101000001Z")], Some(Closed::Locked)),
        (&[("pwdStartTime", "20240101000000Z")], None),
        (&[("pwdEndTime", "20240101000000Z")], Some(Closed::Locked)),
        (&[("pwdEndTime", "20240101000001Z")], None),
    ] {
        assert_eq!(told(&entry(texts), NOW), closed, "{texts:?}");
    }
}

#[test]
fn a_state_that_cannot_be_seen_is_a_fault() {
    let unseen = readable(&entry(&[]), Flavour::ActiveDirectory).unwrap_err().to_string();
    assert!(unseen.contains("`userAccountControl` of uid=a"), "{unseen}");
    assert!(readable(&entry(&[("userAccountControl", "512")]), Flavour::ActiveDirectory).is_ok());
    assert!(readable(&entry(&[]), Flavour::OpenLdap).is_ok());
}

#[test]
fn a_lock_of_openldap_holds_as_long_as_its_policy_says() {
    let policy = |texts: &[(&str, &str)]| Some(entry(texts));
    let holds = |policy: &Option<Entry>, now| lock_holds("20240101000000Z", policy.as_ref(), now);
    let hour = policy(&[("pwdLockout", "TRUE"), ("pwdLockoutDuration", "3600")]);
    assert!(holds(&hour, NOW + 3599));
    assert!(!holds(&hour, NOW + 3600));
    assert!(!holds(&hour, NOW - 1), "the clock of whoever wrote it is ahead");
    for ever in ["000001010000Z", "00000101000000Z", "000001010000+0000"] {
        assert!(lock_holds(ever, hour.as_ref(), NOW), "{ever}");
    }
    let ever = policy(&[("pwdLockout", "TRUE"), ("pwdLockoutDuration", "0")]);
    assert!(holds(&ever, NOW + YEAR));
    assert!(holds(&policy(&[("pwdLockout", "TRUE")]), NOW + YEAR));
    assert!(!holds(&policy(&[("pwdLockout", "FALSE")]), NOW));
    assert!(holds(&None, NOW + YEAR), "a policy that cannot be read ends no lock");
}

proptest! {
    // LD5
    #[test]
    fn no_value_makes_the_reader_panic(
        values in prop::collection::vec("[0-9TRUEfalsZ.+-]{0,20}", super::ATTRIBUTES.len()),
        now in any::<i64>(),
    ) {
        let texts: Vec<_> =
            super::ATTRIBUTES.iter().copied().zip(values.iter().map(String::as_str)).collect();
        let entry = entry(&texts);
        let _ = told(&entry, now);
        for value in &values {
            let _ = lock_holds(value, Some(&entry), now);
        }
    }
}
