//! Where a twin meets the world: sockets, tasks, clocks and files.
