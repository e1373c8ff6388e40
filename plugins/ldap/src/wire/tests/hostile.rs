//! A server that means harm, or is broken beyond recognition (LD5): no panic, no wait beyond the
//! timeout, no memory without bound.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

use proptest::prelude::*;
use proptest::test_runner::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::fake::{attribute, done, entry, message, result, server, tlv};
use super::*;
use crate::wire::connection::over;
use crate::wire::pool::Lease;

/// The names of threads on which something has panicked. A test has a thread of its own, and its
/// name.
static PANICKED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(|| {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICKED.lock().unwrap().insert(this_thread());
        usual(panic);
    }));
    Mutex::default()
});

fn this_thread() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

/// What comes of a search that is answered so.
async fn answered(answer: Vec<u8>) -> Result<Vec<SearchEntry>, String> {
    LazyLock::force(&PANICKED);
    let server = server(move |_| answer.clone()).await;
    let url = format!("ldap://{}", server.address);
    let wire = plain_with(
        &[url],
        json!({ "bind_dn": null, "bind_password": null, "operation_timeout": "300ms" }),
    );
    let begin = Instant::now();
    let found = find(&wire, "alice").await;
    assert!(begin.elapsed() < Duration::from_millis(900), "{:?}", begin.elapsed());
    assert!(!PANICKED.lock().unwrap().contains(&this_thread()), "something panicked");
    found.map_err(|error| error.to_string())
}

fn nested(depth: u32) -> Vec<u8> {
    (0..depth)
        .rev()
        .flat_map(|inner| [&[0x30, 0x84][..], &(inner * 6).to_be_bytes()].concat())
        .collect()
}

#[tokio::test]
async fn answers_that_are_none_are_refused_and_told_to_the_operator() {
    let a_person = || entry(1, b"uid=alice", &[attribute(b"cn", &[b"Alice"])]);
    let nonsense = [
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        vec![0xff; 5000],
        nested(50_000),
        message(1, &nested(100)),
        // Lengths: of four gigabytes, indefinite, of nine digits.
        b"\x30\x84\xff\xff\xff\xff\x02".to_vec(),
        b"\x30\x80\x02\x01\x01\x00\x00".to_vec(),
        b"\x30\x89\x01\x01\x01\x01\x01\x01\x01\x01\x01".to_vec(),
        // Longer inside than outside.
        b"\x30\x05\x02\x7f\x01\x02\x03".to_vec(),
        b"\x30\x00".to_vec(),
        tlv(0x30, &tlv(2, &[1])),
        tlv(0x30, &tlv(2, &[])),
        tlv(0x30, &[tlv(4, b"1"), tlv(0x65, &result(0, b""))].concat()),
        // Of another question, of another kind, of no kind.
        done(7, 0),
        message(1, &tlv(0x61, &result(0, b""))),
        message(1, &tlv(0x6f, &result(0, b""))),
        message(1, &tlv(0x65, b"")),
        message(1, &tlv(0x65, &tlv(0x0a, &[]))),
        message(1, &tlv(0x65, &[tlv(0x0a, &[0]), tlv(4, b"")].concat())),
        message(1, &tlv(0x65, &[result(0, b""), tlv(0x30, b"")].concat())),
        message(1, &tlv(0x65, &[result(10, b""), tlv(0xa3, &tlv(4, &[0xff]))].concat())),
        message(1, &tlv(0x65, &[result(0, b""), tlv(0x8a, &[0xff])].concat())),
        // Entries.
        entry(1, &[0xff, 0xfe], &[]),
        message(1, &tlv(0x64, &tlv(4, b"uid=alice"))),
        message(1, &tlv(0x64, b"")),
        message(1, &tlv(0x64, &[tlv(4, b"x"), tlv(0x30, &tlv(4, b"cn"))].concat())),
        message(1, &tlv(0x64, &[tlv(4, b"x"), tlv(0x30, &tlv(0x30, &tlv(4, b"cn")))].concat())),
        entry(1, b"x", &[attribute(&[0xff], &[b"y"])]),
        // Controls.
        tlv(0x30, &[tlv(2, &[1]), tlv(0x65, &result(0, b"")), tlv(0xa0, &tlv(0x30, b""))].concat()),
        tlv(
            0x30,
            &[
                tlv(2, &[1]),
                tlv(0x65, &result(0, b"")),
                tlv(0xa0, &tlv(0x30, &[tlv(4, b"1.2"), tlv(1, b"")].concat())),
            ]
            .concat(),
        ),
        tlv(0x30, &[tlv(2, &[1]), tlv(0x65, &result(0, b"")), tlv(0x80, b"")].concat()),
        // Twice the end.
        [a_person(), done(1, 0), done(1, 0), vec![0x30]].concat(),
    ];
    for answer in nonsense {
        let shown = answer.iter().take(40).copied().collect::<Vec<_>>();
        match answered(answer).await {
            // What came before was an answer, and what follows closes the connection.
            Ok(found) => assert_eq!(found.len(), 1, "{shown:x?}"),
            Err(error) => assert!(error.contains("nonsense"), "{shown:x?}: {error}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_never_ends_is_awaited_no_longer_than_the_timeout() {
    for begun in [vec![], done(1, 0)[..9].to_vec(), entry(1, b"uid=alice", &[])] {
        let error = answered(begun).await.unwrap_err();
        assert!(error.contains("no answer within 300ms"), "{error}");
    }
}

#[tokio::test]
async fn the_notice_of_disconnection_is_understood() {
    let text = result(52, b"shutting down");
    let notice = message(0, &tlv(0x78, &[text, tlv(0x8a, b"1.3.6.1.4.1.1466.20036")].concat()));
    let error = answered(notice).await.unwrap_err();
    assert!(error.contains("the host closed the connection"), "{error}");
    // As Active Directory writes it: the name stands behind the operation.
    let name = tlv(0x8a, b"1.3.6.1.4.1.1466.20036");
    let notice = tlv(0x30, &[tlv(2, &[0]), tlv(0x78, &result(52, b"")), name].concat());
    let error = answered(notice).await.unwrap_err();
    assert!(error.contains("the host closed the connection"), "{error}");
}

#[tokio::test]
async fn referrals_are_ignored_and_not_followed() {
    let elsewhere = tlv(4, b"ldap://elsewhere.test/dc=x");
    let reference = message(1, &tlv(0x73, &elsewhere));
    let intermediate = message(1, &tlv(0x79, &tlv(0x80, b"1.2.3")));
    let alice = entry(1, b"uid=alice", &[attribute(b"cn", &[b"Alice"])]);
    let answer = [reference.clone(), alice, intermediate, reference, done(1, 0)].concat();
    let found = answered(answer).await.unwrap();
    assert_eq!(found.len(), 1);
    let referred = [result(10, b""), tlv(0xa3, &elsewhere)].concat();
    let error = answered(message(1, &tlv(0x65, &referred))).await.unwrap_err();
    assert!(error.contains("is not followed") && error.contains("elsewhere.test"), "{error}");
}

#[tokio::test]
async fn strange_but_lawful_answers_are_taken() {
    let attributes = [
        attribute(b"cn", &[b"Alice"]),
        attribute(b"cn", &[b"Alice again"]),
        attribute(b"jpegPhoto", &[&[0xff, 0xd8, 0x00], b"text"]),
        attribute(b"nothing", &[]),
        attribute(b"", &[b""]),
    ];
    // The text is in Latin-1, as some old servers have it.
    let end = message(1, &tlv(0x65, &result(0, b"gefunden f\xfcr Sie")));
    let found = answered([entry(1, b"", &attributes), end].concat()).await.unwrap();
    assert_eq!(found[0].bin_attrs["jpegPhoto"].len(), 2);
    let error =
        answered(message(1, &tlv(0x65, &result(50, b"nicht f\xfcr Sie")))).await.unwrap_err();
    assert!(error.contains("the directory answered 50: nicht f?r Sie"), "{error}");
}

#[tokio::test]
async fn endless_entries_end_with_the_limit_and_endless_referrals_with_the_room() {
    let entries = entry(1, b"uid=alice", &[attribute(b"cn", &[b"Alice"])]).repeat(5000);
    let error = answered(entries).await.unwrap_err();
    assert!(error.contains("finds more than 10 entries"), "{error}");
    let photograph = vec![0xff; 17 << 20];
    let error = answered(entry(1, b"uid=alice", &[attribute(b"jpegPhoto", &[&photograph])])).await;
    assert!(error.clone().unwrap_err().contains("nonsense: expected less"), "{error:?}");
    let values: Vec<&[u8]> = vec![b""; 500_000];
    let error = answered(entry(1, b"uid=alice", &[attribute(b"cn", &values)])).await.unwrap_err();
    assert!(error.contains("expected no more than an answer may have"), "{error}");
}

/// Puts an answer into a connection, and asks.
async fn fed(answer: Vec<u8>) {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move {
        let mut question = [0; 4096];
        let _ = theirs.read(&mut question).await;
        let _ = theirs.write_all(&answer).await;
    });
    let mut lease = Lease::own(over(ours).await.unwrap());
    let search = Search {
        base: "dc=x",
        scope: Scope::Base,
        filter: "(uid=x)",
        attributes: &["cn"],
        limit: 3,
    };
    let _ = lease.put(&search, Duration::from_secs(5)).await;
}

fn any_answer(bytes: Vec<u8>) {
    LazyLock::force(&PANICKED);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begin = Instant::now();
    runtime.block_on(fed(bytes));
    assert!(begin.elapsed() < Duration::from_secs(3), "it hangs");
    assert!(!PANICKED.lock().unwrap().contains(&this_thread()), "something panicked");
}

/// Well-formed BER of any shape.
fn element() -> impl Strategy<Value = Vec<u8>> {
    let tags = prop::sample::select(vec![
        0x01, 0x02, 0x04, 0x0a, 0x30, 0x31, 0x61, 0x64, 0x65, 0x73, 0x78, 0x79, 0x80, 0x8a, 0xa0,
        0xa3,
    ]);
    let leaf = (tags.clone(), prop::collection::vec(any::<u8>(), 0..8));
    leaf.prop_map(|(tag, content)| tlv(tag & !0x20, &content)).prop_recursive(
        5,
        40,
        5,
        move |inner| {
            (tags.clone(), prop::collection::vec(inner, 0..5))
                .prop_map(|(tag, inside)| tlv(tag | 0x20, &inside.concat()))
        },
    )
}

fn good() -> Vec<u8> {
    let attributes = [attribute(b"cn", &[b"Alice", b"A."]), attribute(b"sn", &[b"Li\xc3"])];
    let control = tlv(0x30, &[tlv(4, b"1.2"), tlv(1, &[0xff]), tlv(4, b"x")].concat());
    let end = [tlv(2, &[1]), tlv(0x65, &result(0, b"fine")), tlv(0xa0, &control)].concat();
    [
        entry(1, b"uid=alice", &attributes),
        message(1, &tlv(0x73, &tlv(4, b"ldap://x"))),
        tlv(0x30, &end),
    ]
    .concat()
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_bytes_are_borne(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        any_answer(bytes);
    }

    #[test]
    fn any_elements_are_borne(elements in prop::collection::vec(element(), 0..4)) {
        any_answer(elements.iter().flat_map(|element| message(1, element)).collect());
    }

    #[test]
    fn a_good_answer_with_any_bytes_changed_is_borne(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = good();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        any_answer(bytes);
    }
}
