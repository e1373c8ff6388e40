//! `vestibule backend sample`: what a few people of a backend look like, all at once.

use serde_json::json;

use super::super::answer::Answer;
use super::super::failure::Failure;
use super::super::surroundings::Surroundings;
use super::Stage;
use super::steps;

pub(super) async fn run(
    name: &str,
    stage: &Stage<'_>,
    surroundings: &Surroundings,
) -> Result<Answer, Failure> {
    let settings = stage.named(name)?;
    let candidate = stage.open(settings, surroundings).await?;
    let Some(steps) = candidate.sample().await else {
        return Err(Failure::new(format!(
            "`{name}` is of type \"{}\", which shows no sample of its people; try `vestibule backend try {name}`",
            settings.kind
        )));
    };
    let success = steps::failed(&steps).next().is_none();
    let json = json!({
        "success": success,
        "backend": settings.name,
        "type": settings.kind,
        "steps": steps::json(&steps),
    });
    Ok(Answer { text: steps::text(&steps), json, success })
}
