//! A fresh database for each story.

use sea_orm::ConnectionTrait;
use vestibule::secret;

use super::folder::Folder;

#[derive(Clone, Copy, Debug, Default)]
pub enum Database {
    #[default]
    Sqlite,
    Postgres,
    Mariadb,
}

/// An empty database. A file is removed in the end; those of servers go with the server, which
/// `tests/run` starts for one run.
pub struct Fresh {
    pub url: String,
    folder: Option<Folder>,
}

impl Database {
    pub async fn fresh(self) -> Fresh {
        match self {
            Self::Sqlite => {
                let folder = Folder::new();
                Fresh { url: format!("sqlite://{}", file(&folder).display()), folder: Some(folder) }
            }
            Self::Postgres => create("VESTIBULE_TEST_POSTGRES", "").await,
            Self::Mariadb => create("VESTIBULE_TEST_MARIADB", " CHARACTER SET utf8mb4").await,
        }
    }
}

impl Fresh {
    /// Fills an empty file; false, if the database is none.
    pub fn restore(&self, content: &[u8]) -> bool {
        let Some(folder) = &self.folder else { return false };
        std::fs::write(file(folder), content).unwrap();
        true
    }

    /// The bytes of the file, once it is closed.
    pub fn content(&self) -> Vec<u8> {
        std::fs::read(file(self.folder.as_ref().unwrap())).unwrap()
    }
}

fn file(folder: &Folder) -> std::path::PathBuf {
    folder.join("vestibule.db")
}

/// Creates a database on the server that a variable names.
async fn create(variable: &str, options: &str) -> Fresh {
    let server = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: tests/run starts the databases and sets it")
    });
    let name = format!("story_{}", secret::id().replace('-', "_").to_lowercase());
    let connection = sea_orm::Database::connect(&server).await.unwrap();
    connection.execute_unprepared(&format!("CREATE DATABASE {name}{options}")).await.unwrap();
    connection.close().await.unwrap();
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    Fresh { url: url.into(), folder: None }
}
