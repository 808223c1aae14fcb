# SPDX-License-Identifier: PostgreSQL
#
# A node's way to its coordinator: of several hosts one that does not answer is passed over; what
# ends a connection costs no heartbeat; a coordinator that refuses is not asked over and over. What is
# wrong with the settings is said where it is looked for, without what is secret.

use strict;
use warnings FATAL => 'all';

use FindBin;
use IO::Socket::INET;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;
use POSIX qw(mkfifo);
use Time::HiRes qw(sleep time);

my $c = coordinator('c', init => { allows_streaming => 1 });
my ($host, $port) = ($c->host, $c->port);
my $connections = q{SELECT pid FROM pg_stat_activity WHERE usename = 'detid_node'};

sub trouble { return $_[0]->safe_psql('postgres', 'SELECT registry_trouble FROM detid.node_status'); }

sub trouble_becomes
{
	my ($node, $pattern, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	for (1 .. 300)
	{
		last if trouble($node) =~ $pattern;
		sleep 0.1;
	}
	like(trouble($node), $pattern, $name);
	return;
}

sub count_in { my ($text, $pattern) = @_; return scalar(() = $text =~ /$pattern/g); }

sub check_row { return $_[0]->safe_psql('postgres', q{SELECT ok, detail, hint FROM detid.check() WHERE "check" = 'registry'}); }

# --- Several hosts ---

# It takes connections, and says nothing.
my $deaf = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', Proto => 'tcp') or die $!;
my $deaf_port = $deaf->sockport;
my $w = registered($c, 'eu/pool/w1', mode => 'leased', init => { allows_streaming => 1 },
	coordinator => "host=127.0.0.1,$host port=$deaf_port,$port dbname=postgres user=detid_node target_session_attrs=read-write");
mints_again($w, 'the first of two hosts does not answer: the node asks the other one, and mints');
like(slurp_file($w->logfile), qr/LOG:  the registry has not answered.*\n.*DETAIL:  The coordinator cannot be reached: connection to server at "127\.0\.0\.1", port $deaf_port timed out/,
	'the log names the host');
for (1 .. 5)
{
	$c->safe_psql('postgres', "SELECT count(pg_terminate_backend(pid)) FROM ($connections) p");
	sleep HEARTBEAT;
}
is(count_in(slurp_file($w->logfile), qr/the registry has not answered/), 1,
	'the host that answers stays the first, and a connection that was cut between heartbeats is made again at once');

# A standby comes first, and nobody said target_session_attrs.
$c->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($c, 'b', has_streaming => 1);
$standby->start;
my $w2 = registered($c, 'eu/pool/w2', mode => 'leased',
	coordinator => sprintf('host=%s,%s port=%d,%d dbname=postgres user=detid_node', $standby->host, $host, $standby->port, $port));
mints_again($w2, 'the first of two hosts is a standby: the node asks the other one, and mints');
$_->stop for $w2, $standby;

# --- Connections that end ---

$c->safe_psql('postgres', q{ALTER ROLE detid_node SET idle_session_timeout = '300ms'});
$c->safe_psql('postgres', "SELECT count(pg_terminate_backend(pid)) FROM ($connections) p");
my $from = -s $w->logfile;
sleep 5 * HEARTBEAT;
unlike(slurp_file($w->logfile, $from), qr/registry has not answered|is registered as/, 'connections that end between heartbeats are no trouble');
cmp_ok(count_in(slurp_file($c->logfile), qr/ 57P05 FATAL/), '>=', 2, 'and they do end');
$c->safe_psql('postgres', 'ALTER ROLE detid_node RESET idle_session_timeout');
$c->safe_psql('postgres', "SELECT count(pg_terminate_backend(pid)) FROM ($connections) p");
mints_again($w, 'it mints');

# While the coordinator works on the answer: that is no refusal.
my $session = session($c);
$session->query('BEGIN; LOCK TABLE detid._nodes IN ACCESS EXCLUSIVE MODE');
$from = -s $w->logfile;
for (1 .. 100)
{
	$session->query("SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE NOT granted AND locktype = 'relation'");
	last if slurp_file($w->logfile, $from) =~ /terminating connection/;
	sleep 0.05;
}
like(slurp_file($w->logfile, $from), qr/The coordinator did not answer: terminating connection due to administrator command/,
	'a connection that was ended is no refusal');
$session->query('ROLLBACK');
ok($w->poll_query_until('postgres', 'SELECT ready AND registry_trouble IS NULL FROM detid.node_status'), 'it goes on');

# --- A warning of the library ---

my $c2 = new_node('c2', node_id => undef, preload => 0, conf => "detid.lease = 3s\ndetid.max_generators = 2048\n");
$c2->safe_psql('postgres', q{
	CREATE ROLE detid_node LOGIN;
	SELECT detid.define_topology('region:3 cluster:4 member:3');
	SELECT detid.assign_prefix('eu'), detid.assign_prefix('eu/pool')});
like($c2->safe_psql('postgres', "LOAD 'pg_detid'; SELECT 1") . slurp_file($c2->logfile), qr/WARNING:  invalid configuration parameter name/,
	'a coordinator that does not preload warns of a setting');
my $w3 = registered($c2, 'eu/pool/w3', mode => 'leased');
mints_again($w3, 'which says nothing of its answers: the node mints');
$_->stop for $w3, $c2;

# --- A coordinator that refuses ---

my $token = token_of($w);
sub new_setting
{
	my ($node, $name, $value, $restart) = @_;
	$node->append_conf('postgresql.conf', "$name = '$value'\n");
	$restart ? $node->restart : $node->reload;
	return;
}

$from = -s $c->logfile;
write_token($w, '0' x 64);
trouble_becomes($w, qr/^The coordinator refused to answer: the registration is refused\. The token and the role must be those of one detid\.enroll_node\.$/,
	'the node says what the coordinator advises');
sleep 12;
my $lines = slurp_file($c->logfile, $from);
my $refusals = count_in($lines, qr/ 28000 ERROR:  the registration is refused/);
cmp_ok($refusals, '<=', 8, "the coordinator is asked less and less often ($refusals times)");
cmp_ok($refusals, '>=', 4, 'but it is');
unlike($lines, qr/ 08006 /, 'its log tells of no connection that was lost');
write_token($w, $token);
my $begin = time();
mints_again($w, 'the right token: it mints');
cmp_ok(time() - $begin, '<', 5, 'at once');

# What passes is asked again soon, on the connection that there is.
$c->safe_psql('postgres', q{ALTER ROLE detid_node SET lock_timeout = '50ms'});
$c->safe_psql('postgres', "SELECT count(pg_terminate_backend(pid)) FROM ($connections) p");
ok($c->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($connections) p"), 'the node has a connection');
my $pid = $c->safe_psql('postgres', $connections);
$from = -s $c->logfile;
$session->query('BEGIN; LOCK TABLE detid._nodes IN ACCESS EXCLUSIVE MODE');
sleep 6;
$session->query('ROLLBACK');
cmp_ok(count_in(slurp_file($c->logfile, $from), qr/ 55P03 ERROR/), '>=', 10, 'a lock timeout passes: the coordinator is asked again soon');
ok($w->poll_query_until('postgres', 'SELECT ready AND registry_trouble IS NULL FROM detid.node_status'), 'then it goes on');
is($c->safe_psql('postgres', $connections), $pid, 'by the same connection');
$c->safe_psql('postgres', 'ALTER ROLE detid_node RESET lock_timeout');

# --- Memory ---

# What the registry client's process uses for good.
sub used
{
	my ($node) = @_;
	my $at = -s $node->logfile;
	$node->safe_psql('postgres', q{SELECT pg_log_backend_memory_contexts(pid) FROM pg_stat_activity WHERE backend_type = 'pg_detid registry client'});
	for (1 .. 100)
	{
		return $1 if slurp_file($node->logfile, $at) =~ /level: 0; TopMemoryContext: .* (\d+) used/;
		sleep 0.1;
	}
	return;
}
sleep 3 * HEARTBEAT;
my $used = used($w);
sleep 8 * HEARTBEAT;
is(used($w), $used, 'heartbeats take no memory for good');

# --- Tokens ---

$w->safe_psql('postgres', 'CREATE DATABASE shop');
$from = -s $w->logfile;
new_setting($w, 'detid.registered_databases', 'postgres, shop', 1);
sleep 6;
is(count_in(slurp_file($w->logfile, $from), qr/ LOG:  database "shop" is to be a node of the registry, and has no extension pg_detid/), 1,
	'a database without the extension: the log says so, once');
$w->safe_psql('shop', 'CREATE EXTENSION pg_detid');
trouble_becomes($w, qr/^The token file "detid_token" names no database, and there are several: write postgres=\.\.\. in it\.$/,
	'a token without a name is for one database alone');
write_token($w, " shop = x\r\n\t# shop=y\n  postgres = $token \t\r");
mints_again($w, 'blanks in a file of tokens are no part of it');
my $file = $w->data_dir . '/detid_token';
# [what, what is done, trouble]
for (
	[ 'a list that has no token for the database', sub { write_token($w, 'shop=x') }, qr/^The token file "detid_token" has no token for database "postgres"\.$/ ],
	[ 'a token that is too short', sub { write_token($w, 'postgres=' . substr($token, 1)) }, qr/^The token file "detid_token" has a line that is no token: one has 64 hexadecimal digits\.$/ ],
	[ 'a file that its group may read', sub { write_token($w, "postgres=$token", mode => 0640) }, qr/^The token file "detid_token" can be read by others, so it is not used: chmod 600, owned by the server's user\.$/ ],
	[ 'a file that others may read', sub { write_token($w, "postgres=$token", mode => 0604) }, qr/ can be read by others/ ],
	[ 'a file that is too long', sub { write_token($w, "# x\n" x 20000 . "postgres=$token") }, qr/ is longer than 64 kB\.$/ ],
	[ 'a file that is gone', sub { unlink $file }, qr/^The token file "detid_token" cannot be opened: No such file or directory\.$/ ],
	[ 'a pipe', sub { mkfifo($file, 0600) }, qr/^The token file "detid_token" is not a file\.$/ ],
	[ 'a directory', sub { unlink $file; mkdir $file }, qr/^The token file "detid_token" is not a file\.$/ ],
	[ 'no file at all', sub { rmdir $file; new_setting($w, 'detid.node_token_file', '') }, qr/^detid\.node_token_file is not set: it names a file with the token/ ])
{
	my ($what, $do, $trouble) = @$_;
	write_token($w, "postgres=$token") unless -e $file || $what =~ /pipe|directory|at all/;
	$do->();
	trouble_becomes($w, $trouble, $what);
}
unlike(slurp_file($w->logfile), qr/$token/, 'none of them tells what is in the file');
new_setting($w, 'detid.node_token_file', $file);
write_token($w, $token);
new_setting($w, 'detid.registered_databases', 'postgres', 1);
mints_again($w, 'the token of the one database');

# --- What operators see ---

# A standby asks nobody.
$w->backup('b');
my $ws = PostgreSQL::Test::Cluster->new('ws');
$ws->init_from_backup($w, 'b', has_streaming => 1);
$ws->start;
is(check_row($ws), '', 'check() of a standby says nothing of the registry');
$ws->stop;

new_setting($w, 'detid.registered_databases', '', 1);
same_sql($w, 'SELECT ready, reason FROM detid.node_status', 'f|this database is no node of the registry', 'a database that is not listed');
like(check_row($w), qr/^f\|this database is no node of the registry\|Add it to detid\.registered_databases/, 'check() says so');

$w->append_conf('postgresql.conf', "max_worker_processes = 0\n");
new_setting($w, 'detid.registered_databases', 'postgres', 1);
like(check_row($w), qr/^f\|No registry client runs for this database: max_worker_processes may be too low\.\|ALTER SYSTEM SET max_worker_processes/,
	'no process left for the registry client');
fails_with($w, 'SELECT detid.next_id()', 'DT002', qr/No registry client runs for this database/, 'sessions are told');
$w->append_conf('postgresql.conf', "max_worker_processes = 8\n");

# --- What is no connection string is not shown ---

$from = -s $w->logfile;
for my $string ('postgresql://ops:hunter2@secret@127.0.0.1/registry', 'host=127.0.0.1 password=hunter2 secret',
	'postgresql://ops:12/secret@127.0.0.1/registry', 'postgresql://ops:hunter2/secret@127.0.0.1/registry')
{
	new_setting($w, 'detid.coordinator', $string, 1);
	trouble_becomes($w, qr/^detid\.coordinator is not a valid connection string\.$/, "no connection string: $string");
	my (undef, $err) = run_sql($w, 'SELECT detid.next_id()');
	like($err, qr/DT002/, 'nothing is minted');
	unlike($err, qr/hunter2|secret/, 'no part of a password is told');
}
unlike(slurp_file($w->logfile, $from), qr/hunter2|secret/, 'nor is it in the log');

$session->quit;
$_->stop for $w, $c;
done_testing();
