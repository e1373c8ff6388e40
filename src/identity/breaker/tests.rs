//! Backends that fail, are left alone, and come back.

use vestibule_plugin::{Identity, Login, Password, Refusal, Username};

use super::super::fixture::{Journal, Mood, Source};
use super::*;

const PATIENCE: Duration = Duration::from_secs(5);

struct Scene {
    source: Source,
    breaker: Arc<Breaker>,
}

impl Scene {
    /// Three failures in a row are enough.
    fn new() -> Self {
        let source = Source::new(true);
        source.add(&["alice"], "s-1");
        let breaker = Breaker::new("staff".to_owned(), Box::new(source.clone()), PATIENCE, 3);
        Self { source, breaker }
    }

    async fn log_in(&self, password: &str) -> Result<Identity, Refusal> {
        let Login::Password(login) = self.breaker.backend().login() else { panic!("passwords") };
        let username = Username::parse("alice").unwrap();
        let password = Password::parse(password.to_owned()).unwrap();
        self.breaker.ask(Operation::Login, login.authenticate(&username, &password)).await
    }

    async fn fail(&self, mood: Mood, times: usize) {
        self.source.is(mood);
        for _ in 0..times {
            assert!(matches!(self.log_in("right").await, Err(Refusal::Unavailable(_))));
        }
    }

    /// Fails as often as is enough, until the probe knows.
    async fn give_up(&self, mood: Mood) {
        self.fail(mood, 3).await;
        sleep(PATIENCE + Duration::from_millis(1)).await;
        assert!(!self.is_asked());
    }

    fn is_asked(&self) -> bool {
        self.breaker.condition().asked
    }
}

// LK4
#[tokio::test(start_paused = true)]
async fn who_fails_too_often_is_left_alone() {
    for mood in [Mood::Down, Mood::Hanging] {
        let scene = Scene::new();
        scene.give_up(mood).await;
        let began = Instant::now();
        let Err(Refusal::Unavailable(cause)) = scene.log_in("right").await else {
            panic!("{mood:?} lets nobody in");
        };
        assert_eq!(began.elapsed(), Duration::ZERO, "the answer is there at once");
        assert!(was_not_asked(&cause), "{cause}");
        assert!(cause.to_string().contains("left alone"), "{cause}");
        assert_eq!(scene.source.asked(), 3, "nobody was asked");
        let condition = scene.breaker.condition();
        assert_eq!((condition.name, condition.asked), ("staff", false));
        assert!(condition.cause.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_between_is_a_new_beginning_and_a_refusal_is_one() {
    let scene = Scene::new();
    for password in ["right", "guess", "right"] {
        scene.fail(Mood::Down, 2).await;
        assert_eq!(scene.breaker.condition().cause.as_deref(), Some("the test says so"));
        scene.source.is(Mood::Well);
        let _answer = scene.log_in(password).await;
        assert_eq!(scene.breaker.condition().cause, None);
    }
    assert!(scene.is_asked());
}

#[tokio::test(start_paused = true)]
async fn that_a_backend_is_busy_says_nothing_of_its_health() {
    let scene = Scene::new();
    scene.fail(Mood::Busy, 10).await;
    assert!(scene.is_asked());
    scene.fail(Mood::Down, 2).await;
    scene.fail(Mood::Busy, 1).await;
    assert!(scene.is_asked());
    scene.fail(Mood::Down, 1).await;
    sleep(Duration::from_millis(1)).await;
    assert!(!scene.is_asked(), "it is no answer, either");
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_well_is_asked_whoever_fails_there() {
    let scene = Scene::new();
    for _ in 0..10 {
        // As where two people have one name.
        scene.fail(Mood::DownForLogins, 3).await;
        sleep(Duration::from_millis(1)).await;
        assert!(scene.is_asked());
    }
    assert_eq!((scene.source.asked(), scene.source.health_asked()), (30, 10));
}

#[tokio::test(start_paused = true)]
async fn the_probe_asks_less_and_less_often_until_there_is_an_answer() {
    let scene = Scene::new();
    scene.fail(Mood::Down, 3).await;
    let began = Instant::now();
    let mut asked = Vec::new();
    while asked.len() < 8 {
        sleep(Duration::from_millis(250)).await;
        if scene.source.health_asked() > asked.len() {
            asked.push(began.elapsed().as_secs());
        }
    }
    assert_eq!(asked, [0, 1, 3, 7, 15, 31, 61, 91]);
    assert!(!scene.is_asked());
    scene.source.is(Mood::Well);
    sleep(Duration::from_secs(31)).await;
    assert!(scene.is_asked());
    assert!(scene.log_in("right").await.is_ok());
    sleep(Duration::from_secs(600)).await;
    assert_eq!(scene.source.health_asked(), 9, "the probe has ended");
}

#[tokio::test(start_paused = true)]
async fn an_operator_who_asks_gets_an_answer_and_closes_it() {
    let scene = Scene::new();
    scene.give_up(Mood::Down).await;
    let probed = scene.source.health_asked();
    assert!(scene.breaker.health().await.is_err());
    assert_eq!(scene.source.health_asked(), probed + 1);
    assert!(!scene.is_asked());
    scene.source.is(Mood::Well);
    assert!(scene.breaker.health().await.is_ok());
    assert!(scene.is_asked());
    scene.source.is(Mood::Hanging);
    assert!(scene.breaker.health().await.is_err());
    assert!(scene.is_asked(), "whether logins succeed, logins tell");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_less_long_learns_what_was_last_known() {
    let scene = Scene::new();
    let glance = || scene.breaker.health_within(Duration::from_millis(1500));
    // As where the first host swallows everything.
    scene.source.is_slow(Duration::from_secs(2));
    let cause = glance().await.unwrap_err().to_string();
    assert!(cause.ends_with("no answer within 1.5s"), "{cause}");
    sleep(Duration::from_secs(1)).await;
    assert!(glance().await.is_ok(), "the first question went on");
    assert!(glance().await.is_ok());
    assert_eq!(scene.source.health_asked(), 2, "one at a time");
    sleep(PATIENCE).await;
    scene.source.is(Mood::Busy);
    scene.source.is_slow(Duration::ZERO);
    assert!(glance().await.is_ok(), "that it is busy says nothing new");
    scene.source.is(Mood::Hanging);
    let began = Instant::now();
    assert!(glance().await.is_ok());
    assert_eq!(began.elapsed(), Duration::from_millis(1500));
    sleep(PATIENCE).await;
    assert!(glance().await.is_err(), "it had its time");
    assert!(scene.is_asked());
}

#[tokio::test(start_paused = true)]
async fn a_probe_outlives_a_panic_of_the_backend() {
    let scene = Scene::new();
    scene.give_up(Mood::Panics).await;
    let cause = scene.breaker.condition().cause;
    assert_eq!(cause.as_deref(), Some("the check itself failed"));
    scene.source.is(Mood::Well);
    sleep(LONGEST_PAUSE).await;
    assert!(scene.is_asked() && scene.log_in("right").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_probe_ends_with_its_breaker() {
    let Scene { source, breaker } = {
        let scene = Scene::new();
        scene.fail(Mood::Down, 3).await;
        scene
    };
    sleep(Duration::from_millis(500)).await;
    assert_eq!((source.health_asked(), source.holders()), (1, 2));
    drop(breaker);
    assert_eq!(source.holders(), 1, "nothing else holds the backend");
    sleep(Duration::from_secs(120)).await;
    assert_eq!(source.health_asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_logged_when_it_begins_and_when_it_is_over() {
    let scene = Scene::new();
    let (journal, guard) = Journal::open();
    scene.give_up(Mood::Down).await;
    scene.fail(Mood::Down, 20).await;
    sleep(Duration::from_secs(10)).await;
    scene.source.is(Mood::Well);
    sleep(Duration::from_secs(30)).await;
    assert!(scene.log_in("right").await.is_ok());
    drop(guard);
    let text = journal.text();
    let count = |words: &str| text.lines().filter(|line| line.contains(words)).count();
    let [begun, over] = ["the backend is left alone", "the backend answers again"].map(count);
    assert_eq!((begun, over, text.lines().count()), (1, 1, 2), "{text}");
    assert!(text.contains("ERROR") && text.contains("INFO"), "{text}");
}
