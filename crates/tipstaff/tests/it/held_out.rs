//! Tests of held_out.
