//! Posts and comments.

use super::*;

impl LinkedInState {
    pub(super) fn post(&mut self, asked: &Asked) -> Said {
        let author = asked.field("author");
        if !self.may(&author) {
            return error(
                403,
                "ACCESS_DENIED",
                100,
                "Not enough permissions to access: posts.CREATE",
            );
        }
        let commentary = asked.field("commentary");
        let words = seen(&commentary);
        if words.encode_utf16().count() > 3_000 {
            return error(400, "FIELD_LENGTH_TOO_LONG", 0, "commentary is too long");
        }
        let content = asked.json["content"].clone();
        if words.trim().is_empty() && content.is_null() {
            return error(400, "INVALID_VALUE_BLANK_FIELD", 0, "commentary is blank");
        }
        let named = content
            .pointer("/multiImage/images")
            .and_then(Value::as_array);
        if named.is_some_and(|images| !(2..=20).contains(&images.len())) {
            return error(
                400,
                "INVALID_ARRAY_SIZE",
                0,
                "multiImage takes 2 to 20 images",
            );
        }
        for image in named.into_iter().flatten().chain(content.get("media")) {
            let known = |(urn, bytes): &(String, usize)| image["id"] == urn.as_str() && *bytes > 0;
            if !self.images.iter().any(known) {
                return error(422, "UNPROCESSABLE_ENTITY", 0, "the image was not uploaded");
            }
        }
        if let Some(held) = self
            .posts
            .iter()
            .find(|held| held.author == author && held.seen == words && !words.is_empty())
        {
            let words = format!("Content is a duplicate of {}", held.id);
            return error(422, "DUPLICATE_POST", 0, &words);
        }
        let (id, activity) = (self.next(), self.next());
        let id = format!("urn:li:share:{id}");
        self.posts.push(LinkedInPost {
            id: id.clone(),
            author,
            seen: words,
            commentary,
            content,
            at: Timestamp::now().as_millisecond(),
            activity: format!("urn:li:activity:{activity}"),
        });
        Said::json(201, Value::Null).header("x-restli-id", id)
    }

    pub(super) fn shown(post: &LinkedInPost) -> Value {
        let mut shown = json!({
            "id": post.id, "author": post.author, "commentary": post.commentary, "visibility": "PUBLIC",
            "lifecycleState": "PUBLISHED", "createdAt": post.at, "publishedAt": post.at, "lastModifiedAt": post.at,
            "distribution": { "feedDistribution": "MAIN_FEED" },
        });
        if !post.content.is_null() {
            shown["content"] = post.content.clone();
        }
        shown
    }

    /// The activity and, if it is a comment that is named, the comment.
    pub(super) fn thread(&self, urn: &str) -> Option<(String, Option<String>)> {
        if let Some(inner) = urn.strip_prefix("urn:li:comment:(") {
            let (activity, id) = inner.strip_suffix(')')?.split_once(',')?;
            let held = self
                .comments
                .iter()
                .any(|held| held.id == id && held.activity == activity);
            return held.then(|| (activity.to_owned(), Some(urn.to_owned())));
        }
        let post = self
            .posts
            .iter()
            .find(|held| held.id == urn || held.activity == urn)?;
        Some((post.activity.clone(), None))
    }

    pub(super) fn comment(comment: &LinkedInComment) -> Value {
        let mut shown = json!({
            "id": comment.id, "commentUrn": comment.urn(), "object": comment.activity, "actor": comment.actor,
            "message": { "attributes": [], "text": comment.text },
            "created": { "actor": comment.actor, "time": comment.at }, "lastModified": { "time": comment.at },
        });
        if let Some(parent) = &comment.parent {
            shown["parentComment"] = json!(parent);
        }
        shown
    }

    pub(super) fn comments(&mut self, asked: &Asked, urn: &str, id: Option<&str>) -> Said {
        let Some((activity, parent)) = self.thread(urn) else {
            return missing();
        };
        match (asked.method.as_str(), id) {
            ("GET", None) => {
                let mut all: Vec<Value> = Vec::new();
                for held in &self.comments {
                    if held.activity == activity && held.parent == parent {
                        all.push(Self::comment(held));
                    }
                }
                Self::list(asked, &all)
            }
            ("GET", Some(id)) => match self.comments.iter().find(|held| held.id == id) {
                Some(held) => Said::json(200, Self::comment(held)),
                None => missing(),
            },
            ("DELETE", Some(id)) => {
                let before = self.comments.len();
                let actor = asked.field("actor");
                self.comments
                    .retain(|held| held.id != id || held.actor != actor);
                if self.comments.len() == before {
                    return missing();
                }
                Said::json(204, Value::Null)
            }
            _ => {
                let actor = asked.field("actor");
                let text = asked.json["message"]["text"].as_str().unwrap().to_owned();
                if !self.may(&actor) {
                    return error(403, "ACCESS_DENIED", 100, "Not enough permissions");
                }
                if text.encode_utf16().count() > 1_250 {
                    return error(400, "FIELD_LENGTH_TOO_LONG", 0, "message is too long");
                }
                let named = asked.json.get("parentComment").and_then(Value::as_str);
                if named != parent.as_deref() || self.thread(&asked.field("object")).is_none() {
                    return error(400, "INVALID_URN", 0, "object or parentComment");
                }
                let made = LinkedInComment {
                    id: self.next().to_string(),
                    activity,
                    actor,
                    text,
                    parent,
                    at: Timestamp::now().as_millisecond(),
                };
                let said =
                    Said::json(201, Self::comment(&made)).header("x-restli-id", made.id.clone());
                self.comments.push(made);
                said
            }
        }
    }
}
