//! Stopping: what is under way is finished, what is not is not begun.

use std::pin::pin;
use std::sync::Arc;

use poem::EndpointExt;
use poem::web::Data;
use tokio::sync::Semaphore;

use super::*;

/// Tells when a request has come in, and answers it when allowed to.
#[derive(Clone)]
struct Gate {
    entered: Arc<Semaphore>,
    leave: Arc<Semaphore>,
}

#[handler]
async fn gated(Data(gate): Data<&Gate>) -> &'static str {
    gate.entered.add_permits(1);
    gate.leave.acquire().await.unwrap().forget();
    "done"
}

async fn gated_server(limits: Limits) -> (Running, Gate) {
    let closed = || Arc::new(Semaphore::new(0));
    let gate = Gate { entered: closed(), leave: closed() };
    let endpoint = echo().at("/gated", get(gated)).data(gate.clone());
    (Running::start(endpoint, None, limits).await, gate)
}

#[tokio::test]
async fn a_request_in_flight_is_finished() {
    let (server, gate) = gated_server(Limits::default()).await;
    let mut idle = server.connect().await;
    idle.send(GET).await;
    idle.answer().await;
    let unused = server.connect().await;
    let mut busy = server.connect().await;
    busy.send("GET /gated HTTP/1.1\r\nHost: a\r\n\r\n").await;
    gate.entered.acquire().await.unwrap().forget();

    server.stop.send(()).unwrap();
    assert_eq!(idle.rest().await, "", "an idle connection was kept");
    assert!(TcpStream::connect(server.address).await.is_err(), "a new connection was accepted");
    assert!(!server.served.is_finished(), "did not wait");

    gate.leave.add_permits(1);
    let answer = busy.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
    timeout(PATIENCE, server.served).await.expect("does not end").unwrap();
    drop(unused);
}

#[tokio::test]
async fn a_request_that_outlasts_the_grace_is_dropped() {
    let (server, gate) = gated_server(Limits { grace: SHORT, ..Limits::default() }).await;
    let mut busy = server.connect().await;
    busy.send("GET /gated HTTP/1.1\r\nHost: a\r\n\r\n").await;
    gate.entered.acquire().await.unwrap().forget();

    server.stop.send(()).unwrap();
    timeout(PATIENCE, server.served).await.expect("does not end").unwrap();
    assert_eq!(busy.rest().await, "");
}

#[tokio::test]
async fn a_termination_signal_asks_to_stop() {
    let mut asked = pin!(vestibule::server::stop());
    // Listening begins here; before, the signal would end the tests.
    assert!(timeout(Duration::ZERO, asked.as_mut()).await.is_err());
    let pid = std::process::id().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    timeout(PATIENCE, asked).await.expect("not asked");
}
