-- What each page shows of itself, as last read (JSON).
create table page_state (
    channel text primary key references channel (id),
    body text not null,
    read_at bigint not null
);
-- What changed there between two readings, and what people said it was.
create table page_change (
    id text primary key,
    channel text not null references channel (id),
    part text not null,
    was text not null,
    became text not null,
    -- Between this reading and the one before.
    since bigint not null,
    seen_at bigint not null,
    -- Name of the alarm that was raised for it; null for what is only noted.
    alarm text,
    -- ours, theirs, noted; null while nobody has looked.
    verdict text,
    note text,
    settled_by text references member (id),
    settled_at bigint
);
create index page_change_channel on page_change (channel, seen_at);
create index page_change_alarm on page_change (alarm);
-- How many follow a page, a figure a day (YYYY-MM-DD, UTC).
create table page_follower (
    channel text not null references channel (id),
    day text not null,
    followers bigint not null,
    primary key (channel, day)
);
-- What a page of the sandbox says about itself.
alter table sandbox_account add column about text;
alter table sandbox_account add column website text;
-- What came of taking back at the network what opened a page: written before the network is told.
create table farewell (
    channel text primary key references channel (id),
    -- untold, revoked, partly, not_offered, failed
    outcome text not null,
    -- Why not, a stable name.
    trouble text,
    -- Where a person does it at the network.
    removal text not null,
    at bigint not null
);
-- What was used, in a month (YYYY-MM, UTC), of what a network asks money for.
create table network_use (
    platform text not null,
    month text not null,
    what text not null,
    n bigint not null,
    primary key (platform, month, what)
);
