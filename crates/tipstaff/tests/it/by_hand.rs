//! Tests of by_hand.
