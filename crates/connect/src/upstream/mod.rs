//! The public code: today a local git clone, read only.

pub mod git;
