# SPDX-License-Identifier: PostgreSQL
#
# The disk of the WAL is full while clients mint: PostgreSQL may stop, but after it has room again no
# id comes twice. Needs a small disk of its own, which belongs to the server user: DETID_SMALL_DISK
# names it, or the test mounts one for itself, where Linux lets users have namespaces.

use strict;
use warnings FATAL => 'all';

# Before the modules are loaded, which redirect the output.
BEGIN
{
	my $directory = ($ENV{TESTDIR} // '.') . '/small_disk';
	my @namespace = qw(unshare --user --mount --map-current-user --keep-caps);
	if (!$ENV{DETID_SMALL_DISK} && (-d $directory || mkdir $directory)
		&& system("@namespace mount -t tmpfs none '$directory' 2>/dev/null") == 0)
	{
		$ENV{DETID_SMALL_DISK} = $directory;
		exec @namespace, 'sh', '-c', 'mount -t tmpfs -o size=64m none "$0" && exec "$@"',
		  $directory, $^X, $0;
	}
}

use File::Path qw(remove_tree);
use FindBin;
use lib $FindBin::RealBin;
use Detid;
use Journal;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $disk = $ENV{DETID_SMALL_DISK}
  or plan skip_all => 'there is no small disk to fill: DETID_SMALL_DISK is not set, and none can be mounted';
my ($wal, $filler) = ("$disk/wal", "$disk/filler");
remove_tree($wal, $filler);

# Nothing makes room: a slot keeps all WAL, and there are no checkpoints but those after a crash.
my $node = new_node('full', init => { extra => [ '--waldir', $wal, '--wal-segsize', '1' ] },
	conf => <<'CONF');
restart_after_crash = on
max_wal_size = 1GB
min_wal_size = 2MB
checkpoint_timeout = 1h
autovacuum = off
detid.horizon_window = 100ms
CONF
$node->safe_psql('postgres', q{
	SELECT pg_create_physical_replication_slot('keeps_wal', true);
	SELECT detid.create_generator('lease', 'snowflake');
	SELECT detid.create_generator('wide', 'uuid7');
	SELECT detid.create_generator('node_order', 'snowflake', ordering => 'node', audit => 'off');
	SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20', audit => 'off');
	SELECT detid.create_generator('burst', 'time:41@1ms node:10 sequence:4', audit => 'off');
	SELECT detid.create_generator('row_id', audit => 'each');
	CREATE TABLE kept (id bigint DEFAULT detid.next_id('row_id') PRIMARY KEY);
});

# Leaves room for some segments.
sub fill_up
{
	my ($left_mb) = @_;
	my ($free_kb) = `df -k --output=avail '$disk'` =~ /(\d+)/;
	my $mb = int($free_kb / 1024) - $left_mb;
	open my $out, '>', $filler or die $!;
	print $out 'x' x (1024 * 1024) for 1 .. $mb;
	# The rest, where nothing is to be left; the last of it fails.
	if ($left_mb == 0)
	{
		$out->autoflush;
		1 while print $out 'x' x 4096;
	}
	close $out;
	return;
}

# Fills the disk while clients mint, and lets them find it full; then makes room.
sub full_disk
{
	my ($name, $left_mb, $provoke, %minting) = @_;
	my $journal = journal();
	my $clients = $journal->start($node, clients => 6, reconnect => 1, %minting);
	$journal->wait_for_all($clients);
	my $at = -s $node->logfile;
	fill_up($left_mb);
	$provoke->();
	$node->wait_for_log(qr/PANIC: .*No space left on device/, $at);
	# It has stopped, or starts again and again.
	$node->stop('immediate', fail_ok => 1);
	unlink $filler or die $!;
	$node->start;
	for my $g (qw(lease node_order second burst row_id))
	{
		$journal->add($g, lines($node->safe_psql('postgres', "SELECT detid.next_ids('$g', 50)")));
	}
	$journal->wait_for_all($clients);
	$journal->stop($clients);
	$journal->check($name);
	same_sql($node, q{
		SELECT count(*) FROM kept WHERE id::text NOT IN
		  (SELECT regenerated FROM detid.replay('row_id') WHERE matches)}, '0',
		'the ledger holds what was committed');
	return;
}

for my $round (1 .. 2)
{
	full_disk("WAL disk full, round $round", 3, sub { },
		generators => [qw(lease wide node_order second)], inserts => { row_id => 'kept' });
}

# Nobody writes WAL but the horizon's raises: they find no segment for their record.
full_disk('WAL disk full for the horizon alone', 0, sub { run_sql($node, 'SELECT pg_switch_wal()') },
	generators => [qw(node_order second burst)]);

$node->stop;
remove_tree($wal);
done_testing();
