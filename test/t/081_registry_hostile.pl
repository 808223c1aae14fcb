# SPDX-License-Identifier: PostgreSQL
#
# A registry client is a superuser's process in a database that may be anybody's: whoever owns the tables,
# or makes some of their names, gets nothing run as a superuser, and crashes nothing. Nor does a
# transaction that stays open keep a fence from a node.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;
use Time::HiRes qw(sleep time);

my $c = coordinator('c', conf => "max_connections = 40\n");

sub is_superuser { return $_[0]->safe_psql('template1', "SELECT rolsuper FROM pg_roles WHERE rolname = '$_[1]'"); }

sub registry_client_of
{
	my ($node, $database) = @_;
	return $node->safe_psql('template1',
		"SELECT pid FROM pg_stat_activity WHERE datname = '$database' AND backend_type = 'pg_detid registry client'");
}

# Longer than a registry client needs to look again.
sub some_heartbeats { return sleep 4 * HEARTBEAT; }

# --- Tables of somebody else, where the extension is not created ---

my $token = enroll($c, 'eu/a/db1', 'assigned');
my $other = enroll($c, 'eu/a/db2', 'assigned');
my $db1 = registered($c, 'eu/a/db1', token => "postgres=$token\nshop=$other",
	conf => "detid.registered_databases = 'postgres, shop'\ndetid.allow_schema_changes = on\n");
$db1->safe_psql('postgres', 'CREATE ROLE bob LOGIN; CREATE DATABASE shop OWNER bob');
my $row = $db1->safe_psql('postgres', 'SELECT * FROM detid._horizon') =~ s/\|/, /gr;
my $horizon = $db1->safe_psql('postgres', q{SELECT string_agg(format('%I %s NOT NULL', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
	FROM pg_attribute WHERE attrelid = 'detid._horizon'::regclass AND attnum > 0});
my $columns = 'only_row boolean, old_counter bigint, old_bits bigint, next_counter bigint, next_bits bigint, instance bigint, timeline bigint,
	node integer, start_us bigint, granted_us bigint, fenced text, claims boolean, retires boolean, path text, commands bigint';
my $values = "true, 0, 0, 0, 0, 0, 0, -1, 0, 0, NULL, false, false, '', 0";

# As bob, in database shop: other tables in the place of those that are there. The registry client begins anew.
sub replace_tables
{
	my ($sql) = @_;
	my (undef, $err) = run_sql($db1, "BEGIN; DROP SCHEMA IF EXISTS detid CASCADE; CREATE SCHEMA detid;
		CREATE TABLE detid._horizon ($horizon);
		INSERT INTO detid._horizon VALUES ($row);
		CREATE TABLE detid._seed (number int, commitment bytea, seed bytea);
		$sql; COMMIT", db => 'shop', extra_params => [ '-U', 'bob' ]);
	unlike($err, qr/ERROR/, 'tables of the same names');
	$db1->restart;
	$db1->poll_query_until('template1', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = 'shop'})
	  or die 'no registry client';
	my $pid = registry_client_of($db1, 'shop');
	sleep HEARTBEAT;
	return $pid;
}

my $pid = replace_tables("CREATE TABLE detid._registration ($columns); INSERT INTO detid._registration VALUES ($values);
	CREATE FUNCTION detid.evil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN ALTER ROLE bob SUPERUSER; RETURN NEW; END';
	CREATE TRIGGER evil BEFORE UPDATE ON detid._registration FOR EACH ROW EXECUTE FUNCTION detid.evil()");
is(is_superuser($db1, 'bob'), 'f', 'a trigger on a table that is not of the extension is not run');
is(registry_client_of($db1, 'shop'), $pid, 'the registry client waits for the extension');
same_sql($db1, 'SELECT next_counter FROM detid._registration', '0', 'it has written nothing', db => 'shop');
$pid = replace_tables("CREATE TABLE detid._registration (@{[$columns =~ s/fenced text/fenced int/r]});
	INSERT INTO detid._registration VALUES (@{[$values =~ s/NULL/12345/r]})");
is(registry_client_of($db1, 'shop'), $pid, 'columns of other types: the registry client goes on');
$pid = replace_tables("CREATE TABLE detid.mine ($columns); INSERT INTO detid.mine VALUES ($values);
	CREATE VIEW detid._registration AS SELECT * FROM detid.mine");
is(registry_client_of($db1, 'shop'), $pid, 'a view in the place of the table: the registry client goes on');
mints_again($db1, 'another database of the server mints');
$db1->safe_psql('shop', 'DROP SCHEMA detid CASCADE; CREATE EXTENSION pg_detid');
$db1->safe_psql('template1', "ALTER DATABASE shop SET detid.node_id = 1");
$db1->restart;
ok($db1->poll_query_until('shop', 'SELECT ready FROM detid.node_status'), 'once the extension is created, it is a node');

# --- Tables of the extension, of an owner who is no superuser ---

my $w1 = registered($c, 'eu/pool/w1', mode => 'leased', name => 'owned', conf => "detid.allow_schema_changes = on\n");
$w1->safe_psql('postgres', 'DROP SCHEMA detid CASCADE; CREATE ROLE admin SUPERUSER LOGIN; CREATE ROLE ops LOGIN');
$w1->safe_psql('postgres', 'CREATE EXTENSION pg_detid', extra_params => [ '-U', 'admin' ]);
$w1->safe_psql('postgres', 'REASSIGN OWNED BY admin TO ops');
mints_again($w1, 'an extension whose tables are of somebody who is no superuser: it mints');

sub as_ops
{
	my ($sql) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my (undef, $err) = run_sql($w1, $sql, extra_params => [ '-U', 'ops' ]);
	is($err, '', 'its owner does as he likes: ' . substr($sql, 0, 60));
	return;
}

as_ops(q{
	CREATE TABLE detid.seen (who text, superuser text);
	CREATE FUNCTION detid.evil() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO detid.seen VALUES (current_user, current_setting('is_superuser'));
		BEGIN RESET ROLE; EXCEPTION WHEN OTHERS THEN NULL; END;
		BEGIN SET SESSION AUTHORIZATION DEFAULT; EXCEPTION WHEN OTHERS THEN NULL; END;
		BEGIN ALTER ROLE ops SUPERUSER; EXCEPTION WHEN OTHERS THEN NULL; END;
		RETURN NEW;
	END $$;
	CREATE TRIGGER now BEFORE UPDATE ON detid._registration FOR EACH ROW EXECUTE FUNCTION detid.evil();
});
ok($w1->poll_query_until('postgres', 'SELECT count(*) > 4 FROM detid.seen'), 'his triggers are run');
same_sql($w1, 'SELECT DISTINCT who FROM detid.seen', 'ops', 'as himself');
is(is_superuser($w1, 'ops'), 'f', 'and do not make him a superuser');
mints_again($w1, 'it mints on');
as_ops('CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON detid._registration DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION detid.evil()');
$w1->wait_for_log(qr/ERROR:  cannot fire deferred trigger within security-restricted operation/);
is(is_superuser($w1, 'ops'), 'f', 'nor does one that is deferred');
as_ops('DROP TRIGGER now ON detid._registration; DROP TRIGGER late ON detid._registration');
mints_again($w1, 'they are gone: it mints');

# What is not stored is not sent.
as_ops('ALTER TABLE detid._registration ENABLE ROW LEVEL SECURITY; ALTER TABLE detid._registration FORCE ROW LEVEL SECURITY');
$w1->wait_for_log(qr/ERROR:  could not store the registration of this node/);
my $counter = $c->safe_psql('postgres', "SELECT counter FROM detid._nodes WHERE path = 'eu/pool/w1'");
some_heartbeats();
same_sql($c, "SELECT counter FROM detid._nodes WHERE path = 'eu/pool/w1'", $counter, 'a policy that hides the row: nothing is sent');
as_ops('ALTER TABLE detid._registration DISABLE ROW LEVEL SECURITY; ALTER TABLE detid._registration NO FORCE ROW LEVEL SECURITY');
mints_again($w1, 'the policy is gone: it mints');

# Who has altered it gets no ids, and crashes no session.
my $started = $w1->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');
$w1->safe_psql('postgres', q{SELECT detid.create_generator('plain', audit => 'off')});
as_ops('ALTER TABLE detid._seed ALTER seed TYPE int USING 12345');
some_heartbeats();
same_sql($w1, q{SELECT detid.next_id('plain') > 0}, 't', 'seeds of another type: it mints what needs none');
fails_with($w1, 'SELECT detid.next_id()', '55000', qr/the seed is not at hand/, 'and nothing that is audited');
for my $change ('ALTER TABLE detid._registration ALTER fenced TYPE int USING 12345',
	'ALTER EXTENSION pg_detid DROP TABLE detid._registration; ALTER TABLE detid._registration RENAME TO mine;
	 CREATE VIEW detid._registration AS SELECT * FROM detid.mine; ALTER EXTENSION pg_detid ADD VIEW detid._registration')
{
	as_ops($change);
	fenced_within_a_heartbeat($w1, 'altered', time());
	same_sql($w1, 'SELECT ready FROM detid.node_status', 'f', 'a session sees that it is not ready');
	$w1->restart;
	is(sqlstate_of($w1, 'SELECT detid.next_id()'), 'DT001', 'restarted, too');
}
as_ops('ALTER EXTENSION pg_detid DROP TABLE detid._horizon; ALTER TABLE detid._horizon RENAME TO my_horizon;
	CREATE VIEW detid._horizon AS SELECT * FROM detid.my_horizon; ALTER EXTENSION pg_detid ADD VIEW detid._horizon');
isnt(sqlstate_of($w1, 'SELECT detid.next_id()'), '00000', 'a view for the horizon: nothing is minted');
some_heartbeats();
unlike(slurp_file($_->logfile), qr/terminated by signal/, $_->name . ': nothing has crashed') for $db1, $w1;
$w1->stop;

# --- A role that is set for the database ---

my $w2 = registered($c, 'eu/pool/w2', mode => 'leased');
$w2->safe_psql('postgres', 'CREATE ROLE joe');
$w2->safe_psql('template1', "ALTER DATABASE postgres SET role = 'joe'");
$w2->restart;
my $from = -s $w2->logfile;
{
	local $ENV{PGOPTIONS} = '-c role=none';
	mints_again($w2, 'a role that is set for the database: it mints');
}
unlike(slurp_file($w2->logfile, $from), qr/registry client.*exited with exit code 1/, 'and its registry client goes on');
$w2->safe_psql('template1', 'ALTER DATABASE postgres RESET role');

# --- A transaction that stays open ---

my $open = session($w2);
$pid = registry_client_of($w2, 'postgres');
$open->query('BEGIN; SELECT detid.claim_registration()');
ok($w2->poll_query_until('postgres', "SELECT NOT ready AND registry_trouble LIKE 'A transaction that is still open %' FROM detid.node_status"),
	'a word that is not committed: a leased node stops at the end of its interval, and says why');
is(registry_client_of($w2, 'postgres'), $pid, 'its registry client goes on');
$open->query('ROLLBACK');
mints_again($w2, 'it is over: it mints');
$open->query('BEGIN; LOCK TABLE detid._registration');
ok($w2->poll_query_until('template1', 'SELECT true') && $w2->wait_for_log(qr/A transaction that is still open.*A transaction that is still open/s),
	'the table is locked: the log says so');
is(registry_client_of($w2, 'postgres'), $pid, 'its registry client goes on');
$open->query('COMMIT');
$open->quit;
mints_again($w2, 'and mints when that is over');

$open = session($db1);
$open->query('BEGIN; SELECT detid.claim_registration()');
some_heartbeats();
mints_again($db1, 'an assigned node goes on');
my $since = time();
$c->safe_psql('postgres', "UPDATE detid._nodes SET state = 'fenced', reason = 'used_nonce', fenced_at = now() WHERE path = 'eu/a/db1'");
fenced_within_a_heartbeat($db1, 'fenced while its row is locked', $since);
same_sql($db1, 'SELECT fenced FROM detid._registration', '', 'which is not stored yet');
$open->query('ROLLBACK');
$open->quit;
ok($db1->poll_query_until('postgres', "SELECT fenced = 'used_nonce' FROM detid._registration"), 'but when that is over');
$c->stop;
$db1->restart;
is(sqlstate_of($db1, 'SELECT detid.next_id()'), 'DT001', 'so it outlives a restart');

$_->stop for $db1, $w2;
done_testing();
