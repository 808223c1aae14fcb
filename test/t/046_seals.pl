# SPDX-License-Identifier: PostgreSQL
#
# Seals: what was sealed cannot be changed, removed, added or moved unseen, not by a superuser who
# rewrites the seals too, if a checkpoint was kept elsewhere; and a receipt proves an id to whoever has
# the key, without a database.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('node', init => { has_archiving => 1, allows_streaming => 1 },
	conf => "max_connections = 30\nmax_prepared_transactions = 5\ndetid.allow_manual_clock = on\n");
my $problems = q{SELECT string_agg(DISTINCT problem, ' ' ORDER BY problem) FROM detid.verify_ledger()};

# --- What is sealed, and when ------------------------------------------------------------------

same_sql($node, 'SELECT detid.seal_ledger(); SELECT detid.checkpoint() IS NULL; SELECT count(*) FROM detid.seal_keys; SELECT count(*) FROM detid.verify_ledger()',
	"0\nt\n0\n0", 'nothing was minted: nothing is sealed, and no key is made');
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('range_id'), detid.create_generator('each_id', 'time:41@1ms node:8 worker:9 sequence:5', audit => 'each'),
	       detid.create_generator('uuid_id', 'uuid7'), detid.create_generator('hash_id', 'hash:60'), detid.create_generator('each_uuid', 'uuid4', audit => 'each');
	CREATE TABLE kept (what text, id text);
});
my $mint = q{
	SET application_name = 'loader'; SET detid.tag = 'load';
	INSERT INTO kept SELECT 'range_id', detid.next_id('range_id') FROM generate_series(1, 20);
	SET detid.tag = 'once';
	INSERT INTO kept SELECT 'each_id', detid.next_id('each_id', 'input ' || i) FROM generate_series(1, 200) i;
	RESET detid.tag;
	INSERT INTO kept SELECT 'each_id', detid.next_id('each_id', CASE WHEN i % 2 = 0 THEN 'é ' || i END) FROM generate_series(1, 5) i;
	BEGIN; INSERT INTO kept SELECT 'each_id', detid.next_id('each_id', 'before'); SELECT pg_sleep(0.01);
	INSERT INTO kept SELECT 'each_id', detid.next_id('each_id', 'behind'); COMMIT;
	INSERT INTO kept SELECT 'uuid_id', detid.next_uuid('uuid_id') FROM generate_series(1, 2);
	INSERT INTO kept SELECT 'each_uuid', detid.next_uuid('each_uuid') FROM generate_series(1, 3);
	INSERT INTO kept SELECT 'hash_id', detid.next_id('hash_id', 'hashed ' || i) FROM generate_series(1, 3) i;
};
my ($open, $later) = (session($node), session($node));
$open->query(q{BEGIN; INSERT INTO kept SELECT 'range_id', detid.next_id('range_id')});
$node->safe_psql('postgres', $mint);
$node->safe_psql('postgres', q{INSERT INTO kept SELECT 'claim', detid.claim_id('range_id', 'ann', 'smith'); INSERT INTO kept SELECT 'hash_id', detid.claim_id('hash_id', 'bob');
	SET detid.clock = '2025-06-01Z'; SELECT detid.next_id('range_id')});
is($node->safe_psql('postgres', 'SELECT detid.seal_ledger()'), '0', 'rows of transactions behind the oldest one that runs wait');
$open->query('COMMIT');
cmp_ok($node->safe_psql('postgres', 'SELECT detid.seal_ledger()'), '>', 10, 'and are sealed once it has ended');
same_sql($node, q{SELECT sum(size - first) = (SELECT count(*) FROM detid._ledger) FROM detid._seals}, 't', 'all of them, those of claims and of pinned clocks too');
same_sql($node, $problems, '', 'verify_ledger finds nothing');
$open->query(q{BEGIN; INSERT INTO kept SELECT 'range_id', detid.next_id('range_id'); PREPARE TRANSACTION 'p'});
$node->safe_psql('postgres', "SELECT detid.next_id('range_id')") for 1 .. 3;
is($node->safe_psql('postgres', 'SELECT detid.seal_ledger()'), '0', 'a prepared transaction has not ended');
$node->safe_psql('postgres', q{COMMIT PREPARED 'p'});
is($node->safe_psql('postgres', 'SELECT detid.seal_ledger()'), '4', 'until it has');
is($node->safe_psql('postgres', 'SELECT detid.seal_ledger()'), '0', 'what is sealed is not sealed again');
# One who seals waits for the other.
$open->query('BEGIN');
$node->safe_psql('postgres', q{SELECT detid.next_id('range_id')});
is($open->query('SELECT detid.seal_ledger()'), '1', 'a seal');
$later->send('SELECT detid.seal_ledger()');
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE NOT granted AND relation = 'detid._seals'::regclass});
$open->query('COMMIT');
is(($later->wait)[0], '0', 'another waits, and has nothing to do');
$open->query('BEGIN');
$node->safe_psql('postgres', q{SELECT detid.next_id('range_id')});
$open->query('SELECT detid.seal_ledger(); ROLLBACK');
is($node->safe_psql('postgres', 'SELECT detid.seal_ledger()'), '1', 'a seal that rolls back leaves its rows to the next');
same_sql($node, $problems, '', 'verify_ledger finds nothing');
# Many small batches, so that subtrees are of several.
for (1 .. 15)
{
	$node->safe_psql('postgres', join(';', map { "INSERT INTO kept SELECT 'range_id', detid.next_id('range_id')" } 1 .. 30) . '; SELECT detid.seal_ledger()');
}
$node->safe_psql('postgres', 'SELECT detid.seal_ledger()');
same_sql($node, q{SELECT max(size) > 400, sum(length(nodes)) > 0 FROM detid._seals}, 't|t', 'a tree of some levels');
same_sql($node, 'SELECT count(*) FROM detid.verify_ledger(detid.checkpoint())', '0', 'which its checkpoint agrees with');
my $checkpoint = $node->safe_psql('postgres', 'SELECT detid.checkpoint()');
my ($key) = lines($node->safe_psql('postgres', 'SELECT key FROM detid.seal_keys'));
like($checkpoint, qr/\Adetid-7-[0-9a-f]{16}\n\d+\n[\w+\/]{43}=\nnode 7\ntime \S+Z\n\n\S+ detid-7-\S+ \S+\n\z/, 'a checkpoint is a signed note');

# --- Receipts ----------------------------------------------------------------------------------

my $folder = PostgreSQL::Test::Utils::tempdir();
my $detid = $node->config_data('--bindir') . '/detid';
my $node_js = "$FindBin::RealBin/../interop/receipt.mjs";

# What the program and another implementation say of receipts, one a line.
sub verdicts
{
	my ($keys, @receipts) = @_;
	my $file = "$folder/receipts";
	append_to_file("$file.new", join('', map { "$_\n" } @receipts));
	rename("$file.new", $file) or die;
	my $args = join ' ', map { "--key '$_'" } @$keys;
	my @ours = map { /^\t*$/ ? 'false' : 'true' } split /\n/, `$detid verify $args < $file 2>$folder/err`;
	my @theirs = map { $_ eq 'true' ? 'true' : 'false' } split /\n/, `node $node_js '$keys->[0]' < $file 2>>$folder/err`;
	return (\@ours, \@theirs);
}
my @receipts = lines($node->safe_psql('postgres', q{
	SELECT detid.receipt(id::bigint, what::regclass) FROM kept WHERE what IN ('range_id', 'each_id', 'hash_id') UNION ALL
	SELECT detid.receipt(id::bigint, 'range_id'::regclass) FROM kept WHERE what = 'claim' UNION ALL
	SELECT detid.receipt(id::uuid, what::regclass) FROM kept WHERE what IN ('uuid_id', 'each_uuid')}));
my ($rows) = $node->safe_psql('postgres', 'SELECT count(*) FROM kept');
is(scalar(@receipts), $rows, "each of $rows ids has a receipt");
my ($ours, $theirs) = verdicts([$key], @receipts);
is(scalar(grep { $_ eq 'true' } @$ours), $rows, 'the program proves them') or diag(slurp_file("$folder/err"));
is(scalar(grep { $_ eq 'true' } @$theirs), $rows, 'and so does another implementation, of another language');
my ($each) = grep { /"text": "input 7"/ } @receipts;
append_to_file("$folder/each", $each);
like(`$detid verify --key '$key' $folder/each`, qr/^\d+\tpublic\.each_id\t20\S+Z\t7\t\d+\t\S+\t\S+\tloader\t\[local\]\tonce\tinput \d+\n$/, 'it says who, when, where and why');

# Every value of a receipt, changed.
my $json = JSON::PP->new->canonical->utf8;
my @places;
sub walk
{
	my ($value, @path) = @_;
	if (ref $value eq 'HASH') { walk($value->{$_}, @path, $_) for sort keys %$value; }
	elsif (ref $value eq 'ARRAY') { walk($value->[$_], @path, $_) for 0 .. $#$value; }
	else { push @places, [@path]; }
	return;
}
sub changed
{
	my ($text, $to, @path) = @_;
	my $receipt = $json->decode($text);
	my $last = pop @path;
	my $at = $receipt;
	$at = ref $at eq 'HASH' ? $at->{$_} : $at->[$_] for @path;
	my $here = ref $at eq 'HASH' ? \$at->{$last} : \$at->[$last];
	$$here = ref $to eq 'CODE' ? $to->($$here) : $to;
	return $json->encode($receipt);
}
my $flip = sub {
	my ($v) = @_;
	return JSON::PP::true if ref $v && !$v;
	return JSON::PP::false if ref $v;
	return 'x' unless defined $v;
	return $v + 1 if $v =~ /^-?\d+$/ && length $v < 10 && !($v ^ $v);
	return $v =~ s/^(.)/$1 eq '1' ? '2' : '1'/er;
};
my (@forged, @named);
for my $receipt ($each, grep({ /"claim": "/ } @receipts), grep({ /"ids": "/ } @receipts))
{
	@places = ();
	walk($json->decode($receipt));
	for my $place (@places)
	{
		# What is not of the proof, but follows from it.
		next if $place->[0] =~ /^(format|id|ordinal|minted_at)$/;
		push @forged, changed($receipt, $flip, @$place);
		push @named, join '.', @$place;
	}
	last if @named > 300;
}
($ours, $theirs) = verdicts([$key], @forged);
is(join(' ', map { $named[$_] } grep { $ours->[$_] ne 'false' } 0 .. $#named), '', 'of ' . @forged . ' receipts with one value changed the program refuses each');
is(join(' ', map { $named[$_] } grep { ($theirs->[$_] // 'false') ne 'false' } 0 .. $#named), '', 'and so does the other');
for my $bad ([ 'of another id', changed($each, '1', 'id') ], [ 'of another ordinal', changed($each, 999, 'ordinal') ], [ 'of a format to come', changed($each, 'detid-receipt-9', 'format') ],
	[ 'cut off', substr($each, 0, 500) ], [ 'deeply nested', $each =~ s/"positions": *(null|\[[^\]]*\])/'"positions":' . '[' x 200000 . ']' x 200000/er ], [ 'empty', '{}' ], [ 'a list', '[]' ], [ 'no JSON', 'receipt' ], [ 'with a proof cut off', changed($each, sub { $_[0] }, 'index') =~ s/"proof":\["[^"]+",/"proof":[/r ])
{
	($ours) = verdicts([$key], $bad->[1]);
	is("@$ours", 'false', "a receipt $bad->[0] is refused");
}
command_exit_is([ $detid, 'verify', '--key', 'nonsense' ], 2, 'a key that is none');
command_exit_is([ $detid, 'verify', "$folder/receipts" ], 2, 'no key');
command_exit_is([ $detid, 'verify', '--key', $key, "$folder/none" ], 1, 'no such file');
command_exit_is([ $detid, 'verify', '--key', $key, $folder ], 1, 'a folder');
my $fresh = $node->safe_psql('postgres', q{SELECT detid.next_id('range_id')});
fails_with($node, "SELECT detid.receipt($fresh, 'range_id')", '55000', qr/no receipt.*HINT:.*seal_ledger/s, 'a row that is not sealed has none');
same_sql($node, q{SELECT detid.receipt(1, 'range_id') IS NULL}, 't', 'an id that nobody minted has none');

# --- Inputs that are forgotten -------------------------------------------------------------------

my $of_7 = $node->safe_psql('postgres', q{SELECT id FROM kept WHERE what = 'each_id' OFFSET 6 LIMIT 1});
like($node->safe_psql('postgres', "SELECT detid.receipt($of_7, 'each_id')"), qr/"text": "input 7"/, 'an input');
$open->query(q{BEGIN; SELECT detid.redact_inputs('input 7')});
$later->send(q{SELECT detid.redact_inputs('each_id', '-infinity', 'infinity')});
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE NOT granted AND relation = 'detid._ledger'::regclass});
$open->query('COMMIT');
is(($later->wait)[0], '203', 'of two who forget at once, one waits and forgets the others');
same_sql($node, q{SELECT count(*) FROM detid._ledger WHERE inputs::text ~ 'input'; SELECT sum(mismatches) FROM detid.verify_replay()}, "0\n0", 'no text comes back, and each row holds');
same_sql($node, 'SELECT count(*) FROM detid.verify_ledger(detid.checkpoint())', '0', 'as it was sealed');
my @redacted = lines($node->safe_psql('postgres', q{SELECT detid.receipt(id::bigint, 'each_id'::regclass) FROM kept WHERE what = 'each_id' LIMIT 20}));
unlike("@redacted", qr/input \d/, 'receipts have no text of it');
($ours, $theirs) = verdicts([$key], @redacted);
is("@$ours @$theirs", join(' ', ('true') x 40), 'both prove the rest');
my @unbound = map { s/("commitment": ")(.)/$1 . ($2 eq 'A' ? 'B' : 'A')/er } grep { /commitment/ } @redacted;
($ours, $theirs) = verdicts([$key], @unbound, map { s/"commitment": "[^"]*"/"commitment": "AAAA"/r } @unbound);
is(join(' ', @$ours, @$theirs), join(' ', ('false') x (4 * @unbound)), 'and refuse another hash in its place');

# --- What a superuser does ----------------------------------------------------------------------

# What verify_ledger says after a change that is rolled back.
sub found
{
	my ($change, $with) = @_;
	my @tables = qw(_ledger _contexts claims _seals checkpoints seal_keys);
	return $node->safe_psql('postgres', 'BEGIN; SET LOCAL detid.allow_schema_changes = on; '
		. join('', map { "ALTER TABLE detid.$_ DISABLE TRIGGER USER; " } @tables) . "$change; "
		. 'SELECT string_agg(DISTINCT problem, $$ $$ ORDER BY problem) FROM detid.verify_ledger(' . ($with // 'NULL') . '); ROLLBACK');
}
my $one = q{WHERE (definition, node, worker, position) = (SELECT definition, node, worker, position FROM ONLY detid._ledger WHERE worker = -1 AND ids IS NULL AND inputs IS NULL ORDER BY xact::text::bigint, position OFFSET 30 LIMIT 1)};
my $some = q{WHERE position = (SELECT min(position) FROM ONLY detid._ledger WHERE positions IS NOT NULL)};
for my $change (
	map({ [ "row: $_", "UPDATE ONLY detid._ledger SET $_ $one", qr/altered|missing|added/ ] } 'node = node + 1', 'worker = 5', 'definition = definition + 1', 'position = position + 500', 'count = count + 1',
		q{xact = (xact::text::bigint + 1)::text::xid}, q{xact = '3'}, q{xact = '4000000000'}, 'context = context + 1', 'digest = digest + 1', q{ids = '\x00'}, q{inputs = '{x}'}, q{positions = '{1}'}, q{tag = 'x'}, 'attempt = 3'),
	map({ [ "inputs: $_", "UPDATE ONLY detid._ledger SET $_ $some", qr/altered/ ] } q{inputs = array_replace(inputs, inputs[1], 'else')}, 'inputs = NULL', 'positions = NULL'),
	map({ [ "claim: $_", "UPDATE detid.claims SET $_ WHERE inputs[1] = 'ann'", qr/altered/ ] } q{inputs = '{eve,smith}'}, q{claim = set_byte(claim, 5, get_byte(claim, 5) # 1)}, 'attempt = attempt + 1', q{ids = set_byte(ids, 3, get_byte(ids, 3) # 1)}, 'origin = 5'),
	map({ [ "context: $_", "UPDATE detid._contexts SET $_ WHERE application = 'loader' AND generator_name = 'public.range_id'", qr/altered/ ] } 'generator = 5', q{generator_name = 'x'}, 'definition = 5',
		q{layout = 'time:41@1ms node:11 sequence:11'}, q{epoch = '2024-01-01Z'}, 'sequence_bits = 3', q{seed = '\x00'}, 'pinned = NOT pinned', 'instance = 5', 'xact_epoch = 1', 'worker = 77', q{session_role = 'eve'},
		q{role = 'eve'}, q{application = 'eve'}, q{client = '10.0.0.9'}, q{tag = 'eve'}, 'context = context + 1'),
	[ 'a row removed', "DELETE FROM ONLY detid._ledger $one", qr/^missing$/ ],
	[ 'the first row removed', 'DELETE FROM ONLY detid._ledger WHERE (xact::text::bigint, position) = (SELECT xact::text::bigint, position FROM ONLY detid._ledger ORDER BY 1, 2 LIMIT 1)', qr/^missing$/ ],
	[ 'many rows removed', 'DELETE FROM ONLY detid._ledger WHERE inputs IS NULL', qr/missing/ ],
	[ 'a claim removed', q{DELETE FROM detid.claims WHERE inputs[1] = 'ann'}, qr/^missing$/ ],
	[ 'a context removed', q{DELETE FROM detid._contexts WHERE application = 'loader' AND generator_name = 'public.range_id'}, qr/altered missing/ ],
	[ 'a row added', "INSERT INTO detid._ledger SELECT node, worker, definition, position + 1000, count, xact, context, digest FROM ONLY detid._ledger $one", qr/added/ ],
	[ 'a row added, of another time', "INSERT INTO detid._ledger SELECT node, worker, definition, position + 100000000000000, count, xact, context, digest FROM ONLY detid._ledger $one", qr/added/ ],
	[ 'a copy, as if kept aside', "INSERT INTO detid._ledger SELECT node, worker, definition, -1 - position, count, xact, context, digest FROM ONLY detid._ledger $one", qr/added/ ],
	[ 'a copy of another definition', "INSERT INTO detid._ledger SELECT node, worker, -definition, position, count, xact, context, digest FROM ONLY detid._ledger $one", qr/added|altered/ ],
	[ 'a copy at the last position', "INSERT INTO detid._ledger SELECT node, worker, definition, 9223372036854775807, count, xact, context, digest FROM ONLY detid._ledger $one", qr/added|altered/ ],
	[ 'a row under a context of another epoch', "INSERT INTO detid._contexts SELECT 1, generator, generator_name, definition, layout, epoch - interval '10 years', sequence_bits, seed, pinned, instance, xact_epoch, worker, session_role, role, application, client, tag
		FROM detid._contexts WHERE context = (SELECT context FROM ONLY detid._ledger $one); INSERT INTO detid._ledger SELECT node, worker, definition, position + 1500000000000000, count, xact, 1, digest FROM ONLY detid._ledger $one", qr/altered/ ],
	[ 'all seals removed', 'DELETE FROM detid._seals', qr/checkpoint/ ],
	[ 'two rows exchanged', q{UPDATE ONLY detid._ledger l SET xact = o.xact FROM ONLY detid._ledger o, (SELECT min(position) AS a, max(position) AS b FROM ONLY detid._ledger WHERE worker = -1 AND ids IS NULL AND count = 1) s
		WHERE (l.position, o.position) IN ((a, b), (b, a)) AND l.definition = o.definition AND l.worker = -1 AND o.worker = -1}, qr/altered|missing/ ],
	map({ [ "seal: $_", "UPDATE detid._seals SET $_ WHERE size = (SELECT min(size) FROM detid._seals WHERE first > 0)", qr/seal|missing|added|altered|checkpoint/ ] } 'size = size - 1', 'first = first - 1', 'instance = 5', 'xact_from = xact_from + 1',
		'xact_until = xact_until - 1', q{root = sha256(root)}, q{peaks = set_byte(peaks, 0, get_byte(peaks, 0) # 1)}, q{tags = set_byte(tags, 0, get_byte(tags, 0) # 1)}),
	[ 'a seal removed', 'DELETE FROM detid._seals WHERE size = (SELECT min(size) FROM detid._seals)', qr/seal/ ],
	[ 'the last seal removed', 'DELETE FROM detid._seals WHERE size = (SELECT max(size) FROM detid._seals)', qr/checkpoint/ ],
	map({ [ "checkpoint: $_", "UPDATE detid.checkpoints SET $_ WHERE size = (SELECT max(size) FROM detid.checkpoints)", qr/checkpoint/ ] } 'size = size + 1', q{note = replace(note, 'node 7', 'node 8')}, q{note = (SELECT note FROM detid.checkpoints ORDER BY size LIMIT 1)}),
	[ 'another key', q{UPDATE detid.seal_keys SET key = replace(key, right(key, 5), 'AAAAA')}, qr/checkpoint/ ],
	[ 'an unsigned key', q{INSERT INTO detid.seal_keys SELECT left(key, length(key) - 44) || 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', name, NULL, created_at + interval '1 day' FROM detid.seal_keys}, qr/^key$/ ])
{
	my ($name, $sql, $expected) = @$change;
	like(found($sql), $expected, "named: $name");
}
is(found('SELECT 1'), "1\n", 'and without a change nothing is');
same_sql($node, q{BEGIN; SET LOCAL detid.allow_schema_changes = on; ALTER TABLE detid._ledger DISABLE TRIGGER USER; } . "UPDATE ONLY detid._ledger SET count = count + 1 $one RETURNING definition, node, worker, position;"
	. q{SELECT string_agg(concat_ws('|', definition, node, worker, entry), ' ') FROM detid.verify_ledger() WHERE problem = 'altered'; ROLLBACK} , join("\n", (lines($node->safe_psql('postgres', "SELECT concat_ws('|', definition, node, worker, position) FROM ONLY detid._ledger $one"))) x 2), 'by its row');

# Rows that are not sealed yet are judged by their digests, and what does not hold is not sealed.
$node->safe_psql('postgres', q{SELECT detid.next_id('range_id')});
like(found(q{UPDATE ONLY detid._ledger SET count = count + 1 WHERE position = (SELECT max(position) FROM ONLY detid._ledger WHERE worker = -1 AND ids IS NULL)}), qr/^altered$/, 'a row that is not sealed yet');
fails_with($node, q{BEGIN; SET LOCAL detid.allow_schema_changes = on; ALTER TABLE detid._ledger DISABLE TRIGGER USER;
	UPDATE ONLY detid._ledger SET count = count + 1 WHERE position = (SELECT max(position) FROM ONLY detid._ledger WHERE worker = -1 AND ids IS NULL); SELECT detid.seal_ledger()},
	'XX001', qr/the ledger was altered.*Entry \d+ of definition.*HINT:.*verify_ledger/s, 'nothing is sealed that its digest does not hold for');

# Also where the generator is gone, so that nobody can make its ids again.
$node->safe_psql('postgres', q{SELECT detid.seal_ledger(); SELECT detid.create_generator('gone', 'uuid7'); SET detid.tag = 'mine'; SELECT detid.next_uuid('gone'); SELECT detid.drop_generator('gone')});
my $gone = q{WHERE context = (SELECT context FROM detid._contexts WHERE generator_name = 'public.gone')};
is(found("UPDATE ONLY detid._ledger SET tag = 'yours' $gone"), 'altered', 'a row whose generator is gone');
fails_with($node, "BEGIN; SET LOCAL detid.allow_schema_changes = on; ALTER TABLE detid._ledger DISABLE TRIGGER USER; UPDATE ONLY detid._ledger SET tag = 'yours' $gone; SELECT detid.seal_ledger()",
	'XX001', qr/context, transaction or tag was changed/, 'is not sealed either');
$node->safe_psql('postgres', 'SELECT detid.seal_ledger()');

# All of it written anew, with the key at hand: only a checkpoint that was kept elsewhere tells.
my $kept = '$$' . $checkpoint . '$$';
is(found("DELETE FROM ONLY detid._ledger $one; DELETE FROM detid._seals; DELETE FROM detid.checkpoints; SELECT detid.seal_ledger()"), join("\n", $node->safe_psql('postgres', 'SELECT count(*) - 1 FROM detid._ledger'), ''),
	'who removes a row and seals all of it again leaves no trace here');
like(found("DELETE FROM ONLY detid._ledger $one; DELETE FROM detid._seals; DELETE FROM detid.checkpoints; SELECT detid.seal_ledger()", $kept), qr/\ncheckpoint$/, 'but a checkpoint from elsewhere does not agree');
like(found('DELETE FROM detid._seals; DELETE FROM detid.checkpoints; DELETE FROM detid.seal_keys; DELETE FROM detid._seal_key; SELECT detid.seal_ledger()', $kept), qr/\ncheckpoint$/, 'also if the keys were exchanged');
for my $bad ([ 'forged', $checkpoint =~ s/node 7/node 8/r, 'checkpoint' ], [ 'of another ledger', $checkpoint =~ s/^detid-7/detid-8/r, 'checkpoint' ], [ 'that is none', 'nothing', 'checkpoint' ], [ 'without a signature', $checkpoint =~ s/\n\n.*/\n\n/sr, 'checkpoint' ])
{
	is(found('SELECT 1', '$$' . $bad->[1] . '$$'), "1\n$bad->[2]", "a checkpoint $bad->[0]");
}
is($node->safe_psql('postgres', "SELECT count(*) FROM detid.verify_ledger($kept)"), '0', 'the one that was kept agrees');
fails_with($node, "$_ detid.checkpoints", '42501', qr/seals are kept for ever/, "$_ checkpoints is refused") for 'DELETE FROM', 'TRUNCATE';

# --- Keys --------------------------------------------------------------------------------------

my $second = $node->safe_psql('postgres', 'SELECT detid.rotate_seal_key()');
isnt($second, $key, 'a key is handed over');
$node->safe_psql('postgres', q{SELECT detid.next_id('range_id'); SELECT detid.seal_ledger()});
same_sql($node, "SELECT count(*) FROM detid.verify_ledger(detid.checkpoint()); SELECT count(*) FROM detid.verify_ledger($kept)", "0\n0", 'checkpoints of both are verified');
my $receipt = $node->safe_psql('postgres', q{SELECT detid.receipt(min(id::bigint), 'range_id') FROM kept WHERE what = 'range_id'});
is("@{(verdicts([$second], $receipt))[0]} @{(verdicts([$key], $receipt))[0]} @{(verdicts([$key, $second], $receipt))[0]}", 'true false true', 'and receipts with the key that signed');
my $dump = $node->safe_psql('postgres', 'SELECT 1') && "$folder/dump.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'a dump');
unlike(slurp_file($dump), qr/COPY detid\._seal_key /, 'secret keys are not dumped');

# --- Elsewhere ---------------------------------------------------------------------------------

# A dump that is restored: a tree of its own, which names the old one.
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], 'restored');
same_sql($node, $problems, 'unverified', 'rows with inputs need the seed', db => 'restored');
my $seed = $node->safe_psql('postgres', 'SELECT detid.export_seed()');
same_sql($node, "SELECT length(detid.import_seed('$seed')); $problems", "32\n", 'with it, what was sealed is as it was', db => 'restored');
$node->safe_psql('restored', q{SELECT detid.next_id('range_id')});
same_sql($node, q{SELECT detid.seal_ledger(); SELECT count(*) FROM detid.verify_ledger(detid.checkpoint()); SELECT count(DISTINCT name) FROM detid._seals;}
	. q{SELECT detid.checkpoint() LIKE '%previous ' || (SELECT name || ' ' || max(size) FROM detid._seals GROUP BY name ORDER BY max(sealed_at) LIMIT 1) || ' %'}, "1\n0\n2\nt", 'what it mints is sealed in a tree that names the old one', db => 'restored');
same_sql($node, "SELECT detid.receipt(min(id::bigint), 'range_id') IS NOT NULL FROM kept WHERE what = 'range_id'", 't', 'and old ids have their receipts', db => 'restored');

# More than a batch holds.
$node->safe_psql('postgres', join ';', map { q{DO $$ BEGIN FOR i IN 1..1000 LOOP BEGIN PERFORM detid.next_id('range_id'); EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END $$} } 1 .. 20);
$node->safe_psql('postgres', q{BEGIN; SELECT detid.next_id('range_id'); PREPARE TRANSACTION 'q'});
# A standby verifies, and seals nothing; promoted, it goes on in the same tree.
$node->backup('base');
my %copy;
for my $name (qw(standby fork))
{
	$copy{$name} = PostgreSQL::Test::Cluster->new($name);
	$copy{$name}->init_from_backup($node, 'base', has_streaming => 1);
	$copy{$name}->start;
	$node->wait_for_catchup($copy{$name});
}
my ($standby, $fork) = @copy{qw(standby fork)};
fails_with($standby, 'SELECT detid.seal_ledger()', '25006', qr/seal_ledger\(\)/, 'a standby seals nothing');
same_sql($standby, "SELECT count(*) FROM detid.verify_ledger($kept); SELECT detid.receipt(min(id::bigint), 'range_id') IS NOT NULL FROM kept WHERE what = 'range_id'", "0\nt", 'but verifies, and gives receipts');
for my $name (qw(standby fork))
{
	$copy{$name}->promote;
	$copy{$name}->safe_psql('postgres', q{SELECT detid.accept_copy(); SELECT detid.next_id('range_id')}) for 1 .. 2;
	$copy{$name}->safe_psql('postgres', q{SELECT detid.next_id('range_id')}) if $name eq 'fork';
	is($copy{$name}->safe_psql('postgres', q{SET maintenance_work_mem = '1MB'; SELECT detid.seal_ledger()}), '20000', "$name: promoted, with a transaction that was prepared before");
	$copy{$name}->safe_psql('postgres', q{COMMIT PREPARED 'q'});
	cmp_ok($copy{$name}->safe_psql('postgres', 'SELECT detid.seal_ledger()'), '>', 2, "$name: once that has ended, it goes on");
	same_sql($copy{$name}, 'SELECT sum(size - first) = (SELECT count(*) FROM detid._ledger), count(DISTINCT instance) FROM detid._seals', 't|2', "$name: all rows are sealed, of two timelines");
	same_sql($copy{$name}, "$problems; SELECT count(*) FROM detid.verify_ledger($kept); SELECT count(DISTINCT name) FROM detid._seals", "\n0\n1", "$name: in the same tree");
	$copy{$name}->safe_psql('postgres', q{SELECT detid.next_id('range_id'); SELECT detid.seal_ledger()});
	same_sql($copy{$name}, $problems, '', "$name: and on");
}
my $forked = '$$' . $fork->safe_psql('postgres', 'SELECT note FROM detid.checkpoints ORDER BY size DESC OFFSET 1 LIMIT 1') . '$$';
like($standby->safe_psql('postgres', "SELECT problem, detail FROM detid.verify_ledger($forked)"), qr/checkpoint\|.*(fork|earlier time)/, 'two that went on from one are told to be a fork');
$fork->stop;
$standby->stop;
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'q'});

# Sessions that begin at once need no context of each other.
my @herd = map { session($node) } 1 .. 11;
$_->query(q{SET application_name = 'herd'; BEGIN; SELECT detid.next_id('range_id')}) for @herd;
$_->query('COMMIT') for @herd;
$_->quit for @herd;
same_sql($node, q{SELECT count(*), count(DISTINCT context) > 8 FROM detid.ledger WHERE application = 'herd'; SELECT sum(mismatches) FROM detid.verify_replay()}, "11|t\n0", 'eleven that have not ended');

# A text that is no character of UTF-8 keeps nobody from the ledger.
$node->safe_psql('postgres', q{CREATE DATABASE latin ENCODING 'WIN1252' LOCALE 'C' TEMPLATE template0});
$node->safe_psql('latin', q{CREATE EXTENSION pg_detid; SELECT detid.create_generator('g', audit => 'each'); SELECT set_config('detid.tag', convert_from('\x81', 'WIN1252'), false);
	SELECT detid.next_id('g', convert_from('\x8d', 'WIN1252')); SELECT detid.next_id('g', convert_from('\xe9', 'WIN1252')); SELECT detid.next_id('g')});
same_sql($node, q{SELECT detid.seal_ledger(); SELECT count(*) FROM detid.verify_ledger(detid.checkpoint()); SELECT sum(mismatches), sum(unverified) FROM detid.verify_replay(); SELECT detid.redact_inputs(convert_from('\x8d', 'WIN1252')); SELECT count(*) FROM detid.verify_ledger()},
	"3\n0\n0|0\n1\n0", 'an encoding with bytes that are no character', db => 'latin');

# A crash, and pruning.
$node->safe_psql('postgres', q{SELECT detid.next_id('range_id'); SELECT detid.seal_ledger()});
$node->stop('immediate');
$node->start;
same_sql($node, "SELECT count(*) FROM detid.verify_ledger(detid.checkpoint())", '0', 'after a crash seals and rows agree');
$node->safe_psql('postgres', q{SELECT detid.prune_ledger('2900-01-01')});
same_sql($node, $problems, 'pruned', 'rows that were pruned are said to be pruned');
$node->safe_psql('postgres', q{SELECT detid.next_id('range_id'); SELECT detid.seal_ledger()});
same_sql($node, "SELECT string_agg(DISTINCT problem, ' ') FROM detid.verify_ledger(detid.checkpoint())", 'pruned', 'and the tree goes on');

# Who may.
$node->safe_psql('postgres', 'CREATE ROLE nobody LOGIN; CREATE ROLE auditor LOGIN; GRANT SELECT ON detid.ledger, detid.checkpoints TO auditor');
fails_with($node, $_, '42501', qr/permission denied/, "nobody: $_", extra_params => [ '-U', 'nobody' ])
  for 'SELECT detid.seal_ledger()', 'SELECT detid.rotate_seal_key()', 'SELECT * FROM detid.verify_ledger()', q{SELECT detid._receipt('range_id', '1')}, 'SELECT detid.checkpoint()', 'SELECT * FROM detid._seal_key';
same_sql($node, "SELECT count(*) > 0 FROM detid.verify_ledger(detid.checkpoint())", 't', 'an auditor verifies', extra_params => [ '-U', 'auditor' ]);
$_->quit for $open, $later;
$node->stop;

done_testing();
