//! Devices that change or restart while they are looked at.
