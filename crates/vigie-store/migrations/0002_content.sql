-- Channels, secrets, pictures, posts and what is said about them, publications, alarms, the audit log.
-- Ids are text (UUIDv7), times bigint microseconds UTC, yes/no bigint 0/1, hashes and sealed secrets bytea.

-- Sealed values. `id`, `version` and `purpose` are bound into the seal; `root_key` repeats which root key opens it.
create table secret (
    id text primary key,
    version bigint not null,
    purpose text not null,
    root_key text not null,
    envelope bytea not null,
    created_at bigint not null,
    updated_at bigint not null
);
create index secret_root_key on secret (root_key);

create table channel (
    id text primary key,
    platform text not null,
    handle text not null,
    display text not null,
    -- The network's own stable id of the account.
    account text not null,
    service text not null,
    status text not null,
    -- Why it is broken, a stable name.
    trouble text,
    color text not null,
    secret text references secret (id),
    -- How far the page was read back.
    read_cursor text,
    read_at bigint,
    created_by text not null references member (id),
    created_at bigint not null,
    connected_at bigint,
    disconnected_at bigint
);
-- One account is connected once.
create unique index channel_account on channel (platform, account)
    where status in ('pending', 'connected', 'broken');

create table media (
    id text primary key,
    sha256 bytea not null unique,
    mime text not null,
    width bigint not null,
    height bigint not null,
    size bigint not null,
    bytes bytea not null,
    thumb bytea not null,
    owner text not null references member (id),
    created_at bigint not null
);
create index media_created on media (created_at);

-- Columns below `requirements` repeat what the current revision says, so that lists and the calendar read one table.
create table post (
    id text primary key,
    author text not null references member (id),
    state text not null,
    version bigint not null,
    revision text not null,
    requirements text not null,
    excerpt text not null,
    folded text not null,
    channels text not null,
    assigned text not null,
    revision_number bigint not null,
    -- Where the calendar shows it: planned, or when it went out.
    calendar_at bigint,
    not_after bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    submitted_at bigint
);
create index post_updated on post (updated_at, id);
create index post_calendar on post (calendar_at);
create index post_author on post (author, state);
create index post_state on post (state);

-- Never changed once written, but for the report when the same content is checked again.
create table revision (
    id text primary key,
    post text not null references post (id),
    number bigint not null,
    content text not null,
    digest bytea not null,
    editor text not null references member (id),
    proposer text references member (id),
    report text,
    checked_with text,
    created_at bigint not null,
    unique (post, number)
);

create table post_channel (
    post text not null references post (id),
    channel text not null references channel (id),
    primary key (post, channel)
);
create index post_channel_channel on post_channel (channel);

-- Which posts ever showed or were offered a picture: such a picture is kept.
create table media_use (
    sha256 bytea not null,
    post text not null references post (id),
    primary key (sha256, post)
);

-- Approvals, waivers and assignments that no longer count keep their row, with the time they stopped counting.
create table approval (
    post text not null references post (id),
    revision text not null references revision (id),
    member text not null references member (id),
    digest bytea not null,
    skills text not null,
    seal text not null,
    assertion text,
    at bigint not null,
    -- The version of the post that brought it.
    since bigint not null,
    voided_at bigint,
    primary key (post, since, member)
);

create table waiver (
    post text not null references post (id),
    revision text not null references revision (id),
    member text not null references member (id),
    rule text not null,
    reason text not null,
    digest bytea not null,
    at bigint not null,
    since bigint not null,
    voided_at bigint,
    primary key (post, since, rule)
);

create table assignment (
    post text not null references post (id),
    member text not null references member (id),
    at bigint not null,
    since bigint not null,
    -- Place among those asked together.
    n bigint not null,
    ended_at bigint,
    primary key (post, since, n)
);
create index assignment_member on assignment (member, ended_at);

create table comment (
    id text primary key,
    post text not null references post (id),
    revision text references revision (id),
    author text references member (id),
    kind text not null,
    body text not null,
    at bigint not null
);
create index comment_post on comment (post, at);

create table suggestion (
    id text primary key,
    post text not null references post (id),
    base text not null references revision (id),
    author text not null references member (id),
    content text not null,
    digest bytea not null,
    note text not null,
    state text not null,
    at bigint not null,
    settled_by text references member (id),
    settled_at bigint,
    result text references revision (id)
);
create index suggestion_post on suggestion (post, at);

create table publication (
    id text primary key,
    post text not null references post (id),
    revision text not null references revision (id),
    channel text not null references channel (id),
    digest bytea not null,
    state text not null,
    -- Fencing token: goes up with every claim, whatever it is for.
    attempt bigint not null,
    tries bigint not null,
    looks bigint not null,
    lease_owner text,
    lease_until bigint,
    due_at bigint not null,
    not_after bigint not null,
    next_try_at bigint,
    -- The record's name on the network, chosen before the first call.
    remote_key text not null,
    remote_id text,
    url text,
    content_id text,
    error_code text,
    error_detail text,
    created_at bigint not null,
    published_at bigint,
    settled_at bigint,
    back_by text references member (id),
    back_reason text,
    back_at bigint,
    unique (channel, remote_key)
);
-- Whatever the order of events, a post is on its way or on the page once per channel.
create unique index publication_live on publication (post, channel)
    where state in ('ready', 'sending', 'unknown', 'published', 'taking_back');
create index publication_due on publication (state, due_at);
create index publication_post on publication (post);
create index publication_remote on publication (channel, remote_id);

create table publication_attempt (
    publication text not null references publication (id),
    n bigint not null,
    purpose text not null,
    owner text not null,
    request_digest bytea,
    started_at bigint not null,
    ended_at bigint,
    result text,
    detail text,
    primary key (publication, n)
);

-- The one switch: `id` is always 1. `claims` only serves to lock the row against a claim in progress.
create table pause (
    id bigint primary key check (id = 1),
    paused bigint not null,
    body text not null,
    version bigint not null,
    claims bigint not null
);
insert into pause (id, paused, body, version, claims) values (1, 0, '{"state":"running"}', 0, 0);

create table change (
    id text primary key,
    kind text not null,
    body text not null,
    asked_by text not null references member (id),
    asked_at bigint not null,
    state text not null,
    settled_by text references member (id),
    settled_at bigint
);
create index change_state on change (state, asked_at);

create table alarm (
    id text primary key,
    kind text not null,
    -- The same trouble is one alarm while it is open.
    dedup text not null,
    channel text references channel (id),
    post text references post (id),
    publication text references publication (id),
    detail text not null,
    times bigint not null,
    raised_at bigint not null,
    last_at bigint not null,
    closed_at bigint,
    closed_by text references member (id),
    close_note text
);
create unique index alarm_open on alarm (dedup) where closed_at is null;
create index alarm_raised on alarm (raised_at);

-- What read-back saw on each page.
create table observed (
    channel text not null references channel (id),
    remote_id text not null,
    content_id text not null,
    publication text references publication (id),
    state text not null,
    excerpt text not null,
    url text not null,
    first_seen_at bigint not null,
    last_seen_at bigint not null,
    primary key (channel, remote_id)
);

-- The built-in network. It knows nothing of channels, like any other network.
create table sandbox_account (
    account text primary key,
    handle text not null unique,
    display text not null,
    token bytea not null,
    created_at bigint not null
);

create table sandbox_post (
    account text not null references sandbox_account (account),
    remote_key text not null,
    body text not null,
    content_id text not null,
    created_at bigint not null,
    edited_at bigint,
    primary key (account, remote_key)
);
create index sandbox_post_created on sandbox_post (account, created_at);

create table audit_entry (
    seq bigint primary key,
    at bigint not null,
    actor text not null,
    member text,
    act text not null,
    object text not null,
    detail text not null,
    prev_root bytea not null
);
create index audit_entry_object on audit_entry (object, seq);
create index audit_entry_member on audit_entry (member, seq);

-- The tree so far: `id` is always 1. Its update is what puts writers in line.
create table audit_head (
    id bigint primary key check (id = 1),
    size bigint not null,
    -- Null while the tree is empty.
    frontier bytea
);
insert into audit_head (id, size) values (1, 0);

-- What stands behind an entry and may hold personal data, so that it is not in the tree; only its digest is.
create table audit_evidence (
    seq bigint primary key references audit_entry (seq),
    body text not null
);

create table audit_checkpoint (
    size bigint primary key,
    root bytea not null,
    note text not null,
    at bigint not null
);

-- Answers to requests that carried an Idempotency-Key.
create table idempotency (
    actor text not null,
    name text not null,
    request bytea not null,
    status bigint,
    body text,
    at bigint not null,
    primary key (actor, name)
);
create index idempotency_at on idempotency (at);
