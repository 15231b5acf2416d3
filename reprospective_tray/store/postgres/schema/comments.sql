-- Comments on each table, view, column and function, with units and time zones, for users of psql
-- or other programs.
--
-- Idempotent; runs after the numbered scripts as the owner of the schema. Every object that a
-- script adds needs a comment here; a test finds missing ones.

-- Sessions.
COMMENT ON TABLE reprospective.desktop_activity_sessions IS
    'One application and one window title in front, without a gap, in one state. Forgotten '
    'sessions stay as rows with deleted = 1; the views leave them out.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.uid IS
    'UUIDv7, made when the session began; the key everywhere.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.owner IS
    'The role that sent it; row-level security goes by it.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.device_id IS
    'The UUID of the local database that recorded it: one for each computer.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.source_host IS
    'The name of the computer, as it calls itself.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.original_id IS
    'The id of the row in the local database; null where it was recorded straight to the '
    'server.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.state IS
    'active (a window in front), idle (no input) or locked (locked screen, other user).';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.application_name IS
    'The name of the application; empty for idle and locked.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.window_title IS
    'The title of the window, as it was first seen; empty for idle and locked.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.process_id IS
    'The number of the process on its computer; null where it is not known.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.started_at IS
    'The moment at which it began, exact to the millisecond.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.ended_at IS
    'The moment at which it ended; of an open session the last one at which it was known to '
    'last.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.utc_offset_minutes IS
    'How far the clock on the wall was ahead of UTC when it was recorded, in minutes; west is '
    'negative.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.open IS
    '1 while the session goes on, else 0.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.deleted IS
    '1 where it was forgotten: names are empty then, times stay. Else 0.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.revision IS
    'Grows with every change of the session; the largest one is the newest.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.received_at IS
    'When the server took this version, by the server''s clock.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.sent_schema IS
    'The version of this schema that the sender knew.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.first_day IS
    'The day on which it began, by the clock on the wall (utc_offset_minutes).';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.last_day IS
    'The day on which it ended, by the clock on the wall; one that ends at midnight ends on '
    'the day before.';
COMMENT ON COLUMN reprospective.desktop_activity_sessions.midnights IS
    'last_day - first_day, in days.';

-- Entries.
COMMENT ON TABLE reprospective.desktop_activity_entries IS
    'What a person says that a time was for. Entries overlay the sessions and never change them. '
    'Deleted ones stay as rows with deleted = 1.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.uid IS
    'UUIDv7, made with the entry; the key everywhere. Where the entries of two computers overlap, '
    'the greater one has precedence.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.owner IS
    'The role that sent it; row-level security goes by it.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.device_id IS
    'The UUID of the local database in which it was made: one for each computer.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.source_host IS
    'The name of the computer, as it calls itself.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.started_at IS
    'The moment at which it begins, exact to the millisecond.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.ended_at IS
    'The moment at which it ends, exact to the millisecond.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.utc_offset_minutes IS
    'How far the clock on the wall was ahead of UTC when it began, in minutes; west is negative.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.category IS
    'What the time was for: a path such as Customers > Harbour; empty where it was deleted.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.note IS
    'What the person noted; empty where it was deleted.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.billable IS
    '1 where it is to be invoiced, else 0.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.revision IS
    'Grows with every change of the entry; the largest one is the newest.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.deleted IS
    '1 where it was deleted or forgotten: texts are empty then, times stay. Else 0.';
COMMENT ON COLUMN reprospective.desktop_activity_entries.received_at IS
    'When the server took this version, by the server''s clock.';

-- Tables for sending.
COMMENT ON TABLE reprospective.devices IS
    'How far each device has come with sending: the batch that was taken last. It tells a '
    'restored or a cloned database.';
COMMENT ON COLUMN reprospective.devices.owner IS 'The role that sends from this device.';
COMMENT ON COLUMN reprospective.devices.device_id IS 'The UUID of the local database.';
COMMENT ON COLUMN reprospective.devices.counter IS
    'The number of the batch that was taken last; grows by device.';
COMMENT ON COLUMN reprospective.devices.token IS
    'A random text of that batch, which no copy of the database can guess.';
COMMENT ON COLUMN reprospective.devices.verdict IS
    'What was answered to it: fits, or restored (everything is to be offered again).';
COMMENT ON COLUMN reprospective.devices.sent_schema IS
    'The version of this schema that the sender knew.';
COMMENT ON COLUMN reprospective.devices.received_at IS
    'When that batch came, by the server''s clock.';
COMMENT ON TABLE reprospective.schema_version IS
    'The numbered scripts that made this schema; the largest version is the one in force.';
COMMENT ON COLUMN reprospective.schema_version.version IS 'The number of the script.';
COMMENT ON COLUMN reprospective.schema_version.applied_at IS
    'When it ran, by the server''s clock.';

-- Totals of settled days.
COMMENT ON TABLE reprospective.settled IS
    'Up to which day the totals of an owner are kept in settled_days. Who has sessions has a '
    'row.';
COMMENT ON COLUMN reprospective.settled.owner IS 'The role whose days these are.';
COMMENT ON COLUMN reprospective.settled.until IS
    'The first day that is not kept: it and all later ones are computed from the sessions.';
COMMENT ON COLUMN reprospective.settled.lowered_at IS
    'When this day was last moved back because an earlier session changed, by the server''s '
    'clock.';
COMMENT ON TABLE reprospective.settled_days IS
    'The totals of days before settled.until: closed sessions by day, device, host, state and '
    'application.';
COMMENT ON COLUMN reprospective.settled_days.owner IS 'The role whose sessions these are.';
COMMENT ON COLUMN reprospective.settled_days.day IS
    'The day, by the clock on the wall when it was recorded.';
COMMENT ON COLUMN reprospective.settled_days.device_id IS
    'The UUID of the local database that recorded it: one for each computer.';
COMMENT ON COLUMN reprospective.settled_days.source_host IS
    'The name of the computer, as it calls itself.';
COMMENT ON COLUMN reprospective.settled_days.state IS
    'active (a window in front), idle (no input) or locked (locked screen, other user).';
COMMENT ON COLUMN reprospective.settled_days.application_name IS
    'The name of the application; empty for idle and locked.';
COMMENT ON COLUMN reprospective.settled_days.ms IS 'The time on that day, in milliseconds.';
COMMENT ON COLUMN reprospective.settled_days.sessions IS
    'How many sessions lie at least partly on that day.';
COMMENT ON COLUMN reprospective.settled_days.first_at IS
    'The moment at which the first of them began, or the day.';
COMMENT ON COLUMN reprospective.settled_days.first_offset_minutes IS
    'utc_offset_minutes of the session that first_at is of.';
COMMENT ON COLUMN reprospective.settled_days.last_at IS
    'The moment at which the last of them ended, or the day.';
COMMENT ON COLUMN reprospective.settled_days.last_offset_minutes IS
    'utc_offset_minutes of the session that last_at is of.';

-- Views for readers; each shows the rows that the reading role may see.
COMMENT ON VIEW reprospective.desktop_activity_days IS
    'The totals of closed sessions by day, device, host, state and application; days as they '
    'were lived.';
COMMENT ON COLUMN reprospective.desktop_activity_days.owner IS
    'The role whose sessions these are.';
COMMENT ON COLUMN reprospective.desktop_activity_days.day IS
    'The day, by the clock on the wall when it was recorded.';
COMMENT ON COLUMN reprospective.desktop_activity_days.device_id IS
    'The UUID of the local database that recorded it: one for each computer.';
COMMENT ON COLUMN reprospective.desktop_activity_days.source_host IS
    'The name of the computer, as it calls itself.';
COMMENT ON COLUMN reprospective.desktop_activity_days.state IS
    'active (a window in front), idle (no input) or locked (locked screen, other user).';
COMMENT ON COLUMN reprospective.desktop_activity_days.application_name IS
    'The name of the application; empty for idle and locked.';
COMMENT ON COLUMN reprospective.desktop_activity_days.ms IS
    'The time on that day, in milliseconds.';
COMMENT ON COLUMN reprospective.desktop_activity_days.sessions IS
    'How many sessions lie at least partly on that day.';
COMMENT ON COLUMN reprospective.desktop_activity_days.first_at IS
    'The moment at which the first of them began, or the day.';
COMMENT ON COLUMN reprospective.desktop_activity_days.first_offset_minutes IS
    'utc_offset_minutes of the session that first_at is of.';
COMMENT ON COLUMN reprospective.desktop_activity_days.last_at IS
    'The moment at which the last of them ended, or the day.';
COMMENT ON COLUMN reprospective.desktop_activity_days.last_offset_minutes IS
    'utc_offset_minutes of the session that last_at is of.';
COMMENT ON VIEW reprospective.computed_days IS
    'The same as desktop_activity_days, computed from the sessions alone.';
COMMENT ON COLUMN reprospective.computed_days.owner IS 'The role whose sessions these are.';
COMMENT ON COLUMN reprospective.computed_days.day IS
    'The day, by the clock on the wall when it was recorded.';
COMMENT ON COLUMN reprospective.computed_days.device_id IS
    'The UUID of the local database that recorded it: one for each computer.';
COMMENT ON COLUMN reprospective.computed_days.source_host IS
    'The name of the computer, as it calls itself.';
COMMENT ON COLUMN reprospective.computed_days.state IS
    'active (a window in front), idle (no input) or locked (locked screen, other user).';
COMMENT ON COLUMN reprospective.computed_days.application_name IS
    'The name of the application; empty for idle and locked.';
COMMENT ON COLUMN reprospective.computed_days.ms IS 'The time on that day, in milliseconds.';
COMMENT ON COLUMN reprospective.computed_days.sessions IS
    'How many sessions lie at least partly on that day.';
COMMENT ON COLUMN reprospective.computed_days.first_at IS
    'The moment at which the first of them began, or the day.';
COMMENT ON COLUMN reprospective.computed_days.first_offset_minutes IS
    'utc_offset_minutes of the session that first_at is of.';
COMMENT ON COLUMN reprospective.computed_days.last_at IS
    'The moment at which the last of them ended, or the day.';
COMMENT ON COLUMN reprospective.computed_days.last_offset_minutes IS
    'utc_offset_minutes of the session that last_at is of.';
COMMENT ON VIEW reprospective.session_days IS
    'Each session, cut at the midnights of the clock on the wall: a row for each day on which '
    'it lies.';
COMMENT ON COLUMN reprospective.session_days.day IS
    'The day, by the clock on the wall when it was recorded.';
COMMENT ON COLUMN reprospective.session_days.owner IS 'The role whose session it is.';
COMMENT ON COLUMN reprospective.session_days.device_id IS
    'The UUID of the local database that recorded it: one for each computer.';
COMMENT ON COLUMN reprospective.session_days.source_host IS
    'The name of the computer, as it calls itself.';
COMMENT ON COLUMN reprospective.session_days.state IS
    'active (a window in front), idle (no input) or locked (locked screen, other user).';
COMMENT ON COLUMN reprospective.session_days.application_name IS
    'The name of the application; empty for idle and locked.';
COMMENT ON COLUMN reprospective.session_days.open IS '1 while the session goes on, else 0.';
COMMENT ON COLUMN reprospective.session_days.started_at IS
    'The moment at which this part begins.';
COMMENT ON COLUMN reprospective.session_days.ended_at IS 'The moment at which this part ends.';
COMMENT ON COLUMN reprospective.session_days.utc_offset_minutes IS
    'How far the clock on the wall was ahead of UTC when it was recorded, in minutes; west is '
    'negative.';
COMMENT ON VIEW reprospective.daily_application_totals IS
    'Active time by day, computer and application, the running session included; days as they '
    'were lived.';
COMMENT ON COLUMN reprospective.daily_application_totals.owner IS
    'The role whose sessions these are.';
COMMENT ON COLUMN reprospective.daily_application_totals.day IS
    'The day, by the clock on the wall when it was recorded.';
COMMENT ON COLUMN reprospective.daily_application_totals.source_host IS
    'The name of the computer, as it calls itself.';
COMMENT ON COLUMN reprospective.daily_application_totals.application_name IS
    'The name of the application.';
COMMENT ON COLUMN reprospective.daily_application_totals.active_seconds IS
    'The time in which it was in front, in seconds, exact to the millisecond.';
COMMENT ON COLUMN reprospective.daily_application_totals.sessions IS
    'How many sessions lie at least partly on that day.';
COMMENT ON VIEW reprospective.hourly_activity IS
    'Time by hour and computer, the running session included. A condition on day is fast, one '
    'on hour alone is not.';
COMMENT ON COLUMN reprospective.hourly_activity.owner IS 'The role whose sessions these are.';
COMMENT ON COLUMN reprospective.hourly_activity.source_host IS
    'The name of the computer, as it calls itself.';
COMMENT ON COLUMN reprospective.hourly_activity.day IS
    'The day, by the clock on the wall when it was recorded.';
COMMENT ON COLUMN reprospective.hourly_activity.hour IS
    'The beginning of the hour by the clock on the wall; a time without a zone.';
COMMENT ON COLUMN reprospective.hourly_activity.active_seconds IS
    'Active time within this hour, in seconds; more than 3600 where the hour was lived twice.';
COMMENT ON COLUMN reprospective.hourly_activity.idle_seconds IS
    'Idle time within this hour, in seconds.';
COMMENT ON COLUMN reprospective.hourly_activity.locked_seconds IS
    'Locked time within this hour, in seconds.';
COMMENT ON VIEW reprospective.hosts IS 'The computers that have sent sessions.';
COMMENT ON COLUMN reprospective.hosts.owner IS 'The role that sent them.';
COMMENT ON COLUMN reprospective.hosts.source_host IS
    'The name of the computer, as it calls itself.';
COMMENT ON COLUMN reprospective.hosts.device_id IS 'The UUID of its local database.';
COMMENT ON COLUMN reprospective.hosts.sessions IS
    'How many sessions of it are here, without forgotten ones.';
COMMENT ON COLUMN reprospective.hosts.first_at IS 'The moment at which the first of them began.';
COMMENT ON COLUMN reprospective.hosts.last_at IS 'The moment at which the last of them ended.';
COMMENT ON COLUMN reprospective.hosts.last_received_at IS
    'When the last of them came, by the server''s clock.';

-- A received batch in JSON: times are milliseconds since the epoch, UTC.
COMMENT ON TYPE reprospective.sent_batch IS
    'All of one batch; keys that are not here are ignored.';
COMMENT ON COLUMN reprospective.sent_batch.schema IS
    'The version of this schema that the sender knows.';
COMMENT ON COLUMN reprospective.sent_batch.device_id IS 'The device that sends.';
COMMENT ON COLUMN reprospective.sent_batch.acknowledged IS
    'The pair of the last batch that was answered; null for the first one.';
COMMENT ON COLUMN reprospective.sent_batch.pair IS 'The pair of this batch.';
COMMENT ON COLUMN reprospective.sent_batch.rows IS 'An array of sent_row.';
COMMENT ON COLUMN reprospective.sent_batch.entries IS
    'An array of sent_entry; null from a sender that has none.';
COMMENT ON COLUMN reprospective.sent_batch.orders IS 'An array of sent_order.';
COMMENT ON TYPE reprospective.sent_pair IS 'What a batch is known by.';
COMMENT ON COLUMN reprospective.sent_pair.counter IS 'Grows with every batch of the device.';
COMMENT ON COLUMN reprospective.sent_pair.token IS 'A random text.';
COMMENT ON TYPE reprospective.sent_row IS 'One session, as desktop_activity_sessions has it.';
COMMENT ON COLUMN reprospective.sent_row.uid IS 'As desktop_activity_sessions.uid.';
COMMENT ON COLUMN reprospective.sent_row.device_id IS 'As desktop_activity_sessions.device_id.';
COMMENT ON COLUMN reprospective.sent_row.source_host IS
    'As desktop_activity_sessions.source_host.';
COMMENT ON COLUMN reprospective.sent_row.original_id IS
    'As desktop_activity_sessions.original_id.';
COMMENT ON COLUMN reprospective.sent_row.state IS 'As desktop_activity_sessions.state.';
COMMENT ON COLUMN reprospective.sent_row.application_name IS
    'As desktop_activity_sessions.application_name.';
COMMENT ON COLUMN reprospective.sent_row.window_title IS
    'As desktop_activity_sessions.window_title.';
COMMENT ON COLUMN reprospective.sent_row.process_id IS 'As desktop_activity_sessions.process_id.';
COMMENT ON COLUMN reprospective.sent_row.started_at IS 'Milliseconds since 1970, UTC.';
COMMENT ON COLUMN reprospective.sent_row.ended_at IS 'Milliseconds since 1970, UTC.';
COMMENT ON COLUMN reprospective.sent_row.utc_offset_minutes IS
    'As desktop_activity_sessions.utc_offset_minutes.';
COMMENT ON COLUMN reprospective.sent_row.open IS 'As desktop_activity_sessions.open.';
COMMENT ON COLUMN reprospective.sent_row.deleted IS 'As desktop_activity_sessions.deleted.';
COMMENT ON COLUMN reprospective.sent_row.revision IS 'As desktop_activity_sessions.revision.';
COMMENT ON TYPE reprospective.sent_entry IS 'One entry, as desktop_activity_entries has it.';
COMMENT ON COLUMN reprospective.sent_entry.uid IS 'As desktop_activity_entries.uid.';
COMMENT ON COLUMN reprospective.sent_entry.device_id IS 'As desktop_activity_entries.device_id.';
COMMENT ON COLUMN reprospective.sent_entry.source_host IS
    'As desktop_activity_entries.source_host.';
COMMENT ON COLUMN reprospective.sent_entry.started_at IS 'Milliseconds since 1970, UTC.';
COMMENT ON COLUMN reprospective.sent_entry.ended_at IS 'Milliseconds since 1970, UTC.';
COMMENT ON COLUMN reprospective.sent_entry.utc_offset_minutes IS
    'As desktop_activity_entries.utc_offset_minutes.';
COMMENT ON COLUMN reprospective.sent_entry.category IS 'As desktop_activity_entries.category.';
COMMENT ON COLUMN reprospective.sent_entry.note IS 'As desktop_activity_entries.note.';
COMMENT ON COLUMN reprospective.sent_entry.billable IS 'As desktop_activity_entries.billable.';
COMMENT ON COLUMN reprospective.sent_entry.revision IS 'As desktop_activity_entries.revision.';
COMMENT ON COLUMN reprospective.sent_entry.deleted IS 'As desktop_activity_entries.deleted.';
COMMENT ON TYPE reprospective.sent_order IS
    'A range of time to forget, of sessions that have left the sender.';
COMMENT ON COLUMN reprospective.sent_order.uid IS 'The key of the order, for its answer.';
COMMENT ON COLUMN reprospective.sent_order.device_ids IS
    'The devices whose sessions it is about.';
COMMENT ON COLUMN reprospective.sent_order.started_at IS
    'The beginning, inclusive, in milliseconds since 1970, UTC.';
COMMENT ON COLUMN reprospective.sent_order.ended_at IS
    'The end, exclusive, in milliseconds since 1970, UTC.';
COMMENT ON COLUMN reprospective.sent_order.application_name IS
    'The only application that it is about; null for all.';

-- Functions.
COMMENT ON FUNCTION reprospective.ingest(json) IS
    'Takes one batch of a device in one transaction, with the rights of the caller, and '
    'answers what became of each row. Row-level security holds.';
COMMENT ON FUNCTION reprospective.take_rows(json, integer, timestamptz) IS
    'Stores an array of sent_row, each where it is new or newer than what is here; returns '
    'how many came and which were written.';
COMMENT ON FUNCTION reprospective.compare_rows(json, integer[], uuid[]) IS
    'Returns what became of the rows of a batch that were not written: held already, '
    'superseded by a newer version, or refused.';
COMMENT ON FUNCTION reprospective.forget_range(reprospective.sent_order, timestamptz) IS
    'Forgets the caller''s own sessions in a range of time; one across its edge is cut.';
COMMENT ON FUNCTION reprospective.as_sent(reprospective.desktop_activity_sessions) IS
    'Returns a session as sent_row has it, for a sender that holds an older version.';
COMMENT ON FUNCTION reprospective.take_entries(json, timestamptz) IS
    'Takes an array of sent_entry, each where it is new or newer than what is here, and answers '
    'what became of each.';
COMMENT ON FUNCTION reprospective.store_entries(json, timestamptz) IS
    'Stores an array of sent_entry; returns which were written.';
COMMENT ON FUNCTION reprospective.forget_entries(reprospective.sent_order, timestamptz) IS
    'Forgets the caller''s own entries in a range of time that were made before the order; one '
    'across its edge is cut.';
COMMENT ON FUNCTION reprospective.entry_as_sent(reprospective.desktop_activity_entries) IS
    'Returns an entry as sent_entry has it, for a sender that holds an older version.';
COMMENT ON FUNCTION reprospective.lived(timestamptz, integer) IS
    'Returns what the clock on the wall showed at a moment, for an offset from UTC in '
    'minutes.';
COMMENT ON FUNCTION reprospective.moment(timestamp, integer) IS
    'Returns the moment at which the clock on the wall showed a time, for an offset from UTC '
    'in minutes.';
COMMENT ON FUNCTION reprospective.from_ms(bigint) IS
    'Returns the moment of a number of milliseconds since 1970, UTC.';
COMMENT ON FUNCTION reprospective.to_ms(timestamptz) IS
    'Returns the milliseconds since 1970, UTC, of a moment.';
COMMENT ON FUNCTION reprospective.steps(timestamp, timestamp, interval) IS
    'Returns the times from one to another, both inclusive, a step apart.';
COMMENT ON FUNCTION reprospective.settle(text, date, integer) IS
    'Keeps the totals of an owner''s oldest days before a date that are not kept yet: at most '
    'so many days.';
COMMENT ON FUNCTION reprospective.settle_all() IS
    'Keeps the totals of all days that are older than two days, of every owner that the '
    'caller may see; returns the owners whose days it could not keep, and why.';
COMMENT ON FUNCTION reprospective.settle_for_device() IS
    'Trigger on devices: keeps the totals of days that rest, when a device has sent.';
COMMENT ON FUNCTION reprospective.settle_owner(text, date, integer) IS
    'Keeps the totals of an owner''s days as settle() does; returns why it cannot, or null.';
COMMENT ON FUNCTION reprospective.blank_tombstone() IS
    'Trigger on desktop_activity_sessions: takes the names and the process id out of a deleted '
    'session.';
COMMENT ON FUNCTION reprospective.unsettle_from(text, date) IS
    'Lets no total of an owner from this day on be kept, because a session changed.';
COMMENT ON FUNCTION reprospective.unsettle() IS
    'Trigger on desktop_activity_sessions: calls unsettle_from() for what a statement has '
    'changed.';
COMMENT ON FUNCTION reprospective.unsettle_all() IS
    'Trigger on desktop_activity_sessions: keeps no total any more when it is emptied.';
