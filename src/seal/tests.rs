use super::*;

const CURRENT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER: &str = "____AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn key(text: &str) -> MasterKey {
    MasterKey::parse(text).unwrap()
}

fn sealer() -> Sealer {
    Sealer::new(&key(CURRENT), None).unwrap()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// Every way to change one bit, to cut the end off, or to add to it.
fn spoilt(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flipped = (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    });
    let cut = (0..bytes.len()).map(|length| bytes[..length].to_vec());
    let beheaded = (1..bytes.len()).map(|start| bytes[start..].to_vec());
    flipped.chain(cut).chain(beheaded).chain([[bytes, b"A"].concat(), [b"A", bytes].concat()])
}

#[test]
fn a_sealed_value_opens_again() {
    let sealed = sealer().seal(Purpose::Code, &("alice", 7), at(1000)).unwrap();
    let opened = sealer().open::<(String, i32)>(Purpose::Code, &sealed).unwrap();
    assert_eq!(opened.value, ("alice".to_owned(), 7));
    assert_eq!(opened.expires_at, at(1000));
}

#[test]
fn a_value_sealed_twice_looks_different() {
    let seal = || sealer().seal(Purpose::Code, &"alice", at(1000)).unwrap();
    assert_ne!(seal()[6..], seal()[6..]);
}

#[test]
fn a_sealed_value_expires_at_its_instant() {
    let sealed = sealer().seal(Purpose::Code, &1, at(1000)).unwrap();
    let open = || sealer().open::<i32>(Purpose::Code, &sealed).unwrap();
    assert_eq!(open().at(at(999)), Ok(1));
    assert_eq!(open().at(at(1000)), Err(Expired));
    assert_eq!(open().at(at(i64::MAX)), Err(Expired));
}

// TK5
#[test]
fn a_sealed_value_with_any_byte_changed_or_missing_is_refused() {
    let sealer = sealer();
    let sealed = sealer.seal(Purpose::Code, &"alice", at(1000)).unwrap();
    for text in spoilt(sealed.as_bytes()).filter_map(|bytes| String::from_utf8(bytes).ok()) {
        assert!(sealer.open::<String>(Purpose::Code, &text).is_err(), "{text}");
    }
    for bytes in spoilt(&URL_SAFE_NO_PAD.decode(&sealed).unwrap()) {
        let text = URL_SAFE_NO_PAD.encode(bytes);
        assert!(sealer.open::<String>(Purpose::Code, &text).is_err(), "{text}");
    }
    for text in ["", "=", "A", &format!("{sealed}="), &format!("{sealed}\n"), &format!(" {sealed}")]
    {
        assert!(sealer.open::<String>(Purpose::Code, text).is_err(), "{text:?}");
    }
}

// TK5
#[test]
fn a_secret_at_rest_with_any_byte_changed_or_missing_is_refused() {
    let sealer = sealer();
    let sealed = sealer.encrypt(Purpose::Key, "k1", b"private").unwrap();
    assert_eq!(**sealer.decrypt(Purpose::Key, "k1", &sealed).unwrap(), *b"private");
    for bytes in spoilt(&sealed) {
        assert!(sealer.decrypt(Purpose::Key, "k1", &bytes).is_err(), "{bytes:?}");
    }
}

// TK5, CO4
#[test]
fn purposes_are_not_interchangeable() {
    let sealer = sealer();
    for made in Purpose::ALL {
        let sealed = sealer.seal(made, &"alice", at(1000)).unwrap();
        let stored = sealer.encrypt(made, "row", b"alice").unwrap();
        for asked in Purpose::ALL {
            assert_eq!(sealer.open::<String>(asked, &sealed).is_ok(), made == asked);
            assert_eq!(sealer.decrypt(asked, "row", &stored).is_ok(), made == asked);
            assert_eq!(sealer.mac(made, b"x") == sealer.mac(asked, b"x"), made == asked);
        }
    }
}

#[test]
fn each_purpose_has_a_label_and_a_place_of_its_own() {
    for (place, purpose) in Purpose::ALL.into_iter().enumerate() {
        assert_eq!(purpose as usize, place);
        assert_eq!(Purpose::ALL.iter().filter(|other| other.label() == purpose.label()).count(), 1);
    }
}

// TK5
#[test]
fn what_travels_and_what_rests_are_not_interchangeable() {
    let sealer = sealer();
    let sealed = sealer.seal(Purpose::Code, &"alice", at(1000)).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(sealed).unwrap();
    assert!(sealer.decrypt(Purpose::Code, "", &bytes).is_err());
    let stored = sealer.encrypt(Purpose::Code, "", b"\0\0\0\0\0\0\0\x01\"alice\"").unwrap();
    assert!(sealer.open::<String>(Purpose::Code, &URL_SAFE_NO_PAD.encode(stored)).is_err());
}

// TK5
#[test]
fn a_secret_moved_to_another_row_is_refused() {
    let sealer = sealer();
    let sealed = sealer.encrypt(Purpose::Account, "alice", b"secret").unwrap();
    assert!(sealer.decrypt(Purpose::Account, "mallory", &sealed).is_err());
    assert!(sealer.decrypt(Purpose::Account, "", &sealed).is_err());
}

#[test]
fn a_foreign_master_key_opens_nothing() {
    let foreign = Sealer::new(&key(OTHER), None).unwrap();
    let sealed = foreign.seal(Purpose::Code, &1, at(1000)).unwrap();
    let stored = foreign.encrypt(Purpose::Key, "k1", b"private").unwrap();
    assert!(sealer().open::<i32>(Purpose::Code, &sealed).is_err());
    assert!(sealer().decrypt(Purpose::Key, "k1", &stored).is_err());

    // Nor does it help to name our key in front.
    let ours = sealer().encrypt(Purpose::Key, "k1", b"private").unwrap();
    let renamed = [&ours[..ID_BYTES], &stored[ID_BYTES..]].concat();
    assert!(sealer().decrypt(Purpose::Key, "k1", &renamed).is_err());
}

#[test]
fn the_former_master_key_still_opens_and_no_longer_seals() {
    let before = Sealer::new(&key(OTHER), None).unwrap();
    let sealed = before.seal(Purpose::Code, &1, at(1000)).unwrap();
    let stored = before.encrypt(Purpose::Key, "k1", b"private").unwrap();

    let during = Sealer::new(&key(CURRENT), Some(&key(OTHER))).unwrap();
    assert_eq!(during.open::<i32>(Purpose::Code, &sealed).unwrap().value, 1);
    assert_eq!(**during.decrypt(Purpose::Key, "k1", &stored).unwrap(), *b"private");
    assert!(!during.is_current(&stored));

    let anew = during.encrypt(Purpose::Key, "k1", b"private").unwrap();
    assert!(during.is_current(&anew));
    assert!(before.decrypt(Purpose::Key, "k1", &anew).is_err());
    assert!(sealer().decrypt(Purpose::Key, "k1", &anew).is_ok());
    assert!(sealer().decrypt(Purpose::Key, "k1", &stored).is_err());
}

#[test]
fn a_mac_depends_on_the_master_key_and_the_message() {
    let foreign = Sealer::new(&key(OTHER), None).unwrap();
    let mac = |sealer: &Sealer, message| sealer.mac(Purpose::Lockout, message);
    assert_eq!(mac(&sealer(), b"alice"), mac(&sealer(), b"alice"));
    assert_ne!(mac(&sealer(), b"alice"), mac(&sealer(), b"bob"));
    assert_ne!(mac(&sealer(), b"alice"), mac(&foreign, b"alice"));
}

#[test]
fn a_master_key_is_read_in_every_spelling_of_base64() {
    let spellings = [CURRENT.to_owned(), CURRENT.replace('=', ""), format!(" {CURRENT}\r\n")];
    for text in &spellings {
        assert_eq!(key(text).id().unwrap(), key(CURRENT).id().unwrap());
    }
    let standard = OTHER.replace('_', "/");
    assert_eq!(key(OTHER).id().unwrap(), key(&standard).id().unwrap());
    assert_ne!(key(OTHER).id().unwrap(), key(CURRENT).id().unwrap());
    assert_eq!(key(OTHER).id().unwrap().len(), 6);
    for text in ["", "secret", &CURRENT[..40], &format!("{CURRENT}{CURRENT}"), &CURRENT.repeat(9)] {
        assert!(MasterKey::parse(text).is_err(), "{text}");
    }
}

#[test]
fn keys_do_not_print() {
    assert_eq!(format!("{:?} {:?}", key(CURRENT), sealer()), "MasterKey(..) Sealer(..)");
}

// TK5
#[test]
fn a_wrapped_secret_takes_the_very_token() {
    let wrapped = wrap("token", b"successor").unwrap();
    assert_eq!(**open_wrapped("token", &wrapped).unwrap(), *b"successor");
    assert!(open_wrapped("tokeN", &wrapped).is_err());
    assert!(open_wrapped("", &wrapped).is_err());
    for bytes in spoilt(&wrapped) {
        assert!(open_wrapped("token", &bytes).is_err(), "{bytes:?}");
    }
}
