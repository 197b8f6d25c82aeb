-- What reached the company's pages: comments, mentions and messages of other people. Kept for a time only.
create table inbound (
    id text primary key,
    channel text not null references channel (id),
    remote_id text not null,
    kind text not null,
    about text,
    author text not null,
    body text not null,
    url text not null,
    at bigint not null,
    seen_at bigint not null,
    state text not null,
    -- The post that answers it.
    post text references post (id),
    settled_by text references member (id),
    settled_at bigint
);
create unique index inbound_remote on inbound (channel, remote_id);
create index inbound_state on inbound (state, at);
create index inbound_seen on inbound (seen_at);
