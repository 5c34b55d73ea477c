//! The reference page of the functions, made from the table.

use super::{Category, FUNCTIONS};

/// All functions by category, each with its signature and what it does, as Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Functions\n\n\
         They are those of Terraform 1.11, and give what `terraform console` gives; \
         [thousands of calls](tests/console.txt) are held against it. `name: type` is an argument, \
         `name?` may be left out, and `name: type...` may be given any number of times. `core::` \
         may stand before a name.\n\n\
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
    page.push_str(DIFFERENCES);
    page
}

/// Where Terraform does otherwise.
const DIFFERENCES: &str = "
## Differences

- `range` makes up to 1,000,000 numbers, not 1,024. No call builds a text of more than 16 MiB, takes \
a width above 10,000 or a `bcrypt` cost above 16.
- `uuid` gives version 4 of a UUID.
- `base64gzip` gives other bytes where a text repeats itself; they decompress to the same.
- `rsadecrypt` wants a key of at least 2,048 bits.
- In a partly unknown list, `formatlist` keeps what belongs to each element, which Terraform lets \
slip.
- `fileset` follows links, but not in circles.
- `yamldecode` ends lines at LF, CR and U+0085, but not at U+2028 and U+2029.
- `textencodebase64` and `textdecodebase64` do not know HZ-GB-2312, and the first writes no characters \
that Big5 and EUC-JP had not from the beginning.
- Of what is not known yet, Terraform takes for certain that a sum is not infinite, and that a \
`setproduct` of what may be empty has combinations. Neither is certain here.
";
