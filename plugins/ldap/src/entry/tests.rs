//! What is told of an entry.

use proptest::prelude::*;

use super::*;

fn entry(texts: &[(&str, &[&str])], binary: &[(&str, &[&[u8]])]) -> Entry {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let bytes = |values: &[&[u8]]| values.iter().map(|value| value.to_vec()).collect();
    Entry::from(SearchEntry {
        dn: "uid=alice".to_owned(),
        attrs: texts.iter().map(|(name, v)| ((*name).to_owned(), owned(v))).collect(),
        bin_attrs: binary.iter().map(|(name, v)| ((*name).to_owned(), bytes(v))).collect(),
    })
}

#[test]
fn attributes_have_the_names_that_were_asked_for() {
    let entry = entry(&[("givenname", &["Alice"]), ("mail", &["b@x", "a@x"])], &[]);
    let attributes = entry.attributes(["givenName", "Mail", "sn", "dn"]);
    let names: Vec<&str> = attributes.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Mail", "dn", "givenName"]);
    assert_eq!(attributes.all("Mail"), [Value::from("b@x"), Value::from("a@x")]);
    assert_eq!(attributes.first("dn"), Some(&Value::from("uid=alice")));
}

#[test]
fn photographs_and_certificates_are_bytes_whatever_is_in_them() {
    let entry = entry(
        &[("jpegPhoto", &["text by chance"]), ("userCertificate;binary", &["0"]), ("cn", &["a"])],
        &[("unheardOf", &[b"\xff", b"a"])],
    );
    assert_eq!(entry.told("jpegphoto"), [Value::from(b"text by chance".to_vec())]);
    assert_eq!(entry.told("userCertificate"), [Value::from(b"0".to_vec())]);
    assert_eq!(entry.told("userCertificate;binary"), [Value::from(b"0".to_vec())]);
    let bytes = [Value::from(b"\xff".to_vec()), Value::from(b"a".to_vec())];
    assert_eq!(entry.told("unheardOf"), bytes);
    assert_eq!(entry.told("cn"), [Value::from("a")]);
}

#[test]
fn identifiers_are_told_as_people_write_them() {
    let sid: &[u8] = b"\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x20\x02\0\0";
    // The bytes of this GUID are letters.
    let entry = entry(&[("objectGUID", &["abcdefghijklmnop"])], &[("objectSid", &[sid])]);
    let guid = "64636261-6665-6867-696a-6b6c6d6e6f70";
    assert_eq!(entry.told("objectguid"), [Value::from(guid)]);
    assert_eq!(entry.told("objectSid"), [Value::from("S-1-5-32-544")]);
}

#[test]
fn an_attribute_that_came_in_part_is_noticed() {
    let entry = entry(&[("memberOf;range=0-1499", &["cn=a"]), ("member", &["cn=b"])], &[]);
    assert!(entry.is_cut_short("memberOf"));
    assert!(!entry.is_cut_short("member"));
    assert_eq!(entry.texts("memberOf").count(), 0);
}

#[test]
fn hashes_are_secret_in_every_spelling() {
    for name in ["userPassword", "USERPASSWORD", "userPassword;lang-de", "unicodePwd"] {
        assert!(is_secret(name), "{name}");
    }
    assert!(!is_secret("mail"));
}

proptest! {
    // LD5
    #[test]
    fn no_entry_makes_a_reader_panic(
        texts in prop::collection::hash_map(names(), prop::collection::vec("\\PC{0,8}", 0..3), 0..6),
        bytes in prop::collection::hash_map(
            names(), prop::collection::vec(any::<Vec<u8>>(), 0..3), 0..6,
        ),
        dn in any::<String>(),
    ) {
        let entry = Entry::from(SearchEntry { dn, attrs: texts, bin_attrs: bytes });
        let wanted = ["objectGUID", "objectsid", "jpegPhoto", "mail", "dn", "memberOf"];
        let _ = entry.attributes(wanted);
        let _ = (crate::dn::name(&entry.dn), entry.is_cut_short("memberOf"));
        for attribute in ["objectGUID", "objectSid", "entryUUID", "mail"] {
            let _ = crate::subject::of(&entry, attribute);
        }
    }
}

/// Names that are read in some way of their own, in any case, and others.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "objectGUID",
            "OBJECTGUID",
            "objectSid",
            "jpegPhoto",
            "mail",
            "Mail",
            "dn",
            "memberOf",
            "memberOf;range=0-1499",
            "entryUUID",
            "mail;binary",
            "",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}
