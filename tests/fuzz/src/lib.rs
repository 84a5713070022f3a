//! What the fuzz targets share.

pub mod container;
pub mod pack;
