//! What lists match, and what they refuse.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn found<'t>(list: &str, text: &'t str) -> Vec<&'t str> {
    WordList::parse(list)
        .unwrap()
        .hits(&normalise(text))
        .iter()
        .map(|hit| &text[hit.start..hit.end])
        .collect()
}

#[test]
fn words_have_borders_in_every_script() {
    assert_eq!(found("fool", "You FOOL, a foolish tomfool!"), ["FOOL"]);
    assert_eq!(
        found("fool*", "You FOOL, a foolish tomfool!"),
        ["FOOL", "foolish"]
    );
    assert_eq!(found("मूर्ख", "वह मूर्ख है, मूर्खता नहीं।"), ["मूर्ख"]);
    assert_eq!(found("笨蛋", "你这个笨蛋，走开"), ["笨蛋"]);
    assert_eq!(found("احمق", "يا أحمق! الأحمق لا يفهم"), ["أحمق", "الأحمق"]);
}

#[test]
fn phrases_disguises_and_stretched_words_are_found() {
    assert_eq!(
        found("shut up", "Oh SHUT  up now, shut it up"),
        ["SHUT  up"]
    );
    assert_eq!(
        found("stupid", "st00pid? stuuuupid! s t u p i d"),
        ["stuuuupid", "s t u p i d"]
    );
    assert_eq!(found("idiot", "1d10t"), ["1d10t"]);
}

#[test]
fn categories_begin_with_their_line() {
    let list = WordList::parse("a b\n[insult]\nfool\n# no\n[hostile]\nget lost").unwrap();
    let categories: Vec<Category> = list
        .hits(&normalise("fool, get lost, fool"))
        .iter()
        .map(|hit| hit.category)
        .collect();
    assert_eq!(
        categories,
        [Category::Insult, Category::Hostile, Category::Insult]
    );
    assert_eq!(list.len(), 3);
}

#[test]
fn entries_that_match_everywhere_are_refused() {
    // Any time of the day would be a hit.
    assert!(matches!(
        WordList::parse("13点"),
        Err(ListError::SingleCharacter { .. })
    ));
    let error = WordList::parse("[insult]\n笨").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2: `笨` has a single character to match, and would match everywhere"
    );
    assert_eq!(
        WordList::parse("13.").unwrap_err().to_string(),
        "line 1: `13.` stands for any number, and would match all of them"
    );
    assert_eq!(
        WordList::parse("!?").unwrap_err().to_string(),
        "line 1: `!?` has no letter in it, and would match nothing"
    );
    assert!(matches!(
        WordList::parse("x"),
        Err(ListError::SingleCharacter { .. })
    ));
    assert!(matches!(
        WordList::parse("[rude]\nab"),
        Err(ListError::Category { .. })
    ));
    assert!(matches!(WordList::parse("\n# x\n"), Err(ListError::Empty)));
}
