//! What is proposed to a person, and what the person answered.

pub mod confirm;
