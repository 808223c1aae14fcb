-- Minting under a pinned clock, so that ids are literal. Node 7.
SET timezone = 'UTC';
SELECT detid.create_generator('m_id', audit => 'off');
SET detid.clock = '2025-06-01T00:00:00Z';
SELECT detid.next_id('m_id');
SELECT detid.next_id('m_id') FROM generate_series(1, 3);
SET detid.clock = '2025-06-01T00:00:00.001Z';
SELECT detid.next_id('m_id');
SELECT detid.last_id('m_id');
SELECT array_agg(id) FROM detid.next_ids('m_id', 3) id;
SELECT detid.last_id('m_id');

-- The clock goes back: ids do not.
SET detid.clock = '2025-06-01T00:00:00Z';
SELECT detid.next_id('m_id');

-- A tick is full: the next one is used ahead of time, up to detid.max_ahead.
SELECT count(DISTINCT id), max(id), detid.decode(max(id), 'm_id') FROM detid.next_ids('m_id', 10000) id;
SELECT detid.create_generator('m_narrow', 'time:30@1s node:4 sequence:2', audit => 'off');
SELECT detid.next_id('m_narrow') FROM generate_series(1, 8);
SELECT detid.next_id('m_narrow');

-- The end of the epoch is an error, not a wrap.
SELECT detid.create_generator('m_short', 'time:10@1ms node:4 sequence:1', epoch => '2025-06-01Z', audit => 'off');
SET detid.clock = '2025-06-01T00:00:01.022Z';
SELECT detid.next_id('m_short') FROM generate_series(1, 4);
SELECT detid.next_id('m_short');
SET detid.clock = '2025-06-02T00:00:00Z';
SELECT detid.next_id('m_short');
SET detid.clock = '2025-05-31T23:59:59Z';
SELECT detid.next_id('m_short');

-- Uuids: time, node and sequence are literal, the random bits hang on the seed.
SET detid.clock = '2023-01-02T04:26:40.637Z';
SELECT detid.create_generator('m_uuid', 'uuid7', audit => 'off');
SELECT left(detid.next_uuid('m_uuid')::text, 21) FROM generate_series(1, 2);
SELECT count(DISTINCT id), bool_and(uuid_send(id) > '\x018570bb4a7d7001') FROM detid.next_uuids('m_uuid', 1000) id;
-- Two generators of one node have nothing in common but the coordinates.
SELECT detid.create_generator('m_uuid2', 'uuid7', audit => 'off');
SELECT right(a::text, 10) <> right(b::text, 10) FROM detid.next_uuid('m_uuid2') a, detid.next_uuid('m_uuid2') b;

-- Texts of any layout, and inputs.
SET detid.clock = '2025-06-01T00:00:00Z';
SELECT detid.create_generator('m_text', 'time:48@1ms sequence:12 node:16 hash:64', audit => 'off');
SELECT detid.next_text('m_text', 'customer 42');
SELECT detid.next_text('m_text', 'customer 42');
SELECT detid.next_text('m_text');
SELECT detid.next_text('m_id');
SELECT detid.next_id('m_id', 'an input') > 0, detid.next_id('m_id', NULL) > 0;

-- NULL generators give NULL.
SELECT detid.next_id(NULL), detid.next_id(NULL, 'x'), detid.next_uuid(NULL), detid.next_text(NULL), detid.last_id(NULL);
SELECT count(*) FROM detid.next_ids(NULL, 3);
SELECT count(*) FROM detid.next_ids('m_id', 0);

-- The real clock: what comes with the extension works at once.
RESET detid.clock;
SELECT detid.next_id() < detid.next_id(), detid.next_uuid() < detid.next_uuid();
SELECT abs(extract(epoch FROM detid.minted_at(detid.next_id()) - clock_timestamp())) < 15;
DROP SEQUENCE m_id, m_narrow, m_short, m_uuid, m_uuid2, m_text;
