-- Where links lead, as found when review was asked: JSON, kept for a day.
create table link_trail (
    link text primary key,
    trail text not null,
    found_at bigint not null
);
create index link_trail_found on link_trail (found_at);
