//! What a table looks like: its columns and the attributes they become, whether indexes lead to its
//! rows, and which hash schemes a few rows have.
//!
//! The rows are those of `sample_query`, or of the query of a name without its condition, where that
//! can be left out.

use std::collections::BTreeMap;

use vestibule_plugin::{Outcome, Refusal};

use super::cell::Row;
use super::database::Database;
use super::query::Query;
use super::rehearsal::Steps;
use super::{GROUPS, Tables, everybody, person, plan};
use crate::hash::Stored;

/// No more rows are looked at, however many the query brings.
const MOST_ROWS: usize = 1000;

/// What was seen in the rows.
#[derive(Default)]
struct Seen {
    rows: usize,
    /// Schemes, or why there is none, and how often.
    schemes: BTreeMap<String, usize>,
    unusable: Vec<String>,
    weak: Vec<&'static str>,
    /// Rows that cannot be read as people.
    odd: Vec<String>,
}

impl Tables {
    pub(super) async fn read_sample(&self, steps: &mut Steps) -> Result<(), Refusal> {
        let database = self.connect(steps).await?;
        let queries = &self.settings.queries;
        self.show_columns(steps, &database, &queries.person, true).await?;
        if let Some(lookup) = &queries.lookup {
            self.show_columns(steps, &database, lookup, false).await?;
        }
        let sent = [Some(&queries.person), queries.lookup.as_ref(), queries.groups.as_ref()];
        for query in sent.into_iter().flatten() {
            show_plan(steps, &database, query).await?;
        }
        self.show_rows(steps, &database).await
    }

    async fn show_columns(
        &self,
        steps: &mut Steps,
        database: &Database,
        query: &Query,
        with_password: bool,
    ) -> Result<(), Refusal> {
        let step = format!("columns of {}", query.option);
        let names = steps.attempt(&step, &[], database.columns(query).await)?;
        let row = Row(names.iter().map(|name| (name.clone(), super::cell::Cell::Null)).collect());
        let columns = &self.settings.columns;
        let needed = [
            Some(&columns.subject),
            with_password.then_some(&columns.password),
            columns.disabled.as_ref(),
            columns.locked.as_ref(),
            columns.expired.as_ref(),
            columns.must_change.as_ref(),
        ];
        let mut facts = vec![("columns", names.join(", "))];
        for name in needed.into_iter().flatten() {
            steps.attempt(&step, &facts, row.cell(name).map(|_| ()))?;
        }
        let (mut mapped, mut missing) = (Vec::new(), Vec::new());
        for name in &columns.wanted {
            let own = name == GROUPS && self.settings.queries.groups.is_some();
            match steps.attempt(&step, &facts, row.find(name))? {
                _ if own => mapped.push(format!("{name} (groups_query)")),
                Some(_) => mapped.push(name.clone()),
                None if self.expected => missing.push(name.as_str()),
                None => {}
            }
        }
        facts.push(("attributes", mapped.join(", ")));
        let outcome = if missing.is_empty() {
            Outcome::Passed
        } else {
            facts.push(("absent", missing.join(", ")));
            Outcome::Doubtful(
                "claims are made of attributes that no column has; name columns in the query, with AS, \
                 or change `claims`"
                    .to_owned(),
            )
        };
        steps.add(&step, outcome, &facts);
        Ok(())
    }

    async fn show_rows(&self, steps: &mut Steps, database: &Database) -> Result<(), Refusal> {
        let queries = &self.settings.queries;
        let Some(query) = queries.sample.clone().or_else(|| everybody::of(&queries.person)) else {
            let advice = "no rows were read, as it is not plain how `query` would find anybody; to see \
                          hash schemes, set `sample_query` to it without the condition on the name \
                          and with a LIMIT";
            steps.add("rows", Outcome::Doubtful(advice.to_owned()), &[]);
            return Ok(());
        };
        let asked = [("query", query.sql.clone())];
        let answer = database.rows(&query, &[], MOST_ROWS).await;
        let rows = steps.attempt("rows", &asked, answer)?;
        let mut seen = Seen::default();
        for row in &rows {
            self.look_at(row, &mut seen);
        }
        let [asked] = asked;
        let counted = |(scheme, count): (&String, &usize)| format!("{scheme}: {count}");
        let mut facts = vec![asked, ("rows", seen.rows.to_string())];
        facts.push(("schemes", seen.schemes.iter().map(counted).collect::<Vec<_>>().join("; ")));
        steps.add("rows", self.judge(&seen), &facts);
        Ok(())
    }

    fn look_at(&self, row: &Row, seen: &mut Seen) {
        seen.rows += 1;
        if let Err(odd) = self.person(row) {
            seen.odd.push(odd.to_string());
        }
        let scheme = match person::hash(row, &self.settings.columns) {
            Ok(Some(text)) => match Stored::recognise(&text) {
                Ok(stored) => {
                    if stored.is_weak() {
                        seen.weak.push(stored.scheme);
                    }
                    stored.scheme.to_owned()
                }
                Err(unusable) => {
                    seen.unusable.push(unusable.to_string());
                    unusable.to_string()
                }
            },
            Ok(None) => "no password".to_owned(),
            Err(odd) => {
                seen.odd.push(odd.to_string());
                return;
            }
        };
        *seen.schemes.entry(scheme).or_default() += 1;
    }

    fn judge(&self, seen: &Seen) -> Outcome {
        if let Some(odd) = seen.odd.first() {
            let count = seen.odd.len();
            return Outcome::Failed(format!(
                "{count} rows cannot be read, the first because {odd}"
            ));
        }
        if seen.rows == 0 {
            return Outcome::Doubtful("there is nobody".to_owned());
        }
        if let Some(why) = seen.unusable.first() {
            let (count, all) = (seen.unusable.len(), seen.rows);
            return Outcome::Failed(format!("{count} of {all} people cannot log in: {why}"));
        }
        let Some(scheme) = seen.weak.first() else { return Outcome::Passed };
        let (count, all) = (seen.weak.len(), seen.rows);
        let weak = format!("{count} of {all} people have a weak hash ({scheme})");
        if !self.settings.allow_weak_hashes {
            let remedy = "cannot log in unless `allow_weak_hashes` is set";
            return Outcome::Failed(format!("{weak} and {remedy}"));
        }
        if self.settings.queries.upgrade.is_none() {
            let advice = "which stays; with a `write_query` it is replaced as they log in";
            return Outcome::Doubtful(format!("{weak}, {advice}"));
        }
        Outcome::Passed
    }
}

async fn show_plan(steps: &mut Steps, database: &Database, query: &Query) -> Result<(), Refusal> {
    let step = format!("index of {}", query.option);
    let mut facts = vec![("query", query.sql.clone())];
    let plan = steps.attempt(&step, &facts, database.plan(query).await)?;
    let outcome = if plan.scanned.is_empty() {
        facts.push(("plan", "an index leads to the rows".to_owned()));
        Outcome::Passed
    } else {
        facts.push(("plan", format!("scans the whole table {}", plan.scanned.join(", "))));
        Outcome::Doubtful(plan::remedy(query, &plan.scanned, database.place.dialect()))
    };
    steps.add(&step, outcome, &facts);
    Ok(())
}
