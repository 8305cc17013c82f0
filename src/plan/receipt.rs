//! What leaving means.
