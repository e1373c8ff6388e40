//! plugins/database
