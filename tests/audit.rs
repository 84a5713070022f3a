//! `keysieve audit` on real repositories: what it finds and what it says of it, checked against
//! git; what is broken; and that it leaves everything as it was.

mod broken;
mod everywhere;
mod fooled;
mod forms;
mod ground;
mod memory;
mod oracle;
mod packer;
mod places;
mod plain;
mod scope;
mod submodules;
mod untouched;
