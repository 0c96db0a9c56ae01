//! Tests of plumbing.
