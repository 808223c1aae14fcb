# SPDX-License-Identifier: PostgreSQL
#
# A generator with a history hands none of its last ids out again: 16 backends at once, while the
# history is changed, when its memory is short, and after a restart.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant CLIENTS => 16;

my $node = new_node('remembers', conf => "detid.history_memory = 8MB\n");

# Starts a pgbench script in 16 sessions.
sub start_all
{
	my ($transactions, $sql) = @_;
	my $file = $node->basedir . '/script.sql';
	open my $out, '>', $file or die $!;
	print $out $sql;
	close $out;
	my ($stdout, $stderr) = ('', '');
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	return IPC::Run::start([ 'pgbench', '-n', '-c', CLIENTS, '-j', 2, '-t', $transactions, '-f', $file, 'postgres' ],
		'>', \$stdout, '2>', \$stderr);
}

# Fewer ids than it remembers: none twice. Without a history, 4000 of these would be.
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('short', 'random:20', audit => 'off', history => 100000);
	CREATE UNLOGGED TABLE shorts (id bigint);
});
start_all(60, q{
	INSERT INTO shorts SELECT detid.next_id('short') FROM generate_series(1, 50);
	INSERT INTO shorts SELECT detid.next_ids('short', 50);
})->finish;
same_sql($node, 'SELECT count(*), count(DISTINCT id) FROM shorts', '96000|96000',
	'96000 ids of 20 bits by 16 backends, none of them twice');
same_sql($node, 'SELECT history_hits > 1000 FROM detid.node_status', 't', 'and many would have been');

# More ids than it remembers. An id was minted between the two numbers that were drawn before it and
# behind it; so whatever was minted between two equal ids overlaps with them, and must be at least
# as much as the generator remembers.
$node->safe_psql('postgres', q{
	SELECT detid.create_generator(name, 'random:16', audit => 'off', history => history)
	FROM (VALUES ('steady', 2000), ('changing', 2000), ('none', 0)) g (name, history);
	CREATE SEQUENCE turn;
	CREATE UNLOGGED TABLE ids (name text, before bigint, id bigint, behind bigint);
	CREATE FUNCTION take(name text, count int) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
	  before bigint;
	  id bigint;
	BEGIN
	  FOR i IN 1 .. count LOOP
	    before := nextval('turn');
	    id := detid.next_id(name::regclass);
	    INSERT INTO ids VALUES (name, before, id, nextval('turn'));
	  END LOOP;
	END $$;
	CREATE FUNCTION too_near(which text, history int, OUT ids bigint, OUT pairs boolean, OUT too_near bigint) LANGUAGE sql AS $$
	  WITH mine AS MATERIALIZED (SELECT * FROM ids WHERE name = which),
	  so_far AS MATERIALIZED (
	    SELECT at, sum(begun) OVER (ORDER BY at) AS begun, sum(ended) OVER (ORDER BY at) AS ended
	    FROM (SELECT before AS at, 1 AS begun, 0 AS ended FROM mine UNION ALL SELECT behind, 0, 1 FROM mine) s),
	  pairs AS (
	    SELECT least(a.before, b.before) AS first, greatest(a.behind, b.behind) AS last
	    FROM mine a JOIN mine b ON a.id = b.id AND a.before < b.before)
	  SELECT (SELECT count(*) FROM mine), count(*) > 100, count(*) FILTER (WHERE l.begun - f.ended - 2 < history)
	  FROM pairs JOIN so_far f ON f.at = first JOIN so_far l ON l.at = last $$;
});
start_all(50, "SELECT take('$_', 50);")->finish for qw(steady none);

my $clients = start_all(50, "SELECT take('changing', 50);");
my $changes = 0;
while ($clients->pumpable)
{
	$node->safe_psql('postgres', "SELECT detid.set_history('changing', @{[ $changes % 2 ? 2000 : 1500 ]})");
	$changes++;
	$clients->pump_nb;
}
$clients->finish;
cmp_ok($changes, '>', 3, 'the history was changed meanwhile');
same_sql($node, "SELECT * FROM too_near('steady', 2000)", '40000|t|0',
	'of 40000 ids of 16 bits none is among the 2000 before it');
same_sql($node, "SELECT * FROM too_near('changing', 1500)", '40000|t|0', 'also while the history changes');
same_sql($node, "SELECT ids, too_near > 100 FROM too_near('none', 2000)", '40000|t', 'without a history they are');

# The log says so, once a second at most.
my @lines = grep { /an id of generator/ } lines(slurp_file($node->logfile));
like($lines[0], qr/LOG:  an id of generator public\.short was among its last 100000$/, 'the log tells of it');
like(slurp_file($node->logfile), qr/DETAIL:  It was not handed out\. That has happened \d+ times\./,
	'and how often');
my $hits = $node->safe_psql('postgres', 'SELECT history_hits FROM detid.node_status');
cmp_ok(scalar(@lines), '<', $hits / 20, "not $hits times");

# A history is of one incarnation of the server.
$node->restart;
same_sql($node, q{
	SELECT history_hits FROM detid.node_status;
	SELECT count(DISTINCT detid.next_id('steady')) FROM generate_series(1, 2000);
}, "0\n2000", 'after a restart it begins anew');
$node->stop;

# One window. It is for the generator whose sessions are open.
my $small = new_node('forgets', conf => "detid.history_memory = 32kB\n");
$small->safe_psql('postgres', q{
	SELECT detid.create_generator(name, 'uuid4', audit => 'off', history => 1000) FROM unnest('{a,b}'::text[]) name;
	SELECT detid.create_generator('large', 'uuid4', audit => 'off', history => 1025);
});
my $session = session($small);
$session->query("SELECT detid.next_uuid('a')");
my $full = qr/memory for histories is used up.*A history of 1000 ids takes 32 kB; detid\.history_memory is 32 kB.*HINT:.*set_history/s;
fails_with($small, "SELECT detid.next_uuid('b')", '53400', $full, 'a second one has no room');
same_sql($small, "SELECT detid.next_uuid('a') IS NOT NULL", 't', 'the first goes on');
same_sql($small, "SELECT detid.set_history('b', 0); SELECT detid.next_uuid('b') IS NOT NULL; SELECT detid.set_history('b', 1000)",
	"\nt\n", 'without a history it needs none');
$session->quit;
poll_ok($small, "SELECT detid.next_uuid('b')", 'when nobody uses the first, the second has its room');
fails_with($small, "SELECT detid.next_uuid('large')", '53400', qr/takes 64 kB/, 'more than there is');
same_sql($small, "SELECT detid.next_uuid('b') IS NOT NULL", 't', 'which takes nothing from others');
$small->append_conf('postgresql.conf', "detid.history_memory = 0\n");
$small->restart;
fails_with($small, "SELECT detid.next_uuid('a')", '53400', qr/detid\.history_memory is 0 kB/, 'no memory at all');
same_sql($small, q{SELECT detid.set_history('a', 0); SELECT detid.next_uuid('a') IS NOT NULL}, "\nt",
	'is enough without histories');
$small->stop;
done_testing();
