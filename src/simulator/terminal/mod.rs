//! The screen of one SSH session: echo, line editing, wrapping and the pager.
