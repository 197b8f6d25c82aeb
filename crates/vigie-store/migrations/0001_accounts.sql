-- The organisation, its members, and how they sign in.
-- Ids are text (UUIDv7), times bigint microseconds UTC, yes/no bigint 0/1, hashes and sealed secrets bytea.

-- The one organisation of this installation: `id` is always 1.
create table organisation (
    id bigint primary key check (id = 1),
    name text not null,
    tz text not null,
    lang text not null,
    settings text not null,
    created_at bigint not null,
    updated_at bigint not null
);

create table member (
    id text primary key,
    login text not null unique,
    name text not null,
    role text not null,
    reviewer bigint not null default 0,
    skills text not null,
    lang text not null,
    status text not null,
    -- Goes up whenever every session and token of the member must end.
    stamp bigint not null default 0,
    last_drawn_at bigint,
    created_at bigint not null
);

create table credential (
    id text primary key,
    member text not null references member (id) on delete cascade,
    -- The authenticator's own id.
    raw_id bytea not null unique,
    name text not null,
    passkey text not null,
    created_at bigint not null,
    last_used_at bigint
);
create index credential_member on credential (member);

create table password (
    member text primary key references member (id) on delete cascade,
    hash text not null,
    changed_at bigint not null
);

create table totp (
    member text primary key references member (id) on delete cascade,
    -- The secret in use, and one being set up that no code has confirmed yet.
    sealed bytea,
    pending bytea,
    -- The last time step whose code was accepted: no code is good twice.
    last_step bigint not null default 0,
    created_at bigint not null
);

create table recovery_code (
    member text not null references member (id) on delete cascade,
    hash bytea not null,
    used_at bigint,
    primary key (member, hash)
);

create table session (
    id text primary key,
    hash bytea not null unique,
    member text not null references member (id) on delete cascade,
    stamp bigint not null,
    user_agent text not null,
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null,
    step_up_at bigint
);
create index session_member on session (member);
create index session_expires on session (expires_at);

-- An invitation has no link (`hash` is null) until a second member has confirmed it.
create table invite (
    id text primary key,
    hash bytea unique,
    created_by text not null references member (id),
    for_name text not null,
    role text not null,
    reviewer bigint not null default 0,
    skills text not null,
    created_at bigint not null,
    expires_at bigint,
    used_at bigint,
    used_by text references member (id),
    revoked_at bigint
);
create index invite_created on invite (created_at);

create table login_attempt (
    id text primary key,
    account text not null,
    network text not null,
    at bigint not null,
    ok bigint not null
);
create index login_attempt_account on login_attempt (account, at);
create index login_attempt_network on login_attempt (network, at);
create index login_attempt_at on login_attempt (at);

create table api_token (
    id text primary key,
    hash bytea not null unique,
    member text not null references member (id) on delete cascade,
    name text not null,
    scopes text not null,
    created_at bigint not null,
    expires_at bigint,
    last_used_at bigint,
    revoked_at bigint
);
create index api_token_member on api_token (member);

-- Token buckets, shared by the replicas. `level` in thousandths of a token.
create table rate (
    bucket text primary key,
    level bigint not null,
    at bigint not null
);
create index rate_at on rate (at);
