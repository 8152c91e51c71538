//! Every fault of SNMP: the result is right, or says what is not known, or is a named error.
