//! `vestibule serve`: the provider in production.

use std::path::Path;
use std::sync::Arc;

use poem::{Endpoint, Response};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::answer::Answer;
use super::failure::Failure;
use super::site::{self, Site};
use super::surroundings::Surroundings;
use crate::config::Config;
use crate::http::opening::Options;
use crate::http::operations::{self, Metrics, Readiness};
use crate::http::provider::Provider;
use crate::log;
use crate::server::{self, Limits, Server, Tls};

pub(super) async fn run(file: &Path, surroundings: &Surroundings) -> Result<Answer, Failure> {
    let site = Site::open(file, surroundings).await?;
    log::open(site.config.log.format.into(), &site.config.log.filter)?;
    let sockets = Sockets::open(&site.config).await?;
    let options = Options { clock: surroundings.clock.clone(), ..Options::default() };
    let provider = site::provider(site, options).await?;
    let endpoint = crate::http::endpoint(&provider)?;
    tracing::info!(issuer = provider.issuer, addresses = ?sockets.public.addresses(), "serving");
    sockets.serve(&provider, endpoint, JoinSet::new(), server::stop()).await;
    Ok(Answer::new("", json!({})))
}

/// The addresses of a node, listened on before anything else is begun: who cannot have them should
/// not have touched anything.
pub(super) struct Sockets {
    pub(super) public: Server,
    pub(super) operations: Server,
}

impl Sockets {
    pub(super) async fn open(config: &Config) -> Result<Self, Failure> {
        let server = &config.server;
        let tls = match server.tls() {
            None => None,
            Some(tls) => Some(Tls::open(&tls.certificate, &tls.key).map_err(|wrong| {
                Failure::new(format!("{wrong}; see server.tls_certificate and server.tls_key"))
            })?),
        };
        let listening = |name: &'static str| {
            move |error: server::BindError| Failure::new(format!("{name}: {error}"))
        };
        let public = Server::bind(&server.listen, tls, Limits::from(server)).await;
        let operations = Server::bind(&[server.operations], None, Limits::default()).await;
        Ok(Self {
            public: public.map_err(listening("server.listen"))?,
            operations: operations.map_err(listening("server.operations"))?,
        })
    }

    /// Answers until it is `asked` to stop, and `others` as well.
    pub(super) async fn serve(
        self,
        provider: &Arc<Provider>,
        endpoint: impl Endpoint<Output = Response> + 'static,
        mut others: JoinSet<()>,
        asked: impl Future<Output = ()>,
    ) {
        let (stop, stopped) = watch::channel(false);
        let told = |mut stopped: watch::Receiver<bool>| async move {
            // An error means that the sender is gone, which is a stop as well.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        others.spawn(provider.clone().tend());
        let operations = operations::endpoint(readiness(provider), Metrics::open());
        let supervised = tokio::spawn(self.operations.serve(operations, told(stopped.clone())));
        let public = tokio::spawn(self.public.serve(endpoint, told(stopped)));
        asked.await;
        tracing::info!("stopping");
        let _ = stop.send(true);
        let _ = public.await;
        let _ = supervised.await;
        others.shutdown().await;
    }
}

/// What must hold for logins and tokens.
fn readiness(provider: &Arc<Provider>) -> Readiness {
    let storage = provider.storage.clone();
    let database = Readiness::default().with("database", move || {
        let storage = storage.clone();
        async move { storage.ping().await.map_err(|fault| fault.to_string()) }
    });
    database.with_backends(provider.identities.clone())
}
