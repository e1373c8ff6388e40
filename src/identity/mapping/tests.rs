//! Claims as they are mapped, and mappings as they are written.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn mapping(claims: &Value) -> Mapping {
    Mapping::parse(claims.as_object().unwrap()).unwrap()
}

fn refused(claims: &Value) -> String {
    Mapping::parse(claims.as_object().unwrap()).err().unwrap().to_string()
}

fn alice() -> Attributes {
    let texts = [
        ("givenName", "Alice"),
        ("sn", "Liddell"),
        ("mail", "alice@example.com"),
        ("mail", "second@example.com"),
        ("memberOf", "staff"),
        ("memberOf", "ops"),
        ("role", "admin"),
        ("verified", "TRUE"),
        ("changed", "1700000000"),
        ("street", "1 Looking Glass\nWonderland"),
        ("l", "Oxford"),
        ("empty", ""),
    ];
    let mut attributes: Attributes = texts.into_iter().collect();
    attributes.add("photo", vec![0xff, 0xd8, 0xff]);
    attributes
}

#[test]
fn claims_come_from_templates_attributes_lists_and_constants() {
    let mapping = mapping(&json!({
        "name": "{{ givenName }} {{ sn }}",
        "email": "mail",
        "groups": ["memberOf", "role"],
        "email_verified": true,
        "https://example.com/level": 3,
        "initial": "{{ givenName | first }}",
    }));
    assert_eq!(
        Value::Object(mapping.claims(&alice())),
        json!({
            "name": "Alice Liddell",
            "email": "alice@example.com",
            "groups": ["staff", "ops", "admin"],
            "email_verified": true,
            "https://example.com/level": 3,
            "initial": "A",
        })
    );
}

#[test]
fn the_name_of_a_standard_claim_decides_its_type() {
    let mapping = mapping(&json!({
        "email_verified": "verified",
        "phone_number_verified": "{{ 'no' }}",
        "updated_at": "changed",
        "address": { "street_address": "street" },
        "address.locality": "l",
        "custom": "changed",
        "nickname": "changed",
    }));
    assert_eq!(
        Value::Object(mapping.claims(&alice())),
        json!({
            "email_verified": true,
            "phone_number_verified": false,
            "updated_at": 1_700_000_000,
            "address": { "street_address": "1 Looking Glass\nWonderland", "locality": "Oxford" },
            "custom": "1700000000",
            "nickname": "1700000000",
        })
    );
}

#[test]
fn what_is_absent_empty_or_of_another_type_is_left_out() {
    let mapping = mapping(&json!({
        "name": "{{ givenName }} {{ middleName }}",
        "email": "otherMail",
        "nickname": "empty",
        "profile": "{{ empty }}",
        "groups": ["noGroups", "empty"],
        "email_verified": "sn",
        "updated_at": "sn",
        "address.country": "c",
    }));
    assert_eq!(Value::Object(mapping.claims(&alice())), json!({}));
}

#[test]
fn a_template_can_have_a_fallback() {
    let mapping = mapping(&json!({
        "name": "{{ displayName | default(givenName) }}",
        "nickname": "{% if nick is defined %}{{ nick }}{% endif %}",
    }));
    assert_eq!(Value::Object(mapping.claims(&alice())), json!({ "name": "Alice" }));
    assert_eq!(mapping.attributes(), ["displayName", "givenName", "nick"]);
}

#[test]
fn bytes_are_told_in_base64_and_never_in_templates() {
    let mapping = mapping(&json!({ "photo": "photo", "photos": ["photo"], "x": "{{ photo }}" }));
    assert_eq!(
        Value::Object(mapping.claims(&alice())),
        json!({ "photo": "/9j/", "photos": ["/9j/"] })
    );
}

#[test]
fn the_attributes_to_fetch_are_those_the_mapping_reads() {
    let mapping = mapping(&json!({
        "name": "{% set full = givenName ~ ' ' ~ sn %}{{ full }}",
        "email": "mail",
        "groups": ["memberOf", "role"],
        "email_verified": true,
        "n": "{% for i in range(2) %}{{ i }}{% endfor %}",
    }));
    assert_eq!(mapping.attributes(), ["givenName", "mail", "memberOf", "role", "sn"]);
}

#[test]
fn without_a_mapping_attributes_are_claims_of_the_same_name() {
    let mapping = mapping(&json!({}));
    let mut attributes: Attributes = [
        ("username", "alice"),
        ("email", "a@example.com"),
        ("email_verified", "true"),
        ("address.locality", "Oxford"),
        ("groups", "staff"),
        ("shoe_size", "38"),
    ]
    .into_iter()
    .collect();
    assert_eq!(
        Value::Object(mapping.claims(&attributes)),
        json!({
            "preferred_username": "alice",
            "email": "a@example.com",
            "email_verified": true,
            "address": { "locality": "Oxford" },
            "groups": ["staff"],
        })
    );
    attributes.add("preferred_username", "Alice!");
    assert_eq!(mapping.claims(&attributes)["preferred_username"], "Alice!");
}

#[test]
fn what_cannot_be_meant_is_refused_with_the_claim_s_name() {
    for (claims, sentence) in [
        (json!({ "sub": "uid" }), "the claim `sub` is the provider's own; choose another name"),
        (json!({ "amr": ["x"] }), "the claim `amr` is the provider's own; choose another name"),
        (json!({ "email": ["mail"] }), "the claim `email` has one value, not a list"),
        (
            json!({ "email_verified": 1 }),
            "the claim `email_verified` needs the name of an attribute, a template, true or false",
        ),
        (json!({ "name": true }), "the claim `name` needs the name of an attribute or a template"),
        (json!({ "name": "" }), "the claim `name` needs the name of an attribute or a template"),
        (json!({ "address": "l" }), "the claim `address` has members: write `address.formatted`"),
        (
            json!({ "address": { "city": "l" } }),
            "the claim `address.city` is none of formatted, street_address, locality, region, \
             postal_code, country",
        ),
        (json!({ "groups": [1] }), "the claim `groups` lists names of attributes"),
    ] {
        assert_eq!(refused(&claims), sentence);
    }
    assert!(refused(&json!({ "name": "{{ givenName" })).contains("`name` has a template"));
    assert!(refused(&json!({ "x": { "a": "b" } })).contains("`x` needs"));
    assert!(refused(&json!({ "x": [] })).contains("`x` needs"));
}

// XS1: what looks like markup or a template reaches the client as it is, as a JSON string.
#[test]
fn values_pass_verbatim() {
    let mapping = mapping(&json!({ "name": "cn", "nickname": "{{ cn }}", "groups": ["cn"] }));
    for hostile in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "{{ 7 * 7 }}{% raw %}",
        "</script>\u{2028}\u{202e}",
        "a\",\"sub\":\"admin",
        "line\r\nbreak",
    ] {
        let claims = mapping.claims(&[("cn", hostile)].into_iter().collect());
        assert_eq!(claims["name"], hostile);
        assert_eq!(claims["nickname"], hostile);
        assert_eq!(claims["groups"], json!([hostile]));
        let text = serde_json::to_string(&claims).unwrap();
        assert_eq!(serde_json::from_str::<Map<_, _>>(&text).unwrap(), claims);
    }
}

proptest! {
    // DO2
    #[test]
    fn no_attributes_make_a_mapping_panic(
        texts in proptest::collection::vec(("[a-d]", any::<String>()), 0..8),
        bytes in any::<Vec<u8>>(),
    ) {
        let mapping = mapping(&json!({
            "name": "{{ a }} {{ b | upper }} {{ c[0] }} {{ d | int }} {{ d / 0 }}",
            "nickname": "{{ a | default(b) | replace(c, d) }}",
            "email": "a",
            "email_verified": "b",
            "updated_at": "c",
            "address.locality": "d",
            "all": ["a", "b", "c", "d"],
        }));
        let mut attributes: Attributes = texts.iter().cloned().collect();
        attributes.add("a", bytes);
        let claims = mapping.claims(&attributes);
        for (name, value) in &claims {
            prop_assert!(!value.is_null() && value != "", "{name} is empty");
        }
        prop_assert!(claims.get("email_verified").is_none_or(Value::is_boolean));
        prop_assert!(claims.get("updated_at").is_none_or(Value::is_i64));
        if let Some(plugin::Value::Text(first)) = attributes.first("a") && !first.is_empty() {
            prop_assert_eq!(&claims["email"], first);
        }
    }

    // DO2
    #[test]
    fn no_mapping_as_written_makes_the_reader_panic(
        claim in "[a-z._]{1,12}",
        written in prop_oneof![any::<String>().prop_map(Value::from), "[{}% a-z|()]{0,20}".prop_map(Value::from)],
    ) {
        if let Ok(mapping) = Mapping::parse(json!({ claim: written }).as_object().unwrap()) {
            let _ = (mapping.claims(&alice()), mapping.attributes());
        }
    }
}
