//! Values one oddity at a time.
