//! Two more origins: an application that takes posted answers, and the place to which it sends people on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use poem::http::{StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response, Route, endpoint};
use tokio::task::JoinSet;

use crate::support::listen;

type Posted = BTreeMap<String, String>;

pub struct Sites {
    /// Takes posted answers. Of another site than the provider, not only of another origin.
    pub callback: String,
    /// Where the callback redirects to.
    pub onward: String,
    /// A page of the application.
    pub site: String,
    /// A picture of the application.
    pub logo: String,
    posted: Arc<Mutex<Vec<Posted>>>,
    _tasks: JoinSet<()>,
}

const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#7a3e9d"/><path d="M2 6V4h1v2zm2 0V2h1v4zm2 0V3h1v3z" fill="#fff"/></svg>"##;

impl Sites {
    pub async fn start() -> Self {
        let mut tasks = JoinSet::new();
        let posted: Arc<Mutex<Vec<Posted>>> = Arc::default();
        let welcome = || {
            endpoint::make_sync(|_| {
                Response::builder()
                    .content_type("text/html; charset=utf-8")
                    .body("<!doctype html><html lang=en><title>Welcome</title><h1>Welcome</h1>")
            })
        };
        let icon = || endpoint::make_sync(|_| StatusCode::NO_CONTENT);
        let site = Route::new().at("/welcome", welcome()).at("/favicon.ico", icon());
        let onward = format!("http://127.0.0.1:{}/welcome", serve(&mut tasks, site).await);

        let (kept, then) = (Arc::clone(&posted), onward.clone());
        let callback = endpoint::make(move |mut request: Request| {
            let (kept, then) = (Arc::clone(&kept), then.clone());
            async move {
                let form = request.take_body().into_bytes().await.unwrap();
                let form = url::form_urlencoded::parse(&form).into_owned().collect();
                kept.lock().unwrap().push(form);
                Response::builder()
                    .status(StatusCode::SEE_OTHER)
                    .header(header::LOCATION, then)
                    .finish()
            }
        });
        let logo =
            endpoint::make_sync(|_| Response::builder().content_type("image/svg+xml").body(LOGO));
        let site = Route::new()
            .at("/callback", poem::post(callback))
            .at("/logo.svg", logo)
            .at("/", welcome())
            .at("/favicon.ico", icon());
        let origin = format!("http://localhost:{}", serve(&mut tasks, site).await);
        let (callback, logo) = (format!("{origin}/callback"), format!("{origin}/logo.svg"));
        let site = format!("{origin}/");
        Self { callback, onward, site, logo, posted, _tasks: tasks }
    }

    /// The forms that came in, in their order.
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }
}

async fn serve(tasks: &mut JoinSet<()>, site: impl Endpoint<Output = Response> + 'static) -> u16 {
    let server = listen(None).await;
    let port = server.addresses()[0].port();
    tasks.spawn(server.serve(site.map_to_response(), std::future::pending()));
    port
}
