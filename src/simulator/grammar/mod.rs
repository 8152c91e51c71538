//! How a line is understood: words, abbreviations, ranges, and errors at the right column.
