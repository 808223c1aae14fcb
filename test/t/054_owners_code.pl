# SPDX-License-Identifier: PostgreSQL
#
# What the owner of a table of the extension has attached to it runs as he, whoever mints, claims,
# rotates a seed, prunes, assigns or replays; so it gains him nothing.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('mallory', conf => "max_prepared_transactions = 5\ndetid.allow_schema_changes = on\n");
my $super = $node->safe_psql('postgres', 'SELECT current_user');

# grab() tries what only a superuser may, and notes who ran it; the others only call it.
$node->safe_psql('postgres', q{
	CREATE ROLE mallory LOGIN;
	CREATE ROLE minter LOGIN;
	CREATE SCHEMA evil AUTHORIZATION mallory;
	GRANT USAGE ON SCHEMA evil TO PUBLIC;
	SELECT detid.create_generator('g', audit => 'each');
	SELECT detid.create_generator('h', 'hash:40', audit => 'each');
	GRANT USAGE ON SEQUENCE g, h TO minter;
	CREATE TABLE t (id bigint DEFAULT detid.next_id('g') PRIMARY KEY, x int);
	GRANT INSERT ON t TO minter;
	SET ROLE mallory;
	CREATE TABLE evil.ran (as_user name, gained text, path text);
	CREATE FUNCTION evil.grab() RETURNS void LANGUAGE plpgsql AS $$
	DECLARE gained text := '';
	BEGIN
	  BEGIN EXECUTE 'ALTER ROLE mallory SUPERUSER'; gained := gained || ' superuser'; EXCEPTION WHEN OTHERS THEN END;
	  BEGIN EXECUTE 'CREATE ROLE accomplice SUPERUSER'; gained := gained || ' accomplice'; EXCEPTION WHEN OTHERS THEN END;
	  BEGIN EXECUTE 'SET SESSION AUTHORIZATION DEFAULT'; gained := gained || ' authorization'; EXCEPTION WHEN OTHERS THEN END;
	  BEGIN EXECUTE 'RESET ROLE'; gained := gained || ' role'; EXCEPTION WHEN OTHERS THEN END;
	  BEGIN EXECUTE 'SET detid.tag = ''forged'''; EXCEPTION WHEN OTHERS THEN END;
	  BEGIN INSERT INTO evil.ran VALUES (current_user, gained, current_setting('search_path'));
	  EXCEPTION WHEN read_only_sql_transaction OR feature_not_supported THEN END;
	END $$;
	CREATE FUNCTION evil.text(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM evil.grab(); RETURN $1; END';
	CREATE FUNCTION evil.number(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM evil.grab(); RETURN $1; END';
	CREATE FUNCTION evil.holds(anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM evil.grab(); RETURN true; END';
	CREATE FUNCTION evil.trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM evil.grab(); RETURN coalesce(NEW, OLD); END';
	RESET ROLE;
});

# The attachment, as mallory, who owns the table; then each statement, as a superuser and as others.
sub attached
{
	my ($table, $attach, $detach, @statements) = @_;
	$node->safe_psql('postgres', join ';', 'GRANT USAGE, CREATE ON SCHEMA detid TO mallory', map { "ALTER TABLE detid.$_ OWNER TO mallory" } split / /, $table);
	$node->safe_psql('postgres', $attach, extra_params => [ '-U', 'mallory' ]);
	for my $statement (@statements)
	{
		$node->safe_psql('postgres', 'TRUNCATE evil.ran');
		my ($out, $err) = run_sql($node, "SET search_path = public; $statement; SELECT 'tag=' || current_setting('detid.tag')");
		my $name = "$attach: $statement";
		unlike($err, qr/ERROR/, "$name: works") or next;
		like($out, qr/tag=$/, "$name: settings are as before");
		is($node->safe_psql('postgres', q{SELECT (SELECT string_agg(DISTINCT as_user || gained || ' ' || path, '; ') FROM evil.ran),
			(SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolsuper)}),
			"mallory pg_catalog, pg_temp|$super", "$name: runs as the table's owner, and gains nothing");
	}
	$node->safe_psql('postgres', "$detach");
	$node->safe_psql('postgres', join ';', 'REVOKE CREATE ON SCHEMA detid FROM mallory', map { qq{ALTER TABLE detid.$_ OWNER TO "$super"} } split / /, $table);
	return;
}
my @mints = ('INSERT INTO t (x) VALUES (1)',
	'INSERT INTO t (x) SELECT generate_series(1, 3000)',
	q{BEGIN; SAVEPOINT s; INSERT INTO t (x) SELECT generate_series(1, 2000); ROLLBACK TO s; INSERT INTO t (x) VALUES (1); COMMIT},
	q{BEGIN ISOLATION LEVEL SERIALIZABLE; INSERT INTO t (x) VALUES (1); COMMIT},
	q{BEGIN; INSERT INTO t (x) VALUES (1); PREPARE TRANSACTION 'p'; COMMIT PREPARED 'p'},
	q{SET ROLE minter; INSERT INTO t (x) VALUES (1); RESET ROLE});
attached('_ledger _contexts claims', 'CREATE INDEX theirs ON detid._ledger (evil.text(tag))', 'DROP INDEX detid.theirs', @mints);
attached('_ledger _contexts claims', 'CREATE INDEX theirs ON detid._ledger (position) WHERE evil.holds(position)', 'DROP INDEX detid.theirs', $mints[0]);
attached('_ledger _contexts claims', q{CREATE INDEX theirs ON detid._ledger (evil.text('constant'))}, 'DROP INDEX detid.theirs', $mints[0]);
attached('_ledger _contexts claims', 'ALTER TABLE detid._ledger ADD more int CHECK (evil.holds(position))', 'ALTER TABLE detid._ledger DROP more', @mints);
my $app = 0;  # a context of its own for each
for my $attachment (
	[ 'CREATE INDEX theirs ON detid._contexts (evil.text(application))', 'DROP INDEX detid.theirs' ],
	[ 'ALTER TABLE detid._contexts ADD more int CHECK (evil.holds(context))', 'ALTER TABLE detid._contexts DROP more' ])
{
	attached('_ledger _contexts claims', @$attachment, map { $app++; "SET application_name = 'app $app'; $_" } @mints);
}
my $claim = 0;
for my $attachment (
	[ 'CREATE INDEX theirs ON detid.claims (evil.text(tag))', 'DROP INDEX detid.theirs' ],
	[ q{CREATE INDEX theirs ON detid.claims (evil.text('constant'))}, 'DROP INDEX detid.theirs' ],
	[ 'ALTER TABLE detid.claims ADD more int CHECK (evil.holds(position))', 'ALTER TABLE detid.claims DROP more' ])
{
	$claim++;
	attached('_ledger _contexts claims', @$attachment, "SELECT detid.claim_id('g', 'a$claim')", "SELECT * FROM detid.claim_ids('h', '{b$claim,c$claim}')",
		"SET ROLE minter; SELECT detid.claim_id('h', 'd$claim'); RESET ROLE",
		"BEGIN ISOLATION LEVEL SERIALIZABLE; SAVEPOINT s; SELECT detid.claim_id('g', 'e$claim'); ROLLBACK TO s; SELECT detid.claim_id('g', 'f$claim'); COMMIT");
}
same_sql($node, q{SELECT string_agg(DISTINCT role, ' ' ORDER BY role) FROM detid.ledger}, join(' ', sort($super, 'minter')),
	'the ledger names who minted');
same_sql($node, q{SELECT sum(mismatches) FROM detid.verify_replay()}, '0', 'and replays');

# Secrets.
attached('_seed', 'CREATE INDEX theirs ON detid._seed (evil.number(number))', 'DROP INDEX detid.theirs', 'SELECT detid.rotate_seed()');
attached('_seed', 'ALTER TABLE detid._seed ADD CHECK (evil.holds(number))', 'ALTER TABLE detid._seed DROP CONSTRAINT _seed_number_check', 'SELECT detid.rotate_seed()');
attached('_namespace', 'CREATE INDEX theirs ON detid._namespace (evil.text(name))', 'DROP INDEX detid.theirs', q{SELECT detid.set_namespace_secret('n')});

# Triggers, rules, generated columns and defaults, where tables are written by queries.
my $registry = 'topology prefixes _nodes _numbers _coordinator _witnessed _registration';
$node->safe_psql('postgres', q{SELECT detid.define_topology('region:3 member:7')});
my $number = 0;
for my $attachment (
	[ 'CREATE TRIGGER theirs AFTER INSERT OR UPDATE OR DELETE ON detid.prefixes FOR EACH ROW EXECUTE FUNCTION evil.trigger()', 'DROP TRIGGER theirs ON detid.prefixes' ],
	[ 'CREATE RULE theirs AS ON INSERT TO detid.prefixes DO ALSO SELECT evil.grab()', 'DROP RULE theirs ON detid.prefixes' ],
	[ 'ALTER TABLE detid.prefixes ADD more text DEFAULT evil.text(now()::text)', 'ALTER TABLE detid.prefixes DROP more' ],
	[ 'ALTER TABLE detid.prefixes ADD more text GENERATED ALWAYS AS (evil.text(path)) STORED', 'ALTER TABLE detid.prefixes DROP more' ],
	[ 'ALTER TABLE detid.prefixes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY theirs ON detid.prefixes USING (evil.holds(path)) WITH CHECK (evil.holds(path))',
	  'DROP POLICY theirs ON detid.prefixes; ALTER TABLE detid.prefixes DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY' ])
{
	$number++;
	attached($registry, @$attachment, "SELECT detid.assign_prefix('r$number')", $number < 5 ? "SELECT detid.enroll_node('r$number/m')" : ());
}
attached($registry, 'CREATE TRIGGER theirs BEFORE UPDATE ON detid._nodes FOR EACH ROW EXECUTE FUNCTION evil.trigger()',
	'DROP TRIGGER theirs ON detid._nodes', q{SELECT detid.new_token('r1/m')}, q{SELECT detid.retire_node('r1/m')});

# Seals, and what was detached; rows of the ledger that are redacted.
# With the ledger, on which a constraint of above is left.
my $seals = '_seals _detached _seal_key seal_keys checkpoints _ledger _contexts claims';
attached($seals, 'CREATE TRIGGER theirs AFTER INSERT ON detid._seals FOR EACH ROW EXECUTE FUNCTION evil.trigger()', 'DROP TRIGGER theirs ON detid._seals', 'INSERT INTO t (x) VALUES (1); SELECT detid.seal_ledger()');
attached($seals, 'ALTER TABLE detid.checkpoints ADD CHECK (evil.holds(size))', 'ALTER TABLE detid.checkpoints DROP CONSTRAINT checkpoints_size_check', 'INSERT INTO t (x) VALUES (1); SELECT detid.seal_ledger()');
attached('_ledger _contexts claims', 'CREATE TRIGGER theirs AFTER UPDATE ON detid._ledger FOR EACH ROW EXECUTE FUNCTION evil.trigger()', 'DROP TRIGGER theirs ON detid._ledger',
	q{SELECT detid.create_generator('r_each', audit => 'each'); SELECT detid.next_id('r_each', 'ann'); SELECT detid.redact_inputs('ann')});

# A deferred trigger would run at the commit, as whoever commits.
$node->safe_psql('postgres', "ALTER TABLE detid.$_ OWNER TO mallory") for split / /, $registry;
$node->safe_psql('postgres', "CREATE CONSTRAINT TRIGGER theirs AFTER INSERT ON detid.prefixes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION evil.trigger()", extra_params => [ '-U', 'mallory' ]);
fails_with($node, q{SELECT detid.assign_prefix('r6')}, '42501', qr/cannot fire deferred trigger within security-restricted operation/, 'a deferred trigger is refused');
$node->safe_psql('postgres', "DROP TRIGGER theirs ON detid.prefixes");

# One of several owners would run the other's code.
$node->safe_psql('postgres', "ALTER TABLE detid._nodes OWNER TO \"$super\"");
fails_with($node, q{SELECT detid.assign_prefix('r6')}, '42501', qr/belong to several roles/, 'tables of several owners are not joined');
$node->safe_psql('postgres', "ALTER TABLE detid.$_ OWNER TO \"$super\"") for split / /, $registry;
$node->safe_psql('postgres', "ALTER TABLE detid.claims OWNER TO mallory");
same_sql($node, 'SELECT count(*) > 0 FROM detid.replay()', 't', 'but the ledger is read, as nobody\'s code runs');
$node->safe_psql('postgres', 'GRANT CREATE ON SCHEMA detid TO mallory; ALTER TABLE detid._ledger OWNER TO mallory');
$node->safe_psql('postgres', q{CREATE INDEX theirs ON detid._ledger (evil.text('constant')); TRUNCATE evil.ran}, extra_params => [ '-U', 'mallory' ]);
same_sql($node, q{SELECT count(*) > 0 FROM detid.replay(); SELECT count(*) FROM detid._find_entry('g', (SELECT max(id)::text FROM t)); SELECT count(*) FROM evil.ran},
	"t\n1\n0", 'of none of the tables');
$node->safe_psql('postgres', qq{DROP INDEX detid.theirs; REVOKE CREATE ON SCHEMA detid FROM mallory; ALTER TABLE detid._ledger OWNER TO "$super"});
$node->safe_psql('postgres', "ALTER TABLE detid.claims OWNER TO \"$super\"");

# Pruning deletes, and triggers see it.
attached('_ledger _contexts claims', 'CREATE TRIGGER theirs BEFORE DELETE ON detid._ledger FOR EACH ROW EXECUTE FUNCTION evil.trigger()',
	'DROP TRIGGER theirs ON detid._ledger', q{INSERT INTO t (x) VALUES (1); SELECT detid.prune_ledger('2900-01-01')});

# What mints while the ledger is written would change what is being written.
$node->safe_psql('postgres', q{
	CREATE FUNCTION evil.mints(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM detid.next_id('public.g'); RETURN $1; END$$;
	CREATE FUNCTION evil.claims(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM detid.claim_id('public.g', 'nested ' || $1); RETURN $1; END$$});
for my $f ('mints', 'claims')
{
	for my $table ('_ledger', 'claims')
	{
		$node->safe_psql('postgres', "CREATE INDEX theirs ON detid.$table (evil.$f(position)) WHERE position > 0 AND tag LIKE 'now%'");
		fails_with($node, "SET detid.tag = 'now $f $table'; " . ($table eq '_ledger' ? 'INSERT INTO t (x) SELECT generate_series(1, 3000)' : "SELECT detid.claim_id('g', '$f')"), '55000',
			qr/cannot be minted while the ledger is written/, "an index of $table that $f");
		same_sql($node, q{BEGIN; INSERT INTO t (x) VALUES (1); COMMIT; SELECT 1}, '1', 'and the server goes on');
		$node->safe_psql('postgres', "DROP INDEX detid.theirs");
	}
}

# Columns of other types are not written into.
for my $alter ([ '_contexts', 'ALTER definition TYPE text', 'ALTER definition TYPE bigint USING definition::bigint' ], [ 'claims', 'ALTER origin TYPE text', 'ALTER origin TYPE integer USING origin::integer' ],
	[ '_namespace', 'ALTER secret TYPE text USING secret::text', 'ALTER secret TYPE bytea USING secret::bytea' ])
{
	my ($table, $do, $undo) = @$alter;
	my $default = $table eq 'claims';
	$node->safe_psql('postgres', "ALTER TABLE detid.$table " . ($default ? 'ALTER origin DROP DEFAULT, ' : '') . $do);
	my ($sql) = $table eq '_contexts' ? 'INSERT INTO t (x) VALUES (1)' : $table eq 'claims' ? q{SELECT detid.claim_id('g', 'typed')} : q{SELECT detid.set_namespace_secret('typed')};
	my (undef, $err) = run_sql($node, $sql);
	like($err, qr/ERROR:  (42P01|55000):/, "$table: $do: an error, no crash");
	$node->safe_psql('postgres', "ALTER TABLE detid.$table $undo" . ($default ? ', ALTER origin SET DEFAULT 0' : ''));
	same_sql($node, "$sql; SELECT 'well'", ($table eq '_contexts' ? '' : (split /\n/, (run_sql($node, $sql))[0])[0] . "\n") . 'well', "$table: and back") if $table ne '_namespace';
}

$node->stop;
done_testing();
