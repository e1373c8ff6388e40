use super::*;
use crate::clock::Clock;
use crate::protocol::Client;
use crate::storage::clients;

/// A place for a data folder, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("vestibule demo-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    /// Everything that a start does before it serves.
    async fn start(&self, port: u16) -> (Site, Secrets) {
        let data = Data::open(&self.0).unwrap();
        let surroundings = Surroundings::silent(Clock::system());
        let issuer = format!("http://127.0.0.1:{port}");
        let operations = SocketAddr::from(([127, 0, 0, 1], 9999));
        let site = data.site(&issuer, operations, &surroundings).await.unwrap();
        let secrets = data.secrets(&site).await.unwrap();
        seeds::move_spa(&site, &format!("http://127.0.0.1:{}", port + 1)).await.unwrap();
        (site, secrets)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn client(site: &Site, id: &str) -> Client {
    clients::read(&clients::find(&site.storage, id).await.unwrap().unwrap()).unwrap()
}

#[tokio::test]
async fn a_second_start_keeps_everything() {
    let place = Place::new("twice");
    let (site, first) = place.start(8080).await;
    let key = fs::read_to_string(place.0.join("master.key")).unwrap();
    site.storage.close().await.unwrap();
    let (site, second) = place.start(8080).await;
    assert_eq!(first.people, second.people);
    assert_eq!(first.web_secret, second.web_secret);
    assert_eq!(fs::read_to_string(place.0.join("master.key")).unwrap(), key);
    assert!(client(&site, seeds::WEB).await.secret.unwrap().is_of(&first.web_secret));
}

#[tokio::test]
async fn a_start_that_was_cut_short_is_taken_up() {
    let place = Place::new("short");
    // The folder and its secrets, but nobody in the database.
    let data = Data::open(&place.0).unwrap();
    let before = fs::read_to_string(data.path("secrets.json")).unwrap();
    let (site, secrets) = place.start(8080).await;
    assert!(secrets.people.iter().all(|(_, password)| before.contains(password)));
    client(&site, seeds::SPA).await;
}

#[test]
fn a_start_that_was_cut_short_before_its_first_file_is_taken_up() {
    let place = Place::new("shorter");
    fs::create_dir_all(&place.0).unwrap();
    fs::write(place.0.join("secrets.json.new"), "{").unwrap();
    let data = Data::open(&place.0).unwrap();
    assert!(data.path("secrets.json").exists() && !data.path("secrets.json.new").exists());
}

#[tokio::test]
async fn what_was_removed_stays_removed() {
    let place = Place::new("removed");
    let (site, _) = place.start(8080).await;
    clients::remove(&site.storage, seeds::WEB, site.everything_over()).await.unwrap();
    site.storage.close().await.unwrap();
    let (site, _) = place.start(8080).await;
    assert!(clients::find(&site.storage, seeds::WEB).await.unwrap().is_none());
}

#[tokio::test]
async fn the_application_follows_to_another_port_and_may_be_registered() {
    let place = Place::new("moved");
    let (site, _) = place.start(8080).await;
    assert_eq!(client(&site, seeds::SPA).await.redirect_uris, ["http://127.0.0.1:8081/callback"]);
    site.storage.close().await.unwrap();
    let (site, _) = place.start(9000).await;
    let spa = client(&site, seeds::SPA).await;
    assert_eq!(spa.redirect_uris, ["http://127.0.0.1:9001/callback"]);
    assert_eq!(spa.origins(), ["http://127.0.0.1:9001"]);
    spa.validate().unwrap();
    client(&site, seeds::WEB).await.validate().unwrap();
}

#[tokio::test]
async fn nobody_else_can_read_the_folder() {
    let place = Place::new("mode");
    fs::create_dir_all(&place.0).unwrap();
    fs::set_permissions(&place.0, Permissions::from_mode(0o755)).unwrap();
    place.start(8080).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.0), 0o700);
    for file in ["master.key", "secrets.json", "vestibule.toml", "vestibule.db"] {
        assert_eq!(mode(&place.0.join(file)), 0o600, "{file}");
    }
}

#[test]
fn a_folder_of_other_things_is_left_alone() {
    let place = Place::new("other");
    fs::create_dir_all(&place.0).unwrap();
    fs::write(place.0.join("thesis.tex"), "").unwrap();
    let failure = Data::open(&place.0).err().unwrap().to_string();
    assert!(failure.contains("holds other things than a demo"), "{failure}");
    assert_eq!(fs::read_dir(&place.0).unwrap().count(), 1);
}

#[tokio::test]
async fn passwords_differ_from_folder_to_folder() {
    let (one, other) = (Place::new("one"), Place::new("other one"));
    let (_, one) = one.start(8080).await;
    let (_, other) = other.start(8080).await;
    assert!(one.people.iter().zip(&other.people).all(|(one, other)| one.1 != other.1));
}

#[tokio::test]
async fn the_greeting_says_where_to_go_and_how_to_log_in() {
    let place = Place::new("greeting");
    let (site, secrets) = place.start(8080).await;
    let data = Data::open(&place.0).unwrap();
    let text = greeting(&data, &site.config.server.issuer, "http://127.0.0.1:8081", &secrets);
    for (name, password) in &secrets.people {
        assert!(text.contains(&format!("{name:6}  {password}")), "{text}");
    }
    for told in ["http://127.0.0.1:8080\n", "http://127.0.0.1:8081 ", "/docs", &secrets.web_secret]
    {
        assert!(text.contains(told.trim_end()), "{told}\n{text}");
    }
}
