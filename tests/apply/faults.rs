//! Every way in which a twin fails, at every stage where that makes a difference.
