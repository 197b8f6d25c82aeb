//! What people do on the pages, for stories that are about what comes of it.

use axum::http::HeaderMap;
use vigie::account::session;
use vigie::testing::{Answer, Browser, TestApp};
use vigie_core::id::{ChannelId, MemberId, PostId};

/// A browser in which a member is signed in, reading in `lang`.
pub async fn signed_in(test: &TestApp, member: MemberId, lang: &'static str) -> Browser {
    let mut browser = test.browser();
    browser.lang = lang;
    sign_in(test, &browser, member).await;
    browser
}

/// A new session in the same browser: the one before has ended when time has passed.
pub async fn sign_in(test: &TestApp, browser: &Browser, member: MemberId) {
    let mut tx = test.app.store.begin().await.unwrap();
    let secret = session::open(&mut tx, member, &HeaderMap::new(), test.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    browser.set_cookie("vigie_session", &secret);
}

/// The value of a hidden field of a page.
pub fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("no field {name}:\n{page}"));
    rest.split_once('"').unwrap().0.to_owned()
}

/// Sends the composer's form and asks for review.
pub async fn write(browser: &Browser, channel: ChannelId, text: &str) -> Answer {
    let channel = channel.to_string();
    let form = [
        ("text", text),
        ("channel", &channel),
        ("lang", "fr"),
        ("when", "approved"),
        ("do", "submit"),
    ];
    browser.post("/posts/new", &form).await
}

/// Approves a post by what its page shows.
pub async fn approve(browser: &Browser, post: PostId) -> Answer {
    let page = browser.get(&format!("/posts/{post}")).await.expect(200);
    let digest = hidden(&page.text(), "digest");
    browser
        .post(&format!("/posts/{post}/approve"), &[("digest", &digest)])
        .await
}

/// One writes, the other approves: it may go out.
pub async fn approved(author: &Browser, peer: &Browser, channel: ChannelId, text: &str) -> PostId {
    let answer = write(author, channel, text).await.expect(303);
    let post = answer.location().unwrap();
    let id: PostId = post.trim_start_matches("/posts/").parse().unwrap();
    approve(peer, id).await.expect(303);
    id
}
