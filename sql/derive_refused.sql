-- What no id is derived from.
SELECT detid.derive_id('n', VARIADIC '{}'::text[]);
SELECT detid.derive_uuid('n');
SELECT detid.derive_id('', 'a');
-- Types whose text hangs on settings.
SELECT detid.derive_id('n', now());
SELECT detid.derive_id('n', 'a', 1.50);
SELECT detid.derive_id('n', VARIADIC '{2025-01-01}'::date[]);
SELECT detid.derive_id('n', '{a}'::text[]);
SELECT detid.derive_id('n', VARIADIC 'a'::text);
SELECT detid.derive_id('n', VARIADIC '{a}');
PREPARE mixed AS SELECT detid.derive_id('n', $1, 42);
-- A domain is as good as what it is made of.
CREATE DOMAIN email AS text;
SELECT detid.derive_id('n', 'a'::email) = detid.derive_id('n', 'a') AS same;
DROP DOMAIN email;
-- Namespaces of versions 3 and 5 are uuids.
SELECT detid.uuid5('orders', 'a');
SELECT detid.uuid3('', 'a');
SELECT detid.uuid5(repeat('é', 1000), 'a');
