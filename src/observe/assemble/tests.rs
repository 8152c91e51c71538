//! What rows come to, one oddity at a time.
