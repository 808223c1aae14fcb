# SPDX-License-Identifier: PostgreSQL
#
# The coordinator is a witness: it hears of each node's checkpoints with the heartbeats, and by what it
# keeps a ledger is found out that was rewritten with its seals and keys, or that went back.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;

my $c = coordinator('c');
my $node = registered($c, 'eu/a/db1', conf => "detid.seal_interval = 1s\n", init => { has_archiving => 1, allows_streaming => 1 });
my $other = registered($c, 'eu/pool/w1', mode => 'leased');
my $last = q{SELECT note FROM detid.witnessed WHERE path = 'eu/a/db1' ORDER BY size DESC LIMIT 1};
ok($node->poll_query_until('postgres', q{SELECT ready FROM detid.node_status}), 'a node');
same_sql($c, 'SELECT count(*) FROM detid.witnessed', '0', 'where nothing is sealed, nothing is told');
$node->safe_psql('postgres', q{SELECT detid.create_generator('g'); SELECT detid.next_id('g')});
ok($c->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($last) n"), 'once it is, with a heartbeat');
$node->safe_psql('postgres', q{SELECT detid.next_id('g')}) for 1 .. 3;
ok($node->poll_query_until('postgres', 'SELECT sum(size - first) = 4 FROM detid._seals'), 'four rows');
my $kept = $node->safe_psql('postgres', 'SELECT detid.checkpoint()');
ok($c->poll_query_until('postgres', "SELECT note = '$kept' FROM ($last) n"), 'the newest one is known');
same_sql($c, q{SELECT count(*) BETWEEN 1 AND 2, bool_and(contradicted_by IS NULL) FROM detid.witnessed}, 't|t', 'and of an hour the last one is kept');
same_sql($node, "SELECT count(*) FROM detid.verify_ledger(\$\$$kept\$\$)", '0', 'the node\'s ledger goes with it');
same_sql($c, q{SELECT count(*) FROM detid.check_topology() WHERE problem = 'ledger'}, '0', 'all is well');

# Over a restart of either nothing is told twice, and nothing lost.
$node->restart;
$c->restart;
ok($node->poll_query_until('postgres', q{SELECT ready FROM detid.node_status}), 'restarted');
$other->safe_psql('postgres', q{SELECT detid.create_generator('g'); SELECT detid.next_id('g'); SELECT detid.seal_ledger()});
ok($c->poll_query_until('postgres', q{SELECT count(DISTINCT path) = 2 FROM detid.witnessed}), 'each node has its own');

# A superuser of the node rewrites rows, seals and checkpoints, with the key at hand: he begins a tree of the
# same name anew.
$node->safe_psql('postgres', q{ALTER SYSTEM SET detid.seal_interval = 0; SELECT pg_reload_conf()});
my $witnessed = $c->safe_psql('postgres', $last);
$node->safe_psql('postgres', q{BEGIN; SET LOCAL detid.allow_schema_changes = on;} . join('', map { "ALTER TABLE detid.$_ DISABLE TRIGGER USER;" } qw(_ledger _seals checkpoints))
	. q{DELETE FROM ONLY detid._ledger WHERE position = (SELECT max(position) FROM ONLY detid._ledger); DELETE FROM detid._seals; DELETE FROM detid.checkpoints;}
	. join('', map { "ALTER TABLE detid.$_ ENABLE TRIGGER USER; ALTER TABLE detid.$_ ENABLE REPLICA TRIGGER pass_over; ALTER TABLE detid.$_ ENABLE ALWAYS TRIGGER refuse_truncate;" } qw(_ledger _seals checkpoints)) . ' COMMIT');
$node->safe_psql('postgres', 'SELECT detid.seal_ledger()');
same_sql($node, 'SELECT count(*) FROM detid.verify_ledger(detid.checkpoint())', '0', 'there, nothing shows it');
like($node->safe_psql('postgres', "SELECT problem, detail FROM detid.verify_ledger(\$\$$witnessed\$\$)"), qr/checkpoint\|The checkpoint that was given: It has 4 rows, the ledger 3/, 'by the checkpoint of the witness it does');
ok($c->poll_query_until('postgres', q{SELECT detail ~ '4 sealed rows' AND hint ~ 'verify_ledger' FROM detid.check_topology() WHERE problem = 'ledger'}), 'and the witness says so itself');
like(slurp_file($c->logfile), qr/the ledger of node eu\/a\/db1 is not what it was/, 'in its log, too');
same_sql($c, "SELECT note = '$witnessed' FROM ($last) n", 't', 'what it had stays');
$node->safe_psql('postgres', q{SELECT detid.next_id('g')}) for 1 .. 3;
$node->safe_psql('postgres', 'SELECT detid.seal_ledger()');
ok($c->poll_query_until('postgres', q{SELECT count(*) = 1 FROM detid.witnessed WHERE path = 'eu/a/db1' AND size = 6}), 'what comes later is kept beside it');
same_sql($c, q{SELECT count(*) FROM detid.witnessed WHERE contradicted_by IS NOT NULL}, '1', 'and does not cover it');

# Another key begins another tree: that shows, too, until an operator has looked after it.
$c->safe_psql('postgres', 'UPDATE detid._witnessed SET contradicted_by = NULL, contradicted_at = NULL WHERE contradicted_at IS NOT NULL');
same_sql($c, q{SELECT count(*) FROM detid.check_topology() WHERE problem = 'ledger'}, '0', 'an operator has looked after it');
$other->safe_psql('postgres', q{DELETE FROM detid._seal_key; SELECT detid.next_id('g'); SELECT detid.seal_ledger()});
ok($c->poll_query_until('postgres', q{SELECT count(*) = 1 AND max(path) = 'eu/pool/w1' FROM detid.check_topology() WHERE problem = 'ledger'}), 'another tree of a node is said');

# Who may.
$c->safe_psql('postgres', 'CREATE ROLE nobody LOGIN; CREATE ROLE watcher LOGIN; GRANT pg_monitor TO watcher');
fails_with($c, $_, '42501', qr/permission denied/, "nobody: $_", extra_params => [ '-U', 'nobody' ]) for 'SELECT * FROM detid.witnessed', 'SELECT * FROM detid._witnessed';
fails_with($c, 'DELETE FROM detid.witnessed', '55000', qr/cannot delete from view/, 'nothing is changed by the view');
same_sql($c, 'SELECT count(*) > 1 FROM detid.witnessed', 't', 'a monitor sees it', extra_params => [ '-U', 'watcher' ]);

# What is no checkpoint is not kept, and the node is granted its interval all the same.
$node->safe_psql('postgres', q{BEGIN; SET LOCAL detid.allow_schema_changes = on; ALTER TABLE detid.checkpoints DISABLE TRIGGER refuse_change;
	UPDATE detid.checkpoints SET note = 'nothing ''of'' the kind' WHERE size = 6; ALTER TABLE detid.checkpoints ENABLE TRIGGER refuse_change; COMMIT});
my $before = $c->safe_psql('postgres', 'SELECT last_seen FROM detid.nodes WHERE path = \'eu/a/db1\'');
ok($c->poll_query_until('postgres', "SELECT last_seen > '$before'::timestamptz + interval '2 s' FROM detid.nodes WHERE path = 'eu/a/db1'"), 'nonsense does not keep it from its interval');
same_sql($c, q{SELECT count(*) FROM detid.witnessed WHERE note ~ 'nothing'}, '0', 'nor is it kept');
$_->stop for $node, $other, $c;

done_testing();
