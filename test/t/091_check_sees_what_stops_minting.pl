# SPDX-License-Identifier: PostgreSQL
#
# Whatever keeps ids from being minted, or a guard from holding, turns detid.check() red and says how
# it is mended; what keeps all from being minted turns ready false. Mended as the hint says, all is
# green again. A ledger that a crash would empty takes no entries.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use Test::More;

my $node = new_node('node', conf => "max_connections = 20\ndetid.history_memory = 256kB\n");
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('orders_id');
	CREATE TABLE orders (id bigint PRIMARY KEY DEFAULT detid.next_id('orders_id'));
	INSERT INTO orders DEFAULT VALUES;
	CREATE ROLE somebody;
});

# What is red but for durability (servers of tests run without fsync), and whether the node is ready.
my $red = q{SELECT coalesce(string_agg(DISTINCT "check", ' ' ORDER BY "check"), '') FROM SCHEMA.check()
	WHERE NOT ok AND "check" <> 'durability'};

sub is_red
{
	my ($checks, $ready, $name, $schema) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$schema //= 'detid';
	(my $sql = $red) =~ s/SCHEMA/$schema/;
	same_sql($node, $sql, $checks, "$name: red in check(): '$checks'");
	same_sql($node, "SELECT ready, ready = (reason IS NULL) FROM $schema.node_status", "$ready|t", "$name: ready is $ready");
	return;
}

# The guard on the extension's relations is off for whoever breaks them.
sub as_nobody_should { return "SET client_min_messages = error; SET detid.allow_schema_changes = on;\n$_[0]"; }

# Each: name; what breaks it; what is red then; whether ready; what detail and hint say; what mends it
# (undef: what the hint says is run).
my $persistence = qr/unlogged/;
my @broken = (
	[ 'a node id too wide for every layout', 'ALTER DATABASE postgres SET detid.node_id = 100000',
		'generator ready', 'f', qr/too large.*node_id is 100000; the layout of .* has 10 node bits/, qr/smaller detid\.node_id/,
		'ALTER DATABASE postgres RESET detid.node_id' ],
	[ 'no node id', 'ALTER DATABASE postgres SET detid.node_id = -1',
		'node_id ready', 'f', qr/node_id is not set/, qr/ALTER SYSTEM SET detid\.node_id = 1/,
		'ALTER DATABASE postgres RESET detid.node_id' ],
	[ 'the ledger renamed', 'ALTER TABLE detid._ledger RENAME TO old_ledger',
		'generator objects ready', 'f', qr/table detid\._ledger is missing/, qr/renamed/,
		'ALTER TABLE detid.old_ledger RENAME TO _ledger' ],
	[ 'the contexts renamed', 'ALTER TABLE detid._contexts RENAME TO old_contexts',
		'generator objects ready', 'f', qr/table detid\._contexts is missing/, qr/renamed/,
		'ALTER TABLE detid.old_contexts RENAME TO _contexts' ],
	[ 'the contexts unlogged', 'ALTER TABLE detid._contexts SET UNLOGGED',
		'contexts generator objects ready', 'f', qr/unlogged/, qr/SET LOGGED/, undef ],
	[ 'the ledger unlogged', 'ALTER TABLE detid._ledger SET UNLOGGED',
		'generator ledger objects ready', 'f', qr/unlogged/, qr/SET LOGGED/, undef ],
	[ 'a column of the contexts of another type', 'ALTER TABLE detid._contexts ALTER definition TYPE text',
		'generator objects ready', 'f', qr/not the table that it was made as/, qr/./, 'ALTER TABLE detid._contexts ALTER definition TYPE bigint USING definition::bigint' ],
	[ 'the ledger\'s trigger disabled', 'ALTER TABLE detid._ledger DISABLE TRIGGER refuse_change',
		'objects', 't', qr/refuse_change on detid\._ledger: disabled/, qr/ENABLE TRIGGER refuse_change/, undef ],
	[ 'the ledger\'s trigger dropped', 'DROP TRIGGER refuse_change ON detid._ledger',
		'objects', 't', qr/refuse_change on detid\._ledger is missing/, qr/CREATE TRIGGER/, undef ],
	[ 'all triggers of claims disabled', 'ALTER TABLE detid.claims DISABLE TRIGGER ALL',
		'objects', 't', qr/claims: disabled/, qr/ENABLE/, undef ],
	[ 'a trigger of somebody else on the ledger',
		q{CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
		  CREATE TRIGGER other BEFORE INSERT ON detid._ledger FOR EACH ROW EXECUTE FUNCTION f()},
		'objects', 't', qr/other on detid\._ledger is not the extension's/, qr/DROP TRIGGER other/, undef ],
	[ 'a rule on the ledger', 'CREATE RULE away AS ON INSERT TO detid._ledger DO INSTEAD NOTHING',
		'objects', 't', qr/rule away/, qr/DROP RULE away/, undef ],
	[ 'a policy on the ledger', 'CREATE POLICY mine ON detid._ledger', 'objects', 't', qr/policy mine/, qr/DROP POLICY/, undef ],
	[ 'row security on the ledger', 'ALTER TABLE detid._ledger ENABLE ROW LEVEL SECURITY',
		'objects', 't', qr/row security of detid\._ledger: on/, qr/DISABLE ROW LEVEL SECURITY/, undef ],
	[ 'a child of the ledger', 'CREATE TABLE child () INHERITS (detid._ledger)',
		'objects', 't', qr/child public\.child of detid\._ledger/, qr/NO INHERIT/, undef ],
	[ 'claims that are no child', 'ALTER TABLE detid.claims NO INHERIT detid._ledger',
		'objects', 't', qr/parent detid\._ledger of detid\.claims is missing/, qr/INHERIT/, undef ],
	[ 'claims unlogged', 'ALTER TABLE detid.claims SET UNLOGGED', 'claims objects', 't', qr/unlogged/, qr/SET LOGGED/, undef ],
	[ 'the ledger without its key', 'ALTER TABLE detid._ledger DROP CONSTRAINT _ledger_pkey',
		'objects', 't', qr/_ledger_pkey of detid\._ledger is missing/, qr/ADD CONSTRAINT _ledger_pkey PRIMARY KEY/, undef ],
	[ 'claims without a unique index', 'DROP INDEX detid.claims_input', 'objects', 't', qr/claims_input/, qr/CREATE UNIQUE INDEX/, undef ],
	[ 'the contexts\' trigger disabled', 'ALTER TABLE detid._contexts DISABLE TRIGGER refuse_change',
		'objects', 't', qr/refuse_change on detid\._contexts: disabled/, qr/ENABLE TRIGGER refuse_change/, undef ],
	[ 'a unique index on the ledger', 'CREATE UNIQUE INDEX once ON detid._ledger (position, node)',
		'objects', 't', qr/index once of detid\._ledger is not the extension's/, qr/Drop it/, 'DROP INDEX detid.once' ],
	[ 'the horizon\'s trigger disabled', 'ALTER TABLE detid._horizon DISABLE TRIGGER merge_horizon',
		'objects', 't', qr/merge_horizon on detid\._horizon: disabled/, qr/ENABLE ALWAYS TRIGGER merge_horizon/, undef ],
	[ 'the seeds\' trigger enabled otherwise', 'ALTER TABLE detid._seed ENABLE TRIGGER pass_over',
		'objects', 't', qr/pass_over on detid\._seed: enabled, .*made: enabled for replication/, qr/ENABLE REPLICA TRIGGER pass_over/, undef ],
	[ 'the horizon unlogged', 'ALTER TABLE detid._horizon SET UNLOGGED',
		'horizon objects ready', 'f', qr/durable|unlogged/, qr/SET LOGGED/, undef ],
	[ 'a function of another owner', 'ALTER FUNCTION detid.next_id() OWNER TO somebody',
		'objects', 't', qr/function next_id\(\): .*owner somebody/, qr/owner/, 'ALTER FUNCTION detid.next_id() OWNER TO CURRENT_USER' ],
	[ 'a table of another owner', 'ALTER TABLE detid._seed OWNER TO somebody',
		'objects', 't', qr/owner of detid\._seed: somebody/, qr/OWNER TO/, undef ],
	[ 'no seed', 'DELETE FROM detid._seed', 'generator ready seed', 'f', qr/seed/, qr/rotate_seed|./, 'SELECT detid.rotate_seed()' ],
	[ 'a generator unlogged', 'ALTER SEQUENCE orders_id SET UNLOGGED',
		'generator', 't', qr/public\.orders_id.* is unlogged/, qr/SET LOGGED/, 'ALTER SEQUENCE orders_id SET LOGGED' ],
	[ 'a generator that nextval counts', 'ALTER SEQUENCE orders_id INCREMENT 1 MINVALUE 1 MAXVALUE 1000 START 1 RESTART',
		'generator', 't', qr/nextval of "orders_id" would give a number/, qr/ALTER SEQUENCE .*orders_id/, undef ],
	[ 'a label edited by hand', q{UPDATE pg_seclabel SET label = 'x' || label WHERE objoid = 'orders_id'::regclass},
		'generator', 't', qr/orders_id has a label that was edited by hand/, qr/./,
		q{UPDATE pg_seclabel SET label = substr(label, 2) WHERE objoid = 'orders_id'::regclass} ],
	[ 'a history too long for the memory', q{SELECT detid.create_generator('tokens', 'uuid4', history => 100000)},
		'generator', 't', qr/tokens: the memory for histories/, qr/history_memory/, q{SELECT detid.set_history('tokens', 0); DROP SEQUENCE tokens} ],
	[ 'read-only sessions', 'ALTER DATABASE postgres SET default_transaction_read_only = on',
		'read_only', 't', qr/read_only is on/, qr/RESET/,
		'SET default_transaction_read_only = off; ALTER DATABASE postgres RESET default_transaction_read_only' ],
);

is_red('', 't', 'as it was made');
for my $case (@broken)
{
	my ($name, $break, $checks, $ready, $detail, $hint, $mend) = @$case;
	my (undef, $err) = run_sql($node, as_nobody_should($break));
	is($err, '', "$name: done");
	is_red($checks, $ready, $name);
	my ($rows) = run_sql($node, q{SELECT detail || ' => ' || coalesce(hint, '') FROM detid.check() WHERE NOT ok});
	like($rows, $detail, "$name: the detail");
	like($rows, qr/=> .*$hint/, "$name: the hint");
	fails_with($node, 'INSERT INTO orders DEFAULT VALUES', '\w+', qr/HINT/, "$name: nothing is minted") if $ready eq 'f';
	if (!defined $mend)
	{
		# Hints of objects and generators are commands, but for those of rules with a reason before them.
		my ($hints) = run_sql($node, q{SELECT string_agg(hint, E'\n') FROM detid.check() WHERE NOT ok
			AND "check" IN ('objects', 'generator') AND hint ~ '^(SET|ALTER)'});
		$mend = "SET client_min_messages = error;\n$hints";
	}
	else
	{
		$mend = as_nobody_should($mend);
	}
	(undef, $err) = run_sql($node, $mend);
	is($err, '', "$name: mended");
	is_red('', 't', "$name, mended");
	same_sql($node, 'INSERT INTO orders DEFAULT VALUES RETURNING id > 0', 't', "$name, mended: ids are minted");
}
fails_with($node, q{SELECT nextval('orders_id')}, '2200H', qr/./, 'a mended sequence is spent');

# --- The schema renamed ------------------------------------------------------------------------

$node->safe_psql('postgres', as_nobody_should('ALTER SCHEMA detid RENAME TO ids'));
same_sql($node, q{SELECT "check", hint FROM ids.check() WHERE NOT ok AND "check" IN ('extension', 'objects')},
	"extension|ALTER SCHEMA ... RENAME TO detid;\nobjects|SET detid.allow_schema_changes = on; ALTER SCHEMA ids RENAME TO detid;", 'the schema renamed: check() names it');
same_sql($node, 'SELECT ready, reason FROM ids.node_status', q{f|the extension's schema is not called detid},
	'the schema renamed: not ready');
$node->safe_psql('postgres', as_nobody_should('ALTER SCHEMA ids RENAME TO detid'));
is_red('', 't', 'the schema renamed back');

# --- A horizon that a crash would empty --------------------------------------------------------

# Not even while what was published before lasts, and nothing need be written.
my $minting = session($node);
$minting->query('SELECT detid.next_id()');
$node->safe_psql('postgres', as_nobody_should('ALTER TABLE detid._horizon SET UNLOGGED'));
for my $who ($minting, session($node))
{
	my (undef, $err) = $who->try('SELECT detid.next_id()');
	like($err, qr/ERROR:  \w+: the horizon cannot be made durable.*HINT:.*SET LOGGED/s, 'nothing is minted while the horizon is unlogged');
	$who->quit;
}
$node->safe_psql('postgres', as_nobody_should('ALTER TABLE detid._horizon SET LOGGED'));
same_sql($node, 'SELECT detid.next_id() > 0', 't', 'but once it is logged again');

# --- A ledger that a crash would empty ---------------------------------------------------------

my $session = session($node);
$session->query('INSERT INTO orders DEFAULT VALUES');
$node->safe_psql('postgres', as_nobody_should('ALTER TABLE detid._ledger SET UNLOGGED'));
for my $who ($session, session($node))
{
	my (undef, $err) = $who->try('INSERT INTO orders DEFAULT VALUES');
	like($err, qr/ERROR:  55000: the ledger cannot be made durable.*HINT:.*SET LOGGED/s,
		'nothing that is audited is minted while the ledger is unlogged');
}
# What was minted before, in the same transaction, does not commit either.
$node->safe_psql('postgres', as_nobody_should('ALTER TABLE detid._ledger SET LOGGED'));
my (undef, $err) = $session->try(as_nobody_should(
	'BEGIN; INSERT INTO orders DEFAULT VALUES; ALTER TABLE detid._ledger SET UNLOGGED; COMMIT'));
like($err, qr/55000: the ledger cannot be made durable/, 'nor committed');
$session->query('ROLLBACK');
# A commit takes the rollback to disk. PostgreSQL does not start after a crash that loses the rollback
# of SET UNLOGGED: it would make a file anew that still waits for the checkpoint to remove it.
$session->query('INSERT INTO orders DEFAULT VALUES');
my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM orders');
$node->stop('immediate');
$node->start;
same_sql($node, q{SELECT count(*) FROM orders o WHERE NOT EXISTS (SELECT FROM detid.ledger l WHERE l.first_id::bigint <= o.id AND l.last_id::bigint >= o.id
	AND generator_name = 'public.orders_id')}, '0', "after a crash each of $rows committed rows is in the ledger");

# --- What only another server shows ------------------------------------------------------------

$node->safe_psql('postgres', q{SELECT detid.create_generator('workers', 'time:41@1ms worker:6 sequence:12')});
same_sql($node, q{SELECT ok, hint FROM detid.check() WHERE "check" = 'durability'}, 'f|ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();',
	'fsync is off: the horizon is not durable');
$node->append_conf('postgresql.conf', "fsync = on\nmax_connections = 200\n");
$node->restart;
same_sql($node, q{SELECT ok FROM detid.check() WHERE "check" = 'durability'}, 't', 'fsync is on');
same_sql($node, q{SELECT detail ~ 'has 6 worker bits' FROM detid.check() WHERE "check" = 'generator'}, 't',
	'more backends than a worker field holds');

done_testing();
