-- Trackers that live at another host: what the desk knows of them beyond the copy it plans with.
create table hosted (
  tracker text primary key references trackers (key),
  node text not null,
  card text
) strict;
