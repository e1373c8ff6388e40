//! A fresh database for each test, on all three kinds.
//!
//! `tests/run` starts the servers and says in the environment where they are.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database};

use super::{Settings, Storage};

/// A storage of its own, with tables and nothing in them.
pub(crate) struct Scratch {
    pub(crate) storage: Storage,
    pub(crate) url: String,
    folder: Option<PathBuf>,
}

impl std::ops::Deref for Scratch {
    type Target = Storage;

    fn deref(&self) -> &Storage {
        &self.storage
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

pub(crate) async fn sqlite() -> Scratch {
    let folder = std::env::temp_dir().join(name());
    std::fs::create_dir_all(&folder).unwrap();
    open(format!("sqlite:{}/vestibule.db", folder.display()), Some(folder)).await
}

pub(crate) async fn postgres() -> Scratch {
    server("VESTIBULE_TEST_POSTGRES").await
}

pub(crate) async fn mariadb() -> Scratch {
    server("VESTIBULE_TEST_MARIADB").await
}

async fn server(variable: &str) -> Scratch {
    let url = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run tests/run, which starts the servers")
    });
    let database = Database::connect(&url).await.unwrap();
    let name = name();
    database.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name}")).await.unwrap();
    database.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    database.close().await.unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    open(format!("{server}/{name}"), None).await
}

async fn open(url: String, folder: Option<PathBuf>) -> Scratch {
    let storage = Storage::open(&Settings::new(&url)).await.unwrap();
    storage.migrate().await.unwrap();
    Scratch { storage, url, folder }
}

fn name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("vestibule_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Makes of each function a test on each database.
macro_rules! on_each_database {
    ($($name:ident)*) => {
        $crate::storage::scratch::on_each_database!(@ sqlite $($name)*);
        $crate::storage::scratch::on_each_database!(@ postgres $($name)*);
        $crate::storage::scratch::on_each_database!(@ mariadb $($name)*);
    };
    (@ $database:ident $($name:ident)*) => {
        mod $database {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name($crate::storage::scratch::$database().await).await;
                }
            )*
        }
    };
}
pub(crate) use on_each_database;
