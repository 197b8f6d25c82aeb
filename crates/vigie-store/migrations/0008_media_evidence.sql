-- What was found in the file that a picture was brought as, before it was encoded again: JSON, read by the check.
create table media_evidence (
    sha256 bytea primary key,
    evidence text not null
);
