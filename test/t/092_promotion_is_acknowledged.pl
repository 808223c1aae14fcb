# SPDX-License-Identifier: PostgreSQL
#
# A recovery beside its original mints the same ids, so detid.check() names it until an operator says
# which it was: the successor of a server that is gone, or a node of its own. Ledger rows that the
# original mints meanwhile prove it; rows that were lost in the recovery and come back do not.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $status = 'SELECT ready, promotion_accepted, copy_suspected, duplicate_rows FROM detid.node_status';
my $red = q{SELECT "check" FROM detid.check() WHERE NOT ok AND "check" <> 'durability' ORDER BY 1};

my $original = new_node('original', init => { has_archiving => 1, allows_streaming => 1 },
	conf => "detid.failover_guard = 0\n");
$original->safe_psql('postgres', q{
	SELECT detid.create_generator('orders_id');
	SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20', audit => 'off');
	SELECT detid.next_ids('orders_id', 10);
});
$original->backup('base');
my $before = $original->safe_psql('postgres', 'SELECT max(position) FROM detid._ledger');
$original->safe_psql('postgres', q{SELECT detid.next_ids('orders_id', 10)}) for 1 .. 3;
my $lost = PostgreSQL::Test::Utils::tempdir() . '/lost';
$original->safe_psql('postgres', "COPY (SELECT * FROM ONLY detid._ledger WHERE position > $before) TO '$lost'");
same_sql($original, 'SELECT pg_switch_wal() IS NOT NULL', 't', 'the original archives');

# --- A recovery to a point in time, beside its original ---------------------------------------

my $pitr = PostgreSQL::Test::Cluster->new('pitr');
$pitr->init_from_backup($original, 'base', has_restoring => 1, standby => 0);
$pitr->append_conf('postgresql.conf',
	"archive_mode = off\nrecovery_target = 'immediate'\nrecovery_target_action = 'promote'\n");
$pitr->start;
$pitr->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die;
same_sql($pitr, $red, 'promotion', 'before the first id: check() asks which it was');
same_sql($pitr, $status, 't|f|f|0', 'and node_status');

# The danger: both are the same node, and the same second gives both the same ids.
my (%ids, $common);
my $end = time + 60;    # a slow machine needs more than one second for both
while (!$common && time < $end)
{
	for my $node ($original, $pitr)
	{
		$ids{$_}{ $node->name } = 1 for lines($node->safe_psql('postgres', q{SELECT detid.next_ids('second', 100)}));
	}
	$common = grep { keys %{ $ids{$_} } == 2 } keys %ids;
}
cmp_ok($common, '>', 0, "both mint the same ids ($common)");

same_sql($original, $red, '', 'the original does not know');
same_sql($pitr, $red, 'promotion', 'check() asks which it was');
same_sql($pitr, $status, 't|f|f|0', 'and node_status');
same_sql($pitr, q{SELECT hint ~ 'detid.accept_copy' AND hint ~ 'detid.node_id' FROM detid.check() WHERE "check" = 'promotion'}, 't',
	'the hint has both commands');
like(slurp_file($pitr->logfile), qr/mints on timeline 2, after timeline 1.*HINT:.*accept_copy/s, 'and so has the log');
$pitr->restart;
same_sql($pitr, $red, 'promotion', 'also after a restart');

# --- What comes back, and what proves it -------------------------------------------------------

my $into = "SET session_replication_role = replica; COPY detid._ledger FROM";
$pitr->safe_psql('postgres', "$into '$lost'");
same_sql($pitr, "SELECT count(*) = 3 FROM detid.ledger WHERE entry > $before AND minted_at < (SELECT promoted_at FROM detid.node_status)", 't',
	'rows that the recovery lost come back');
same_sql($pitr, $status, 't|f|f|0', 'and prove nothing');
$pitr->safe_psql('postgres', "$into '$lost'");
same_sql($pitr, $status, 't|f|f|0', 'nor when they come again, which does not fail');
my $new = "$lost.new";
sleep(1);
$original->safe_psql('postgres', qq{SELECT detid.next_id('orders_id');
	COPY (SELECT * FROM ONLY detid._ledger ORDER BY position DESC LIMIT 1) TO '$new'});
$pitr->safe_psql('postgres', "$into '$new'");
same_sql($pitr, $status, 't|f|f|1', 'a row that the original minted since is proof of two');
same_sql($pitr, $red, "duplicate\npromotion", 'which check() reports');

# --- An operator's command ------------------------------------------------------------------------

sub set_node_id
{
	my ($node, $id) = @_;
	$node->append_conf('postgresql.conf', "detid.node_id = $id\n");
	$node->reload;
	$node->poll_query_until('postgres', "SELECT current_setting('detid.node_id') = '$id'") or die;
	return;
}
set_node_id($pitr, 8);
same_sql($pitr, $red, 'duplicate', 'a node id of its own says that it is another node');
set_node_id($pitr, 7);
same_sql($pitr, $red, "duplicate\npromotion", 'the number of its original: it is asked again');
$pitr->safe_psql('postgres', 'SELECT detid.accept_copy()');
same_sql($pitr, $red, '', 'accept_copy() says that the original is gone');
same_sql($pitr, $status, 't|t|f|0', 'and node_status knows');
$pitr->restart;
same_sql($pitr, $red, '', 'also after a restart');
same_sql($pitr, q{SELECT detid.next_id('orders_id') > 0}, 't', 'and it mints');
$pitr->stop;

# --- A failover --------------------------------------------------------------------------------

my %standby;
for (7, 9)
{
	$standby{$_} = PostgreSQL::Test::Cluster->new("standby$_");
	$original->backup("standby$_");
	$standby{$_}->init_from_backup($original, "standby$_", has_streaming => 1);
	$standby{$_}->append_conf('postgresql.conf', "archive_mode = off\ndetid.node_id = $_\n");
	$standby{$_}->start;
}
$original->wait_for_catchup($standby{$_}) for 7, 9;
$original->stop;
$standby{$_}->promote for 7, 9;
same_sql($standby{7}, $red, 'promotion', 'a standby promoted under its primary\'s number: check() asks');
same_sql($standby{9}, $red, '', 'a member with a number of its own is not asked');
$standby{$_}->safe_psql('postgres', q{SELECT detid.next_id('orders_id')}) for 7, 9;
same_sql($standby{7}, $red, 'promotion', 'the same when it has minted');
same_sql($standby{9}, $red, '', 'and the other');
same_sql($standby{9}, $status, 't|t|f|0', 'there is nothing to acknowledge');

done_testing();
