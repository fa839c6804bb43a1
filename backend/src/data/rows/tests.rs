//! How rows come out of files, sound and not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn rows(format: Format, content: &[u8]) -> (Vec<(u64, Vec<String>)>, Vec<String>) {
    let mut rows = Vec::new();
    let problems = from_reader(Path::new("f"), content, format, &mut |row| {
        rows.push((
            row.line,
            row.values.into_iter().map(|(_, value)| value).collect(),
        ));
        Ok(())
    })
    .unwrap();
    let problems = problems
        .first()
        .iter()
        .map(|problem| format!("{} {}", problem.place, problem.reason))
        .collect();
    (rows, problems)
}

const CSV: Format = Format::CSV;

#[test]
fn quoted_line_breaks_belong_to_the_value() {
    let (found, problems) = rows(CSV, b"\xef\xbb\xbfa,b\n\"x\ny\",1\nz,2\n");
    assert_eq!(found[0], (2, vec!["x\ny".to_owned(), "1".to_owned()]));
    assert_eq!(found[1].0, 4);
    assert!(problems.is_empty());
}

#[test]
fn bad_rows_have_file_line_and_column() {
    let (found, problems) = rows(CSV, b"a,b\n1,2\n3\n4,\xff\n5,6\n");
    assert_eq!(found.len(), 2);
    assert_eq!(
        problems,
        ["f:3 1 fields, not 2", "f:4:2 this field is not UTF-8"]
    );
    let (found, problems) = rows(Format::Lines, "gut\nsch\u{f6}n\n".as_bytes());
    assert_eq!((found.len(), problems.len()), (2, 0));
    let (_, problems) = rows(Format::Lines, b"ok\nab\xffc\n");
    assert_eq!(problems, ["f:2:3 not UTF-8"]);
    let (found, problems) = rows(
        Format::JsonLines,
        b"{\"a\": \"x\", \"n\": 3}\n\n[1]\n{\"a\"\n",
    );
    assert_eq!(found, [(1, vec!["x".to_owned(), "3".to_owned()])]);
    assert!(
        problems[0].starts_with("f:3 ") && problems[1].starts_with("f:4:"),
        "{problems:?}"
    );
}

#[test]
fn a_line_of_ten_megabytes_is_named_and_passed_over() {
    let mut content = vec![b'x'; 10 << 20];
    content.extend_from_slice(b"\nshort\n");
    let (found, problems) = rows(Format::Lines, &content);
    assert_eq!(found, [(2, vec!["short".to_owned()])]);
    assert_eq!(problems, ["f:1 the line is longer than 1 MiB"]);
}

#[test]
fn an_unclosed_quote_does_not_swallow_the_file() {
    let mut content = b"a,b\n\"x".to_vec();
    content.resize(5 << 20, b'y');
    let error = from_reader(Path::new("f"), content.as_slice(), CSV, &mut |_| Ok(())).unwrap_err();
    let said = error.to_string();
    assert!(
        said.starts_with("f:2: ")
            && said.contains("longer than")
            && said.contains("the quote that opens on line 2"),
        "{said}"
    );
}

#[test]
fn a_byte_order_mark_is_no_text() {
    for (format, content) in [
        (Format::Lines, "\u{feff}gut\n"),
        (Format::JsonLines, "\u{feff}{\"a\": \"gut\"}\n"),
        (Format::JsonArray, "\u{feff}[{\"a\": \"gut\"}]"),
        (CSV, "\u{feff}a\ngut\n"),
    ] {
        let (found, problems) = rows(format, content.as_bytes());
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(found[0].1, ["gut"], "{format:?}");
    }
}

#[test]
fn bad_rows_are_counted_and_only_the_first_are_kept() {
    let content = b"\xff\n".repeat(1_000);
    let problems = from_reader(Path::new("f"), &content[..], Format::Lines, &mut |_| Ok(()));
    let problems = problems.unwrap();
    assert_eq!(problems.first().len(), 20);
    let said = problems.check().unwrap_err().to_string();
    assert!(said.starts_with("f:1:1: not UTF-8\nf:2:1"), "{said}");
    assert!(said.ends_with("and 980 more"), "{said}");
}

#[test]
fn other_encodings_are_refused_by_name() {
    for (content, said) in [
        (&b"\xff\xfea\0"[..], "UTF-16"),
        (&b"PAR1...."[..], "it must be a file and no pipe"),
    ] {
        let error = from_reader(Path::new("f"), content, CSV, &mut |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn rows_behind_an_unclosed_quote_are_not_lost_in_silence() {
    let (found, problems) = rows(CSV, b"id,text\n0,\"a\"\n1,\"never closed\n2,b\n");
    assert_eq!(found, [(2, vec!["0".to_owned(), "a".to_owned()])]);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with("f:3:2 the quote that opens here is never closed"),
        "{problems:?}"
    );
    // Another row's quote ends it; the rows behind that one are sound again, whatever ends a line.
    for end in ["\n", "\r\n"] {
        let text = [
            "id,text",
            "1,\"open",
            "2,\"b\"",
            "3,\"c \"\"d\"\"\"",
            "4,e\"f",
            "",
        ]
        .join(end);
        let (found, problems) = rows(CSV, text.as_bytes());
        let ids: Vec<&str> = found.iter().map(|(_, values)| values[0].as_str()).collect();
        assert_eq!(ids, ["3", "4"], "{problems:?}");
        assert_eq!(
            problems,
            ["f:2:2 the quote that opens here is closed only on line 3, in the middle of a value"]
        );
    }
    let (found, problems) = rows(CSV, b"a\n\"x\" y\n\"\"\n\"z\"");
    assert_eq!((found.len(), problems.len()), (3, 0), "{problems:?}");
}
