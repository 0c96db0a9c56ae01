-- Trackers that are not at their host any more, and where they went as far as it says.
alter table hosted add column gone text;
