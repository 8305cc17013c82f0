//! What a plan would do to the split.
