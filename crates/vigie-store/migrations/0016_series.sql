-- A series is several publications of one revision on one channel, part by part; the first part is 0.
alter table publication add column part bigint not null default 0;
-- Whatever the order of events, each part is on its way or on the page once per channel.
drop index publication_live;
create unique index publication_live on publication (post, channel, part)
    where state in ('ready', 'sending', 'unknown', 'published', 'taking_back');
