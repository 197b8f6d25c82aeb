//! Posts, pages of them, and pictures.

use super::*;

impl XState {
    pub(super) fn post(&mut self, asked: &Asked) -> Said {
        if !self.credit {
            return problem(
                402,
                "CreditsDepleted",
                "credits",
                "Your enrolled account does not have any credits to fulfill this request.",
            );
        }
        let text = asked.field("text");
        let media: Vec<String> = asked
            .json
            .pointer("/media/media_ids")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect();
        if text.is_empty() && media.is_empty() {
            return invalid("`text` or `media` is required.");
        }
        let ready = |id: &String| {
            self.media
                .iter()
                .any(|m| m.id == *id && m.closed && m.states.is_empty())
        };
        if media.len() > 4 || !media.iter().all(ready) {
            return invalid("Your media IDs are invalid.");
        }
        if crate::Unit::Weighted.measure(&text) > 280 {
            return forbidden("Your Tweet text is too long.");
        }
        let own = |post: &XPost| post.author == self.id && post.latest && post.text == text;
        if !text.is_empty() && self.posts.iter().any(own) {
            return forbidden("You are not allowed to create a Tweet with duplicate content.");
        }
        let reply = asked.json.pointer("/reply/in_reply_to_tweet_id");
        let reply = reply.and_then(Value::as_str).map(str::to_owned);
        if let Some(id) = &reply
            && !self.posts.iter().any(|post| post.id == *id)
        {
            return forbidden(
                "You attempted to reply to a Tweet that is deleted or not visible to you.",
            );
        }
        let repliers = asked.field("reply_settings");
        let known = ["", "following", "mentionedUsers", "subscribers", "verified"];
        if !known.contains(&repliers.as_str()) {
            return invalid("The `reply_settings` field value is not one of the allowed values.");
        }
        let id = self.add(self.id.clone(), text.clone(), media, reply);
        self.posts.last_mut().unwrap().repliers = repliers;
        let body = json!({ "data": { "id": id, "text": text, "edit_history_tweet_ids": [id] } });
        Said::json(201, body)
    }

    /// A post as it is shown, with the fields asked for.
    pub(super) fn shown(&self, post: &XPost, fields: &str) -> Value {
        let mut urls = Vec::new();
        let mut words = post.text.clone();
        for (at, link) in post
            .text
            .split_whitespace()
            .filter(|word| word.starts_with("http"))
            .enumerate()
        {
            let short = format!("https://t.co/{}{at:03}", post.id.get(12..19).unwrap());
            words = words.replacen(link, &short, 1);
            urls.push(json!({ "url": short, "expanded_url": link, "display_url": link }));
        }
        words = words
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        if let Some(to) = &post.reply
            && let Some(to) = self.posts.iter().find(|held| held.id == *to)
        {
            words = format!("@user{} {words}", to.author);
        }
        if !post.media.is_empty() {
            let short = format!("https://t.co/{}pic", post.id.get(12..19).unwrap());
            words = format!("{words} {short}").trim_start().to_owned();
            for key in &post.media {
                urls.push(json!({
                    "url": short, "media_key": format!("3_{key}"),
                    "expanded_url": format!("https://x.com/{}/status/{}/photo/1", ME.1, post.id),
                }));
            }
        }
        let answered = self
            .posts
            .iter()
            .find(|held| Some(&held.id) == post.reply.as_ref());
        let mut all = json!({
            "id": post.id, "text": words, "edit_history_tweet_ids": post.history,
            "author_id": post.author, "created_at": post.at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
        });
        all["reply_settings"] = match post.repliers.as_str() {
            "" => json!("everyone"),
            who => json!(who),
        };
        if !urls.is_empty() {
            all["entities"] = json!({ "urls": urls });
        }
        if !post.media.is_empty() {
            let keys: Vec<String> = post.media.iter().map(|id| format!("3_{id}")).collect();
            all["attachments"] = json!({ "media_keys": keys });
        }
        if let Some(answered) = answered {
            all["in_reply_to_user_id"] = json!(answered.author);
        }
        if let Some(id) = &post.reply {
            all["referenced_tweets"] = json!([{ "type": "replied_to", "id": id }]);
        }
        let asked: Vec<&str> = fields.split(',').chain(["id", "text"]).collect();
        let kept: Map<String, Value> = all
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, _)| asked.contains(&key.as_str()) || *key == "edit_history_tweet_ids")
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        Value::Object(kept)
    }

    pub(super) fn timeline(&self, asked: &Asked, mentions: bool) -> Said {
        let number = |name: &str| asked.field(name).parse::<u64>().ok();
        let count = number("max_results").unwrap_or(10);
        if !(5..=100).contains(&count) {
            return invalid("The `max_results` query parameter value is not between 5 and 100.");
        }
        let start: Option<Timestamp> = asked.field("start_time").parse().ok();
        let id = |post: &XPost| post.id.parse::<u64>().unwrap();
        let names = |post: &XPost| {
            let answers = self
                .posts
                .iter()
                .any(|held| Some(&held.id) == post.reply.as_ref() && held.author == self.id);
            answers || post.text.contains(&format!("@{}", ME.1))
        };
        let before = number("pagination_token")
            .or(number("until_id"))
            .unwrap_or(u64::MAX);
        let mut found: Vec<&XPost> = self
            .posts
            .iter()
            .filter(|post| post.latest && id(post) < before)
            .filter(|post| {
                if mentions {
                    names(post) && id(post) > number("since_id").unwrap_or(0)
                } else {
                    // The network counts in whole seconds.
                    let far = SignedDuration::from_secs(1);
                    post.author == self.id && start.is_none_or(|start| post.at + far >= start)
                }
            })
            .collect();
        found.sort_by_key(|post| std::cmp::Reverse(id(post)));
        let count = usize::try_from(count).unwrap();
        let page = &found[..found.len().min(count)];
        let mut meta = json!({ "result_count": page.len() });
        if found.len() > count {
            meta["next_token"] = json!(page.last().unwrap().id);
        }
        let mut body = json!({ "meta": meta });
        if !page.is_empty() {
            let fields = asked.field("tweet.fields");
            let all: Vec<Value> = page.iter().map(|post| self.shown(post, &fields)).collect();
            body["data"] = json!(all);
        }
        if asked.field("expansions") == "author_id" {
            let user = |post: &&XPost| json!({ "id": post.author, "name": "N", "username": format!("user{}", post.author) });
            body["includes"] = json!({ "users": page.iter().map(user).collect::<Vec<_>>() });
        }
        Said::json(200, body)
    }

    pub(super) fn upload(&mut self, asked: &Asked, id: &str, step: &str) -> Said {
        if step == "initialize" {
            let total = usize::try_from(asked.json["total_bytes"].as_u64().unwrap()).unwrap();
            if total > 5 * 1024 * 1024 || asked.field("media_category") != "tweet_image" {
                return invalid("The media is too large.");
            }
            let id = self.next().to_string();
            self.media.push(XMedia {
                id: id.clone(),
                total,
                states: std::mem::take(&mut self.states),
                ..XMedia::default()
            });
            let body = json!({ "data": { "id": id, "media_key": format!("3_{id}"), "expires_after_secs": 86_400 } });
            return Said::json(200, body);
        }
        let asked_id = asked.field("media_id");
        let id = if id.is_empty() { &asked_id } else { id };
        let Some(media) = self.media.iter_mut().find(|media| media.id == id) else {
            return invalid("Your media IDs are invalid.");
        };
        match step {
            "append" => {
                media.came += asked.body.len();
                return Said::json(200, json!({ "data": { "expires_at": 1_900_000_000 } }));
            }
            "finalize" if media.came < media.total => {
                return invalid("Segments do not add up to provided total file size.");
            }
            "finalize" => media.closed = true,
            _ => {
                media.states.remove(0);
            }
        }
        let mut data =
            json!({ "id": media.id, "media_key": format!("3_{}", media.id), "size": media.total });
        if let Some(state) = media.states.first() {
            data["processing_info"] = json!({ "state": state, "check_after_secs": 0 });
        } else if step == "status" {
            data["processing_info"] = json!({ "state": "succeeded", "progress_percent": 100 });
        }
        Said::json(200, json!({ "data": data }))
    }
}
