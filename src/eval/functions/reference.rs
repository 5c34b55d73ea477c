//! The reference page of the functions, made from the table.

use super::{Category, FUNCTIONS};

/// All functions by category, each with its signature and what it does, as Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Functions\n\n\
         They are those of Terraform 1.11, and give what `terraform console` gives. `name: type` is \
         an argument, `name?` may be left out, and `name: type...` may be given any number of \
         times. `core::` may stand before a name.\n\n\
         A plan is complete, so nothing is left to be known after apply: `timestamp()` is when the \
         run began, everywhere the same, and `uuid()` and the salts of `bcrypt` are drawn anew in \
         each run. What is set from them differs in every plan.\n\n\
         Files are named relative to the directory of the module. Nothing is read but what a \
         function names.\n",
    );
    for category in Category::ALL {
        page.push_str(&format!("\n## {}\n\n| function | gives |\n|---|---|\n", category.title()));
        for function in FUNCTIONS.iter().filter(|function| function.category == category) {
            let signature = function.signature().replace('|', "\\|");
            page.push_str(&format!("| `{signature}` | {} |\n", function.description));
        }
    }
    page
}
