//! The rules of the trade, a file per capability. A rule is a function over facts with an id, shown wherever its
//! items are shown.

pub mod allocate;
pub mod bootstrap;
pub mod by_hand;
pub mod extract;
pub mod gate;
pub mod import;
pub mod registry;
pub mod select;
pub mod selection;
pub mod stage;
pub mod sync;
pub mod title;
pub mod vocabulary;
