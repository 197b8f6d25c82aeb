//! `vigie post`: write, follow and take back posts of a running Vigie. What takes a person is not here.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::remote::{Remote, Server, columns, text};
use crate::words::Words;

/// Posts of a running Vigie.
#[derive(Debug, Args)]
pub struct Post {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Write a post.
    #[command(
        after_help = "Examples:\n  vigie post new post.txt --channel @atelier.example --submit\n  \
echo 'Bonjour' | vigie post new - --channel Atelier --at 2026-12-01T09:00:00+01:00"
    )]
    New {
        #[command(flatten)]
        draft: Box<DraftArgs>,
        /// Ask for review at once.
        #[arg(long)]
        submit: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Replace what a post says. Approvals given to the words before are void.
    #[command(after_help = "Example:\n  vigie post edit 019a… post.txt --channel Atelier")]
    Edit {
        /// The post.
        #[arg(value_name = "POST")]
        id: String,
        #[command(flatten)]
        draft: Box<DraftArgs>,
        #[command(flatten)]
        remote: Remote,
    },
    /// List posts, last changed first.
    #[command(after_help = "Example:\n  vigie post list --state in_review")]
    List {
        /// Only in this state: draft, in_review, changes_requested, approved, done, archived.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Only those that hold these words.
        #[arg(long, value_name = "WORDS")]
        search: Option<String>,
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        remote: Remote,
    },
    /// Show one post: what it says, what was found, where it stands on each page.
    #[command(after_help = "Example:\n  vigie post show 019a…")]
    Show {
        /// The post.
        #[arg(value_name = "POST")]
        id: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Ask for review.
    #[command(after_help = "Example:\n  vigie post submit 019a…")]
    Submit {
        /// The post.
        #[arg(value_name = "POST")]
        id: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Take a post back to the drafts; what has not gone out never will.
    #[command(after_help = "Example:\n  vigie post withdraw 019a…")]
    Withdraw {
        /// The post.
        #[arg(value_name = "POST")]
        id: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Say something in a post's conversation.
    #[command(after_help = "Example:\n  vigie post comment 019a… 'Is the date right?'")]
    Comment {
        /// The post.
        #[arg(value_name = "POST")]
        id: String,
        /// What to say.
        #[arg(value_name = "TEXT")]
        said: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Delete a published post on its networks.
    #[command(
        after_help = "Example:\n  vigie post take-back 019a… --reason 'The date has changed'"
    )]
    TakeBack {
        /// The post.
        #[arg(value_name = "POST")]
        id: String,
        /// Why, for the log.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Only on this page: its name, handle or id.
        #[arg(long, value_name = "PAGE")]
        channel: Option<String>,
        #[command(flatten)]
        remote: Remote,
    },
}

/// What a post says, as flags.
#[derive(Debug, Args)]
struct DraftArgs {
    /// File with the text; `-` is standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    file: String,
    /// Page to publish on: its name, handle or id; may be given several times. Not needed when there is only one.
    #[arg(long, value_name = "PAGE")]
    channel: Vec<String>,
    /// Picture to add (PNG, JPEG or WebP); may be given several times.
    #[arg(long, value_name = "FILE")]
    picture: Vec<PathBuf>,
    /// What the picture shows, for people who cannot see it: one for each picture, in order; empty when it only decorates.
    #[arg(long, value_name = "TEXT")]
    alt: Vec<String>,
    /// Link shown as a card.
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// What readers see before the text, in a few words.
    #[arg(long, value_name = "TEXT")]
    warning: Option<String>,
    /// Who may answer: everyone, followers, followed, mentioned or nobody.
    #[arg(long, value_name = "WHO")]
    repliers: Option<String>,
    /// File with the text of a further part of a series; may be given several times.
    #[arg(long, value_name = "FILE")]
    part: Vec<PathBuf>,
    /// Language of the post, such as fr.
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// When it goes out (RFC 3339); as soon as it is approved when absent.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// What the server refuses, in its words.
pub fn run(args: Post) -> Result<ExitCode> {
    match args.act {
        Act::New {
            draft,
            submit,
            remote,
        } => remote.with(async |s| new(&s, &draft, submit).await),
        Act::Edit { id, draft, remote } => remote.with(async |s| edit(&s, &id, &draft).await),
        Act::List {
            state,
            search,
            limit,
            remote,
        } => remote.with(async |s| list(&s, state.as_deref(), search.as_deref(), limit).await),
        Act::Show { id, remote } => remote.with(async |s| show(&s, &id).await),
        Act::Submit { id, remote } => remote.with(async |s| act(&s, &id, "submit").await),
        Act::Withdraw { id, remote } => remote.with(async |s| act(&s, &id, "withdraw").await),
        Act::Comment { id, said, remote } => remote.with(async |s| {
            let path = format!("{}/comments", path(&id));
            let answer = s.post(&path, Some(&json!({ "text": said }))).await?;
            s.say(&answer, |w| w.t("remote-commented"))
        }),
        Act::TakeBack {
            id,
            reason,
            channel,
            remote,
        } => remote.with(async |s| take_back(&s, &id, &reason, channel.as_deref()).await),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// The API's path of a post; an id that holds anything else finds nothing there.
fn path(id: &str) -> String {
    let safe: String = id
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    format!("/api/v1/posts/{safe}")
}

impl DraftArgs {
    fn text(&self, w: &Words) -> Result<String> {
        let mut text = String::new();
        if self.file == "-" {
            std::io::stdin().read_to_string(&mut text)?;
        } else {
            text = std::fs::read_to_string(&self.file)
                .with_context(|| w.t1("remote-no-file", "file", self.file.as_str()))?;
        }
        Ok(text.trim_end().to_owned())
    }

    /// Hands the pictures in, and gives the body for the API.
    async fn body(&self, server: &Server) -> Result<Value> {
        let w = &server.words;
        if self.picture.len() != self.alt.len() {
            bail!(w.t2(
                "remote-alt-missing",
                "pictures",
                self.picture.len(),
                "alts",
                self.alt.len()
            ));
        }
        let text = self.text(w)?;
        let channels = chosen(server, &self.channel).await?;
        let mut media = Vec::with_capacity(self.picture.len());
        for (file, alt) in self.picture.iter().zip(&self.alt) {
            let bytes = std::fs::read(file)
                .with_context(|| w.t1("remote-no-file", "file", file.display().to_string()))?;
            let kept = server.upload("/api/v1/media", bytes).await?;
            media.push(json!({
                "sha256": kept["sha256"],
                "alt": alt,
                "decorative": alt.trim().is_empty(),
            }));
        }
        let mut parts = Vec::with_capacity(self.part.len());
        for file in &self.part {
            let text = std::fs::read_to_string(file)
                .with_context(|| w.t1("remote-no-file", "file", file.display().to_string()))?;
            parts.push(json!({ "text": text.trim_end() }));
        }
        let variants: Vec<Value> = channels
            .iter()
            .map(|channel| {
                json!({
                    "channel": channel,
                    "text": text,
                    "link": self.link,
                    "langs": self.language.iter().collect::<Vec<_>>(),
                    "media": media,
                    "warning": self.warning,
                    "repliers": self.repliers,
                    "parts": parts,
                })
            })
            .collect();
        Ok(json!({ "variants": variants, "at": self.at }))
    }
}

/// The ids of the pages that were named; the only one there is when none was.
async fn chosen(server: &Server, wanted: &[String]) -> Result<Vec<String>> {
    let all = server
        .list("/api/v1/channels", "channels", usize::MAX)
        .await?;
    let open: Vec<&Value> = all.iter().filter(|c| c["status"] == "connected").collect();
    let names = || {
        let names: Vec<&str> = open.iter().map(|c| text(c, "name")).collect();
        names.join(", ")
    };
    if wanted.is_empty() {
        return match open.as_slice() {
            [only] => Ok(vec![text(only, "id").to_owned()]),
            [] => bail!(server.words.t("remote-no-channel")),
            _ => bail!(server.words.t1("remote-which-channel", "names", names())),
        };
    }
    let mut ids = Vec::with_capacity(wanted.len());
    for name in wanted {
        let found: Vec<&&Value> = open.iter().filter(|c| is(c, name)).collect();
        match found.as_slice() {
            [one] => ids.push(text(one, "id").to_owned()),
            [] => bail!(server.words.t2(
                "remote-unknown-channel",
                "name",
                name.as_str(),
                "names",
                names()
            )),
            _ => bail!(
                server
                    .words
                    .t1("remote-two-channels", "name", name.as_str())
            ),
        }
    }
    Ok(ids)
}

/// Whether a channel is the one named.
fn is(channel: &Value, name: &str) -> bool {
    let bare = name.trim_start_matches('@').to_lowercase();
    text(channel, "id") == name
        || ["name", "handle"]
            .iter()
            .any(|key| text(channel, key).trim_start_matches('@').to_lowercase() == bare)
}

async fn new(server: &Server, draft: &DraftArgs, submit: bool) -> Result<()> {
    let body = draft.body(server).await?;
    let mut post = server.post("/api/v1/posts", Some(&body)).await?;
    if submit {
        let id = text(&post, "id").to_owned();
        let asked = server.post(&format!("{}/submit", path(&id)), None).await;
        // The draft is kept whatever happens next: its id must not be lost with the refusal.
        post = asked.with_context(|| server.words.t1("remote-draft-kept", "id", id))?;
    }
    say_post(server, &post)
}

async fn edit(server: &Server, id: &str, draft: &DraftArgs) -> Result<()> {
    let before = server.get(&path(id)).await?;
    let mut body = draft.body(server).await?;
    body["version"] = before["version"].clone();
    let post = server.put(&path(id), &body).await?;
    say_post(server, &post)
}

async fn act(server: &Server, id: &str, what: &str) -> Result<()> {
    let post = server.post(&format!("{}/{what}", path(id)), None).await?;
    say_post(server, &post)
}

async fn show(server: &Server, id: &str) -> Result<()> {
    let post = server.get(&path(id)).await?;
    say_post(server, &post)
}

async fn list(
    server: &Server,
    state: Option<&str>,
    search: Option<&str>,
    limit: usize,
) -> Result<()> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(state.iter().map(|s| ("state", s)));
    query.extend_pairs(search.iter().map(|s| ("q", s)));
    let address = format!("/api/v1/posts?{}", query.finish());
    let posts = server.list(&address, "posts", limit).await?;
    server.say(&Value::Array(posts.clone()), |w| {
        if posts.is_empty() {
            return w.t("remote-none");
        }
        let rows: Vec<Vec<String>> = posts
            .iter()
            .map(|post| {
                vec![
                    text(post, "id").to_owned(),
                    w.t(format!("state-{}", text(post, "state"))),
                    text(post, "excerpt").replace('\n', " "),
                ]
            })
            .collect();
        columns(&rows)
    })
}

async fn take_back(server: &Server, id: &str, reason: &str, only: Option<&str>) -> Result<()> {
    let post = server.get(&path(id)).await?;
    let only = match only {
        None => None,
        Some(name) => Some(chosen(server, &[name.to_owned()]).await?),
    };
    let mut taken = 0;
    for publication in post["publications"].as_array().into_iter().flatten() {
        let here = only
            .as_ref()
            .is_none_or(|ids| ids.iter().any(|i| i == text(publication, "channel")));
        if here && text(publication, "state") == "published" {
            let path = format!("/api/v1/publications/{}/take-back", text(publication, "id"));
            server.post(&path, Some(&json!({ "text": reason }))).await?;
            taken += 1;
        }
    }
    if taken == 0 {
        bail!(server.words.t("remote-nothing-published"));
    }
    let answer = json!({ "taken_back": taken });
    server.say(&answer, |w| w.t1("remote-taken-back", "n", taken))
}

/// One post: where it stands, what it says, what was found, what became of it.
fn say_post(server: &Server, post: &Value) -> Result<()> {
    server.say(post, |w| {
        let id = text(post, "id");
        let mut lines = vec![
            format!("{id}  {}", w.t(format!("state-{}", text(post, "state")))),
            server.page(&format!("/posts/{id}")),
        ];
        let missing = post["missing_approvals"].as_u64().unwrap_or(0);
        if text(post, "state") == "in_review" {
            lines.push(w.t1("remote-missing", "n", missing));
        }
        for variant in post["variants"].as_array().into_iter().flatten() {
            lines.push(String::new());
            if let Some(warning) = variant["warning"].as_str() {
                lines.push(format!("{} {warning}", w.t("post-warning")));
            }
            lines.push(text(variant, "text").to_owned());
            if let Some(who) = variant["repliers"].as_str() {
                let who = w.t(format!("repliers-{who}"));
                lines.push(w.t1("post-repliers", "who", who));
            }
            for part in variant["parts"].as_array().into_iter().flatten() {
                lines.push(String::new());
                lines.push(text(part, "text").to_owned());
            }
        }
        lines.extend(findings(post, w));
        for publication in post["publications"].as_array().into_iter().flatten() {
            lines.push(String::new());
            lines.push(outcome(publication, w));
        }
        lines.join("\n")
    })
}

/// What the check found, the same finding of several pages once.
fn findings(post: &Value, w: &Words) -> Vec<String> {
    let lang = w.lang.as_str();
    let mut lines: Vec<String> = Vec::new();
    for variant in post["report"]["variants"].as_array().into_iter().flatten() {
        for finding in variant["report"]["findings"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let line = format!(
                "{}  {}  {}\n    {}",
                w.t(format!("severity-{}", text(finding, "severity"))),
                text(finding, "rule"),
                text(&finding["message"], lang),
                text(&finding["advice"], lang),
            );
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    if !lines.is_empty() {
        lines.insert(0, String::new());
    }
    lines
}

fn outcome(publication: &Value, w: &Words) -> String {
    let state = w.t(format!("outcome-{}", text(publication, "state")));
    match (publication["url"].as_str(), publication["error"].as_str()) {
        (Some(url), _) => format!("{state}  {url}"),
        (None, Some(code)) => format!("{state}  {}", w.t(format!("connect-{code}"))),
        (None, None) => state,
    }
}
