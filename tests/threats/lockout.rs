//! How many passwords may be tried, and what the answers tell (LK1 to LK5, EN1).

use crate::support::{App, Database, Op, Page, Registration, Setup};

/// The login page after a try, in a browser that is not known.
async fn attempt(op: &Op, app: &App, username: &str, password: &str) -> Page {
    op.browser().authorize(app).log_in_with(username, password).await.page().clone()
}

async fn with_limit(tries: u32) -> (Op, App) {
    let op = Op::with_config(&format!("[login]\nattempts_per_name = {tries}")).await;
    let app = op.app(Registration::web()).await;
    (op, app)
}

// LK1, LK2
#[tokio::test]
async fn only_time_opens_the_door_again() {
    let (op, app) = with_limit(3).await;
    let known = op.browser();
    known.authorize(&app).log_in("alice").consent().await.code();
    for _ in 0..3 {
        assert_eq!(attempt(&op, &app, "alice", "wrong").await.status, 403);
    }
    // Neither her session, nor a token, nor somebody else's success clears what was counted for strangers.
    let code = known.authorize(&app).await.code();
    let tokens = app.redeem(&code).await.tokens();
    app.refresh(tokens.refresh_token()).await.tokens();
    op.browser().authorize(&app).log_in("bob").consent().await.code();
    known.authorize(app.request().prompt("login")).log_in("alice").await.code();
    let right = crate::support::password_of("alice");
    let page = attempt(&op, &app, "alice", &right).await;
    assert_eq!(page.status, 429, "{}", page.text());
    assert_eq!(page.header("retry-after"), "900");
    op.time.pass_seconds(899);
    assert_eq!(attempt(&op, &app, "alice", &right).await.status, 429);
    op.time.pass_seconds(1);
    op.browser().authorize(&app).log_in("alice").await.code();
}

// LK3
#[tokio::test]
async fn one_name_in_many_spellings_has_one_counter() {
    let (op, app) = with_limit(4).await;
    for name in ["alice", "ALICE", "Alice", "\u{ff41}\u{ff4c}\u{ff49}\u{ff43}\u{ff45}"] {
        assert_eq!(attempt(&op, &app, name, "wrong").await.status, 403, "{name}");
    }
    for name in ["alice", "aLiCe", "\u{ff21}lice"] {
        assert_eq!(attempt(&op, &app, name, "wrong").await.status, 429, "{name}");
    }
    // A name that nobody has is counted by its one form as well, as no person is known to count for.
    for name in ["nobody", "NOBODY", "Nobody", "n\u{ff4f}body"] {
        assert_eq!(attempt(&op, &app, name, "wrong").await.status, 403, "{name}");
    }
    assert_eq!(attempt(&op, &app, "noBODY", "wrong").await.status, 429);
    assert_eq!(attempt(&op, &app, "bob", "wrong").await.status, 403);
}

// LK3
#[tokio::test]
async fn a_known_browser_has_tries_of_its_own() {
    let (op, app) = with_limit(3).await;
    let owner = op.browser();
    owner.authorize(&app).log_in("alice").consent().await.code();
    owner.visit("/logout").confirm().await;
    for _ in 0..5 {
        attempt(&op, &app, "alice", "wrong").await;
    }
    // Strangers cannot shut her out, and she has no more tries than they.
    for _ in 0..3 {
        let page = owner.authorize(&app).log_in_with("alice", "mistyped").await.page().clone();
        assert_eq!(page.status, 403);
    }
    let page = owner.authorize(&app).log_in("alice").await.page().clone();
    assert_eq!(page.status, 429);
    // Nor does her browser help to guess the passwords of others.
    for _ in 0..3 {
        assert_eq!(attempt(&op, &app, "bob", "wrong").await.status, 403);
    }
    assert_eq!(owner.authorize(&app).log_in_with("bob", "wrong").await.page().status, 429);
}

/// LK5: a hundred at once, of which only so many are judged.
async fn a_hundred_wrong_tries(database: Database) {
    let config = "[login]\nattempts_per_name = 7\nattempts_per_address = 1000";
    let op = Op::set_up(Setup::default().on(database).config(config)).await;
    let app = op.app(Registration::web()).await;
    for name in ["alice", "nobody"] {
        let statuses = super::at_once(100, || {
            let visit = op.browser().authorize(&app).log_in_with(name, "wrong");
            async move { visit.await.page().status }
        })
        .await;
        let count = |status| statuses.iter().filter(|known| **known == status).count();
        assert_eq!((count(403), count(429)), (7, 93), "{name}: {statuses:?}");
    }
}

mod a_hundred_wrong_tries_at_once_count_a_hundred {
    use super::*;

    // LK5
    #[tokio::test]
    async fn sqlite() {
        a_hundred_wrong_tries(Database::Sqlite).await;
    }

    // LK5
    #[tokio::test]
    async fn postgres() {
        a_hundred_wrong_tries(Database::Postgres).await;
    }

    // LK5
    #[tokio::test]
    async fn mariadb() {
        a_hundred_wrong_tries(Database::Mariadb).await;
    }
}

async fn unlike_people(config: &str) -> (Op, App) {
    let op = Op::with_config(config).await;
    let app = op.app(Registration::web()).await;
    for name in ["carla", "diana"] {
        op.person(name, &[]).await;
    }
    op.execute("UPDATE person SET disabled = TRUE WHERE username = 'carla'").await;
    op.execute("UPDATE person SET locked = TRUE WHERE username = 'diana'").await;
    (op, app)
}

/// Nobody, alice whose password is another, and two whose accounts are closed.
const NAMES: [&str; 4] = ["nobdy", "alice", "carla", "diana"];

// EN1
#[tokio::test]
async fn a_refusal_tells_nothing_of_who_exists() {
    let (op, app) = unlike_people("").await;
    for password in
        ["wrong", "", "\0", "a very long password that nobody has, and nobody would type"]
    {
        let expected = attempt(&op, &app, "nobdy", password).await.told_to_strangers("nobdy");
        assert_eq!(expected.0, 403);
        for name in NAMES {
            let page = attempt(&op, &app, name, password).await;
            assert_eq!(page.told_to_strangers(name), expected, "{name} {password:?}");
        }
    }
}

// EN1, LK3
#[tokio::test]
async fn a_lockout_tells_nothing_of_who_exists() {
    let (op, app) = unlike_people("[login]\nattempts_per_name = 2").await;
    let mut pages = Vec::new();
    for name in NAMES {
        for _ in 0..2 {
            assert_eq!(attempt(&op, &app, name, "wrong").await.status, 403);
        }
        let page = attempt(&op, &app, name, &crate::support::password_of(name)).await;
        assert_eq!(page.status, 429);
        pages.push(page.told_to_strangers(name));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
}

// EN1
#[tokio::test]
async fn the_state_of_an_account_is_told_to_whoever_proved_the_password() {
    let (op, app) = unlike_people("").await;
    for (name, word) in [("carla", "disabled"), ("diana", "locked")] {
        let page = attempt(&op, &app, name, &crate::support::password_of(name)).await;
        assert_eq!(page.status, 403);
        assert!(page.text().contains(word), "{}", page.text());
    }
}
