//! What a character carries, as it is stored: a line of text in place of a list of maps, which would repeat the names of its
//! attributes with every stack. A write is charged by the kilobyte of the whole row, and is made every few seconds of play.
//!
//! `iron-sword,healing-potion*10,oak-bow~3`: the items in order, with their quantity unless it is one, and their wear if there
//! is any.

use guildhall_domain::Stack;

/// What the line is made with, and no id of an item has in it.
const MARKS: [char; 3] = [',', '*', '~'];

/// The stacks in a line; `None` if there are none, or if one cannot be said in it.
pub(super) fn pack(stacks: &[Stack]) -> Option<String> {
    let mut line = String::new();
    for Stack { item, quantity, wear } in stacks {
        if item.is_empty() || item.contains(MARKS) {
            return None;
        }
        if !line.is_empty() {
            line.push(',');
        }
        line.push_str(item);
        if *quantity != 1 {
            line.push_str(&format!("*{quantity}"));
        }
        if *wear != 0 {
            line.push_str(&format!("~{wear}"));
        }
    }
    (!line.is_empty()).then_some(line)
}

/// The stacks of a line; `None` if it is none.
pub(super) fn unpack(line: &str) -> Option<Vec<Stack>> {
    let stack = |text: &str| {
        let (rest, wear) = text.split_once('~').map_or((text, "0"), |(rest, wear)| (rest, wear));
        let (item, quantity) = rest.split_once('*').unwrap_or((rest, "1"));
        let (quantity, wear) = (quantity.parse().ok()?, wear.parse().ok()?);
        (!item.is_empty()).then(|| Stack { item: item.to_owned(), quantity, wear })
    };
    line.split(',').map(stack).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_come_back_as_they_were() {
        let stacks =
            [Stack::of("iron-sword", 1), Stack::of("healing-potion", 10), Stack { wear: 3, ..Stack::of("oak-bow", 1) }];
        let line = pack(&stacks).unwrap();
        assert_eq!(line, "iron-sword,healing-potion*10,oak-bow~3");
        assert_eq!(unpack(&line).unwrap(), stacks);
        let odd = [Stack { wear: u32::MAX, ..Stack::of("ring of warmth", u32::MAX) }, Stack::of("x", 0)];
        assert_eq!(unpack(&pack(&odd).unwrap()).unwrap(), odd);
    }

    #[test]
    fn what_cannot_be_said_in_a_line_is_not() {
        assert_eq!(pack(&[]), None);
        for item in ["", "a,b", "a*2", "a~1"] {
            assert_eq!(pack(&[Stack::of("x", 1), Stack::of(item, 1)]), None, "{item}");
        }
        for line in ["", ",", "a,", "a*", "a*b", "a~b", "*2", "a*-1", "a~4294967296"] {
            assert_eq!(unpack(line), None, "{line}");
        }
    }
}
