# SPDX-License-Identifier: PostgreSQL
#
# The sealer: every detid.seal_interval the ledgers of all databases that mint are sealed, what was there
# before the server started too; what fails in one database is said, and harms no other.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('node', init => { allows_streaming => 1 });
my $unsealed = q{SELECT (SELECT count(*) FROM detid._ledger) - coalesce((SELECT sum(size - first) FROM detid._seals), 0)};
my $check = q{SELECT ok, detail FROM detid.check() WHERE "check" = 'sealer'};
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(other plain gone);
for my $db (qw(postgres other gone))
{
	$node->safe_psql($db, 'CREATE EXTENSION IF NOT EXISTS pg_detid');
	$node->safe_psql($db, q{SELECT detid.create_generator('g'); SELECT detid.next_id('g')}) for 1;
}
same_sql($node, $check, '', 'no sealer unless one is asked for');
$node->append_conf('postgresql.conf', "detid.seal_interval = 1s\n");
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM detid.check() WHERE "check" = 'sealer' AND NOT ok AND hint ~ 'restart'}),
	'a setting that needs a restart says so');

# What was there before.
$node->restart;
for my $db (qw(postgres other))
{
	ok($node->poll_query_until($db, "$unsealed = 0"), "$db: rows of before are sealed");
}
same_sql($node, q{SELECT count(*) FROM pg_class WHERE relname = '_seals'}, '0', 'a database without the extension is left alone', db => 'plain');
same_sql($node, q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_detid sealer'}, '1', 'one process');
ok($node->poll_query_until('postgres', q{SELECT ok AND detail ~ 'every 1 s.*20\d\d' FROM detid.check() WHERE "check" = 'sealer'}), 'check() says when');

# What is minted meanwhile, in several databases; an open transaction keeps back what began after it.
my $open = session($node);
$open->query(q{BEGIN; SELECT detid.next_id('g')});
$node->safe_psql($_, q{SELECT detid.next_id('g')}) for qw(postgres other);
sleep 2;
same_sql($node, $unsealed, '1', "$_: what waits for a transaction is not sealed", db => $_) for qw(postgres other);
$open->query('COMMIT');
ok($node->poll_query_until('other', "$unsealed = 0"), 'other: what is minted is sealed');
ok($node->poll_query_until('postgres', "$unsealed = 0"), 'and is once that has ended');
same_sql($node, 'SELECT count(*) FROM detid.verify_ledger(detid.checkpoint())', '0', 'verify_ledger finds nothing', db => $_) for qw(postgres other);

# It is nobody's tool: what others attached to the tables, or set for the database, does not run as a superuser.
$node->safe_psql('other', q{ALTER DATABASE other SET search_path = public; ALTER DATABASE other SET default_transaction_read_only = on;
	ALTER DATABASE other SET statement_timeout = 1; ALTER DATABASE other SET default_transaction_isolation = 'serializable'});
$node->safe_psql('other', q{SET statement_timeout = 0; BEGIN READ WRITE; SELECT detid.next_id('g'); COMMIT});
ok($node->poll_query_until('other', "SET statement_timeout = 0; $unsealed = 0"), 'what is set for a database keeps it from nothing');

# A ledger that was altered.
$node->safe_psql('postgres', q{BEGIN; SET LOCAL detid.allow_schema_changes = on; ALTER TABLE detid._ledger DISABLE TRIGGER refuse_change; COMMIT});
my $log = -s $node->logfile;
$open->query(q{BEGIN; SELECT detid.next_id('g')});
$node->safe_psql('postgres', q{SELECT detid.next_id('g'); UPDATE ONLY detid._ledger SET count = 2 WHERE xact::text::bigint = (SELECT max(xact::text::bigint) FROM detid._ledger)});
$open->query('COMMIT');
ok($node->poll_query_until('postgres', q{SELECT NOT ok AND detail ~ 'has failed' AND hint ~ 'seal_ledger' FROM detid.check() WHERE "check" = 'sealer'}), 'check() says that sealing fails');
like(slurp_file($node->logfile, $log), qr/ERROR:  the ledger was altered/, 'the log says why');
$node->safe_psql('other', q{SET statement_timeout = 0; BEGIN READ WRITE; SELECT detid.next_id('g'); COMMIT});
ok($node->poll_query_until('other', "SET statement_timeout = 0; $unsealed = 0"), 'other databases are sealed all the same');
$node->safe_psql('postgres', q{UPDATE ONLY detid._ledger SET count = 1 WHERE count = 2; BEGIN; SET LOCAL detid.allow_schema_changes = on; ALTER TABLE detid._ledger ENABLE TRIGGER refuse_change; COMMIT});
ok($node->poll_query_until('postgres', q{SELECT ok FROM detid.check() WHERE "check" = 'sealer'}), 'once the row is as it was, all is well');

# A lock in one database holds up that one, and not for ever.
my $locks = session($node, db => 'other');
$locks->query('SET statement_timeout = 0; BEGIN; LOCK TABLE detid._seals IN SHARE MODE');
$node->safe_psql('postgres', q{SELECT detid.next_id('g')});
ok($node->poll_query_until('postgres', "$unsealed = 0"), 'a lock in one database does not hold up another');
ok($node->poll_query_until('other', q{SET statement_timeout = 0; SELECT NOT ok FROM detid.check() WHERE "check" = 'sealer'}), 'and check() says so where it is');
$locks->query('COMMIT');
$locks->quit;
ok($node->poll_query_until('other', q{SET statement_timeout = 0; SELECT ok FROM detid.check() WHERE "check" = 'sealer'}), 'it goes on');

# It is in nobody's way: databases are dropped, the extension goes, processes are killed.
ok($node->poll_query_until('gone', "$unsealed = 0"), 'a database');
$node->safe_psql('postgres', 'DROP DATABASE gone WITH (FORCE)');
$node->safe_psql('other', 'SET statement_timeout = 0; SET default_transaction_read_only = off; DROP EXTENSION pg_detid');
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'pg_detid sealing'; SELECT detid.next_id('g')});
ok($node->poll_query_until('postgres', "$unsealed = 0"), 'it goes on');

# Other intervals, and none, take effect at a reload.
$node->append_conf('postgresql.conf', 'detid.seal_interval = 0');
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT current_setting('detid.seal_interval') = '0'}), 'none');
sleep 2;
$node->safe_psql('postgres', q{SELECT detid.next_id('g')});
sleep 2;
same_sql($node, $unsealed, '1', 'nothing is sealed');
$node->append_conf('postgresql.conf', 'detid.seal_interval = 1');
$node->reload;
ok($node->poll_query_until('postgres', "$unsealed = 0"), 'and again');

# A standby has none until it is promoted.
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
same_sql($standby, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_detid sealer'; $check", '0', 'a standby seals nothing');
$node->wait_for_catchup($standby);
$open->quit;
$node->stop('fast');
$standby->promote;
$standby->safe_psql('postgres', q{SELECT detid.accept_copy(); SELECT detid.next_id('g')});
ok($standby->poll_query_until('postgres', "$unsealed = 0"), 'promoted, it does');
same_sql($standby, 'SELECT count(*) FROM detid.verify_ledger(detid.checkpoint())', '0', 'in the same tree');
$standby->stop('immediate');
$standby->start;
$standby->safe_psql('postgres', q{SELECT detid.next_id('g')});
ok($standby->poll_query_until('postgres', "$unsealed = 0"), 'and after a crash');
# None free.
$standby->append_conf('postgresql.conf', 'max_worker_processes = 2');
$standby->restart;
$log = -s $standby->logfile;
$standby->safe_psql('postgres', q{SELECT detid.next_id('g')});
ok($standby->poll_query_until('postgres', q{SELECT NOT ok AND detail ~ 'has failed' FROM detid.check() WHERE "check" = 'sealer'}), 'where no process is free, check() says so');
like(slurp_file($standby->logfile), qr/no background process is free/, 'and the log');
$standby->stop;

done_testing();
