# SPDX-License-Identifier: PostgreSQL
#
# Generators and settings are changed while clients mint. A lock that DDL holds on a generator
# stalls no mint for longer than it would stall nextval on a sequence; a generator that is dropped
# and made again, also under the oid of another, and a node id that goes and comes back, give no id
# twice.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use Journal;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = new_node('changing', conf => "detid.max_generators = 16\ndetid.max_ahead = 10s\n");
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('lease', 'snowflake');
	SELECT detid.create_generator('wide', 'uuid7');
	SELECT detid.create_generator('node_order', 'snowflake', ordering => 'node');
	SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20', audit => 'off');
	SELECT detid.create_generator('workers', 'time:32@1s node:8 worker:8 sequence:12', audit => 'off');
	CREATE SEQUENCE plain;
	CREATE TABLE t (id bigint, x bigint);
	ALTER SEQUENCE lease OWNED BY t.id;
	ALTER SEQUENCE plain OWNED BY t.x;
	CREATE ROLE somebody;
});

# A lock that is held. Each statement is tried on the generator and on a plain sequence; then a
# session that has used both before, and a new one, want a value.
my $journal = journal();
my $clients = $journal->start($node, clients => 4, generators => [qw(lease wide second)]);
my $old = session($node);
$old->query("SELECT detid.next_id('lease'), nextval('plain')");
my $holder = session($node);
for my $ddl (
	'ALTER SEQUENCE %s CACHE 2',
	'ALTER SEQUENCE %s RESTART',
	'ALTER SEQUENCE %s OWNED BY NONE',
	'ALTER SEQUENCE %s RENAME TO other_%s',
	'GRANT USAGE ON SEQUENCE %s TO somebody',
	'COMMENT ON SEQUENCE %s IS $$held$$',
	'TRUNCATE t RESTART IDENTITY',
	'DROP SEQUENCE %s')
{
	$holder->query('BEGIN');
	$holder->query($ddl =~ s/%s/$_/gr) for $ddl =~ /%/ ? qw(lease plain) : '';
	for my $who ('the old session', 'a new session')
	{
		my $session = $who =~ /old/ ? $old : session($node);
		$session->query("SET lock_timeout = '100ms'");
		my (undef, $err) = $session->try("SELECT nextval('plain')");
		my $nextval_waits = $err =~ /55P03/;
		$session->query('SET lock_timeout = ' . $PostgreSQL::Test::Utils::timeout_default * 1000)
		  if !$nextval_waits;
		(my $id, $err) = $session->try("SELECT detid.next_id('lease')");
		ok($nextval_waits || $err eq '', "$ddl: $who need not wait for an id"
			. ($nextval_waits ? ($err eq '' ? ', but for nextval' : ', or no longer than for nextval') : ''))
		  or diag($err);
		$journal->add('lease', lines($id));
		$session->quit if $session != $old;
	}
	$journal->wait_for_all($clients) if $ddl =~ /CACHE|DROP/;
	$holder->query('ROLLBACK');
}
$journal->wait_for_all($clients);
$journal->stop($clients);
is($journal->errors($clients), '', 'no client had an error');
$journal->check('a held lock on the generator');

# Dropped and made again, of either ordering, and in transactions that do not commit, while all
# mint. max_generators is small, so that shards are thrown out of memory too.
$journal = journal();
$clients = $journal->start($node, clients => 6, reconnect => 1, generators => [qw(lease second workers wide)]);
my %layouts = (lease => 'snowflake', second => 'time:32@1s node:8 sequence:20',
	workers => 'time:32@1s node:8 worker:8 sequence:12', wide => 'uuid7');
for my $round (1 .. 8)
{
	my $ordering = $round % 4 == 1 ? 'node' : 'backend';
	my $made_again = join '', map {
		my $o = $_ eq 'workers' ? 'backend' : $ordering;
		"SELECT detid.drop_generator('$_'); SELECT detid.create_generator('$_', '$layouts{$_}', audit => 'off', ordering => '$o');"
	} sort keys %layouts;
	my $end = $round % 3 ? 'COMMIT' : 'ROLLBACK';
	$holder->query("BEGIN; $made_again");
	$journal->add($_, lines($holder->query("SELECT detid.next_ids('$_', 20)"))) for qw(lease second workers);
	$holder->query($end);
	$journal->add($_, lines($holder->query("SELECT detid.next_ids('$_', 20)"))) for qw(lease second workers);
	$holder->query("SELECT detid.set_audit('lease', '" . (qw(off range each))[ $round % 3 ] . "')");
	# Others that come and go, each in a shard of its own.
	for my $bits (4 .. 16)
	{
		$holder->query("SELECT detid.create_generator('passing', 'time:36\@10ms node:7 sequence:$bits', audit => 'off')");
		my $count = $bits == 4 ? 10000 : 3;    # the first is seconds ahead of the clock
		$journal->add("passing_$bits", lines($holder->query("SELECT detid.next_ids('passing', $count)")));
		$holder->query("SELECT detid.drop_generator('passing')");
	}
	$journal->wait_for_all($clients);
}
$journal->stop($clients);
is(join("\n", grep { /ERROR: / && !/42P01|42704|42809|XX000: (?:cache|could not open)/ } lines($journal->errors($clients))), '',
	'clients had no error but that a generator was not there');
$journal->check('generators dropped and made again');

# The same oid for another generator, while sessions know the old one. Only a server in the mode of
# pg_upgrade gives out oids to order, and it gives nobody a salt: the role has this one from before.
$journal = journal();
$node->safe_psql('postgres', "SELECT detid.create_generator('reused'); SELECT detid.drop_generator('reused')");
$node->stop;
my @pg_ctl = ('pg_ctl', '-w', '-D', $node->data_dir, '-l', $node->logfile);
system_or_bail(@pg_ctl, '-o', '-b --cluster-name=changing', 'start');
my @sessions = map { session($node) } 1 .. 3;
my $create = sub {
	my ($name, $arguments, $oid, $file) = @_;
	return $sessions[0]->query(qq{
		SELECT FROM binary_upgrade_set_next_heap_pg_class_oid($oid);
		SELECT FROM binary_upgrade_set_next_heap_relfilenode($file);
		SELECT detid.create_generator('$name', $arguments)::oid});
};
my ($oid, $file) = (3_000_000_000, 3_000_000_000);
for my $definition (qw(snowflake uuid7), 'time:32@1s node:8 sequence:20', 'time:41@1ms node:10 sequence:12', 'snowflake')
{
	$sessions[0]->query("DROP SEQUENCE IF EXISTS reused");
	is($create->('reused', "'$definition', audit => 'off'", $oid, $file++), $oid, "$definition has the oid");
	my $mint = $definition eq 'uuid7' ? 'next_uuids' : 'next_ids';
	my $name = $definition =~ /^snowflake|^time:41/ ? 'snowflake' : $definition;
	for my $session ($definition =~ /^time/ ? @sessions : ())
	{
		like(($session->try("SELECT detid.last_id('reused')"))[1], qr/ERROR:  55000: /, "$definition: the last id of the one before is not its own");
	}
	for my $session (@sessions, @sessions)
	{
		my @ids = lines($session->query("SELECT detid.$mint('reused', 20)"));
		is(scalar(grep { ($definition eq 'uuid7') == /-/ } @ids), 20, 'ids of its layout');
		$journal->add($name, @ids);
	}
}
$_->quit for @sessions;
system_or_bail(@pg_ctl, 'stop');

# After a restart by an ordinary counter.
$node->start;
$oid = $node->safe_psql('postgres', "SELECT detid.create_generator('first')::oid");
$journal->add('snowflake', lines($node->safe_psql('postgres', "SELECT detid.next_ids('first', 100)")));
$node->safe_psql('postgres', "SELECT detid.drop_generator('first')");
# A dead row's oid is not given out.
$node->safe_psql('postgres', 'VACUUM pg_class');
$node->stop;
command_ok([ 'pg_resetwal', '-o', $oid, '-D', $node->data_dir ], 'pg_resetwal takes the next oid back');
$node->start;
is($node->safe_psql('postgres', "SELECT detid.create_generator('first')::oid"), $oid, 'the oid is used again');
$journal->add('snowflake', lines($node->safe_psql('postgres', "SELECT detid.next_ids('first', 100)")));
$journal->check('oids used again');

# The node id changes while clients mint, and comes back.
$journal = journal();
$clients = $journal->start($node, clients => 6, generators => [qw(lease second workers wide node_order)]);
for my $id (8, 7, 9, 7, 8, 7)
{
	$journal->wait_for_all($clients);
	$node->safe_psql('postgres', "ALTER SYSTEM SET detid.node_id = $id");
	$node->reload;
	$node->poll_query_until('postgres', "SELECT current_setting('detid.node_id') = '$id'") or die;
}
$journal->wait_for_all($clients);
$journal->stop($clients);
is($journal->errors($clients), '', 'no client had an error');
$journal->check('detid.node_id changed', order => 0);
my %ids_of;
$ids_of{ $_ >> 12 & 1023 }++ for lines(slurp_file($journal->file('lease')));
is(join(' ', sort keys %ids_of), '7 8 9', 'there are ids of every node id');

$node->stop;
done_testing();
