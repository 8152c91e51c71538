//! What each command does, and what each `show` prints.
