# SPDX-License-Identifier: PostgreSQL
#
# Derived ids are those of other implementations: the ones in docs/layouts.md, in Python and in SQL,
# and uuid-ossp. The secrets of namespaces go to standbys, and into no dump, log or publication.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = $ENV{DETID_DOCS} // "$FindBin::RealBin/../..";
my $node = new_node('derived', init => { allows_streaming => 1 }, conf => "wal_level = logical\n");
my $dir = PostgreSQL::Test::Utils::tempdir();

# A block of docs/layouts.md, by what it begins with.
my %block = map { /\A(\w+)\n(.*)\z/s } slurp_file("$top/docs/layouts.md") =~ /^```((?:python)\n.*?)^```$/smg;
my ($sql) = grep { /my_derive_uuid/ && /CREATE/ } slurp_file("$top/docs/layouts.md") =~ /^```sql\n(.*?)^```$/smg;
ok($block{python} && $sql, 'docs/layouts.md has the derivation in Python and SQL');
cmp_ok(scalar(lines($block{python})), '<=', 25, 'in 25 lines of Python');
cmp_ok(scalar(lines($sql)), '<=', 20, 'and of SQL');

# Inputs of all kinds: empty, long, of many characters, with what looks like lengths and arrays.
$node->safe_psql('postgres', q{
	CREATE TABLE inputs (n serial, namespace text, a text, b text);
	INSERT INTO inputs (namespace, a, b) VALUES ('orders', 'alice', '42'), ('orders', '', ''), ('n', 'ab', 'c'),
	  ('n', 'a', 'bc'), ('é', U&'e\0301', U&'\00e9'), ('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'a', U&'\+01F600'),
	  ('n', E'\u0001\u0002', E'\n'), ('n', '{a,b}', 'NULL'), (repeat('n', 300), repeat('x', 200), repeat('y', 100000));
	INSERT INTO inputs (namespace, a, b)
	  SELECT 'space ' || i % 7, repeat(md5(i::text), i % 9), left(md5((-i)::text), i % 33) FROM generate_series(1, 500) i;
});
my $ours = $node->safe_psql('postgres', q{
	SELECT n, detid.derive_uuid(namespace, a, b), detid.derive_id(namespace, a, b) FROM inputs ORDER BY n});
same_sql($node, "SET client_min_messages = error; $sql"
	  . 'SELECT n, my_derive_uuid(namespace, a, b), my_derive_id(namespace, a, b) FROM inputs ORDER BY n', $ours,
	'the SQL of docs/layouts.md makes the same ids');

# Python reads the inputs as hexadecimal, so that nothing depends on how they are printed.
$node->safe_psql('postgres', qq{
	SELECT detid.set_namespace_secret(namespace, 'detid-secret-1-404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f-8d924956')
	FROM inputs WHERE octet_length(namespace) <= 128 GROUP BY namespace});
append_to_file("$dir/inputs", $node->safe_psql('postgres', q{
	SELECT n, encode(convert_to(namespace, 'UTF8'), 'hex'), encode(convert_to(a, 'UTF8'), 'hex'), encode(convert_to(b, 'UTF8'), 'hex')
	FROM inputs ORDER BY n}) . "\n");
append_to_file("$dir/derive.py", $block{python} . q{
import sys
for line in open(sys.argv[1]):
    n, *fields = line.rstrip("\n").split("|")
    fields = [bytes.fromhex(f).decode() for f in fields]
    secret = bytes.fromhex(sys.argv[2]) if len(sys.argv) > 2 else b""
    if secret and len(fields[0].encode()) > 128: continue
    print(n, derive_uuid(*fields, secret=secret), derive_id(*fields, secret=secret), sep="|")
});
my ($python, $err) = run_command([ 'python3', "$dir/derive.py", "$dir/inputs" ]);
is($python, $ours, 'the Python of docs/layouts.md makes the same ids') or diag($err);
($python, $err) = run_command([ 'python3', "$dir/derive.py", "$dir/inputs", unpack('H*', join '', map { chr } 0x40 .. 0x5f) ]);
my $keyed_sql = q{SELECT n, detid.derive_uuid_keyed(namespace, a, b), detid.derive_id_keyed(namespace, a, b)
	FROM inputs WHERE octet_length(namespace) <= 128 ORDER BY n};
same_sql($node, $keyed_sql, $python, 'and under a secret') or diag($err);

# A namespace that reads as a uuid is that uuid, whatever its form; all else is a name.
my $forms_sql = q~SELECT n, detid.derive_uuid(f, 'a'), detid.derive_id(f, 'a') FROM unnest('{
	6ba7b810-9dad-11d1-80b4-00c04fd430c8,6ba7b8109dad11d180b400c04fd430c8,"{6BA7B810-9dad-11d1-80b4-00c04fd430c8}",
	urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8,URN:UUID:6BA7B8109DAD11D180B400C04FD430C8,6ba7-b810-9dad-11d1-80b4-00c0-4fd4-30c8,
	6ba7b8109dad11d180b400c04fd430c,"{6ba7b810-9dad-11d1-80b4-00c04fd430c8",6ba7b810--9dad-11d1-80b4-00c04fd430c8,
	6ba7b8109dad11d180b400c04fd430c8-,uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8}'::text[]) WITH ORDINALITY AS u (f, n) ORDER BY n~;
my $forms = $node->safe_psql('postgres', $forms_sql);
append_to_file("$dir/forms", $node->safe_psql('postgres', $forms_sql =~ s/detid\.derive_uuid.*'a'\) FROM/encode(convert_to(f, 'UTF8'), 'hex'), '61' FROM/r) . "\n");
($python, $err) = run_command([ 'python3', "$dir/derive.py", "$dir/forms" ]);
is($python, $forms, 'a uuid as namespace counts as one in every form, in Python too') or diag($err);
is(scalar(keys %{ { map { (split /\|/)[1] => 1 } lines($forms) } }), 6, 'six forms are one namespace, and five texts are names');

# Versions 3 and 5.
same_sql($node, q{
	SET client_min_messages = error;
	CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
	SELECT count(*), count(*) FILTER (WHERE detid.uuid3(s, b) = uuid_generate_v3(s, b)),
	  count(*) FILTER (WHERE detid.uuid5(s, b) = uuid_generate_v5(s, b))
	FROM inputs, LATERAL (VALUES (uuid_ns_dns()), (uuid_ns_url()), (uuid_ns_oid()), (uuid_ns_x500()), (md5(a)::uuid)) v (s);
}, '2545|2545|2545', 'uuid3 and uuid5 are those of uuid-ossp');

# In a database of another encoding the same text makes the same id.
$node->safe_psql('postgres', q{CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
same_sql($node, q{CREATE EXTENSION pg_detid;
	SELECT detid.derive_id('orders', U&'caf\00e9')}, $node->safe_psql('postgres', q{SELECT detid.derive_id('orders', U&'caf\00e9')}),
	'a LATIN1 database derives the same', db => 'latin');
same_sql($node, q{SELECT detid.create_generator('g', 'hash:40');
	SELECT detid.claim_id('g', U&'caf\00e9') = detid.claim_id('g', U&'caf\00e9'), detid.claim_id('g', U&'\00e9', 'a') > 0;
	SELECT inputs, mismatches FROM detid.ledger, detid.verify_replay() ORDER BY 1;},
	"g\nt|t\n{caf\xe9}|0\n{\xe9,a}|0", 'and claims and replays', db => 'latin');

# Where bytes have no encoding they stay what they are.
$node->safe_psql('postgres', q{CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0});
same_sql($node, q{CREATE EXTENSION pg_detid; SELECT detid.create_generator('g', 'hash:40');
	SELECT detid.claim_id('g', E'\\xe9') = detid.claim_id('g', E'\\xe9'), detid.derive_id('n', E'\\xe9') > 0;
	SELECT mismatches FROM detid.verify_replay();}, "g\nt|t\n0", 'a database without an encoding', db => 'ascii');

# Without preloading: what is pure works, what has a secret too.
my $bare = new_node('bare', preload => 0, node_id => undef);
same_sql($bare, q{SELECT detid.derive_id('orders', 'alice', 42), detid.uuid5('dns', 'www.example.com')},
	'7441282390896488735|2ed6657d-e927-568b-95e1-2665a8aea6a2', 'derivation needs no preloading');
same_sql($bare, q{SELECT length(detid.set_namespace_secret('a')); SELECT detid.derive_id_keyed('a', 'b') > 0}, "32\nt",
	'nor do secrets');
same_sql($bare, q{SELECT detid.create_generator('t', 'uuid4');
	SELECT count(*) FROM detid.stream('t', 0, 3, node => 1)}, "t\n3", 'nor streams');
fails_with($bare, q{SELECT count(*) FROM detid.stream('t', 0, 3)}, '55000', qr/node_id is not set/, 'but a node');
fails_with($bare, q{SELECT detid.claim_text('t', 'a')}, '55000', qr/preload/, 'claims need it');

# Secrets reach a standby, and no dump or log.
my $ids = $node->safe_psql('postgres', $keyed_sql);
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
same_sql($standby, $keyed_sql, $ids, 'a standby has the secrets');
my $session = session($standby);
is($session->query(q{SELECT detid.derive_id_keyed('orders', 'a') > 0}), 't', 'a session of it uses one');
$node->safe_psql('postgres', q{SELECT detid.set_namespace_secret('fresh')});
$node->wait_for_catchup($standby);
is($session->query(q{SELECT detid.derive_id_keyed('fresh', 'a')}),
	$node->safe_psql('postgres', q{SELECT detid.derive_id_keyed('fresh', 'a')}), 'and learns of another');
$session->quit;
$standby->stop;
my $secret = $node->safe_psql('postgres', q{SELECT encode(secret, 'hex') FROM detid._namespace WHERE name = 'fresh'});
for my $options ([], ['--data-only'], ['--inserts'])
{
	my ($dump) = run_command([ 'pg_dump', @$options, '-d', $node->connstr('postgres') ]);
	ok(index($dump, $secret) < 0 && $dump !~ /COPY detid\._namespace|INSERT INTO detid\._namespace/,
		"no secret in pg_dump @$options");
}
ok(index(slurp_file($node->logfile), $secret) < 0, 'nor in the log');

# A session that has derived learns that a secret is gone, or there again.
my $open = session($node);
is($open->query(q{SELECT detid.derive_id_keyed('fresh', 'a') > 0}), 't', 'a session has derived');
$node->safe_psql('postgres', q{DELETE FROM detid._namespace WHERE name = 'fresh'});
my (undef, $gone) = $open->try(q{SELECT detid.derive_id_keyed('fresh', 'a')});
like($gone, qr/55000: the namespace has no secret/, 'it learns that the secret is gone');
$open->quit;

# And within one statement, whose call site remembers the secret.
$node->safe_psql('postgres', q{SELECT detid.set_namespace_secret('fresh')});
$open = session($node);
$open->send(q{DO $$ DECLARE id bigint; catalog regclass; BEGIN
	PERFORM pg_advisory_lock(1);
	-- A lock that it has not taken yet is when a session learns of changes.
	FOR catalog IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' LOOP
	  id := detid.derive_id_keyed('fresh', 'a');
	  EXECUTE format('SELECT FROM %s LIMIT 1', catalog);
	  PERFORM pg_sleep(0.1);
	END LOOP;
END $$});
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND granted});
$node->safe_psql('postgres', q{DELETE FROM detid._namespace WHERE name = 'fresh'});
(undef, $gone) = $open->wait;
like($gone, qr/55000: the namespace has no secret/, 'so does a statement that goes on');
$open->quit;

# A publication FOR ALL TABLES leaves the subscriber's own alone.
my $subscriber = new_node('subscriber', node_id => 8);
$subscriber->safe_psql('postgres', q{SELECT detid.set_namespace_secret('own'); CREATE TABLE inputs (n int, namespace text, a text, b text)});
$node->safe_psql('postgres', 'CREATE PUBLICATION all_tables FOR ALL TABLES');
$subscriber->safe_psql('postgres',
	'CREATE SUBSCRIPTION s CONNECTION $$' . $node->connstr('postgres') . '$$ PUBLICATION all_tables');
$subscriber->poll_query_until('postgres', q{SELECT count(*) = 509 FROM inputs});
$node->safe_psql('postgres', q{SELECT detid.set_namespace_secret('another'); INSERT INTO inputs (a) VALUES ('last')});
$subscriber->poll_query_until('postgres', q{SELECT count(*) = 510 FROM inputs});
same_sql($subscriber, 'SELECT string_agg(name, $$ $$) FROM detid.namespaces', 'own', 'a subscriber keeps its own secrets');

# Who may.
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN');
for my $call (q{derive_id_keyed('orders', 'a')}, q{derive_uuid_keyed('orders', 'a')}, q{set_namespace_secret('app')},
	q{export_namespace_secret('orders')})
{
	fails_with($node, "SET ROLE app; SELECT detid.$call", '42501', qr/permission denied for function/, "$call is not for all");
}
$node->safe_psql('postgres', q{GRANT EXECUTE ON FUNCTION detid.derive_id_keyed(text, VARIADIC text[]) TO app});
same_sql($node, q{SET ROLE app; SELECT detid.derive_id_keyed('orders', 'a') > 0}, 't', 'but for whom it is granted');
same_sql($node, q{SET ROLE app; SELECT count(*) > 0 FROM detid.namespaces}, 't', 'everybody sees which have one');
fails_with($node, q{SET ROLE app; SELECT * FROM detid._namespace}, '42501', qr/permission denied/, 'and nobody what it is');

$_->stop for $node, $bare, $subscriber;
done_testing();
