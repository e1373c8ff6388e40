//! plugins/api
