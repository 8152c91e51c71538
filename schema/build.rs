//! Tells cargo that the migrations are part of the program: a new file in these folders is a change.

fn main() {
    for folder in ["schema/postgres", "schema/sqlite"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
