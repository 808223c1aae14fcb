# SPDX-License-Identifier: PostgreSQL
#
# A coordinator and its nodes, for tests:
#
#	my $coordinator = coordinator('c');                    # lease of 3 s
#	my $node = registered($coordinator, 'eu/a/db1');       # assigned, started
#	my $worker = registered($coordinator, 'eu/pool/w1', mode => 'leased');

package Registry;

use strict;
use warnings FATAL => 'all';

use Detid;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Time::Piece ();

our @EXPORT = qw(LEASE HEARTBEAT coordinator enroll write_token token_of play_nodes join_registry registered in_view state_becomes
  mints_again fenced_within_a_heartbeat fenced_at sqlstate_of);

use constant { LEASE => 3, HEARTBEAT => 1 };

# Copies of a data directory have its modes: a token that others can read is not used.
umask 077;

# In the log, and in this module, SQLSTATEs are told.
my $log_conf = "log_line_prefix = '%m [%p] %e '\nlog_timezone = 'UTC'\n";

# Options: conf, init, lease.
sub coordinator
{
	my ($name, %options) = @_;
	my $lease = $options{lease} // LEASE;
	my $node = new_node($name, node_id => undef, init => $options{init} // {},
		conf => "detid.lease = ${lease}s\n$log_conf" . ($options{conf} // ''));
	$node->safe_psql('postgres', q{
		CREATE ROLE detid_node LOGIN;
		SELECT detid.define_topology('region:3 cluster:4 member:3');
		SELECT detid.assign_prefix('eu'), detid.assign_prefix('eu/a'), detid.assign_prefix('eu/pool');
	});
	return $node;
}

# The token of a node that is new to the coordinator.
sub enroll
{
	my ($coordinator, $path, $mode) = @_;
	return $coordinator->safe_psql('postgres', "SELECT detid.enroll_node('$path', '$mode', 'detid_node')");
}

# Puts lines into the node's file of tokens.
sub write_token
{
	my ($node, $lines, %options) = @_;
	my $file = $node->data_dir . '/detid_token';
	open my $out, '>', $file or die "$file: $!";
	chmod $options{mode} // 0600, $file;
	print $out "# tokens of this server\n\n$lines\n";
	close $out;
	return;
}

# What is in that file.
sub token_of
{
	my ($node) = @_;
	my ($token) = slurp_file($node->data_dir . '/detid_token') =~ /^((?:.*=)?\w{64})$/m;
	return $token;
}

# Functions by which tests play nodes: signed_heartbeat is detid._heartbeat, with a token in place of key
# and signature; sign_heartbeat signs.
sub play_nodes
{
	my ($coordinator, $db) = @_;
	my @types = $coordinator->safe_psql($db // 'postgres', q{
		SELECT unnest(proargnames[3:pronargs]) || ' ' || format_type(unnest(proargtypes[2:]), NULL) FROM pg_proc WHERE oid = 'detid._heartbeat'::regproc}) =~ /.+/g;
	my $types = join ', ', @types;
	my $names = join ', ', map { "signed_heartbeat.$_" } map { /^(\w+)/ } @types;
	my $out = $coordinator->safe_psql($db // 'postgres', q{
		SELECT string_agg('OUT ' || n || ' ' || format_type(t, NULL), ', ') FROM pg_proc, unnest(proargnames[pronargs + 1:], proallargtypes[pronargs + 1:]) u(n, t)
		WHERE pg_proc.oid = 'detid._heartbeat'::regproc});
	$coordinator->safe_psql($db // 'postgres', qq{
		CREATE FUNCTION sign_heartbeat(token bytea, nothing bytea, $types, OUT key bytea, OUT signature bytea) LANGUAGE c AS 'pg_detid', 'detid_sign_heartbeat';
		CREATE FUNCTION signed_heartbeat(token text, $types, $out) LANGUAGE sql AS \$\$
			SELECT h.* FROM (SELECT CASE WHEN token ~ '^[0-9a-f]{64}\$' THEN decode(token, 'hex') END) t(token),
				sign_heartbeat(t.token, NULL, $names) s, detid._heartbeat(s.key, s.signature, $names) h \$\$;
		GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT EXECUTE ON FUNCTION signed_heartbeat, sign_heartbeat TO PUBLIC});
	# For clients that play nodes: a heartbeat; and another one, with the challenge, if one was told.
	$coordinator->safe_psql($db // 'postgres', q{
		CREATE FUNCTION ask(token text, old bigint, old_bits bigint, bits bigint, mode text, asked_node bigint, instance bigint,
			incarnation bigint, node_us bigint, granted_us bigint, horizon_us bigint,
			OUT outcome text, OUT reason text, OUT node integer, OUT start_us bigint, OUT limit_us bigint, OUT counter bigint, OUT next bigint)
		LANGUAGE plpgsql AS $$
		DECLARE
			h record;
			challenge bigint := 0;
		BEGIN
			FOR i IN 1 .. 2 LOOP
				SELECT * INTO h FROM signed_heartbeat(token, old, old_bits, old + 1, bits, mode, asked_node, instance, incarnation, 1,
					node_us, granted_us, horizon_us, 0, false, false, false, 'plainly', challenge, NULL, 0, NULL, NULL, NULL);
				challenge := h.challenge;
				EXIT WHEN challenge = 0;
			END LOOP;
			SELECT h.outcome, h.reason, h.node, h.start_us, h.limit_us, h.counter, h.bits
			INTO ask.outcome, ask.reason, ask.node, ask.start_us, ask.limit_us, ask.counter, ask.next;
		END
		$$;
	});
	return;
}

# Lines of a node's configuration. Options: mode, node_id, coordinator (a connection string).
sub join_registry
{
	my ($coordinator, $path, %options) = @_;
	my $mode = $options{mode} // 'assigned';
	my $to = $options{coordinator} // $coordinator->connstr('postgres') . ' user=detid_node';
	$to =~ s/'/''/g;
	my $conf = "detid.coordinator = '$to'\ndetid.registered_databases = 'postgres'\n"
	  . "detid.node_token_file = 'detid_token'\n$log_conf";
	if ($mode eq 'assigned')
	{
		my $id = $options{node_id}
		  // $coordinator->safe_psql('postgres', "SELECT detid.node_of_path('$path')");
		$conf .= "detid.node_id = $id\n";
	}
	return $conf;
}

# A node, started, with the extension. Options: as join_registry; name, conf, init.
sub registered
{
	my ($coordinator, $path, %options) = @_;
	(my $name = $path) =~ s{.*/}{};
	my $token = $options{token} // enroll($coordinator, $path, $options{mode} // 'assigned');
	return new_node($options{name} // $name, node_id => undef, init => $options{init} // {},
		before_start => sub { write_token($_[0], $token) },
		conf => join_registry($coordinator, $path, %options) . ($options{conf} // ''));
}

# A column of the coordinator's view, of a node that is not retired.
sub in_view
{
	my ($coordinator, $path, $column) = @_;
	return $coordinator->safe_psql('postgres',
		"SELECT $column FROM detid.nodes WHERE path = '$path' AND state <> 'retired'");
}

sub state_becomes
{
	my ($coordinator, $path, $state, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($coordinator->poll_query_until('postgres',
			"SELECT state || coalesce(' ' || reason, '') FROM detid.nodes WHERE path = '$path' ORDER BY enrolled_at DESC LIMIT 1", $state),
		$name);
	return;
}

# The SQLSTATE of the first error of a statement; 00000 if there is none.
sub sqlstate_of
{
	my ($node, $sql) = @_;
	my (undef, $err) = run_sql($node, $sql);
	return $err =~ /(?:ERROR|FATAL):  ([0-9A-Z]{5}):/ ? $1 : '00000';
}

# The node mints, at the latest after a while.
sub mints_again
{
	my ($node, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return poll_ok($node, 'SELECT detid.next_id()', $name);
}

# When the node was fenced last, as its log says, in seconds since 1970.
sub fenced_at
{
	my ($node) = @_;
	my @times = slurp_file($node->logfile) =~ /^(\S+ [\d:]+)(\.\d+) UTC .* DT001 LOG:  this node is (?:fenced|retired) and mints no more ids/mg;
	return @times ? Time::Piece->strptime($times[-2], '%Y-%m-%d %H:%M:%S')->epoch + $times[-1] : 'inf';
}

# A node that mints over and over is refused; and as its log says, it was within a heartbeat. Returns how
# long that took.
sub fenced_within_a_heartbeat
{
	my ($node, $name, $since) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($session, $err) = (session($node), '');
	while (time() < $since + 60 && $err !~ /ERROR:  DT001:/)
	{
		(undef, $err) = $session->try('SELECT detid.next_id()');
		sleep 0.05;
	}
	$session->quit;
	is(sqlstate_of($node, 'SELECT detid.next_id()'), 'DT001', "$name: minting is refused with DT001") or diag($err);
	my $took = fenced_at($node) - $since;
	cmp_ok($took, '<', HEARTBEAT + 3, sprintf('%s: within a heartbeat (%.1f s)', $name, $took));
	like(slurp_file($node->logfile), qr/ DT001 LOG:  this node is (?:fenced|retired) and mints no more ids/, "$name: its log says so");
	return $took;
}

1;
