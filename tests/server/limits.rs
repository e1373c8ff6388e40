//! Limits of time, size and number.

use super::*;

fn short() -> Limits {
    Limits { header_timeout: SHORT, ..Limits::default() }
}

#[tokio::test]
async fn half_a_header_is_closed_at_the_limit() {
    let server = Running::with(short()).await;
    for beginning in ["", "GET", "GET / HTTP/1.1\r\nHost: a", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let mut connection = server.connect().await;
        connection.send(beginning).await;
        assert_eq!(connection.rest().await, "", "{beginning:?}");
    }
}

#[tokio::test]
async fn half_a_header_after_a_whole_request_is_closed_at_the_limit() {
    let server = Running::with(short()).await;
    let mut connection = server.connect().await;
    connection.send(GET).await;
    connection.answer().await;
    connection.send("GET / HTTP/1.1\r\nHo").await;
    assert_eq!(connection.rest().await, "");
}

#[tokio::test]
async fn a_header_that_trickles_in_is_closed_at_the_limit() {
    let server = Running::with(short()).await;
    let (mut reading, mut writing) = server.connect().await.0.into_split();
    let trickle = tokio::spawn(async move {
        writing.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        while writing.write_all(b"a: b\r\n").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    });
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, reading.read_to_end(&mut bytes)).await.expect("not closed");
    timeout(PATIENCE, trickle).await.expect("still open").unwrap();
}

#[tokio::test]
async fn a_connection_rests_longer_than_a_header_may_take() {
    let server = Running::with(short()).await;
    let mut connection = server.connect().await;
    connection.send(GET).await;
    connection.answer().await;
    tokio::time::sleep(4 * SHORT).await;
    connection.send(GET).await;
    assert_eq!(status(&connection.answer().await), "200");
}

#[tokio::test]
async fn a_connection_that_rests_too_long_is_closed() {
    let server = Running::with(Limits { idle_timeout: 2 * SHORT, ..short() }).await;
    let mut connection = server.connect().await;
    connection.send(GET).await;
    connection.answer().await;
    assert_eq!(connection.rest().await, "");
}

#[tokio::test]
async fn a_header_too_long_is_refused() {
    let server = Running::with(Limits { head: 8 * 1024, ..Limits::default() }).await;
    let mut connection = server.connect().await;
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n", "c".repeat(16 * 1024));
    connection.send(&long).await;
    assert_eq!(status(&connection.rest().await), "431");
}

#[tokio::test]
async fn a_body_too_long_is_refused() {
    let server = Running::with(Limits { body: 10, ..Limits::default() }).await;
    let post = "POST /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    for (framing, expected) in [
        ("Content-Length: 10\r\n\r\n0123456789", "200"),
        ("Content-Length: 0\r\n\r\n", "200"),
        ("Content-Length: 11\r\n\r\n0123456789a", "413"),
        // Refused by its announcement alone.
        ("Content-Length: 99999999999\r\n\r\n", "413"),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", "200"),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n56789a\r\n0\r\n\r\n", "413"),
    ] {
        let mut connection = server.connect().await;
        connection.send(&format!("{post}{framing}")).await;
        assert_eq!(status(&connection.rest().await), expected, "{framing:?}");
    }
}

#[tokio::test]
async fn a_body_too_slow_is_refused() {
    let server = Running::with(Limits { body_timeout: SHORT, ..Limits::default() }).await;
    let mut connection = server.connect().await;
    connection.send("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234").await;
    assert_eq!(status(&connection.rest().await), "408");
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_for_a_place() {
    let server = Running::with(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = server.connect().await;
    first.send(GET).await;
    first.answer().await;

    let mut second = server.connect().await;
    second.send(GET).await;
    assert!(timeout(SHORT, second.answer()).await.is_err(), "two were served");
    drop(first);
    assert_eq!(status(&second.answer().await), "200");
}

// DO2
#[tokio::test]
async fn bytes_beyond_ascii_do_no_harm() {
    let server = Running::with(Limits::default()).await;
    for head in [
        &b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: \x80\xff\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nCookie: \xe4=\xf6\r\n\r\n",
        b"GET /\xff\xc3\xa9?\x80 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\xff\xff\xff\xff\r\n\r\n",
        b"GET / HTTP/1.1\r\n\xff: a\r\n\r\n",
    ] {
        let mut connection = server.connect().await;
        connection.0.write_all(head).await.unwrap();
        let answer = connection.answer().await;
        assert!(matches!(status(&answer), "200" | "400" | "404"), "{head:?}: {answer}");
    }
}
