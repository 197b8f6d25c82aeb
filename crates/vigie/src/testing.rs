//! The tests' harness: the whole program in this process, without a port.
