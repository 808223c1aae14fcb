-- SPDX-License-Identifier: PostgreSQL
--
-- What scripts/demo runs: ids for the subdivisions of ISO 3166-2.
\set QUIET on
\pset linestyle unicode
\pset border 2
\pset null '-'
\pset footer off
SET client_min_messages = warning;
CREATE EXTENSION pg_detid;
\set QUIET off
\set ECHO queries

\echo '\n\n===== Tables whose keys are ids =====\n'

SELECT detid.create_generator('subdivision_id');

CREATE TABLE subdivision (
  id bigint PRIMARY KEY DEFAULT detid.next_id('subdivision_id'),
  code text NOT NULL UNIQUE,
  name text NOT NULL,
  type text NOT NULL,
  parent_id bigint REFERENCES subdivision
);
\echo
CREATE TABLE name_word (
  id uuid PRIMARY KEY DEFAULT detid.next_uuid(),
  subdivision_id bigint NOT NULL REFERENCES subdivision,
  position int NOT NULL,
  word text NOT NULL
);

\echo '\n\n===== The subdivisions of ISO 3166-2: first those without a parent =====\n'

CREATE TEMP TABLE iso AS
SELECT code, name, type, parent
FROM jsonb_to_recordset(
       pg_read_file('/usr/share/iso-codes/json/iso_3166-2.json')::jsonb -> '3166-2')
     AS iso (code text, name text, type text, parent text);
\echo
\set QUIET on
BEGIN;
SET LOCAL detid.tag = 'ISO 3166-2, without parent';
\set QUIET off
INSERT INTO subdivision (code, name, type)
SELECT code, name, type FROM iso WHERE parent IS NULL ORDER BY code;
\set QUIET on
COMMIT;
\set QUIET off

\set ECHO none
SELECT pg_sleep(0.5) \g /dev/null
SELECT t AS pause, t + interval '1 minute' AS pause_end
FROM date_trunc('milliseconds', clock_timestamp()) AS t \gset
SELECT pg_sleep(0.5) \g /dev/null
\echo '\n\n===== A second later: those with a parent, and the words of all names =====\n'
\set ECHO queries

\set QUIET on
BEGIN;
SET LOCAL detid.tag = 'ISO 3166-2, with parent';
\set QUIET off
-- The parent's code is written with its country (FR-ARA) or without (ARA).
INSERT INTO subdivision (code, name, type, parent_id)
SELECT i.code, i.name, i.type, p.id
FROM iso i
LEFT JOIN subdivision p ON p.code IN (i.parent, split_part(i.code, '-', 1) || '-' || i.parent)
WHERE i.parent IS NOT NULL
ORDER BY i.code;
\set QUIET on
COMMIT;
\set QUIET off
\echo
INSERT INTO name_word (subdivision_id, position, word)
SELECT s.id, w.position, w.word
FROM subdivision s, regexp_split_to_table(s.name, '\s+') WITH ORDINALITY AS w (word, position)
ORDER BY s.id, w.position;

\set ECHO none
\set QUIET on
VACUUM (ANALYZE) subdivision, name_word;
\set QUIET off
\set ECHO queries
\echo

SELECT count(*) AS subdivisions, count(parent_id) AS with_parent,
       (SELECT count(*) FROM name_word) AS name_words
FROM subdivision;

\echo '\n\n===== Some rows =====\n'

SELECT id, code, name, type FROM subdivision ORDER BY id LIMIT 5;

SELECT w.id, w.word, s.code, s.name
FROM name_word w JOIN subdivision s ON s.id = w.subdivision_id
WHERE s.code IN ('FR-974', 'IT-RM', 'GB-LND')
ORDER BY w.id;

\echo '\n\n===== One id taken apart =====\n'

\set ECHO none
SELECT id FROM subdivision WHERE code = 'FR-974' \gset
\set QUIET on
\x on
\set ECHO queries
SELECT * FROM detid.trace(:id, 'subdivision_id');
\x off
\pset tuples_only on
\pset format unaligned
SELECT detid.explain(:id, 'subdivision_id');
\pset format aligned
\pset tuples_only off
\set QUIET off

\echo '\n\n===== What was loaded after the pause: a range of ids is a range of time =====\n'

SELECT s.id, detid.minted_at(s.id, 'subdivision_id'), s.code, s.name, p.name AS parent
FROM subdivision s LEFT JOIN subdivision p ON p.id = s.parent_id
WHERE s.id >= detid.id_at('subdivision_id', :'pause')
ORDER BY s.id LIMIT 5;

\set QUIET on
\pset tuples_only on
\pset format unaligned
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off)
SELECT count(*) FROM subdivision
WHERE id >= detid.id_at('subdivision_id', :'pause')
  AND id < detid.id_at('subdivision_id', :'pause_end');
\pset format aligned
\pset tuples_only off
\set QUIET off

\echo '\n\n===== The same input has the same id: the load again, by claims =====\n'

SELECT detid.create_generator('claimed_id');
\echo
SELECT count(DISTINCT id) AS ids, count(*) FILTER (WHERE created) AS created
FROM detid.claim_ids('claimed_id', ARRAY(SELECT code FROM iso));

SELECT count(DISTINCT id) AS ids, count(*) FILTER (WHERE created) AS created
FROM detid.claim_ids('claimed_id', ARRAY(SELECT code FROM iso));

SELECT detid.claim_id('claimed_id', 'FR-974') AS claimed, detid.derive_uuid('iso 3166-2', 'FR-974') AS derived;

\echo '\n\n===== The ledger: what was minted, in which transaction, for what =====\n'

SELECT generator_name AS generator, xact, tag, role, count(*) AS entries, sum(count) AS ids,
       min(minted_at) AS first_minted_at
FROM detid.ledger
GROUP BY generator_name, xact, tag, role
ORDER BY first_minted_at;

SELECT entry, generator_name AS generator, worker, tick, sequence, count, first_id, last_id
FROM detid.ledger
ORDER BY entry LIMIT 5;

\echo '\n\n===== Replay: all ids made again from the ledger, and compared =====\n'

SELECT generator, entries, ids, mismatches FROM detid.verify_replay() ORDER BY generator::text;

\echo '\n\n===== Seals: the ledger becomes a tree, and a checkpoint signs its root =====\n'

SELECT detid.seal_ledger() AS sealed_rows;
SELECT count(*) AS problems FROM detid.verify_ledger();
\set QUIET on
\pset tuples_only on
\pset format unaligned
SELECT detid.checkpoint();

\echo '\n===== A receipt: who verifies it needs no database =====\n'

SELECT jsonb_pretty(r - '{row,context,proof,checkpoint}'::text[]) || E'\nand its row, its context, a proof of '
       || jsonb_array_length(r -> 'proof') || ' hashes, and the checkpoint'
FROM (SELECT detid.receipt(:id, 'subdivision_id')::jsonb AS r) receipt;
