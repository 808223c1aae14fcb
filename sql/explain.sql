-- Pictures of ids.
\pset format unaligned
\pset tuples_only on
SELECT detid.create_generator('e_twitter', 'twitter');
SELECT detid.create_generator('e_js', 'js53');
SELECT detid.create_generator('e_cut', 'time:32@1us const:4=6 time:20 const:2=2 node:14 random:56', epoch => '2025-01-01Z');
SELECT detid.create_generator('e_text', 'time:48@1ms sequence:12 node:16 hash:64');
SELECT detid.explain(1541815603606036480, 'e_twitter');
SELECT detid.explain(9007199254740991, 'e_js');
SELECT detid.explain('018570bb-4a7d-7000-8000-000000000000'::uuid);
SELECT detid.explain('00000000-6000-0081-0123-456789abcdef'::text, 'e_cut');
SELECT detid.explain('000309a044000000007b9a8a80b46d9328d'::text, 'e_text');
SELECT detid.explain(0);
SELECT detid.explain('not an id'::text);
DROP SEQUENCE e_twitter, e_js, e_cut, e_text;
