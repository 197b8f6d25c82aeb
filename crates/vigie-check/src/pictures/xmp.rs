//! XMP: names and values out of a small XML text. Not a whole XML reader: no entity is ever expanded but the five plain
//! ones, nothing is fetched, and time is linear.

/// Values that are kept.
const MOST: usize = 3_000;
/// Depth that is followed.
const DEPTH: usize = 64;

/// Every property with a value: its name with its usual prefix (`dc:creator`), and the value. Lists give one entry each.
pub fn properties(packet: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(packet);
    let mut out = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    let mut rest: &str = &text;
    while let Some(open) = rest.find('<') {
        let (before, tag) = (rest.get(..open).unwrap_or_default(), rest.get(open + 1..));
        let Some(tag) = tag else { break };
        push(&mut out, property(&names), before);
        if let Some(skip) = special(tag) {
            rest = tag.get(skip..).unwrap_or_default();
            continue;
        }
        let Some(close) = tag_end(tag) else { break };
        let inside = tag.get(..close).unwrap_or_default();
        rest = tag.get(close + 1..).unwrap_or_default();
        if inside.starts_with('/') {
            names.pop();
            continue;
        }
        let alone = inside.ends_with('/');
        let inside = inside.trim_end_matches('/');
        let end = inside.find(char::is_whitespace).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at_checked(end).unwrap_or((inside, ""));
        // What is nested deeper than anything real keeps its outer names.
        if names.len() < DEPTH {
            names.push(name);
        } else if !alone {
            break;
        }
        read_attributes(&mut out, property(&names), attributes);
        if alone {
            names.pop();
        }
        if out.len() >= MOST {
            break;
        }
    }
    out
}

/// The name under which a value stands: the innermost that is not part of the frame.
fn property<'a>(names: &[&'a str]) -> &'a str {
    let frame = |n: &str| n.starts_with("rdf:") || n.starts_with("x:");
    names
        .iter()
        .rev()
        .copied()
        .find(|n| !frame(n))
        .unwrap_or("")
}

fn push(out: &mut Vec<(String, String)>, name: &str, value: &str) {
    let value = value.trim();
    if !name.is_empty() && !value.is_empty() && out.len() < MOST {
        out.push((name.to_owned(), plain(value)));
    }
}

fn read_attributes(out: &mut Vec<(String, String)>, element: &str, mut text: &str) {
    while let Some((name, after)) = text.split_once('=') {
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return;
        };
        let Some((value, more)) = after.get(1..).and_then(|a| a.split_once(quote)) else {
            return;
        };
        let name = name.trim();
        // An address given as a resource belongs to the element.
        if name == "rdf:resource" {
            push(out, element, value);
        } else if !name.starts_with("xmlns") && !name.starts_with("rdf:") && name != "xml:lang" {
            push(out, name, value);
        }
        text = more;
    }
}

/// How much to skip of a comment, an instruction, a declaration.
fn special(tag: &str) -> Option<usize> {
    let past = |mark: &str| tag.find(mark).map_or(tag.len(), |at| at + mark.len());
    if tag.starts_with("!--") {
        Some(past("-->"))
    } else if tag.starts_with('?') {
        Some(past("?>"))
    } else if tag.starts_with('!') {
        Some(past(">"))
    } else {
        None
    }
}

/// Where a tag ends: `>` outside quotation marks.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(q), b) if q == b => quote = None,
            _ => {}
        }
    }
    None
}

fn plain(value: &str) -> String {
    let some: String = value.chars().take(2_000).collect();
    if !some.contains('&') {
        return some;
    }
    let out = some.replace("&lt;", "<").replace("&gt;", ">");
    let out = out.replace("&quot;", "\"").replace("&apos;", "'");
    let out = out.replace("&#xA;", "\n").replace("&#10;", "\n");
    out.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_elements_lists_and_resources_are_read() {
        let packet = br#"<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>
          <rdf:Description photoshop:Credit="AFP &amp; Co" xmp:CreatorTool='Adobe "PS"'>
            <dc:creator><rdf:Seq><rdf:li>Jane Roe</rdf:li><rdf:li>Paul</rdf:li></rdf:Seq></dc:creator>
            <Iptc4xmpExt:DigitalSourceType rdf:resource="http://cv.iptc.org/x/trainedAlgorithmicMedia"/>
            <!-- a > b --><xmpMM:History><rdf:Seq><rdf:li stEvt:action="saved"/></rdf:Seq></xmpMM:History>
          </rdf:Description></rdf:RDF></x:xmpmeta>"#;
        let all = properties(packet);
        let of = |n: &str| {
            let found = all.iter().filter(|(k, _)| k == n);
            found.map(|(_, v)| v.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of("photoshop:Credit"), ["AFP & Co"]);
        assert_eq!(of("xmp:CreatorTool"), ["Adobe \"PS\""]);
        assert_eq!(of("dc:creator"), ["Jane Roe", "Paul"]);
        assert_eq!(of("Iptc4xmpExt:DigitalSourceType").len(), 1);
        assert_eq!(of("stEvt:action"), ["saved"]);
    }

    #[test]
    fn endless_depth_and_unfinished_tags_end() {
        properties("<a>".repeat(200_000).as_bytes());
        properties("<a b='".repeat(50_000).as_bytes());
        properties(b"<<<<>>>></a></b><!--");
        properties(b"<!DOCTYPE x [<!ENTITY a 'aa'>]><x>&a;</x>");
    }
}
