#![allow(clippy::unwrap_used)]
//! The vectors of `docs/canonical-encoding.md` are the encoding; any change of one byte is a change of digest.

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;
use vigie_core::content::{Content, Digest, MediaRef, Part, Platform, Repliers, Variant, Window};
use vigie_core::id::ChannelId;

const DOC: &str = include_str!("../../../docs/canonical-encoding.md");

/// The JSON blocks of the page, each followed by its bytes and digest.
fn vectors() -> Vec<(Content, String, String)> {
    let mut out = Vec::new();
    for part in DOC.split("```json\n").skip(1) {
        let (json, rest) = part.split_once("```").unwrap();
        let field = |name: &str| {
            let (_, after) = rest.split_once(&format!("{name}: `")).unwrap();
            after.split_once('`').unwrap().0.to_owned()
        };
        out.push((
            serde_json::from_str(json).unwrap(),
            field("bytes"),
            field("digest"),
        ));
    }
    out
}

#[test]
fn the_documented_vectors_hold() {
    let vectors = vectors();
    assert!(vectors.len() >= 9);
    for (i, (content, bytes, digest)) in vectors.into_iter().enumerate() {
        assert_eq!(
            hex::encode(content.canonical_bytes()),
            bytes,
            "bytes of vector {i}"
        );
        assert_eq!(content.digest().to_string(), digest, "digest of vector {i}");
    }
}

fn times() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_i64).prop_map(|s| Timestamp::from_second(s).unwrap())
}

fn media() -> impl Strategy<Value = MediaRef> {
    (
        any::<[u8; 32]>(),
        "image/(png|jpeg)",
        1..5000_u32,
        1..5000_u32,
        ".{0,12}",
        any::<bool>(),
    )
        .prop_map(|(hash, mime, width, height, alt, decorative)| MediaRef {
            sha256: Digest(hash),
            mime,
            width,
            height,
            alt,
            decorative,
        })
}

fn parts() -> impl Strategy<Value = Part> {
    (".{0,12}", prop::collection::vec(media(), 0..2)).prop_map(|(text, media)| Part { text, media })
}

fn variants() -> impl Strategy<Value = Variant> {
    (
        any::<u128>(),
        prop::sample::select(Platform::ALL),
        ".{0,8}",
        ".{0,20}",
        prop::option::of(".{0,8}"),
        prop::collection::vec("[a-z]{2}", 0..3),
        prop::collection::vec(media(), 0..3),
        prop::option::of(".{1,8}"),
        prop::option::of(".{1,8}"),
        prop::sample::select(Repliers::ALL),
        prop::collection::vec(parts(), 0..3),
    )
        .prop_map(
            |(
                id,
                platform,
                account,
                text,
                link,
                langs,
                media,
                reply_to,
                warning,
                repliers,
                parts,
            )| {
                Variant {
                    channel: ChannelId::new(Uuid::from_u128(id)),
                    platform,
                    account,
                    text,
                    link,
                    langs,
                    media,
                    reply_to,
                    warning,
                    repliers,
                    parts,
                }
            },
        )
}

fn contents() -> impl Strategy<Value = Content> {
    (
        prop::collection::vec(variants(), 0..3),
        prop::option::of(times()),
        times(),
    )
        .prop_map(|(mut variants, not_before, not_after)| {
            variants.sort_by_key(|v| v.channel);
            Content {
                variants,
                window: Window {
                    not_before,
                    not_after,
                },
            }
        })
}

/// Every way to change one thing.
fn changes(content: &Content) -> Vec<Content> {
    let mut out = Vec::new();
    let mut push = |change: &dyn Fn(&mut Content)| {
        let mut other = content.clone();
        change(&mut other);
        if other != *content {
            out.push(other);
        }
    };
    push(&|c| c.window.not_before = None);
    push(&|c| c.window.not_before = Some(Timestamp::UNIX_EPOCH));
    push(&|c| c.window.not_after = Timestamp::MAX);
    push(&|c| drop(c.variants.pop()));
    for i in 0..content.variants.len() {
        push(&|c| c.variants[i].text.push('x'));
        push(&|c| {
            let _ = c.variants[i].text.pop();
        });
        push(&|c| c.variants[i].account.push('x'));
        push(&|c| c.variants[i].channel = ChannelId::new(Uuid::max()));
        push(&|c| c.variants[i].platform = Platform::Sandbox);
        push(&|c| c.variants[i].link = None);
        push(&|c| c.variants[i].link = Some("https://x.example".into()));
        push(&|c| c.variants[i].langs.push("de".into()));
        push(&|c| c.variants[i].reply_to = None);
        push(&|c| c.variants[i].reply_to = Some("at://x/y".into()));
        push(&|c| c.variants[i].warning = None);
        push(&|c| c.variants[i].warning = Some("Blood".into()));
        push(&|c| {
            // What was said before the text is now said in it.
            let variant = &mut c.variants[i];
            variant.text = variant.words();
            variant.warning = None;
        });
        push(&|c| drop(c.variants[i].parts.pop()));
        push(&|c| c.variants[i].parts.reverse());
        push(&|c| {
            c.variants[i].parts.push(Part {
                text: String::new(),
                media: Vec::new(),
            });
        });
        push(&|c| {
            if let Some(part) = c.variants[i].parts.first_mut() {
                part.text.push('x');
            }
        });
        push(&|c| {
            // A picture moved from one part to the next.
            let variant = &mut c.variants[i];
            if let (Some(part), false) = (variant.parts.first_mut(), variant.media.is_empty()) {
                part.media.insert(0, variant.media.remove(0));
            }
        });
        for who in Repliers::ALL {
            push(&|c| c.variants[i].repliers = *who);
        }
        push(&|c| {
            // A byte moved from one field to the next must not go unnoticed.
            if let Some(last) = c.variants[i].account.pop() {
                c.variants[i].text.insert(0, last);
            }
        });
        for m in 0..content.variants[i].media.len() {
            push(&|c| c.variants[i].media[m].sha256.0[31] ^= 1);
            push(&|c| c.variants[i].media[m].alt.push('x'));
            push(&|c| c.variants[i].media[m].mime.push('x'));
            push(&|c| c.variants[i].media[m].width += 1);
            push(&|c| c.variants[i].media[m].height += 1);
            push(&|c| c.variants[i].media[m].decorative ^= true);
            push(&|c| drop(c.variants[i].media.remove(m)));
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_change_changes_the_digest(content in contents()) {
        for other in changes(&content) {
            prop_assert_ne!(content.digest(), other.digest());
        }
    }

    #[test]
    fn two_contents_never_share_their_bytes(a in contents(), b in contents()) {
        prop_assert_eq!(a == b, a.canonical_bytes() == b.canonical_bytes());
    }

    #[test]
    fn the_order_of_channels_does_not_matter(content in contents()) {
        let mut other = content.clone();
        other.variants.reverse();
        prop_assert_eq!(content.digest(), other.digest());
    }
}
