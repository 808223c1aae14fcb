# SPDX-License-Identifier: PostgreSQL
#
# Who may do what: USAGE mints, SELECT looks, the owner reads the ledger, nobody the seeds; and no
# object of somebody else's stands in for one of the extension's.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('privileges');
$node->safe_psql('postgres', q{
	CREATE ROLE nobody LOGIN;
	CREATE ROLE minter LOGIN;
	CREATE ROLE updater LOGIN;
	CREATE ROLE looker LOGIN;
	CREATE ROLE creator LOGIN;
	CREATE ROLE monitor LOGIN IN ROLE pg_monitor;
	GRANT CREATE ON SCHEMA public TO creator;
	SELECT detid.create_generator('g'), detid.create_generator('u', 'uuid7'),
	  detid.create_generator('r', 'time:40@1ms node:6 sequence:6 random:11'),
	  detid.create_generator('f', 'node:10 time:40@1ms sequence:12');
	SELECT detid.define_topology('region:2 member:2'), detid.assign_prefix('eu');
	GRANT USAGE ON SEQUENCE g, u, r TO minter;
	GRANT UPDATE ON SEQUENCE g, u, r TO updater;
	GRANT SELECT ON SEQUENCE g, u, r TO looker;
	CREATE TABLE t (id bigint DEFAULT detid.next_id('g'), n int);
	GRANT ALL ON t TO PUBLIC;
});

sub as { return (extra_params => [ '-U', $_[0] ]); }

sub denied
{
	my ($role, $sql, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	fails_with($node, $sql, '42501', qr/permission denied|must be owner|belongs to the extension/, $name // "$role: refused: $sql", as($role));
	return;
}

sub allowed
{
	my ($role, $sql, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($out, $err) = run_sql($node, $sql, as($role));
	ok($err !~ /ERROR|FATAL/, $name // "$role: allowed: $sql") or diag($err);
	return $out;
}

# Minting is as nextval: USAGE or UPDATE.
my @mint = ("SELECT detid.next_id('g')", "SELECT detid.next_id('g', 'input')", "SELECT detid.next_ids('g', 3)",
	"SELECT detid.next_uuid('u')", "SELECT detid.next_uuid('u', 'input')", "SELECT detid.next_uuids('u', 3)",
	"SELECT detid.next_text('g')", "SELECT detid.next_text('u', 'input')", 'INSERT INTO t (n) VALUES (1)',
	# What is remembered is told to who may mint it, whether it is new or not.
	"SELECT detid.claim_id('g', 'input')", "SELECT detid.claim_uuid('u', 42)", "SELECT detid.claim_text('r', 'a', 'b')",
	"SELECT * FROM detid.claim('g', 'input')", "SELECT * FROM detid.claim_ids('g', '{input,b}')",
	"SELECT * FROM detid.claim_uuids('u', '{a}')", "SELECT * FROM detid.claim_texts('r', '{a}')");
for my $sql (@mint)
{
	denied($_, $sql) for 'nobody', 'looker';
	allowed($_, $sql) for 'minter', 'updater';
}
allowed('nobody', $_) for 'SELECT detid.next_id()', 'SELECT detid.next_uuid()';
$node->safe_psql('postgres', 'REVOKE USAGE ON SEQUENCE detid.default_id FROM PUBLIC');
denied('nobody', 'SELECT detid.next_id()');
$node->safe_psql('postgres', 'GRANT USAGE ON SEQUENCE detid.default_id TO PUBLIC');

# Looking: taking an id apart needs no privilege, as it tells nothing that the id does not show.
# Making one with random fields needs SELECT, as it tells what only the seed knows.
my ($id, $uuid) = split /\|/, $node->safe_psql('postgres', "SELECT detid.next_id('g'), detid.next_uuid('u')");
for my $sql (
	"SELECT * FROM detid.decode($id, 'g')",
	"SELECT detid.minted_at('$uuid'::uuid, 'u')",
	"SELECT detid.explain($id, 'g')",
	"SELECT detid.id_at('g', now()), detid.uuid_at('u', now())",
	"SELECT detid.compose('g', 1, 2, 3, 4)",
	"SELECT detid.text_at('u', now())",
	"SELECT detid.is_valid($id, 'g'), detid.is_valid('$uuid'::uuid, 'u'), detid.is_valid('x'::text, 'u')",
	"SELECT detid.encode($id, 'base58'), detid.decode_id('1', 'decimal'), detid.decode_text('00', 'hex')",
	"SELECT * FROM detid.decode_as('uuid7', '$uuid'::uuid), detid.guess('$uuid')",
	"SELECT detid.derive_uuid('n', 'a', 1), detid.derive_id('n', 'a'), detid.uuid3('dns', 'a'), detid.uuid5('dns', 'a')",
	"SELECT detid.position_at('g', now())", 'SELECT * FROM detid.namespaces',
	"SELECT detid.node_path(1), detid.node_of_path('eu')", 'SELECT * FROM detid.plan_topology(10, 10)',
	'SELECT * FROM detid.topology, detid.prefixes', "SELECT * FROM detid.node_range('f', 'eu')",
	'SELECT detid.collision_probability(128, 1e6), detid.ids_for_probability(128, 0.5), detid.years_until(128, 1, 0.5)',
	'SELECT * FROM detid.generators', 'SELECT * FROM detid.layouts', 'SELECT * FROM detid.seeds')
{
	allowed('nobody', $sql);
}
for my $sql ("SELECT detid.compose_uuid('u', 1, 2, 3, 4)", "SELECT detid.compose_text('u', 1, 2, 3, 4)",
	"SELECT detid.compose_text('r', 1, 2, 3, 4)")
{
	denied($_, $sql) for 'nobody', 'minter';
	allowed('looker', $sql);
}
# A stream foretells ids, so it is its owner's alone.
denied($_, "SELECT * FROM detid.stream('u', 0, 1)") for 'nobody', 'minter', 'looker';
# What the seed knows is told of single ids: to who mints or looks.
$node->safe_psql('postgres', "SELECT detid.set_mask('g'), detid.set_mask('r')");
for my $sql ("SELECT detid.is_genuine('$uuid'::uuid, 'u')", "SELECT detid.is_genuine('$uuid'::text, 'u')",
	"SELECT detid.is_genuine(1, 'r')", "SELECT detid.mask($id, 'g')", "SELECT detid.unmask($id, 'g')")
{
	denied('nobody', $sql);
	allowed($_, $sql) for 'minter', 'looker';
}
same_sql($node, q{SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
	WHERE attrelid = 'detid.seeds'::regclass AND attnum > 0}, '{commitment,created_at,own,current}',
	'the view of seeds shows commitments only');
same_sql($node, q{SELECT count(*) FROM detid._seed x JOIN detid.seeds s ON
	position(encode(x.seed, 'hex') IN s::text) > 0 OR position(x.seed::text IN s::text) > 0}, '0', 'and no seed');

# Ids that are already there: for who may read their column, whoever owns the generator.
$node->safe_psql('postgres', q{
	CREATE TABLE ids (id bigint, secret bigint); INSERT INTO ids VALUES (-1, -2);
	CREATE TABLE rows_of_one (id bigint, who name); ALTER TABLE rows_of_one ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON rows_of_one USING (who = current_user);
	INSERT INTO rows_of_one VALUES (-1, 'looker'), (-2, 'minter');
	GRANT SELECT ON rows_of_one TO looker; GRANT SELECT (id) ON ids TO looker;
});
is(allowed('looker', "SELECT ids, example FROM detid.check_ids('g', 'ids', 'id') LIMIT 1"), '1|-1', 'check_ids: SELECT on the column');
denied('looker', "SELECT * FROM detid.check_ids('g', 'ids', 'secret')");
denied('looker', "SELECT * FROM detid.check_ids('g', '{ids.id,ids.secret}')");
denied('nobody', "SELECT * FROM detid.check_ids('g', 'ids', 'id')");
is(allowed('looker', "SELECT ids, example FROM detid.check_ids('g', 'rows_of_one', 'id') LIMIT 1"), '1|-1',
	'check_ids: rows that a policy hides are not seen');
denied('nobody', "SELECT detid.last_id('g')");
is(allowed('minter', "SELECT detid.next_id('g') \\g /dev/null\nSELECT detid.last_id('g') > 0"), 't',
	'minter: last_id after minting');

# Numbers of nodes: whom the owner has granted it.
$node->safe_psql('postgres', q{
	GRANT EXECUTE ON FUNCTION detid.assign_prefix(text, text, integer), detid.release_prefix(text) TO minter;
	GRANT INSERT, DELETE ON detid.prefixes TO minter;
	GRANT EXECUTE ON FUNCTION detid.assign_prefix(text, text, integer) TO looker;
});
is(allowed('minter', "SELECT detid.assign_prefix('us', 'minter'), detid.assign_prefix('us/a')"), '[4,8)|[4,5)', 'assign_prefix: granted');
denied('looker', "SELECT detid.assign_prefix('ap')", 'assign_prefix: EXECUTE alone does not write');
denied('minter', "SELECT detid.define_topology('region:3 member:2')");
allowed('minter', "SELECT detid.release_prefix('us/a'), detid.release_prefix('us')");
$node->safe_psql('postgres', q{
	REVOKE EXECUTE ON FUNCTION detid.assign_prefix(text, text, integer), detid.release_prefix(text) FROM minter, looker;
	REVOKE INSERT, DELETE ON detid.prefixes FROM minter;
});

# What nobody else may read.
for my $role ('nobody', 'minter', 'creator', 'monitor')
{
	for my $sql (
		'SELECT * FROM detid._seed', 'SELECT * FROM detid._horizon', 'SELECT * FROM detid.ledger',
		'SELECT count(*) FROM detid.ledger', 'SELECT * FROM detid._ledger', 'SELECT * FROM detid._contexts', 'SELECT * FROM detid._seal_key', 'SELECT * FROM detid._seals', 'SELECT detid.seal_ledger()', 'SELECT * FROM detid.verify_ledger()', 'COPY detid._seed TO STDOUT',
		'SELECT * FROM detid.claims', 'DELETE FROM detid.claims', 'SELECT * FROM detid._namespace',
		"SELECT detid.define_topology('region:3 member:2')", "SELECT detid.assign_prefix('eu/a')",
		"SELECT detid.release_prefix('eu')", 'INSERT INTO detid.topology VALUES (3, $$x$$, 1)',
		'DELETE FROM detid.topology', 'UPDATE detid.prefixes SET owner = $$me$$', 'DELETE FROM detid.prefixes',
		'TRUNCATE detid.prefixes', "SELECT detid.set_namespace_secret('n')", "SELECT detid.export_namespace_secret('n')",
		"SELECT detid.derive_uuid_keyed('n', 'a')", "SELECT detid.derive_id_keyed('n', 1)",
		'INSERT INTO detid._horizon VALUES (0, 0)', 'UPDATE detid._horizon SET horizon = 0',
		'DELETE FROM detid._seed', 'TRUNCATE detid._horizon', 'DROP TABLE detid._horizon',
		'SELECT detid.rotate_seed()', 'SELECT detid.export_seed()',
		"SELECT detid.export_seed((SELECT commitment FROM detid.seeds))", "SELECT detid.import_seed('')",
		"SELECT detid.prune_ledger('2900-01-01')",
		'SELECT * FROM detid.replay()', 'SELECT * FROM detid.verify_replay()',
		"SELECT * FROM detid.trace($id, 'g')", 'BEGIN; LOCK TABLE detid._horizon',
		'CREATE TABLE detid.mine (i int)', 'CREATE TRIGGER t BEFORE INSERT ON detid._ledger EXECUTE FUNCTION suppress_redundant_updates_trigger()')
	{
		denied($role, $sql);
	}
}
denied('nobody', 'SELECT * FROM detid.check()');
allowed('monitor', 'SELECT * FROM detid.check()');
for my $sql ('UPDATE detid._horizon SET horizon = 0',
	'DELETE FROM detid._horizon', 'TRUNCATE detid._horizon')
{
	fails_with($node, $sql, '42501', qr/./, "refused to a superuser: $sql");
}
same_sql($node, q{
	SELECT string_agg(proname, '|' ORDER BY proname) FROM pg_proc p WHERE pronamespace = 'detid'::regnamespace AND prosecdef;
}, '_heartbeat|_segments|attach_segment|check_topology|detach_segment|prune_ledger|redact_inputs|redact_inputs|redact_inputs|rotate_ledger|rotate_seal_key|seal_ledger', 'twelve functions run as their owner');
same_sql($node, q{
	SELECT string_agg(proname, ' ' ORDER BY proname) FROM pg_proc p
	WHERE pronamespace = 'detid'::regnamespace AND proname ~ '^_' AND proname NOT IN ('_describe', '_find_entry', '_receipt', '_layouts', '_codecs', '_recorded_at', '_recorded_id', '_recorded_ids')
	  AND has_function_privilege('nobody', p.oid, 'EXECUTE');
}, '', 'internal functions that do something are not for everybody');

# Generators belong to who made them.
allowed('creator', "SELECT detid.create_generator('own')");
allowed('creator', "SELECT detid.next_id('own')");
allowed('creator', "SELECT detid.set_audit('own', 'each')");
denied('minter', "SELECT detid.set_audit('own', 'off')");
denied('minter', "SELECT detid.drop_generator('own')");
denied('minter', "SECURITY LABEL FOR detid ON SEQUENCE own IS 'x'");
denied('minter', "SELECT detid.create_generator('not_here')");
denied('creator', "SELECT detid.set_audit('g', 'off')");
allowed('creator', "SELECT detid.set_scatter('own', true), detid.set_mask('own')");
allowed('creator', "SELECT detid.create_generator('tokens', 'uuid4', history => 1000)");
allowed('creator', "SELECT detid.set_history('tokens', 500)");
for my $role ('minter', 'looker')
{
	denied($role, "SELECT detid.set_scatter('own', false)");
	denied($role, "SELECT detid.set_history('tokens', 5)");
	denied($role, "SELECT detid.set_mask('g')");
	denied($role, "SELECT detid.set_mask('g', '00000000000000000000000000000000')");
}
allowed('creator', "SELECT detid.drop_generator('own'), detid.drop_generator('tokens')");

# A revoked privilege is gone at once, in a session that has minted, and in prepared statements.
my $session = session($node, user => 'minter');
$session->query(q{PREPARE mint AS SELECT detid.next_id('g'); EXECUTE mint; EXECUTE mint});
$node->safe_psql('postgres', 'REVOKE USAGE ON SEQUENCE g FROM minter');
like(($session->try('EXECUTE mint'))[1], qr/ERROR:  42501/, 'REVOKE takes effect in a session that has minted');
like(($session->try('INSERT INTO t (n) VALUES (1)'))[1], qr/ERROR:  42501/, 'also for a default');
$node->safe_psql('postgres', 'GRANT USAGE ON SEQUENCE g TO minter');
ok($session->query('EXECUTE mint') > 0, 'and so does GRANT');
$session->query('BEGIN; EXECUTE mint');
$node->safe_psql('postgres', 'REVOKE USAGE ON SEQUENCE g FROM minter');
like(($session->try('LOCK TABLE t IN ACCESS SHARE MODE; EXECUTE mint'))[1], qr/ERROR:  42501/,
	'REVOKE takes effect within a transaction, at its next lock');
$session->query('ROLLBACK');

# So it does for what the seed knows.
$session->query("SELECT detid.is_genuine('$uuid'::uuid, 'u')");
$node->safe_psql('postgres', 'REVOKE USAGE ON SEQUENCE u FROM minter');
like(($session->try("SELECT detid.is_genuine('$uuid'::uuid, 'u')"))[1], qr/ERROR:  42501/,
	'REVOKE takes effect in a session that has verified');
$node->safe_psql('postgres', 'GRANT SELECT ON SEQUENCE u TO minter');
is($session->query("SELECT detid.is_genuine('$uuid'::uuid, 'u')"), 't', 'and so does GRANT');
$node->safe_psql('postgres', 'GRANT nobody TO minter');
like(($session->try("SET ROLE nobody; SELECT detid.is_genuine('$uuid'::uuid, 'u')"))[1], qr/ERROR:  42501/,
	'SET ROLE to one that may not, after verifying');
$session->query('RESET ROLE');

# A privilege that comes by membership.
$node->safe_psql('postgres', 'CREATE ROLE team; GRANT USAGE ON SEQUENCE g TO team; GRANT team TO minter');
ok($session->query('EXECUTE mint') > 0, 'membership of a role that may');
$node->safe_psql('postgres', 'REVOKE team FROM minter');
like(($session->try('EXECUTE mint'))[1], qr/ERROR:  42501/, 'which is revoked');
$node->safe_psql('postgres', 'GRANT USAGE ON SEQUENCE g TO minter');
ok($session->query('EXECUTE mint') > 0, 'and granted again');
$session->quit;

# The role that counts is the one that runs.
$node->safe_psql('postgres', q{
	GRANT nobody TO minter;
	GRANT CREATE ON SCHEMA public TO minter, nobody;
});
allowed('minter', q{
	CREATE FUNCTION mint_as_minter() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$SELECT detid.next_id('g')$$;
	CREATE FUNCTION mint_as_caller() RETURNS bigint LANGUAGE sql AS $$SELECT detid.next_id('g')$$;
});
allowed('nobody', q{
	CREATE FUNCTION mint_as_nobody() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$SELECT detid.next_id('g')$$;
});
allowed('nobody', 'SELECT mint_as_minter()');
denied('nobody', 'SELECT mint_as_caller()');
denied('minter', 'SELECT mint_as_nobody()');
denied('minter', "SELECT detid.next_id('g'); SET ROLE nobody; SELECT detid.next_id('g')",
	'SET ROLE to one that may not, after minting');
same_sql($node, q{
	SELECT mint_as_minter() > 0;
	SET ROLE nobody; SELECT mint_as_minter() > 0; RESET ROLE;
	SELECT mint_as_caller() > 0;
	SELECT role FROM detid.ledger ORDER BY xact DESC LIMIT 3;
}, "t\nt\nt\n" . $node->safe_psql('postgres', 'SELECT current_user') . "\nminter\nminter",
	'the ledger has the role that ran');
denied('nobody', q{SELECT mint_as_minter(), detid.next_id('g')}, 'in one statement each call is checked');

# A view mints with its owner's privilege.
$node->safe_psql('postgres', q{
	CREATE VIEW one_id AS SELECT detid.next_id('g') AS id;
	GRANT SELECT ON one_id TO nobody;
});
denied('nobody', 'SELECT * FROM one_id', 'functions in views check the caller, as nextval does');

# A hostile schema ahead of all others, with objects of the names that the extension uses.
$node->safe_psql('postgres', q{
	CREATE TABLE texts AS SELECT '-1'::text AS id UNION ALL SELECT '5' UNION ALL SELECT '5';
	CREATE SCHEMA evil;
	GRANT USAGE ON SCHEMA evil TO PUBLIC;
	CREATE TABLE evil.trap (what text);
	CREATE FUNCTION evil.spring(what text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
	BEGIN
	  INSERT INTO evil.trap VALUES (what);
	END $$;
	DO $do$
	DECLARE f text; types text[] := '{bigint,integer,text,timestamptz,oid,regclass,uuid,"char",bytea,int2,name}'; a text; op text;
	BEGIN
	  -- Functions with the names of ours and of those that ours may call.
	  FOREACH f IN ARRAY '{create_generator,set_audit,set_mask,rotate_seed,import_seed,encode,min,substr,is_valid,decode_id,check_ids,drop_generator,trace,check,prune_ledger,decode,replay,_find_entry,_check,
	      now,format,pg_size_pretty,pg_total_relation_size,max,count,make_interval,coalesce_,ctid}'::text[] LOOP
	    FOREACH a IN ARRAY types LOOP
	      EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS text LANGUAGE plpgsql AS $f$BEGIN PERFORM evil.spring(%L); RETURN NULL; END$f$', f, a, f);
	    END LOOP;
	    EXECUTE format('CREATE FUNCTION evil.%I() RETURNS text LANGUAGE plpgsql AS $f$BEGIN PERFORM evil.spring(%L); RETURN NULL; END$f$', f, f);
	  END LOOP;
	  -- next_id and next_uuid with other argument types, which would fit better.
	  FOREACH f IN ARRAY '{next_id,next_uuid,next_text}'::text[] LOOP
	    EXECUTE format('CREATE FUNCTION evil.%I(text) RETURNS bigint LANGUAGE plpgsql AS $f$BEGIN PERFORM evil.spring(%L); RETURN 1; END$f$', f, f);
	  END LOOP;
	  -- Operators of all kinds between all types.
	  FOREACH a IN ARRAY types LOOP
	    EXECUTE format('CREATE FUNCTION evil.compare(%s, %s) RETURNS boolean LANGUAGE plpgsql AS $f$BEGIN PERFORM evil.spring(%L); RETURN false; END$f$', a, a, 'operator');
	    EXECUTE format('CREATE FUNCTION evil.calculate(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$BEGIN PERFORM evil.spring(%L); RETURN $1; END$f$', a, a, a, 'operator');
	    FOREACH op IN ARRAY '{=,<>,<,<=,>,>=,~}'::text[] LOOP
	      EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.compare)', op, a, a);
	    END LOOP;
	    FOREACH op IN ARRAY '{+,-,||}'::text[] LOOP
	      EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.calculate)', op, a, a);
	    END LOOP;
	  END LOOP;
	END $do$;
	-- Across types.
	CREATE FUNCTION evil.compare(oid, bigint) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM evil.spring('operator'); RETURN false; END$$;
	CREATE FUNCTION evil.calculate(timestamptz, interval) RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN PERFORM evil.spring('operator'); RETURN $1; END$$;
	CREATE FUNCTION evil.calculate(integer, bigint) RETURNS integer LANGUAGE plpgsql AS $$BEGIN PERFORM evil.spring('operator'); RETURN $1; END$$;
	CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = bigint, FUNCTION = evil.compare);
	CREATE OPERATOR evil.+ (LEFTARG = timestamptz, RIGHTARG = interval, FUNCTION = evil.calculate);
	CREATE OPERATOR evil.- (LEFTARG = timestamptz, RIGHTARG = interval, FUNCTION = evil.calculate);
	CREATE OPERATOR evil.+ (LEFTARG = integer, RIGHTARG = bigint, FUNCTION = evil.calculate);
	-- Tables, a schema within the path, types and a cast.
	CREATE TABLE evil.ledger (LIKE detid.ledger);
	CREATE TABLE evil._seed (LIKE detid._seed);
	CREATE TABLE evil._horizon (LIKE detid._horizon);
	CREATE TABLE evil.generators (generator regclass, epoch_ends timestamptz);
	CREATE TABLE evil.pg_class (LIKE pg_catalog.pg_class);
	CREATE TABLE evil.pg_seclabel (LIKE pg_catalog.pg_seclabel);
	CREATE TABLE evil.pg_proc (LIKE pg_catalog.pg_proc);
	CREATE SEQUENCE evil.default_id;
	CREATE SEQUENCE evil.default_uuid;
	CREATE DOMAIN evil.int4 AS pg_catalog.text;
	CREATE DOMAIN evil.int8 AS pg_catalog.text;
	CREATE DOMAIN evil.regclass AS pg_catalog.text;
	CREATE DOMAIN evil.timestamptz AS pg_catalog.text;
});
my $path = 'SET search_path = evil, pg_temp, pg_catalog, public;';
for my $sql (
	'SELECT detid.next_id()', 'SELECT detid.next_uuid()',
	q{SELECT detid.next_id('public.g'::pg_catalog.regclass)},
	q{SELECT detid.next_ids('public.g'::pg_catalog.regclass, 3)},
	q{SELECT detid.next_id('public.g'::pg_catalog.regclass, 'input')},
	q{SELECT detid.create_generator('public.under_evil')},
	q{SELECT detid.create_generator('public.under_evil', if_not_exists => true)},
	q{SELECT detid.set_audit('public.under_evil'::pg_catalog.regclass, 'each')},
	q{SELECT detid.drop_generator('public.under_evil'::pg_catalog.regclass)},
	'SELECT detid.rotate_seed()', 'SELECT detid.import_seed(detid.export_seed())',
	'SELECT * FROM detid.generators', 'SELECT * FROM detid.layouts', 'SELECT * FROM detid.seeds',
	"SELECT detid.is_genuine('$uuid'::pg_catalog.uuid, 'public.u'::pg_catalog.regclass)",
	"SELECT detid.unmask(detid.mask($id, 'public.g'::pg_catalog.regclass), 'public.g'::pg_catalog.regclass)",
	q{SELECT detid.set_scatter('public.g'::pg_catalog.regclass, false)},
	q{SELECT detid.set_history('public.g'::pg_catalog.regclass, 0)},
	"SELECT * FROM detid.decode_as('uuid7', '$uuid'::pg_catalog.uuid), detid.guess('$uuid')",
	'SELECT * FROM detid.check()',
	"SELECT * FROM detid.decode($id, 'public.g'::pg_catalog.regclass)",
	"SELECT * FROM detid.trace($id, 'public.g'::pg_catalog.regclass)",
	"SELECT * FROM detid.trace('$id'::pg_catalog.text, 'public.g'::pg_catalog.regclass)",
	"SELECT * FROM detid.trace('$uuid'::pg_catalog.uuid, 'public.u'::pg_catalog.regclass)",
	'SELECT * FROM detid.replay()', 'SELECT * FROM detid.verify_replay()',
	q{SELECT * FROM detid.verify_replay('public.g'::pg_catalog.regclass)},
	q{SELECT detid.id_at('public.g'::pg_catalog.regclass, pg_catalog.now())},
	'SELECT detid.seal_ledger()', 'SELECT * FROM detid.verify_ledger(detid.checkpoint())', 'SELECT detid.rotate_seal_key()',
	"SELECT detid.receipt($id, 'public.g'::pg_catalog.regclass)", 'SELECT * FROM detid.ledger',
	q{SELECT detid.prune_ledger('2000-01-01', 5)},
	q{SELECT detid.prune_ledger('2000-01-01')},
	q{SELECT * FROM detid.check_ids('public.g'::pg_catalog.regclass, 'public.ids'::pg_catalog.regclass, 'id')},
	q{SELECT * FROM detid.check_ids('public.g'::pg_catalog.regclass, ARRAY['public.ids.id','public.texts.id'])},
	'INSERT INTO public.t (n) VALUES (1)')
{
	my ($out, $err) = run_sql($node, "$path $sql");
	ok($err !~ /ERROR|FATAL/, "hostile search_path: $sql") or diag($err);
}
same_sql($node, 'SELECT what, count(*) FROM evil.trap GROUP BY what', '', 'and nothing of it was called');
same_sql($node, 'SELECT (SELECT count(*) FROM evil.ledger), (SELECT count(*) FROM evil._seed)', '0|0',
	'nor written to');
same_sql($node, qq{$path SELECT ids OPERATOR(pg_catalog.>) 0, mismatches FROM detid.verify_replay('public.g'::pg_catalog.regclass)},
	't|0', 'replay finds the same under a hostile search_path');
same_sql($node, qq{$path SELECT verdict FROM detid.trace($id, 'public.g'::pg_catalog.regclass)},
	'genuine: replay makes the same id', 'and so does trace');
same_sql($node, qq{SET search_path = ''; SELECT detid.next_id('public.g') > 0; SELECT count(*) > 0 FROM detid.generators;
	SELECT mismatches FROM detid.verify_replay('public.g')}, "t\nt\n0", 'an empty search_path');

# Temporary objects, which come first unless pg_temp is named.
same_sql($node, q{
	CREATE TEMP TABLE ledger (x int); CREATE TEMP TABLE _seed (x int); CREATE TEMP SEQUENCE default_id; CREATE TEMP SEQUENCE g;
	SELECT detid.next_id() > 0, detid.next_uuid() IS NOT NULL;
	SELECT count(*) > 0 FROM detid.verify_replay();
}, "t|t\nt", 'temporary tables of the same names');

# Default privileges open nothing that is the owner's.
$node->safe_psql('postgres', 'CREATE DATABASE generous');
$node->safe_psql('generous', q{
	ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, nobody;
	ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC, nobody;
	CREATE EXTENSION pg_detid;
});
for my $sql ('SELECT * FROM detid._seed', 'SELECT detid.rotate_seed()', 'SELECT detid.export_seed()',
	'SELECT detid.export_seed((SELECT commitment FROM detid.seeds))', q{SELECT detid.import_seed('')},
	'SELECT * FROM detid._namespace', 'SELECT * FROM detid.claims', q{SELECT detid.set_namespace_secret('n')},
	q{SELECT detid.derive_id_keyed('n', 'a')}, q{SELECT detid.derive_uuid_keyed('n', 1)},
	q{UPDATE detid.namespaces SET name = 'other'}, 'DELETE FROM detid.namespaces', 'DELETE FROM detid.seeds',
	'SELECT * FROM detid.check()', 'SELECT * FROM detid.node_status')
{
	fails_with($node, $sql, '(42501|55000)', qr/permission denied|cannot (update|delete from) view/, "default privileges: nobody: refused: $sql",
		db => 'generous', as('nobody'));
}

same_sql($node, q{SELECT string_agg(relname, ' ') FROM pg_class c, aclexplode(relacl) a
	WHERE relnamespace = 'detid'::regnamespace AND relkind IN ('r', 'v') AND a.grantee <> relowner AND privilege_type <> 'SELECT'},
	'', 'default privileges: nobody may write to a table or view', db => 'generous');
same_sql($node, q{SELECT string_agg(p.proname, ' ') FROM pg_proc p, aclexplode(proacl) a
	WHERE pronamespace = 'detid'::regnamespace AND a.grantee = 'nobody'::regrole
	  AND NOT EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)},
	'', 'nor call what is not for all', db => 'generous');
same_sql($node, q{SELECT count(*) > 0, count(*) FILTER (WHERE is_updatable <> 'NO') FROM information_schema.views
	WHERE table_schema = 'detid'}, 't|0', 'no view leads to what is behind it');
allowed('monitor', 'SELECT count(*) FROM detid.check(); SELECT ready FROM detid.node_status');

# A schema that somebody else made is not taken over.
$node->safe_psql('postgres', 'CREATE DATABASE other; GRANT CREATE ON DATABASE other TO creator');
allowed('creator', '\c other
CREATE SCHEMA detid');
fails_with($node, 'CREATE EXTENSION pg_detid', '(42501|42P16|42710|55000|42P06)', qr/detid/, 'CREATE EXTENSION into a schema of somebody else', db => 'other');

$node->stop;
done_testing();
