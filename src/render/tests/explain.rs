//! Pages that explain something.

use crate::render::{Style, explain};
use crate::schema::{Entry, Page, Section};

fn sample() -> Page {
    let entry = |depth, name: &str, note: &str, text: &str| Entry {
        depth,
        name: name.to_owned(),
        note: note.to_owned(),
        text: text.to_owned(),
    };
    Page {
        title: "a.type".to_owned(),
        kind: "resource type".to_owned(),
        text: "What it is for, in so many words that they do not stand on one line.\n\nDeclared \
               in \u{1b}[31mfile\u{1b}[0m, line 1."
            .to_owned(),
        code: "a \"type\" {\n\n  b = 1\n}".to_owned(),
        sections: vec![
            Section {
                title: "Attributes".to_owned(),
                entries: vec![
                    entry(0, "first", "string, required", "The first of them, which is long."),
                    entry(0, "block", "block, optional", "A block."),
                    entry(1, "an_attribute_of_a_block", "set of strings, optional", "Within."),
                    entry(0, "plain", "", "Without a note."),
                ],
            },
            Section {
                title: "Names".to_owned(),
                entries: ["one", "two", "three"].map(|name| entry(0, name, "", "")).into(),
            },
            Section { title: "Nothing".to_owned(), entries: Vec::new() },
        ],
    }
}

#[test]
fn a_page() {
    let style = Style { width: 46, ..Style::PLAIN };
    insta::assert_snapshot!(explain::pages(&[sample()], &style), @r#"
    a.type
      resource type

      What it is for, in so many words that they
      do not stand on one line.

      Declared in \u001b[31mfile\u001b[0m, line 1.

        a "type" {

          b = 1
        }

    Attributes:
      first (string, required)
        The first of them, which is long.

      block (block, optional)
        A block.

        an_attribute_of_a_block
          (set of strings, optional)
          Within.

      plain
        Without a note.

    Names:
      one, two, three
    "#);
}

#[test]
fn no_line_is_wider_than_the_terminal_and_none_than_is_easy_to_read() {
    for (width, most) in [(0, 40), (60, 60), (1000, 100)] {
        let text = explain::pages(&[sample(), sample()], &Style { width, ..Style::PLAIN });
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(most), "{width}: {text}");
        assert!(!text.contains('\u{1b}'), "what comes from files cannot steer the terminal");
        assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
    }
}

#[test]
fn colours_change_nothing_else() {
    let plain = explain::pages(&[sample()], &Style::PLAIN);
    let coloured = explain::pages(&[sample()], &Style { color: true, ..Style::PLAIN });
    assert_ne!(plain, coloured);
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}
